"""Renderings for dbt: sources, contracts with their tests, and the macros that spell types and layouts."""

import json
from collections.abc import Iterable
from typing import Any

import yaml

from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.types import TYPES

#: Hive partition of the landing files; on BigQuery a column of the landing tables.
LANDING_DAY = "day"
_DAY_DESCRIPTION = "Day of the landing folder; equals x_ingestion_date. A filter on it skips whole files."
_LAKE = "{{ env_var('GENAI_FINOPS_LAKE_URL', env_var('GENAI_FINOPS_HOME', '.finops') ~ '/lake') }}"
_PROJECT = (
    "{{ env_var('GENAI_FINOPS_BIGQUERY_PROJECT', 'genai-finops') if target.type == 'bigquery' else target.database }}"
)


def sources_yaml(
    landing: Iterable[Table], reference: Iterable[Table], resources: Iterable[Table], prices: Iterable[Table]
) -> str:
    """Four sources: `landing`, one file per replace key in day folders, `reference`, one file per table, `resources`, one file
    per credential in folders of the providers, and `prices`, one file per source in folders of the tables.
    """
    # `template` because the default formatter, str.format, trips over the braces of a DuckDB struct.
    by_day = f"hive_partitioning = true, hive_types = {{'{LANDING_DAY}': DATE}}"
    landing_location = f"read_parquet('{_LAKE}/landing/$name/*/*/*.parquet', {by_day})"
    archived_location = (
        f"read_parquet(['{_LAKE}/landing/$name/*/*/*.parquet', '{_LAKE}/archive/$name/*/*/*.parquet'], {by_day})"
    )
    reference_location = f"read_parquet('{_LAKE}/reference/$name.parquet')"
    document = {
        "version": 2,
        "sources": [
            _source(
                "landing",
                "Usage as it was landed by ingestion: Parquet in the lake, external or loaded tables on BigQuery.",
                landing_location,
                [
                    _source_table(table, with_day=True, location=archived_location if table.is_archived else None)
                    for table in landing
                ],
            ),
            _source(
                "reference",
                "Snapshots of registers and the control database, one file per table.",
                reference_location,
                [_source_table(table, with_day=False) for table in reference],
            ),
            _source(
                "resources",
                "Resources that usage names, as the providers' lists described them, one file per credential.",
                # By name: a column that came later is null in files that were written before.
                f"read_parquet('{_LAKE}/resources/*/*.parquet', union_by_name = true)",
                [_source_table(table, with_day=False) for table in resources],
            ),
            _source(
                "prices",
                "The price book: what each source says of rates, factors and models, and when it was known, one file per source.",
                f"read_parquet('{_LAKE}/prices/$name/*.parquet')",
                [_source_table(table, with_day=False) for table in prices],
            ),
        ],
    }
    return _dump(document)


def _source(name: str, description: str, location: str, tables: list[dict[str, Any]]) -> dict[str, Any]:
    dataset = f"env_var('GENAI_FINOPS_BIGQUERY_{name.upper()}_DATASET', 'genai_finops_{name}')"
    return {
        "name": name,
        "description": description,
        "database": _PROJECT,
        "schema": f"{{{{ {dataset} if target.type == 'bigquery' else 'main' }}}}",
        "config": {"meta": {"external_location": location, "formatter": "template"}},
        "tables": tables,
    }


def _source_table(table: Table, *, with_day: bool, location: str | None = None) -> dict[str, Any]:
    columns = [_column(column, with_constraints=False) for column in table.columns]
    if with_day:
        columns.append({"name": LANDING_DAY, "description": _DAY_DESCRIPTION, "data_type": "date"})
    config = {"config": {"meta": {"external_location": location, "formatter": "template"}}} if location else {}
    return {"name": table.name, "description": table.description, **config, "columns": columns}


def contract_yaml(table: Table) -> str:
    """The contract of one model: columns with types and not-null constraints, and the tests that the table itself implies."""
    model = {
        "name": table.name,
        "description": table.description,
        "access": "public",
        "data_tests": _data_tests(table),
        "columns": [_column(column, with_constraints=True) for column in table.columns],
    }
    return _dump({"version": 2, "models": [model]})


