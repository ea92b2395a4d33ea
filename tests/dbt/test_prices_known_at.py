"""Building with what was known at an earlier moment gives what was built then."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from genai_finops.pricing.book import revise
from genai_finops.pricing.capacity_book import revise_capacity_book
from genai_finops.pricing.knowledge import revise_whole
from genai_finops.pricing.sources.statement import CapacityRate, StatedRate, Statement
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.tables.pricing import MODEL_ALIAS_RULES, PRICE_BOOK
from genai_finops.schemas.validation import empty_frame
from genai_finops.transform import dbt_build

DAYS = [dt.date(2026, 10, day) for day in (1, 2, 3)]
FIRST_READ = dt.datetime(2026, 10, 5, 4, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 10, 12, 4, tzinfo=dt.UTC)
BEFORE_LATER = LATER - dt.timedelta(microseconds=1)
CHANGED = ("genai_payg_pricing", "genai_payg_costs_daily", "genai_price_changes", "genai_infrastructure_pricing")
TABLES = (*CHANGED, "genai_price_differences")


def told(moment: dt.datetime, version: str, *rates: StatedRate, gpu_hour: str) -> Statement:
    capacity = CapacityRate(
        provider="toy", meter="gpu_hour", variant="h100", unit_price=Decimal(gpu_hour), valid_from=DAYS[0]
    )
    return Statement(
        source="genai-prices", source_version=version, retrieved_at=moment, rates=rates, capacity_rates=(capacity,)
    )


def rate(model: str, price: str, first: dt.date = dt.date(2026, 1, 1), **columns: Any) -> StatedRate:
    return StatedRate(
        provider="toy",
        model_id=model,
        meter="uncached_input",
        unit_price=Decimal(price),
        valid_from=first,
        source_reference=f"page {price}",
        **columns,
    )


#: A price that turns out to have been raised on the second day, one that was wrong from the start, and one that is new.
FIRST = told(FIRST_READ, "1", rate("raised", "2"), rate("wrong", "3"), rate("same", "5"), gpu_hour="10")
REVISED = told(
    LATER,
    "2",
    rate("raised", "2", valid_to=DAYS[1]),
    rate("raised", "4", DAYS[1]),
    rate("wrong", "30"),
    rate("same", "5"),
    rate("found", "7"),
    gpu_hour="11",
)


@pytest.fixture(scope="module")
def builds(module_toy_lake: Any, toy: Any) -> SimpleNamespace:
    """All tables as built then, as built after the book was revised, and as known before that."""
    lake, settings = module_toy_lake, module_toy_lake.settings
    models = ("raised", "wrong", "same", "found")
    lake.land([toy.usage_row(day, provider_model_id=model) for day in DAYS for model in models])

    def built(known_at: dt.datetime | None) -> dict[str, list[tuple[Any, ...]]]:
        variables = {"prices_known_at": known_at.isoformat()} if known_at else None
        dbt_build(settings, window=None, select=[f"+{name}" for name in TABLES], variables=variables)
        return {name: sorted(toy.query(settings, f"select * from {name}"), key=repr) for name in TABLES}  # noqa: S608

    book = revise(empty_frame(PRICE_BOOK), FIRST)
    capacity = revise_capacity_book(empty_frame(CAPACITY_PRICE_BOOK), FIRST).frame
    rules = revised_rules(empty_frame(MODEL_ALIAS_RULES), toy, models[:3], FIRST_READ)
    write(lake, book, capacity, rules)
    then = built(None)
    book, rules = revise(book, REVISED), revised_rules(rules, toy, models, LATER)
    capacity = revise_capacity_book(capacity, REVISED).frame
    write(lake, book, capacity, rules)
    return SimpleNamespace(then=then, now=built(None), as_known=built(BEFORE_LATER), as_known_later=built(LATER))


def write(lake: Any, book: pl.DataFrame, capacity: pl.DataFrame, rules: pl.DataFrame) -> None:
    lake.write_reference(
        genai_price_book=book.to_dicts(),
        genai_capacity_price_book=capacity.to_dicts(),
        genai_model_alias_rules=rules.to_dicts(),
    )


def revised_rules(known: pl.DataFrame, toy: Any, models: tuple[str, ...], moment: dt.datetime) -> pl.DataFrame:
    stated = toy.frame_of(
        MODEL_ALIAS_RULES, [toy.alias_row(rank, f"^{model}$", model) for rank, model in enumerate(models)]
    )
    return revise_whole(MODEL_ALIAS_RULES, known, stated, moment, source="test").frame


@pytest.mark.parametrize("table", TABLES)
def test_a_build_as_known_before_a_revision_is_what_was_built_before_it(table: str, builds: SimpleNamespace) -> None:
    assert builds.as_known[table] == builds.then[table]


@pytest.mark.parametrize("table", CHANGED)
def test_the_revision_did_change_what_is_built_now(table: str, builds: SimpleNamespace) -> None:
    assert builds.now[table] != builds.then[table]


@pytest.mark.parametrize("table", TABLES)
def test_a_row_is_known_from_the_very_moment_of_its_statement(table: str, builds: SimpleNamespace) -> None:
    assert builds.as_known_later[table] == builds.now[table]
