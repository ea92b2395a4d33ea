"""The engine itself: one row out for each row in, and quick ways that say what the full statement says."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing.calculate import cost_of
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.pricing.rating_statements import USAGE_SCHEMA
from genai_finops.pricing.requests import Request

OCTOBER = dt.date(2026, 10, 20)


def usage(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {**dict.fromkeys(USAGE_SCHEMA), "provider": "openai", "provider_model_id": "gpt-4o", "usage_date": OCTOBER}
    usual |= {"meter": "output", "quantity": Decimal(1), "service_tier": "standard"}
    return pl.DataFrame(
        [{**usual, "usage_id": str(number), **row} for number, row in enumerate(rows)], schema=dict(USAGE_SCHEMA)
    )


def test_each_row_comes_out_once_and_in_its_order(packaged: RatingEngine) -> None:
    rows = usage({}, {"provider_model_id": "nonsense"}, {"meter": "request"}, {"x_org_slug": "acme"}, {})

    assert packaged.rate(rows.reverse())["usage_id"].to_list() == ["4", "3", "2", "1", "0"]


def test_two_rows_with_one_id_are_refused(packaged: RatingEngine) -> None:
    with pytest.raises(FinopsError, match="usage_id is not unique"):
        packaged.rate(usage({"usage_id": "1"}, {"usage_id": "1"}))


def test_a_missing_column_is_named(packaged: RatingEngine) -> None:
    with pytest.raises(FinopsError, match="usage has no column variant"):
        packaged.rate(usage({}).drop("variant"))


def test_two_spellings_of_one_model_share_its_price(packaged: RatingEngine) -> None:
    rated = packaged.rate(usage({}, {"provider_model_id": "gpt-4o-2024-08-06"}))

    assert rated["effective_cost"].to_list() == [Decimal("0.00001")] * 2


def test_what_is_rated_first_does_not_change_what_is_rated_later(
    toy: Callable[..., RatingEngine], toy_rate: Callable[..., Any]
) -> None:
    agreed = toy_rate("0.5", pricing_type="negotiated", x_org_slug="acme", is_custom=True)
    engine = toy([toy_rate("1")], agreed=[agreed])
    of_model = {"provider_model_id": "toy-large", "meter": "uncached_input", "x_genai_account_id": "a"}

    nobody = engine.rate(usage(of_model))
    acme = engine.rate(usage({**of_model, "x_org_slug": "acme"}, {**of_model, "x_org_slug": "zenith"}, of_model))

    assert nobody["effective_cost"].to_list() == [Decimal("0.000001")]
    assert acme["effective_cost"].to_list() == [Decimal("0.0000005"), Decimal("0.000001"), Decimal("0.000001")]


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-5.5"),
        ("anthropic", "claude-sonnet-4-6"),
        ("gemini", "gemini-2.5-pro"),
        ("aws_bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("openai", "nonsense"),
    ],
)
@pytest.mark.parametrize("tier", ["standard", "batch", "committed", "prioritty"])
@pytest.mark.parametrize("day", [dt.date(2025, 6, 9), dt.date(2026, 3, 12), OCTOBER])
def test_a_request_costs_what_the_full_statement_says_of_the_same_rows(
    provider: str, model: str, tier: str, day: dt.date, packaged: RatingEngine
) -> None:
    quantities = {meter: Decimal(7) for meter in ("uncached_input", "cache_read", "input", "output", "web_search")}
    request = Request(provider=provider, model=model, date=day, service_tier=tier, context_up_to=300_000)

    quick = cost_of(packaged, request, quantities)

    columns = {"provider": provider, "provider_model_id": model, "usage_date": day, "service_tier": tier}
    full = packaged.rate(
        usage(
            *(
                {**columns, "meter": meter, "quantity": quantity, "context_tokens_up_to": 300_000}
                for meter, quantity in quantities.items()
            )
        )
    )
    compared = full.select(
        "pricing_status", "pricing_reason", "effective_cost", "list_cost", "cost_lower_bound", "cost_upper_bound"
    )
    assert [
        (line.status, line.reason, line.cost, line.list_cost, line.lower_bound, line.upper_bound)
        for line in quick.lines
    ] == compared.rows()