def _data_tests(table: Table) -> list[dict[str, Any]]:
    window = {"window_column": table.partition_by} if table.partition_by else {}
    tests: list[dict[str, Any]] = [
        {
            "unique_grain": {
                "name": f"{table.name}_grain_is_unique",
                "arguments": {"columns": list(table.grain), **window},
            }
        }
    ]
    allowed = {column.name: list(column.allowed) for column in table.columns if column.allowed}
    minimums = {column.name: column.minimum for column in table.columns if column.minimum is not None}
    patterns = {column.name: column.pattern for column in table.columns if column.pattern is not None}
    rules = {
        key: value for key, value in (("allowed", allowed), ("minimums", minimums), ("patterns", patterns)) if value
    }
    if rules:
        tests.append({"column_values": {"name": f"{table.name}_values_are_allowed", "arguments": {**rules, **window}}})
    return tests


def _column(column: Column, *, with_constraints: bool) -> dict[str, Any]:
    physical = TYPES[column.type]
    data_type = physical.duckdb
    if physical.bigquery != physical.duckdb:
        data_type = f"{{{{ '{physical.duckdb}' if target.type == 'duckdb' else '{physical.bigquery}' }}}}"
    rendered: dict[str, Any] = {"name": column.name, "description": column.description, "data_type": data_type}
    if with_constraints and not column.nullable:
        rendered["constraints"] = [{"type": "not_null", "warn_unsupported": False}]
    return rendered


def type_macros() -> str:
    """Macros `type_of(name)` and `type_<name>()` for the types whose precision matters."""
    duckdb = json.dumps({name: physical.duckdb for name, physical in TYPES.items()}, indent=4)
    bigquery = json.dumps({name: physical.bigquery for name, physical in TYPES.items()}, indent=4)
    exact = "\n\n".join(
        f"{{% macro type_{name}() -%}} {{{{ type_of('{name}') }}}} {{%- endmacro %}}"
        for name in ("quantity", "rate", "cost", "ratio")
    )
    return f"""{{#
  How a logical type is spelled. Never write a bare numeric: DuckDB takes it for decimal(18,3), and dbt's own
  type_numeric() is numeric(28,6) there, which turns 0.0000000375 into 0. BigQuery's NUMERIC ends at 9 decimals.
#}}
{{% macro type_of(name) -%}}
    {{{{ return(adapter.dispatch('type_of', 'genai_finops')(name)) }}}}
{{%- endmacro %}}

{{% macro default__type_of(name) %}}
    {{{{ exceptions.raise_compiler_error("type_of is not written for target type " ~ target.type) }}}}
{{% endmacro %}}

{{% macro duckdb__type_of(name) %}}
    {{% set types = {duckdb} %}}
    {{{{ return(types[name]) }}}}
{{% endmacro %}}

{{# The var bigquery_types overrides spellings for an emulator that lacks a type. #}}
{{% macro bigquery__type_of(name) %}}
    {{% set types = {bigquery} %}}
    {{{{ return(var('bigquery_types', {{}}).get(name, types[name])) }}}}
{{% endmacro %}}

{exact}
"""


def layout_macro(models: Iterable[Table]) -> str:
    """Macro `table_layout(name)`: the partition column and the cluster columns of a table that is replaced by day."""
    layouts = {
        table.name: {"partition_by": table.partition_by, "cluster_by": list(table.cluster_by)}
        for table in models
        if table.partition_by
    }
    return f"""{{% macro table_layout(table) %}}
    {{% set layouts = {json.dumps(layouts, indent=4)} %}}
    {{% if table not in layouts %}}
        {{{{ exceptions.raise_compiler_error("table " ~ table ~ " has no partition column in the register") }}}}
    {{% endif %}}
    {{{{ return(layouts[table]) }}}}
{{% endmacro %}}
"""


class _Dumper(yaml.SafeDumper):
    """Repeated lists are written out instead of as anchors, and list items are indented below their key."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - the signature is PyYAML's
        super().increase_indent(flow, False)


def _dump(document: dict[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
