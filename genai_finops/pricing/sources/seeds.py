"""The reviewed lists in `seeds/`: prices that no other source has, default prices, and factors of geographies.

What a seed no longer says is withdrawn: a statement made of one is complete.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.pricing.sources.seed_rows import SeedRow, seed_content, seed_rows
from genai_finops.pricing.sources.statement import ResetFrequency, StatedRate, Statement
from genai_finops.schemas.tables.pricing import PRICE_FACTORS
from genai_finops.schemas.validation import empty_frame, validate

LIST_PRICES = "genai_list_prices.csv"
DEFAULT_PRICES = "genai_default_prices.csv"
PRICE_FACTORS_SEED = "genai_price_factors.csv"
#: `source` of the factors.
FACTORS_SOURCE = "price_factors"

_VERSION_DIGITS = 12
_CUSTOMARY_BLOCK = 1000


def read_list_prices(path: Path, retrieved_at: dt.datetime) -> Statement:
    """Prices that the catalogues lack, per pricing unit of the meter. The version is the day of the last check.

    Raises FinopsError that names file, line and column of what cannot be read.
    """
    rows = seed_rows(path)
    return Statement(
        source="list_prices",
        source_version=max((row.required("checked_on") for row in rows), default="empty"),
        retrieved_at=retrieved_at,
        rates=tuple(map(_list_rate, rows)),
        is_complete=True,
    )


def _list_rate(row: SeedRow) -> StatedRate:
    return StatedRate(
        provider=row.required("provider"),
        model_id=row.text("model_id"),
        meter=row.required("meter"),
        service_tier=row.required("service_tier"),
        geography=row.required("geography"),
        context_tokens_above=row.count("context_tokens_above") or 0,
        context_tokens_up_to=row.count("context_tokens_up_to"),
        variant=row.text("variant"),
        currency=row.required("currency"),
        unit_price=row.number("unit_price"),
        valid_from=row.first_day("valid_from"),
        valid_to=row.date("valid_to"),
        source_reference=row.required("source"),
    )


def read_default_prices(path: Path, retrieved_at: dt.datetime) -> Statement:
    """The prices that hold where nothing else is known, and the allowances that go with them, as rows of their own.

    The seed quotes per thousand tokens, in US dollars; rates are per million. Rows that are not enabled are left out.
    The version is the hash of the file. Raises FinopsError that names file, line and column of what cannot be read.
    """
    rates = (rate for row in seed_rows(path) if row.flag("is_enabled") for rate in _default_rates(row))
    return Statement(
        source="default_prices",
        source_version=hashlib.sha256(seed_content(path)).hexdigest()[:_VERSION_DIGITS],
        retrieved_at=retrieved_at,
        rates=tuple(rates),
        is_complete=True,
    )


def _default_rates(row: SeedRow) -> Iterator[StatedRate]:
    if row.required("pricing_type") != "standard":
        raise FinopsError(
            f"{row.path}, line {row.line}: pricing_type {row.text('pricing_type')} has no place among default prices",
            remedy="Enter it with `genai-finops prices set`; a default is a standard price, with or without allowance",
        )
    model = row.required("model_id")
    # An embedding has one meter; its output price and its output allowance of 0 are none.
    is_embedding = "embedding" in model.lower()
    base = StatedRate(
        provider=row.required("provider"),
        model_id=model,
        meter="embedding_input" if is_embedding else "uncached_input",
        model_name=row.text("model_name"),
        valid_from=row.first_day("effective_date"),
        valid_to=row.date("end_date"),
        source_reference=row.required("pricing_id"),
        is_custom=row.flag("is_custom"),
    )
    directions = [(base, "input")] if is_embedding else [(base, "input"), (replace(base, meter="output"), "output")]
    for rate, direction in directions:
        yield from _priced(rate, row.number(f"{direction}_price_per_1k"))
        batch = replace(rate, service_tier="batch")
        yield from _priced(batch, row.number(f"x_openai_batch_{direction}_price"))
        allowance = row.number(f"free_tier_{direction}_tokens")
        if allowance is not None:
            yield replace(
                rate,
                pricing_type="free_tier",
                free_tier_quantity=allowance,
                free_tier_reset_frequency=cast("ResetFrequency", row.required("free_tier_reset_frequency")),
            )


def _priced(rate: StatedRate, per_thousand: Decimal | None) -> Iterator[StatedRate]:
    if per_thousand is not None:
        yield replace(rate, unit_price=per_thousand * _CUSTOMARY_BLOCK)


def price_factors_frame(path: Path, known_from: dt.datetime) -> pl.DataFrame:
    """The factors that make prices of one geography out of those of another, shape of `genai_price_factors`.

    The version of each is the day of its last check. Raises FinopsError that names file, line and column of what cannot
    be read, and InvalidFrameError for a factor that the table refuses.
    """
    rows = [
        {
            **{name: row.text(name) for name in ("provider", "model_id", "meter_kind", "service_tier")},
            **{name: row.text(name) for name in ("geography", "base_geography")},
            "factor": row.number("factor"),
            "valid_from": row.first_day("valid_from"),
            "valid_to": row.date("valid_to"),
            "source": FACTORS_SOURCE,
            "source_version": row.required("checked_on"),
            "source_reference": row.text("source"),
            "known_from": known_from,
            "known_to": None,
        }
        for row in seed_rows(path)
    ]
    frame = pl.DataFrame(rows, schema=empty_frame(PRICE_FACTORS).schema)
    return validate(PRICE_FACTORS, frame, subject=str(path))
