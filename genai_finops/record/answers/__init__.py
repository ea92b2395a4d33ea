"""The usage that answers of the providers tell of, one file for each family of shapes. What was said is never read."""
