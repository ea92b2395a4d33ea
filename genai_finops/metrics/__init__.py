"""Metrics of the platform as Prometheus text."""
