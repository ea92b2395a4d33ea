"""The reviewed lists of capacity in `seeds/`: what a unit costs, and what it serves."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import cast

import polars as pl

from genai_finops.pricing.capacity_rules import check_capacity_rates
from genai_finops.pricing.sources.seed_rows import SeedRow, seed_rows
from genai_finops.pricing.sources.statement import CapacityRate, Confidence, PricePeriod, PurchaseOption, Statement
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.tables.commitments import CAPACITY_THROUGHPUT
from genai_finops.schemas.validation import InvalidFrameError, empty_frame, validate

CAPACITY_PRICES = "genai_capacity_prices.csv"
CAPACITY_THROUGHPUT_SEED = "genai_capacity_throughput.csv"
SOURCE = "capacity_prices"


def read_capacity_prices(path: Path, retrieved_at: dt.datetime) -> Statement:
    """Prices of reserved capacity and accelerators, each with how sure it is. The version is the day of the last check.

    What the seed no longer says is withdrawn. Raises FinopsError that names file, line and column of what cannot be
    read, or file, line and rule of a price that cannot be meant.
    """
    rows = seed_rows(path)
    return Statement(
        source=SOURCE,
        source_version=max((row.required("checked_on") for row in rows), default="empty"),
        retrieved_at=retrieved_at,
        rates=(),
        capacity_rates=tuple(_rate(row, retrieved_at.date()) for row in rows),
        is_complete=True,
    )


def _rate(row: SeedRow, today: dt.date) -> CapacityRate:
    row.first_day("checked_on")
    rate = CapacityRate(
        provider=row.required("provider"),
        meter=row.required("meter"),
        # Checked against the table with everything else below.
        purchase_option=cast("PurchaseOption", row.required("purchase_option")),
        price_period=cast("PricePeriod", row.required("price_period")),
        confidence=cast("Confidence", row.required("confidence")),
        unit_price=_amount(row, "unit_price"),
        currency=row.required("currency"),
        valid_from=row.first_day("valid_from"),
        valid_to=row.date("valid_to"),
        source_reference=row.required("source"),
        model_id=row.text("model_id"),
        variant=row.text("variant"),
        workload=row.text("workload"),
        scope=row.text("scope"),
        region_id=row.text("region_id"),
        term=row.text("term"),
        payment=row.text("payment"),
        note=row.text("note"),
    )
    check_capacity_rates((rate,), source=f"{row.path}, line {row.line}", today=today)
    return rate


def capacity_throughput_frame(path: Path) -> pl.DataFrame:
    """What one unit of capacity serves of each model, and what each kind of token weighs; shape of
    `genai_capacity_throughput`, for all organisations.

    Raises FinopsError that names file, line and column of what cannot be read, and InvalidFrameError that names the
    line of one that the table refuses.
    """
    schema = empty_frame(CAPACITY_THROUGHPUT).schema
    rows = seed_rows(path)
    frame = pl.DataFrame([_throughput(row) for row in rows], schema=schema)
    try:
        validate(CAPACITY_THROUGHPUT, frame, subject=str(path))
    except InvalidFrameError:
        for number, row in enumerate(rows):
            validate(CAPACITY_THROUGHPUT, frame[number], subject=f"{path}, line {row.line}")
        # Each line by itself is fine: a key comes twice.
        raise
    return frame.sort(CAPACITY_THROUGHPUT.grain, nulls_last=True)


def _throughput(row: SeedRow) -> dict[str, object]:
    meter = row.required("token_meter")
    if meter not in METERS or METERS[meter].kind != "tokens":
        row.refuse("token_meter", f"is {meter!r}, no meter of tokens")
    model, tokens = row.required("model_id"), _amount(row, "tokens_per_minute")
    above, up_to = row.count("context_tokens_above") or 0, row.count("context_tokens_up_to")
    if model != model.lower():
        row.refuse("model_id", f"is {model!r}, not in lower case")
    if tokens == 0:
        row.refuse("tokens_per_minute", "is 0: a unit that serves nothing is none")
    if up_to is not None and up_to <= above:
        row.refuse("context_tokens_up_to", f"is {up_to}, not above {above}")
    first, last = row.first_day("valid_from"), row.date("valid_to")
    if last is not None and last <= first:
        row.refuse("valid_to", f"is {last}, not after {first}")
    return {
        **{name: row.required(name) for name in ("provider", "meter", "confidence", "source")},
        "scope": row.text("scope"),
        "model_id": model,
        "x_org_slug": None,
        "commitment_id": None,
        "token_meter": meter,
        "context_tokens_above": above,
        "context_tokens_up_to": up_to,
        "weight": _amount(row, "weight"),
        "tokens_per_minute": tokens,
        "minimum_units": row.count("minimum_units"),
        "unit_step": row.count("unit_step"),
        "valid_from": first,
        "valid_to": last,
    }


def _amount(row: SeedRow, column: str) -> Decimal:
    value = row.number(column)
    if value is None:
        row.refuse(column, "is empty")
    if not value.is_finite() or value < 0:
        row.refuse(column, f"is {value}, no amount")
    return value
