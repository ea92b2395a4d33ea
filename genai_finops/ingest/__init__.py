"""Fetch, normalise, validate, land: one provider, flow and window of days.

The Dagster asset and the command line both call `ingest_usage`; nothing here knows either of them.
"""
