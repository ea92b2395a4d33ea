"""Renderings for whoever creates tables without dbt: BigQuery JSON schemas, external tables, DuckDB tables."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from genai_finops.schemas.render_dbt import LANDING_DAY
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.types import TYPES

#: BigQuery's REST API has its own names for some types of the SQL dialect.
_REST_TYPES = {"int64": "INTEGER", "bool": "BOOLEAN"}


def bigquery_json(table: Table) -> str:
    """A table resource of BigQuery's REST API: schema, time partitioning, clustering."""
    resource: dict[str, Any] = {
        "description": table.description,
        "schema": {"fields": [_field(column) for column in table.columns]},
    }
    partition = table.partition_by
    if table.layer == "landing":
        # The landing tables carry the day folder as a column, so that both engines are filtered by the same name.
        resource["schema"]["fields"].append({"name": LANDING_DAY, "type": "DATE", "mode": "REQUIRED"})
        partition = LANDING_DAY
    if partition:
        resource["timePartitioning"] = {"type": "DAY", "field": partition}
    if table.cluster_by:
        resource["clustering"] = {"fields": list(table.cluster_by)}
    return json.dumps(resource, indent=2) + "\n"


def _field(column: Column) -> dict[str, str]:
    name, _, parameters = TYPES[column.type].bigquery.rstrip(")").partition("(")
    field = {
        "name": column.name,
        "type": _REST_TYPES.get(name, name.upper()),
        "mode": "NULLABLE" if column.nullable else "REQUIRED",
        "description": column.description,
    }
    if parameters:
        field["precision"], field["scale"] = parameters.split(",")
    return field


#: Where the files of a source's table lie, below the lake.
_SOURCE_PATHS: Mapping[str, str] = {
    "reference": "reference/{name}.parquet",
    "resources": "resources/*",
    "prices": "prices/{name}/*",
}


def bigquery_sources_ddl(tables: Iterable[Table]) -> str:
    """External tables over the lake in a bucket. `${PROJECT}` and `${LAKE_URL}` (gs://...) are replaced before use."""
    return "\n".join(
        _with_archive(table) if table.is_archived else _external_table(table, table.name, "landing") for table in tables
    )


def _with_archive(table: Table) -> str:
    """An external table has one prefix of day folders: the files of both places are two, and the table is a view."""
    parts = [(f"{table.name}_landed", "landing"), (f"{table.name}_archived", "archive")]
    dataset = f"${{PROJECT}}.genai_finops_{table.layer}"
    both = "\nunion all\n".join(f"select * from `{dataset}.{name}`" for name, _ in parts)  # noqa: S608 - the register
    view = f"create or replace view `{dataset}.{table.name}` as\n{both};\n"
    return "\n".join([*(_external_table(table, name, place) for name, place in parts), view])


def _external_table(table: Table, name: str, place: str) -> str:
    # Parameterised types are not allowed for external tables: the files' own decimals carry precision and scale.
    columns = ",\n".join(
        f"    {column.name} {TYPES[column.type].bigquery.partition('(')[0]}" for column in table.columns
    )
    lines = [f"create or replace external table `${{PROJECT}}.genai_finops_{table.layer}.{name}` (\n{columns}\n)"]
    if table.layer == "landing":
        lines.append(f"with partition columns ({LANDING_DAY} date)")
        uri = f"${{LAKE_URL}}/{place}/{table.name}/*"
        options = ["format = 'parquet'", f"uris = ['{uri}']", f"hive_partition_uri_prefix = '{uri[:-2]}'"]
    else:
        path = _SOURCE_PATHS[table.layer].format(name=table.name)
        options = ["format = 'parquet'", f"uris = ['${{LAKE_URL}}/{path}']"]
    lines.append("options (" + ", ".join([*options, "decimal_target_types = ['NUMERIC', 'BIGNUMERIC']"]) + ");")
    return "\n".join(lines) + "\n"


def duckdb_ddl(tables: Iterable[Table]) -> str:
    """One `create table if not exists` per table."""
    return "\n".join(_duckdb_table(table) for table in tables)


def _duckdb_table(table: Table) -> str:
    columns = ",\n".join(
        f'    "{column.name}" {TYPES[column.type].duckdb}{"" if column.nullable else " not null"}'
        for column in table.columns
    )
    return f"create table if not exists {table.name} (\n{columns}\n);\n"
