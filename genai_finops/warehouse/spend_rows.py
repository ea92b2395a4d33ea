"""Where the spend of a scope is read, and by which columns."""

from genai_finops.errors import FinopsError
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.tables.budgets import BUDGET_SPEND_DAILY
from genai_finops.schemas.tables.events import EVENT_METERS, USAGE_EVENTS
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.spend_scope import COLUMNS, SpendScope

_TOKENS = " + ".join(name for name in EVENT_METERS if METERS[name].kind == "tokens")


def spend_relation(warehouse: ReadOnlyWarehouse, scope: SpendScope) -> tuple[str, list[object]]:
    """What stands after `from`, with the columns of genai_budget_spend_daily that scopes need, and its parameters.

    With a tag these are the requests in the logs at the agreed prices, on which `tags` is the value of the scope's tag.
    Raises FinopsError where the table was never built.
    """
    table = USAGE_EVENTS if "tag" in scope.shape else BUDGET_SPEND_DAILY
    if not warehouse.has_table(table.name):
        raise FinopsError(
            f"The warehouse has no table {table.name}",
            remedy="Ingest usage and request logs, and run `genai-finops transform` first",
        )
    if table is BUDGET_SPEND_DAILY:
        return table.name, []
    columns = [column for name, column in COLUMNS.items() if name not in {"tag", "flow", "hierarchy"}]
    tag = scope.as_mapping()["tag"].partition("=")[0]
    relation = f"""(
        select
            x_ingestion_date, usage_date, {", ".join(columns)}, 'payg' as flow, {warehouse.json_text("tags")} as tags,
            currency, list_cost, contracted_cost as effective_cost, contracted_cost as billed_cost, {_TOKENS} as tokens
        from {table.name}
        where pricing_status not in ('cache_hit', 'empty', 'committed')
    ) as requests"""  # noqa: S608 - names of this package; the tag is a parameter
    return relation, [f'$."{tag}"']


def key_column(dimension: str) -> str:
    """Column of the relation that the dimension is looked up in."""
    return COLUMNS[dimension]


def key_of(scope: SpendScope, dimension: str) -> str:
    """What the column holds for the scope; of `hierarchy` a part of the path."""
    value = scope.as_mapping()[dimension]
    return value.partition("=")[2] if dimension == "tag" else value
