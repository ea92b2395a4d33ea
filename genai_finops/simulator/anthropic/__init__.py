"""Anthropic: usage report, cost report and lists of the Admin API."""
