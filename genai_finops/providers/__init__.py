"""HTTP and parsing, one file per provider.

A provider file knows the wire of one vendor and nothing else: no Dagster, no warehouse, no other provider.
"""
