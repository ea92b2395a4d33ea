"""Tables, meters and types described once, as data.

Everything else is rendered from here: pandera schemas, dbt contracts and sources, BigQuery and DuckDB types.
Nothing in this package reads or writes anything but the renderings.
"""
