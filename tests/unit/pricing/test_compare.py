"""What usage costs under prices known at two moments, and under rates that someone supposes."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing.book import revise
from genai_finops.pricing.compare import ComparedCosts, Comparison, compare, usage_frame
from genai_finops.pricing.rating_engine import RatingEngine, RatingTables
from genai_finops.pricing.sources.statement import StatedRate, Statement
from genai_finops.pricing.what_if import read_rates, with_rates
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.tables.control import PROVIDER_ACCOUNTS
from genai_finops.schemas.tables.pricing import MODEL_ALIAS_RULES, PRICE_BOOK, PRICE_FACTORS
from genai_finops.schemas.tables.reference import PROVIDERS
from genai_finops.schemas.validation import empty_frame

JANUARY = dt.date(2026, 1, 1)
DAYS = [dt.date(2026, 10, day) for day in (1, 2, 3)]
MONDAY = dt.datetime(2026, 10, 5, 4, tzinfo=dt.UTC)
NEXT_MONDAY = MONDAY + dt.timedelta(days=7)
NOW = MONDAY + dt.timedelta(days=14)
ALL_DAYS = (None, None)


def rate(model: str, price: str | None, first: dt.date = JANUARY, **columns: Any) -> StatedRate:
    return StatedRate(
        provider="toy",
        model_id=model,
        meter="output",
        unit_price=None if price is None else Decimal(price),
        valid_from=first,
        **columns,
    )


def statement(moment: dt.datetime, *rates: StatedRate, source: str = "genai-prices") -> Statement:
    return Statement(source=source, source_version="1", retrieved_at=moment, rates=rates, is_complete=True)


def tables(*statements: Statement) -> RatingTables:
    """A book that heard these, and provider toy with one account of acme and one of globex."""
    book = empty_frame(PRICE_BOOK)
    for told in statements:
        book = revise(book, told)
    provider = dict.fromkeys((column.name for column in PROVIDERS.columns), "Toy") | {
        "provider": "toy",
        "currency": "USD",
    }
    accounts = [
        {
            "x_org_slug": org,
            "provider": "toy",
            "account_id": f"{org}-1",
            "account_name": org,
            "is_free_tier": False,
            "is_enabled": True,
        }
        for org in ("acme", "globex")
    ]
    rules = [
        {
            "provider": "toy",
            "rank": rank,
            "pattern": f"^{model}$",
            "model_id": model,
            "valid_from": JANUARY,
            "source": "genai-prices",
            "source_version": "1",
            "known_from": MONDAY,
        }
        for rank, model in enumerate(sorted(set(book["model_id"])))
    ]
    return RatingTables(
        prices=book,
        factors=empty_frame(PRICE_FACTORS),
        alias_rules=pl.DataFrame(rules, schema=empty_frame(MODEL_ALIAS_RULES).schema),
        meters=meters_frame(),
        providers=pl.DataFrame([provider], schema=empty_frame(PROVIDERS).schema),
        accounts=pl.DataFrame(accounts, schema=empty_frame(PROVIDER_ACCOUNTS).schema),
    )


def used(model: str, day: dt.date, quantity: str = "1000000", org: str = "acme", **columns: Any) -> dict[str, Any]:
    return {
        "provider": "toy",
        "usage_date": day,
        "provider_model_id": model,
        "model_id": model,
        "meter": "output",
        "service_tier": "standard",
        "geography": None,
        "context_tokens_above": None,
        "context_tokens_up_to": None,
        "variant": None,
        "x_org_slug": org,
        "x_genai_account_id": f"{org}-1",
        "quantity": Decimal(quantity),
    } | columns


def usage(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = usage_frame([]).drop("usage_id").schema
    return usage_frame(pl.DataFrame(list(rows), schema=schema).to_arrow().to_batches())


#: Said first, and a week later.
FIRST = (rate("raised", "2"), rate("withdrawn", "3"), rate("same", "5"))
SECOND = (
    rate("raised", "2", valid_to=DAYS[1]),
    rate("raised", "4", DAYS[1]),
    rate("found", "7"),
    rate("same", "5"),
)
USED = [used(model, day) for model in ("raised", "withdrawn", "same", "found") for day in DAYS]


def between(*told: Statement, rows: list[dict[str, Any]], days: Any = ALL_DAYS) -> Comparison:
    """The rows as the book knew prices on the two Mondays."""
    book = tables(*told)
    return compare(usage(*rows), old=RatingEngine(book, MONDAY), new=RatingEngine(book, NEXT_MONDAY), days=days)


@pytest.fixture(scope="module")
def revised() -> Comparison:
    return between(statement(MONDAY, *FIRST), statement(NEXT_MONDAY, *SECOND), rows=USED)


def costs(comparison: Comparison, model: str) -> list[tuple[Any, ...]]:
    return [
        (row.usage_date, row.reason, row.old_cost, row.new_cost) for row in comparison.differences if row.model == model
    ]


def test_a_changed_price_differs_from_its_day_on(revised: Comparison) -> None:
    assert costs(revised, "raised") == [(day, "price_changed", 2, 4) for day in DAYS[1:]]


def test_a_price_that_was_found_is_no_old_cost_of_nothing(revised: Comparison) -> None:
    assert costs(revised, "found") == [(day, "price_added", None, 7) for day in DAYS]


def test_a_price_that_was_withdrawn_leaves_no_new_cost(revised: Comparison) -> None:
    assert costs(revised, "withdrawn") == [(day, "price_removed", 3, None) for day in DAYS]


def test_what_costs_the_same_is_in_the_totals_only(revised: Comparison) -> None:
    [total] = revised.totals
    assert costs(revised, "same") == []
    # Before: raised 3 x 2, withdrawn 3 x 3, same 3 x 5. After: raised 2 + 4 + 4, found 3 x 7, same 3 x 5.
    assert total.currency == "USD"
    assert (total.old_cost, total.new_cost) == (Decimal(30), Decimal(46))
    assert (total.rows, total.old_unpriced_rows, total.new_unpriced_rows) == (12, 3, 3)


def test_days_outside_are_not_compared(revised: Comparison) -> None:
    second_day = between(statement(MONDAY, *FIRST), statement(NEXT_MONDAY, *SECOND), rows=USED, days=(DAYS[1], DAYS[1]))
    assert second_day.differences == tuple(row for row in revised.differences if row.usage_date == DAYS[1])


def test_days_before_the_first_use_up_the_allowance() -> None:
    free = rate(
        "allowed",
        None,
        pricing_type="free_tier",
        x_org_slug="acme",
        free_tier_quantity=Decimal(1_500_000),
        free_tier_reset_frequency="monthly",
    )
    listed = statement(MONDAY, rate("allowed", "2"))
    agreed = statement(NEXT_MONDAY, free, source="organisation")
    rows = [used("allowed", day, org=org) for day in DAYS for org in ("acme", "globex")]
    found = between(listed, agreed, rows=rows, days=(DAYS[1], None))
    # Half a million of acme's second day is free; globex goes on to pay 2 beside it, which is no difference.
    assert costs(found, "allowed") == [(DAYS[1], "allowance_or_volume", 2, 1)]


def test_costs_keep_all_their_decimals() -> None:
    # A token at 0.000000000003 per million: 18 decimals.
    told = statement(MONDAY, rate("tiny", "0")), statement(NEXT_MONDAY, rate("tiny", "0.000000000003"))
    found = between(*told, rows=[used("tiny", DAYS[0], quantity="1")])
    assert [row.new_cost for row in found.differences] == [Decimal("0.000000000000000003")]


def test_no_usage_is_no_difference() -> None:
    found = between(statement(MONDAY, *FIRST), rows=[])
    assert (found.differences, found.totals) == ((), ())


BOOK = tables(
    statement(MONDAY, rate("raised", "2"), rate("raised", "1", service_tier="batch"), rate("other", "10")),
    statement(
        MONDAY,
        rate("raised", None, x_org_slug="acme", pricing_type="negotiated", discount_percentage=Decimal(50)),
        source="organisation",
    ),
)
SUPPOSED_USAGE = usage(
    *(used("raised", day, org=org) for day in DAYS for org in ("acme", "globex")),
    used("raised", DAYS[0], service_tier="batch", org="globex"),
    used("other", DAYS[0], org="globex"),
)


def supposed(text: str, *, is_jsonl: bool = False) -> list[ComparedCosts]:
    """What differs under the rates of a file."""
    rates = read_rates(text, is_jsonl=is_jsonl, tables=BOOK, now=NOW)
    engine = RatingEngine(with_rates(BOOK, rates, now=NOW))
    return list(compare(SUPPOSED_USAGE, old=RatingEngine(BOOK), new=engine, days=ALL_DAYS).differences)


def changed(rows: list[ComparedCosts]) -> list[tuple[Any, ...]]:
    return [(row.model, row.usage_date.day, row.old_cost, row.new_cost) for row in rows]


def test_a_supposed_price_comes_before_what_was_negotiated() -> None:
    # acme pays half of 2, globex 2; both would pay 3, from the second day on.
    rows = supposed("provider,model,meter,unit_price,from\ntoy,raised,output,3,2026-10-02\n")
    assert changed(rows) == [("raised", 2, 3, 6), ("raised", 3, 3, 6)]


def test_a_supposed_price_holds_from_its_first_day_to_its_last() -> None:
    rows = supposed("provider,model,meter,unit_price,from,to\ntoy,raised,output,3,2026-10-02,2026-10-02\n")
    assert [row.usage_date for row in rows] == [DAYS[1]]


def test_a_supposed_discount_is_for_all_that_it_does_not_narrow_down() -> None:
    # A tenth off list prices: 2 x 1.8 for both organisations, 0.9 for the batch, 9 for the other model.
    rows = supposed(
        '{"provider": "toy", "discount_percentage": "10", "from": "2026-10-01", "to": "2026-10-01"}', is_jsonl=True
    )
    assert changed(rows) == [("other", 1, 10, 9), ("raised", 1, 4, Decimal("4.5"))]


def test_what_is_supposed_for_an_organisation_comes_before_what_is_for_all() -> None:
    rows = supposed(
        "provider,model,meter,unit_price,org,to\ntoy,raised,output,3,,2026-10-01\ntoy,raised,output,7,acme,2026-10-01\n"
    )
    # acme 1 -> 7, globex 2 -> 3, the batch of globex stays at 1.
    assert changed(rows) == [("raised", 1, 3, 10)]


def test_numbers_of_json_are_read_as_they_are_written() -> None:
    text = '{"provider": "toy", "meter": "output", "unit_price": 0.100000000001}'
    [found] = read_rates(text, is_jsonl=True, tables=BOOK, now=NOW)
    assert found.rate.unit_price == Decimal("0.100000000001")


def csv_of(**values: str) -> str:
    row = {"provider": "toy", "model": "raised", "meter": "output", "unit_price": "3"} | values
    return f"{','.join(row)}\n{','.join(row.values())}\n"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"provider": "tyo"}, "line 2: provider 'tyo' is not known"),
        ({"meter": "outptu"}, "line 2: meter 'outptu' is not known"),
        ({"meter": ""}, "line 2: toy raised any meter standard global negotiated: .* a price needs a meter"),
        ({"tier": "bacth"}, "line 2: tier 'bacth' is not known"),
        ({"tier": "free"}, "line 2: tier 'free' is not known"),
        ({"org": "acmee"}, "line 2: org 'acmee' is not known"),
        ({"org": "acme", "account": "globex-1"}, "line 2: account 'globex-1' is not known"),
        ({"account": "acme-1"}, "line 2: org None is missing beside an account"),
        ({"unit_price": "three"}, "line 2: unit_price 'three' cannot be read"),
        ({"unit_price": "NaN"}, "line 2: .*unit_price NaN is no number"),
        ({"unit_price": "-1"}, "line 2: .*unit_price -1 is negative"),
        ({"unit_price": "0.0000000000001"}, "line 2: .*has more than 12 decimals"),
        ({"unit_price": ""}, "line 2: .*exactly one of unit_price"),
        ({"discount_percentage": "5"}, "line 2: .*exactly one of unit_price"),
        ({"unit_price": "", "discount_percentage": "101"}, "line 2: .*takes off more than the whole price"),
        ({"from": "2026-13-01"}, "line 2: from '2026-13-01' cannot be read"),
        ({"from": "2026-10-02", "to": "2026-10-01"}, "line 2: to '2026-10-01' is before 2026-10-02"),
        ({"price": "3"}, "line 1: price 'price' is no field of a rate"),
    ],
    ids=str,
)
def test_a_bad_row_is_refused_with_line_field_and_value(values: dict[str, str], message: str) -> None:
    with pytest.raises(FinopsError, match=message):
        read_rates(csv_of(**values), is_jsonl=False, tables=BOOK, now=NOW)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file has no rates"),
        ("\n[1]\n", r"line 2: row '\[1\]' is no JSON object"),
        ("{", "line 1: row '{' is not JSON"),
        ('{"provider": 5}', r"line 1: provider Decimal\('5'\) is no text"),
        (json.dumps({"provider": "toy", "model_id": "raised"}), "line 1: model_id 'raised' is no field of a rate"),
        (json.dumps({"meter": "output", "unit_price": 1}), "line 1: provider None is missing"),
    ],
)
def test_a_bad_line_of_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(FinopsError, match=message):
        read_rates(text, is_jsonl=True, tables=BOOK, now=NOW)


def test_a_row_with_more_values_than_the_header_is_refused() -> None:
    with pytest.raises(FinopsError, match=r"line 2: row .* is more than the header names"):
        read_rates("provider,meter,unit_price\ntoy,output,3,5\n", is_jsonl=False, tables=BOOK, now=NOW)


def test_two_supposed_rates_for_the_same_usage_are_refused() -> None:
    text = "provider,model,meter,unit_price\ntoy,raised,output,3\ntoy,raised,output,4\n"
    rates = read_rates(text, is_jsonl=False, tables=BOOK, now=NOW)
    with pytest.raises(FinopsError, match="two rates of one key overlap"):
        with_rates(BOOK, rates, now=NOW)
