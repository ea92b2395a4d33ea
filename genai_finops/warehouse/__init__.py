"""Read-only queries over the warehouse. dbt is the only writer."""
