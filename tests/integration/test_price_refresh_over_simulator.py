"""All sources of prices together: the clouds' price lists, asked with stored credentials, and what is packaged."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from genai_finops.ingest.price_refresh import RefreshReport, SourceOutcome, refresh_all
from genai_finops.lake.price_book import read_price_tables
from genai_finops.settings import Settings

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=7)
CLOUDS = {"azure_retail", "aws_price_list", "gcp_billing_catalog"}


@pytest.fixture(scope="module")
def platform(
    platform_with_organisations: Callable[[Path, Any], Any], tmp_path_factory: pytest.TempPathFactory, simulator: Any
) -> Iterator[Any]:
    """A home with accounts at every provider, and no prices yet."""
    simulator.clear_faults()
    yield platform_with_organisations(tmp_path_factory.mktemp("prices") / "home", simulator)
    simulator.clear_faults()


@pytest.fixture(scope="module")
def first(platform: Any) -> RefreshReport:
    """The first refresh of the home."""
    return refresh_all(platform.lake, platform.settings, NOW)


@pytest.fixture(scope="module")
def second(platform: Any, first: RefreshReport) -> RefreshReport:
    """A week later."""
    return refresh_all(platform.lake, platform.settings, LATER)


def of_clouds(report: RefreshReport) -> list[SourceOutcome]:
    return [outcome for outcome in report.outcomes if outcome.source.partition(".")[0] in CLOUDS]


def test_every_cloud_with_an_account_is_asked(first: RefreshReport) -> None:
    first.raise_failures()

    assert {outcome.source for outcome in of_clouds(first) if outcome.opened} == {
        "azure_retail",
        "aws_price_list",
        "gcp_billing_catalog.gemini",
        "gcp_billing_catalog.gcp_vertex",
    }


def test_prices_that_stay_are_not_touched_by_the_next_refresh(second: RefreshReport) -> None:
    second.raise_failures()

    assert [(outcome.source, outcome.opened, outcome.closed) for outcome in second.outcomes if outcome.opened] == []


@pytest.mark.usefixtures("second")
def test_all_sources_are_one_table(platform: Any) -> None:
    book = read_price_tables(platform.lake)["genai_price_book"]

    assert CLOUDS | {"genai-prices", "list_prices", "default_prices", "organisation_defaults"} <= set(book["source"])


@pytest.mark.usefixtures("second")
def test_what_lists_say_of_capacity_stands_beside_the_seed(platform: Any) -> None:
    book = read_price_tables(platform.lake)["genai_capacity_price_book"]

    assert set(book["source"]) == {"azure_retail", "aws_price_list", "capacity_prices"}


@pytest.mark.usefixtures("second")
def test_a_price_list_that_is_down_is_named_and_keeps_its_rows(platform: Any) -> None:
    environ = {**platform.environ, "GENAI_FINOPS_AWS_BEDROCK_PRICING_URL": "http://127.0.0.1:9"}
    settings = Settings.from_environment(environ, platform.settings.home.parent)
    before = read_price_tables(platform.lake)["genai_price_book"].filter(pl.col("source") == "aws_price_list")

    report = refresh_all(
        platform.lake, settings, LATER + dt.timedelta(days=7), ["aws_price_list", "gcp_billing_catalog"]
    )

    after = read_price_tables(platform.lake)["genai_price_book"].filter(pl.col("source") == "aws_price_list")
    assert [(outcome.source, outcome.table) for outcome in report.failed] == [
        ("aws_price_list", "genai_price_book"),
        ("aws_price_list", "genai_capacity_price_book"),
    ]
    assert after.equals(before)


def test_no_outcome_shows_a_secret(second: RefreshReport, simulator: Any) -> None:
    keys = [simulator.admin_key("acme", provider) for provider in ("aws_bedrock", "gcp_vertex", "gemini")]

    assert [key for key in keys if key in repr(second)] == []
