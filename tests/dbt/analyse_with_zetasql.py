"""Judge statements with Google's SQL analyser. Runs in an environment of its own, on standard input and output.

Input   {"tables": {relation: [[column, type], ...]}, "statements": [{"name": ..., "sql": ..., "creates": ...}, ...]}
Output  {name of a statement: {"ok": ..., "error": text or null, "columns": [[column, type], ...]}}

A relation is written as dbt writes it, `project`.`dataset`.`table`; a type is spelled without digits. Where a
statement creates a relation, what it selects is a table for the statements after it; else "creates" is null.
"""

import json
import sys
from typing import Any

from zetasql.api import Analyzer, CatalogBuilder, TableBuilder
from zetasql.core.exceptions import ServerError
from zetasql.types import AnalyzerOptions, LanguageOptions, TypeKind, ZetaSQLBuiltinFunctionOptions
from zetasql.types.proto_model import LanguageFeature, ProductMode, SimpleCatalog

# The analyser can read them and DuckDB too, but they are not in the reference of BigQuery: there || takes texts only.
# Without the first one concat takes texts only as well, which is stricter than BigQuery.
NOT_IN_BIGQUERY = {
    LanguageFeature.FEATURE_CONCAT_MIXED_TYPES,
    LanguageFeature.FEATURE_INLINE_LAMBDA_ARGUMENT,
    LanguageFeature.FEATURE_LATERAL_JOIN,
    LanguageFeature.FEATURE_LIMIT_OFFSET_EXPRESSIONS,
}


def language() -> LanguageOptions:
    """What BigQuery understands, as far as the analyser can be told."""
    options = LanguageOptions.maximum_features()
    options.product_mode = ProductMode.PRODUCT_EXTERNAL
    # Else it may be a name, and is only taken for the clause after where, group by or having.
    options.reserved_keywords = ["QUALIFY"]
    options.enabled_language_features = [
        feature for feature in options.enabled_language_features if feature not in NOT_IN_BIGQUERY
    ]
    return options


def named(catalogs: list[SimpleCatalog], name: str) -> SimpleCatalog:
    """The catalog of that name, which is added when it is missing."""
    for catalog in catalogs:
        if catalog.name == name:
            return catalog
    catalogs.append(CatalogBuilder(name).build())
    return catalogs[-1]


def add_table(root: SimpleCatalog, relation: str, columns: list[tuple[str, str]]) -> None:
    """Make a relation known, in place of one of the same name. Raises AttributeError for a type it does not know."""
    project, dataset, name = relation.replace("`", "").split(".")
    table = TableBuilder(name)
    for column, kind in columns:
        table.add_column(column, getattr(TypeKind, f"TYPE_{kind.upper()}"))
    catalog = named(named(root.catalog, project).catalog, dataset)
    catalog.table = [*(other for other in catalog.table if other.name != name), table.build()]


def verdict(sql: str, options: AnalyzerOptions, tables: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    """Whether a statement is understood, and what it selects.

    It is given the tables that it names and no others: every statement sends its catalog to the analyser anew, and all
    tables together take longer to send than most statements to analyse.
    """
    root = (
        CatalogBuilder("warehouse")
        .with_builtin_functions(ZetaSQLBuiltinFunctionOptions(language_options=options.language_options))
        .build()
    )
    for relation, columns in tables.items():
        if relation in sql:
            add_table(root, relation, columns)
    try:
        resolved = Analyzer(options, root).analyze_statement(sql)
    except ServerError as error:
        return {"ok": False, "error": error.message, "columns": []}
    columns = [(column.name, column.column.type.type_name().lower()) for column in resolved.output_column_list]
    return {"ok": True, "error": None, "columns": columns}


def judge(given: dict[str, Any]) -> dict[str, Any]:
    """One verdict per statement, in their order."""
    options = AnalyzerOptions(language_options=language())
    tables = dict(given["tables"])
    verdicts = {}
    for statement in given["statements"]:
        found = verdicts[statement["name"]] = verdict(statement["sql"], options, tables)
        if found["ok"] and statement["creates"]:
            tables[statement["creates"]] = found["columns"]
    return verdicts


if __name__ == "__main__":
    json.dump(judge(json.load(sys.stdin)), sys.stdout)
