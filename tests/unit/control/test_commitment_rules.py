"""What an order of reserved capacity may say, and when its term ends."""

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_finops.control.commitment_rules import CommitmentTerms, TokenWeight, check_commitment
from genai_finops.control.terms import term_end
from genai_finops.errors import FinopsError
from genai_finops.schemas.tables.commitments import TERMS

CURRENCIES = {"gcp_vertex": "USD", "openai": "USD", "anthropic": "USD", "azure_openai": "EUR"}
START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
ORDER = CommitmentTerms(
    provider="gcp_vertex",
    commitment_id="order-7",
    meter="gsu_hour",
    quantity=Decimal(10),
    term="P1M",
    starts_at=START,
    payment="monthly",
)
WEIGHTS = (TokenWeight(token_meter="output", weight=Decimal(5)),)
SCALE = dataclasses.replace(
    ORDER,
    provider="openai",
    meter="throughput_unit_hour",
    model="gpt-5",
    tokens_per_minute=Decimal(30000),
    weights=WEIGHTS,
)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("start", "term", "end"),
    [
        ("2026-10-01T00:00", "P1W", "2026-10-08T00:00"),
        ("2026-10-15T13:00", "P1M", "2026-11-15T13:00"),
        ("2026-01-31T00:00", "P1M", "2026-02-28T00:00"),
        ("2028-01-31T00:00", "P1M", "2028-02-29T00:00"),
        ("2026-11-30T00:00", "P3M", "2027-02-28T00:00"),
        ("2026-08-31T00:00", "P6M", "2027-02-28T00:00"),
        ("2028-02-29T00:00", "P1Y", "2029-02-28T00:00"),
        ("2027-03-01T00:00", "P1Y", "2028-03-01T00:00"),
        ("2026-12-31T23:59", "P3Y", "2029-12-31T23:59"),
    ],
)
def test_a_term_ends_on_the_same_day_of_the_calendar_or_the_last_one_of_a_short_month(
    start: str, term: str, end: str
) -> None:
    assert term_end(moment(start), term) == moment(end)


@given(
    st.integers(0, 90 * 365 * 86400).map(lambda seconds: moment("2000-01-01") + dt.timedelta(seconds=seconds)),
    st.sampled_from(TERMS),
)
def test_every_term_ends_at_its_time_of_day_and_at_most_three_days_before_its_day(
    start: dt.datetime, term: str
) -> None:
    end = term_end(start, term)
    assert end > start
    assert end.timetz() == start.timetz()
    assert term == "P1W" or 0 <= start.day - end.day <= 3


def test_what_is_left_out_is_filled_in() -> None:
    checked = check_commitment(ORDER, CURRENCIES)
    assert (checked.contract_id, checked.ends_at) == ("order-7", moment("2026-11-01T00:00"))
    assert checked.commitment_type == "Provisioned Throughput Order"


@pytest.mark.parametrize(("provider", "kind"), [("openai", "Scale Tier"), ("anthropic", "Priority Tier")])
def test_throughput_is_called_as_the_provider_calls_it(provider: str, kind: str) -> None:
    assert check_commitment(dataclasses.replace(SCALE, provider=provider), CURRENCIES).commitment_type == kind


@pytest.mark.parametrize(
    ("terms", "values", "message"),
    [
        pytest.param(ORDER, {"provider": "gcp"}, "'gcp' is unknown", id="provider"),
        pytest.param(ORDER, {"commitment_id": " "}, "is empty", id="id"),
        pytest.param(ORDER, {"meter": "gsu"}, "gsu_hour", id="meter"),
        pytest.param(ORDER, {"meter": "gpu_hour"}, "'gpu_hour' is unknown", id="an accelerator is no capacity"),
        pytest.param(ORDER, {"term": "P2M"}, "term 'P2M'", id="term"),
        pytest.param(ORDER, {"quantity": Decimal(0)}, "not above 0", id="no units"),
        pytest.param(ORDER, {"quantity": Decimal(-1)}, "negative", id="negative units"),
        pytest.param(ORDER, {"quantity": Decimal("1.0000001")}, "more than 6 decimals", id="finer than the table"),
        pytest.param(ORDER, {"starts_at": START.replace(microsecond=1)}, "whole seconds", id="split second"),
        pytest.param(ORDER, {"ends_at": moment("2026-11-02T00:00")}, "at the latest", id="longer than its term"),
        pytest.param(ORDER, {"ends_at": START}, "at the latest", id="ends as it begins"),
        pytest.param(ORDER, {"ended_at": moment("2026-12-01T00:00")}, "outside its term", id="ended after its end"),
        pytest.param(ORDER, {"applies_to": "resource"}, "not given", id="no resource"),
        pytest.param(ORDER, {"resource_id": "endpoint-1"}, "endpoint-1", id="a resource for an account"),
        pytest.param(ORDER, {"payment": "partial_upfront"}, "upfront share of nothing", id="no share"),
        pytest.param(ORDER, {"upfront_share": Decimal("0.5")}, "upfront share of 0.5", id="a share of monthly"),
        pytest.param(
            ORDER, {"payment": "partial_upfront", "upfront_share": Decimal(1)}, "is all of it", id="all upfront"
        ),
        pytest.param(ORDER, {"term": "P1W"}, "no months to pay by", id="a week by the month"),
        pytest.param(ORDER, {"agreed_unit_price": Decimal(5)}, "the period None", id="a price of nothing"),
        pytest.param(
            ORDER,
            {"payment": "hourly", "agreed_unit_price": Decimal(5), "agreed_price_period": "month"},
            "price of an hour",
            id="hours at a price of a month",
        ),
        pytest.param(
            ORDER,
            {"term": "P1W", "payment": "upfront", "agreed_unit_price": Decimal(5), "agreed_price_period": "month"},
            "has none",
            id="a week at a price of a month",
        ),
        pytest.param(ORDER, {"provider": "azure_openai"}, "bills in EUR", id="currency"),
        pytest.param(ORDER, {"weights": WEIGHTS}, "1 weights", id="weights without throughput"),
        pytest.param(SCALE, {"weights": (), "tokens_per_minute": None}, "contract only", id="a contract without units"),
        pytest.param(SCALE, {"model": None}, "none is given", id="throughput of no model"),
        pytest.param(SCALE, {"weights": WEIGHTS * 2}, "given twice", id="two weights"),
        pytest.param(
            SCALE, {"weights": (TokenWeight(token_meter="request", weight=Decimal(1)),)}, "'request'", id="no tokens"
        ),
    ],
)
def test_an_order_that_cannot_be_meant_is_refused_with_its_value(
    terms: CommitmentTerms, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(FinopsError, match=message):
        check_commitment(dataclasses.replace(terms, **values), CURRENCIES)
