"""Formats of request logs, one file each; `registry` knows them by name."""
