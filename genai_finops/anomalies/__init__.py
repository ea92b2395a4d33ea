"""Anomalies: days that cost more or less than expected, and why, split into effects that add up."""
