"""Where sources disagree about the price of today, and where used models have no price."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from genai_finops.pricing.sources.statement import PRIORITIES
from genai_finops.schemas.tables.price_audit import DIFFERENCES, GAPS
from genai_finops.transform import dbt_build

#: Long ago and far ahead of whatever day it is.
PAST, AHEAD = dt.date(2026, 1, 1), dt.date(2199, 1, 1)
AUDIT = ["+genai_price_differences", "+genai_price_gaps"]


def other_row(toy: Any, unit_price: str, source: str = "litellm", **columns: Any) -> dict[str, Any]:
    """What another source says."""
    origin = {"source": source, "source_version": "2", "priority": PRIORITIES[source]}
    return toy.price_row(unit_price, **{**origin, "source_reference": f"{source}.json", **columns})  # type: ignore[no-any-return]


def prices(toy: Any) -> list[dict[str, Any]]:
    return [
        # Half a percent of 2 is 0.01.
        toy.price_row("2", model_id="half a percent"),
        other_row(toy, "2.01", model_id="half a percent"),
        toy.price_row("2", model_id="a little more"),
        other_row(toy, "2.010001", model_id="a little more"),
        toy.price_row("3", model_id="cheaper elsewhere"),
        other_row(toy, "1", model_id="cheaper elsewhere"),
        other_row(toy, "3", source="list_prices", model_id="cheaper elsewhere"),
        toy.price_row("0", model_id="free here"),
        other_row(toy, "1", model_id="free here"),
        toy.price_row("2", model_id="announced", valid_to=AHEAD),
        toy.price_row("4", model_id="announced", valid_from=AHEAD),
        other_row(toy, "2", model_id="announced"),
        toy.price_row("2", model_id="over"),
        other_row(toy, "9", model_id="over", valid_to=dt.date(2026, 2, 1)),
        toy.price_row("2", model_id="in euro"),
        other_row(toy, "9", model_id="in euro", currency="EUR"),
        toy.price_row("2", model_id="entered"),
        other_row(toy, "9", source="platform", model_id="entered", is_custom=True),
        toy.price_row("2", model_id="banded", context_tokens_up_to=200_000),
        toy.price_row("4", model_id="banded", context_tokens_above=200_000),
        other_row(toy, "2", model_id="banded"),
        toy.price_row("2", model_id="gap", valid_to=dt.date(2026, 10, 2)),
        toy.price_row("2", model_id="gap", valid_from=dt.date(2026, 10, 6)),
        toy.price_row("2", model_id="begun late", valid_from=dt.date(2026, 10, 6)),
        toy.price_row("2", model_id="batch later"),
        toy.price_row("1", model_id="batch later", service_tier="batch", valid_from=dt.date(2026, 10, 4)),
        toy.price_row("2", model_id="never flex"),
    ]


def usage(toy: Any) -> list[dict[str, Any]]:
    used = [("gap", day, "standard") for day in (1, 2, 5, 6)]
    used += [("begun late", 1, "standard"), ("batch later", 3, "batch"), ("never flex", 3, "flex")]
    rows = [
        toy.usage_row(dt.date(2026, 10, day), provider_model_id=model, service_tier=tier, api_key_id=key)
        for model, day, tier in used
        for key in ("key-1", "key-2")
    ]
    return [*rows, toy.usage_row(dt.date(2026, 10, 3), meter="input", provider_model_id="gap")]


@pytest.fixture(scope="module")
def audit(module_toy_lake: Any, toy: Any) -> SimpleNamespace:
    """Both tables by model, and what the run said."""
    book = prices(toy)
    models = sorted({row["model_id"] for row in book})
    aliases = [toy.alias_row(rank, f"^{model}$", model) for rank, model in enumerate(models)]
    module_toy_lake.write_reference(genai_price_book=book, genai_model_alias_rules=aliases)
    module_toy_lake.land(usage(toy))
    result = dbt_build(module_toy_lake.settings, window=None, select=AUDIT)

    def rows_of(table: Any) -> list[dict[str, Any]]:
        names = [column.name for column in table.columns]
        found = toy.query(module_toy_lake.settings, f"select {', '.join(names)} from {table.name} order by all")  # noqa: S608
        return [dict(zip(names, row, strict=True)) for row in found]

    return SimpleNamespace(differences=rows_of(DIFFERENCES), gaps=rows_of(GAPS), result=result)


def differences_of(audit: SimpleNamespace, model: str) -> list[tuple[Any, ...]]:
    names = ("deciding_source", "deciding_unit_price", "other_source", "other_unit_price", "difference_percentage")
    return [tuple(row[name] for name in names) for row in audit.differences if row["model_id"] == model]


@pytest.mark.parametrize("model", ["half a percent", "announced", "over", "in euro", "entered"])
def test_sources_agree_up_to_half_a_percent_of_the_price_of_today_in_one_currency(
    model: str, audit: SimpleNamespace
) -> None:
    assert differences_of(audit, model) == []


@pytest.mark.parametrize(
    ("model", "other", "percentage"),
    [
        # 100 x 0.010001 / 2.
        ("a little more", "2.010001", "0.50005"),
        # 100 x -2 / 3.
        ("cheaper elsewhere", "1", "-66.666666667"),
        ("free here", "1", None),
    ],
)
def test_a_difference_above_half_a_percent_is_shown_with_both_prices(
    model: str, other: str, percentage: str | None, audit: SimpleNamespace
) -> None:
    [(deciding_source, _, other_source, other_price, difference)] = differences_of(audit, model)
    assert (deciding_source, other_source, other_price) == ("genai-prices 1", "litellm 2", Decimal(other))
    assert difference == (None if percentage is None else Decimal(percentage))


def test_a_price_without_bands_differs_from_the_band_that_costs_something_else(audit: SimpleNamespace) -> None:
    [row] = [row for row in audit.differences if row["model_id"] == "banded"]
    assert (row["context_tokens_above"], row["other_context_tokens_above"], row["deciding_unit_price"]) == (
        200_000,
        0,
        4,
    )


def test_a_difference_names_where_the_other_price_stands(audit: SimpleNamespace) -> None:
    assert {row["other_reference"] for row in audit.differences} == {"litellm.json"}


@pytest.mark.parametrize(
    ("model", "gap"),
    [
        # Two keys used a million each on the second and the fifth.
        ("gap", ("standard", "no_rate_on_day", 2, 5, 4_000_000, dt.date(2026, 10, 2), dt.date(2026, 10, 6))),
        ("begun late", ("standard", "no_rate_on_day", 1, 1, 2_000_000, None, dt.date(2026, 10, 6))),
        # The model has a price on that day, its batch has one later.
        ("batch later", ("batch", "unknown_tier", 3, 3, 2_000_000, None, dt.date(2026, 10, 4))),
    ],
)
def test_usage_without_a_price_that_other_days_have_is_a_gap(
    model: str, gap: tuple[Any, ...], audit: SimpleNamespace
) -> None:
    names = (
        "service_tier",
        "pricing_reason",
        "first_day",
        "last_day",
        "quantity",
        "previous_valid_to",
        "next_valid_from",
    )
    [row] = [row for row in audit.gaps if (row["model_id"], row["meter"]) == (model, "uncached_input")]
    found = {**row, "first_day": row["first_day"].day, "last_day": row["last_day"].day}
    assert tuple(found[name] for name in names) == gap


def test_a_meter_that_adds_up_others_has_the_gap_of_the_rate_that_prices_it(audit: SimpleNamespace) -> None:
    [row] = [row for row in audit.gaps if row["meter"] == "input"]
    assert (row["previous_valid_to"], row["next_valid_from"]) == (dt.date(2026, 10, 2), dt.date(2026, 10, 6))


def test_a_tier_that_no_day_has_a_price_for_is_no_gap(audit: SimpleNamespace) -> None:
    assert [row for row in audit.gaps if row["model_id"] == "never flex"] == []


@pytest.mark.parametrize(
    ("test", "table"),
    [("sources_agree_on_prices", "differences"), ("used_models_have_prices_without_gaps", "gaps")],
)
def test_the_build_warns_of_each_and_goes_on(test: str, table: str, audit: SimpleNamespace) -> None:
    node = audit.result.node(test)
    assert (node.status, node.failures) == ("warn", len(getattr(audit, table)))
