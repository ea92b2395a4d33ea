"""FOCUS 1.3: export of the charges with their metadata, and the verdict of the official validator."""
