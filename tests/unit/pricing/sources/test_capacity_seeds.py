"""The seeds of capacity: values as they stand there, how sure they are, and nothing read past a mistake."""

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.capacity_book import revise_capacity_book
from genai_finops.pricing.model_resolution import recognised_model
from genai_finops.pricing.sources.capacity_seeds import (
    CAPACITY_PRICES,
    CAPACITY_THROUGHPUT_SEED,
    capacity_throughput_frame,
    read_capacity_prices,
)
from genai_finops.pricing.sources.statement import CapacityRate
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.validation import empty_frame

SEEDS = Path(__file__).parents[4] / "seeds"
NOW = dt.datetime(2026, 11, 2, 6, tzinfo=dt.UTC)
PRICE = {
    "provider": "azure_openai",
    "meter": "ptu_hour",
    "scope": "global",
    "purchase_option": "on_demand",
    "price_period": "hour",
    "unit_price": "1.10",
    "currency": "USD",
    "confidence": "practitioner",
    "valid_from": "2026-01-01",
    "source": "a page",
    "checked_on": "2026-11-01",
}
THROUGHPUT = {
    "provider": "azure_openai",
    "meter": "ptu_hour",
    "scope": "global",
    "model_id": "gpt-4.1",
    "token_meter": "output",
    "weight": "4",
    "tokens_per_minute": "3000",
    "minimum_units": "15",
    "unit_step": "5",
    "confidence": "confirmed",
    "valid_from": "2026-01-01",
    "source": "a page",
    "checked_on": "2026-11-01",
}


def seed(folder: Path, name: str, *rows: dict[str, str]) -> Path:
    header = (SEEDS / name).read_text().splitlines()[0].split(",")
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / name
    path.write_text(text.getvalue())
    return path


def prices(folder: Path, **fields: str) -> tuple[CapacityRate, ...]:
    return read_capacity_prices(seed(folder, CAPACITY_PRICES, PRICE | fields), NOW).capacity_rates


@pytest.fixture(scope="module")
def packaged() -> tuple[CapacityRate, ...]:
    return read_capacity_prices(SEEDS / CAPACITY_PRICES, NOW).capacity_rates


def test_a_line_becomes_a_price_with_its_origin_and_its_confidence(tmp_path: Path) -> None:
    assert prices(tmp_path, note="seen once") == (
        CapacityRate(
            provider="azure_openai",
            meter="ptu_hour",
            scope="global",
            unit_price=Decimal("1.1"),
            confidence="practitioner",
            valid_from=dt.date(2026, 1, 1),
            source_reference="a page",
            note="seen once",
        ),
    )


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("unit_price", "", "unit_price is empty"),
        ("unit_price", "1,10", "unit_price is '1,10'"),
        ("unit_price", "-1", "unit_price is -1, no amount"),
        ("meter", "uncached_input", "meter is 'uncached_input', none of"),
        ("scope", "zonal", "scope is 'zonal', none of"),
        ("purchase_option", "leased", "purchase_option is 'leased', none of"),
        ("term", "P1Y", "given exactly with purchase_option commitment"),
        ("price_period", "week", "price_period is 'week', none of"),
        ("confidence", "", "confidence is empty"),
        ("confidence", "sure", "confidence is 'sure', none of"),
        ("currency", "usd", "currency 'usd' is not three capitals"),
        ("valid_from", "", "valid_from is empty"),
        ("valid_from", "yesterday", "valid_from is 'yesterday'"),
        ("valid_to", "2025-01-01", "valid_to 2025-01-01 is not after"),
        ("source", "", "source is empty"),
        ("checked_on", "", "checked_on is empty"),
    ],
)
def test_a_mistake_in_a_price_is_named_with_its_line(tmp_path: Path, column: str, value: str, problem: str) -> None:
    with pytest.raises(FinopsError, match=f"line 2.*{problem}"):
        prices(tmp_path, **{column: value})


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("meter", "gpu_hour", "meter='gpu_hour' breaks"),
        ("scope", "zonal", "scope='zonal' breaks"),
        ("model_id", "GPT-4.1", "model_id is 'GPT-4.1', not in lower case"),
        ("token_meter", "image", "token_meter is 'image', no meter of tokens"),
        ("weight", "", "weight is empty"),
        ("weight", "-1", "weight is -1, no amount"),
        ("weight", "NaN", "weight is NaN, no amount"),
        ("tokens_per_minute", "0", "tokens_per_minute is 0"),
        ("minimum_units", "0", "minimum_units='0' breaks"),
        ("unit_step", "five", "unit_step is 'five'"),
        ("context_tokens_up_to", "0", "context_tokens_up_to is 0, not above 0"),
        ("confidence", "sure", "confidence='sure' breaks"),
        ("valid_from", "", "valid_from is empty"),
        ("valid_to", "2026-01-01", "valid_to is 2026-01-01, not after 2026-01-01"),
    ],
)
def test_a_mistake_in_a_throughput_is_named_with_its_line(
    tmp_path: Path, column: str, value: str, problem: str
) -> None:
    path = seed(tmp_path, CAPACITY_THROUGHPUT_SEED, THROUGHPUT, THROUGHPUT | {"model_id": "o3"} | {column: value})

    with pytest.raises(FinopsError, match=f"line 3.*{problem}"):
        capacity_throughput_frame(path)


