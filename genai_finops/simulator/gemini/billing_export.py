"""Rows of the standard usage cost export: one for each SKU and hour, appended late, beside rows that are no usage."""

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa

from genai_finops.simulator.gemini.skus import SKUS, Sku
from genai_finops.simulator.gemini.traffic import REQUESTS, SOURCE, billing_account_of, sandbox_of
from genai_finops.simulator.google.service_account import project_number
from genai_finops.simulator.ledger import Ledger, midnight
from genai_finops.simulator.noise import draw
from genai_finops.simulator.rating import price_of
from genai_finops.simulator.sale import cost_of
from genai_finops.simulator.traffic import Account, Stream

GEMINI_SERVICE = ("AEFD-7695-64FA", "Gemini API")
_VERTEX_SERVICE = ("C7E2-9256-1C43", "Vertex AI")
DATASET = "billing"
LOCATION = "EU"

_TEXT = pa.string()
_COLUMNS: dict[str, pa.DataType] = {
    "billing_account_id": _TEXT,
    "service_id": _TEXT,
    "service_description": _TEXT,
    "sku_id": _TEXT,
    "sku_description": _TEXT,
    "started_at": pa.int64(),
    "exported_at": pa.int64(),
    "project_id": _TEXT,
    "project_number": _TEXT,
    "project_name": _TEXT,
    "team": _TEXT,
    "cost": pa.float64(),
    "amount": pa.float64(),
    "credit_count": pa.int64(),
    "cost_type": _TEXT,
}
#: What differs from row to row, moments in seconds since 1970. EXPORT_VIEW makes the nested columns of the real table.
FLAT_SCHEMA = pa.schema(_COLUMNS)
#: DuckDB's SQL over `flat`. Two labels and up to two credits: a join with them would count the usage twice. Invoices
#: follow the Pacific month.
EXPORT_VIEW = """
select
    billing_account_id,
    {'id': service_id, 'description': service_description} as service,
    {'id': sku_id, 'description': sku_description} as sku,
    to_timestamp(started_at) as usage_start_time,
    to_timestamp(started_at) + interval 1 hour as usage_end_time,
    {'id': project_id, 'number': project_number, 'name': project_name} as project,
    [{'key': 'goog-generativelanguage-model', 'value': 'slug'}, {'key': 'team', 'value': team}] as labels,
    {'location': 'global', 'country': null, 'region': 'global', 'zone': null} as location,
    cost,
    'USD' as currency,
    1.0::double as currency_conversion_rate,
    {'amount': amount, 'unit': 'count', 'amount_in_pricing_units': amount, 'pricing_unit': 'count'} as usage,
    [{'name': 'Promotion', 'amount': -0.001 * n, 'type': 'PROMOTION'} for n in range(credit_count)] as credits,
    {'month': strftime(to_timestamp(started_at) - interval 7 hour, '%Y%m')} as invoice,
    cost_type,
    to_timestamp(exported_at) as export_time,
    date_trunc('day', to_timestamp(exported_at)) as _PARTITIONTIME
from flat
"""
_HOUR = dt.timedelta(hours=1)
_SANDBOX_TOKENS = 31_337
_billing_account = cache(billing_account_of)
_project_number = cache(project_number)


#: Values in the order of FLAT_SCHEMA.
Row = tuple[Any, ...]


def table_of(account: Account) -> str:
    """project.dataset.table of the export."""
    code = billing_account_of(account.scenario, account.org).replace("-", "_")
    return f"{account.org}-finops.{DATASET}.gcp_billing_export_v1_{code}"


def export_rows(account: Account, ledger: Ledger, first_day: dt.date, last_day: dt.date) -> Iterator[Row]:
    """All rows of usage from first_day to last_day, both inclusive, that were exported by the ledger's now."""
    for day in account.scenario.days:
        if first_day <= day <= last_day:
            for stream in account.streams[SOURCE]:
                yield from _usage_rows(account, stream, ledger, day)
            if midnight(day + dt.timedelta(days=1)) + account.scenario.lag <= ledger.now:
                yield from _other_rows(account, day)


def flat_table(rows: Iterable[Row]) -> pa.Table:
    """Rows as a table of FLAT_SCHEMA."""
    columns = list(zip(*rows, strict=True)) or [()] * len(FLAT_SCHEMA)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, FLAT_SCHEMA, strict=True)], schema=FLAT_SCHEMA
    )


def _usage_rows(account: Account, stream: Stream, ledger: Ledger, day: dt.date) -> Iterator[Row]:
    plan = stream.plan
    skus = {
        meter: SKUS[stream.model, meter, plan.service_tier, plan.context_band]
        for meter in stream.final.get(day, {})
        if meter != REQUESTS
    }
    prices = {meter: price_of(stream, account.provider, meter, day) or Decimal(0) for meter in skus}
    for hour in range(24):
        start = midnight(day) + _HOUR * hour
        for meter, quantity in ledger.hour(stream, day, hour).items():
            if meter == REQUESTS:
                continue
            rest = quantity
            for sku in skus[meter]:
                amount = rest if sku is skus[meter][-1] else quantity * sku.share // 100
                rest -= amount
                if amount:
                    cost = float(cost_of(amount, prices[meter], meter))
                    yield _row(account, start, sku, amount=amount, cost=cost)


def _row(
    account: Account,
    start: dt.datetime,
    sku: Sku,
    *,
    amount: int,
    cost: float,
    service: tuple[str, str] = GEMINI_SERVICE,
    project: str | None = "",
    cost_type: str = "regular",
) -> Row:
    scenario = account.scenario
    chance = draw(scenario.seed, account.org, sku.id, start.date()) >> start.hour
    project_id = account.account_id if project == "" else project
    started_at = int(start.timestamp())
    return (
        _billing_account(scenario, account.org),
        *service,
        sku.id,
        sku.description,
        started_at,
        # Most rows are exported within a day, some days later.
        started_at + 3600 * (5 + chance % 19 + (72 if chance % 40 == 0 else 0)),
        project_id,
        _project_number(scenario.seed, account.org, account.provider) if project_id else None,
        account.name if project == "" else project,
        account.org,
        cost,
        float(amount),
        chance % 3,
        cost_type,
    )


def _other_rows(account: Account, day: dt.date) -> Iterator[Row]:
    """What stands in the table beside the usage of the project: a reader that adds it up is wrong."""
    start = midnight(day) + _HOUR * 3
    text = SKUS["gemini-2.5-flash", "uncached_input", "standard", "short"][0]
    vertex = Sku("51A0-0201-BBBB", "Gemini 2.5 Flash Text Input - Predictions")
    sandbox = sandbox_of(account.scenario, account.org)
    yield _row(account, start, text, amount=_SANDBOX_TOKENS, cost=0.01, project=sandbox)
    yield _row(account, start, vertex, amount=_SANDBOX_TOKENS, cost=0.01, service=_VERTEX_SERVICE)
    yield _row(account, start, Sku("51A0-0202-BBBB", "Tax"), amount=17, cost=0.4, cost_type="tax")
    yield _row(
        account, start, Sku("51A0-0203-BBBB", "Rounding error"), amount=0, cost=-0.0001, cost_type="rounding_error"
    )
    # A correction of a price takes money back, not usage; a support charge has no project.
    yield _row(account, start, text, amount=0, cost=-0.25)
    yield _row(account, start, Sku("51A0-0204-BBBB", "Account-level charge"), amount=1, cost=3.0, project=None)
