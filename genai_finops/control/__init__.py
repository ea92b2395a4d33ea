"""The control database: the small, mutable things that people set.

Organisations, provider accounts, credentials (encrypted) and the hierarchy of cost owners. Usage, prices and costs are
not here; dbt sees this database as snapshots in the lake only.
"""
