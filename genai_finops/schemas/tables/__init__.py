"""The tables of the platform, one file per subject, and their register."""