def test_a_weight_that_is_said_twice_is_refused(tmp_path: Path) -> None:
    path = seed(tmp_path, CAPACITY_THROUGHPUT_SEED, THROUGHPUT, THROUGHPUT | {"weight": "8"})

    with pytest.raises(FinopsError, match="genai_capacity_throughput refuses"):
        capacity_throughput_frame(path)


def test_the_packaged_prices_are_a_book_without_contradictions() -> None:
    statement = read_capacity_prices(SEEDS / CAPACITY_PRICES, NOW)

    revision = revise_capacity_book(empty_frame(CAPACITY_PRICE_BOOK), statement)

    assert revision.opened == len(statement.capacity_rates) > 0


def test_a_price_that_is_not_sure_says_so_and_says_why(packaged: tuple[CapacityRate, ...]) -> None:
    unsure = [rate for rate in packaged if rate.confidence != "confirmed"]

    assert {
        (rate.scope, rate.term) for rate in unsure if rate.meter == "ptu_hour" and rate.confidence == "unconfirmed"
    } == {
        ("data_zone", "P1M"),
        ("data_zone", "P1Y"),
        ("regional", "P1M"),
    }
    assert [rate for rate in unsure if not rate.note] == []


@pytest.mark.parametrize(
    ("scope", "term", "hours", "hourly"),
    [("global", "P1M", 720, "0.3611"), ("global", "P1Y", 8760, "0.3027")],
)
def test_a_reservation_of_ptu_costs_its_whole_term(
    packaged: tuple[CapacityRate, ...], scope: str, term: str, hours: int, hourly: str
) -> None:
    """64 % and 70 % below the hourly price, as a third party says of March 2026."""
    [rate] = [rate for rate in packaged if (rate.meter, rate.scope, rate.term) == ("ptu_hour", scope, term)]

    assert rate.price_period == "term"
    assert (rate.unit_price / hours).quantize(Decimal("0.0001")) == Decimal(hourly)


def test_every_model_of_the_throughputs_is_the_one_that_usage_resolves_to() -> None:
    rules = read_alias_rules()
    frame = capacity_throughput_frame(SEEDS / CAPACITY_THROUGHPUT_SEED)

    pairs = frame.select("provider", "model_id").unique().sort("provider", "model_id").rows()
    assert [pair for pair in pairs if recognised_model(rules, *pair) not in {None, pair[1]}] == []


def test_cached_tokens_weigh_nothing_on_ptu_and_output_its_ratio() -> None:
    frame = capacity_throughput_frame(SEEDS / CAPACITY_THROUGHPUT_SEED)
    rows = frame.filter(provider="azure_openai", model_id="gpt-5-mini", scope="regional")

    weights = dict(rows.select("token_meter", "weight").rows())
    assert (weights["uncached_input"], weights["cache_read"], weights["output"]) == (1, 0, 8)
    assert rows.select("tokens_per_minute", "minimum_units", "unit_step").unique().rows() == [(Decimal(23750), 25, 25)]
