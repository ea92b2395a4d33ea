"""The Azure Retail Prices API as a source of prices, against the simulated one over HTTP."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from genai_finops.pricing.sources.azure_retail import read_azure_retail
from genai_finops.pricing.sources.statement import Statement
from genai_finops.providers.base import PermanentProviderError, TransientProviderError
from genai_finops.providers.config import ProviderConfig, load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
LIST = "/retail"


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulator]:
    scenario = Scenario(first_day=dt.date(2026, 11, 3), last_day=dt.date(2026, 11, 4), orgs=("acme",))
    with running_simulator(scenario=scenario, now=NOW) as simulator:
        yield simulator


@pytest.fixture
def faulty(azure: Simulator) -> Iterator[Simulator]:
    yield azure
    azure.clear_faults()


def config_of(simulator: Simulator, **options: str) -> ProviderConfig:
    config = load_provider_configs(CONFIGS, simulator.environment("azure_openai"))["azure_openai"]
    assert config.price_list is not None
    changed = config.price_list.model_copy(update={"options": {**config.price_list.options, **options}, "max_pages": 5})
    return config.model_copy(update={"price_list": changed})


def read(simulator: Simulator, **options: str) -> Statement:
    slept: list[float] = []
    session = SessionOptions(sleep=slept.append, now=lambda: NOW)
    return read_azure_retail(config_of(simulator, **options), None, session, NOW)


@pytest.fixture(scope="module")
def statement(azure: Simulator) -> Statement:
    return read(azure)


def price_of(statement: Statement, *key: object) -> list[tuple[Decimal | None, str, str | None]]:
    """Price and validity of a model, meter, tier and geography, in order."""
    return [
        (rate.unit_price, str(rate.valid_from), rate.valid_to and str(rate.valid_to))
        for rate in statement.rates
        if (rate.model_id, rate.meter, rate.service_tier, rate.geography) == key and rate.pricing_type == "standard"
    ]


@pytest.mark.parametrize(
    ("key", "price"),
    [
        (("gpt-4.1", "uncached_input", "standard", "global"), "2"),
        (("gpt-4.1", "cache_read", "standard", "global"), "0.5"),
        (("gpt-4.1", "output", "standard", "data_zone_us"), "8.8"),
        (("gpt-4.1", "output", "standard", "data_zone_eu"), "8.8"),
        (("gpt-4.1-mini", "output", "batch", "global"), "0.8"),
        (("gpt-4o", "output", "batch", "data_zone_eu"), "5.5"),
        (("gpt-5", "cache_read", "standard", "global"), "0.125"),
        (("text-embedding-3-small", "embedding_input", "standard", "global"), "0.02"),
        (("gpt-5.6-sol", "cache_write", "standard", "global"), "5"),
        (("gpt-5.4-mini", "uncached_input", "priority", "global"), "1.5"),
        ((None, "file_search", "standard", "global"), "2.5"),
    ],
)
def test_the_list_is_read_over_all_pages_and_regions(statement, key, price):
    assert [found for found, _, _ in price_of(statement, *key)] == [Decimal(price)]


def test_a_price_of_a_later_day_closes_the_one_of_today(statement):
    assert price_of(statement, "gpt-4.1-nano", "output", "standard", "global") == [
        (Decimal("0.4"), "2025-04-01", "2027-01-01"),
        (Decimal("0.3"), "2027-01-01", None),
    ]


def test_a_regional_price_is_stated_only_where_the_regions_agree(statement):
    regional = {rate.model_id for rate in statement.rates if rate.geography == "regional"}
    assert regional == {"gpt-4.1-nano"}


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("Azure OpenAI: gpt 4.1 nano cached Inp glbl Tokens", "a price of zero is no price"),
        ("Azure OpenAI: gpt-4o-0806-FT-inp-glbl Tokens", "unmatched meter"),
        ("Azure Grok Models: 4.3 Inp glbl Tokens", "unmatched meter"),
        (
            "Azure OpenAI: gpt-4o-mini-0718-Inp-regnl Tokens",
            (
                "prices differ from 2025-04-01 on: 0.165 in eastus (gpt-4o-mini-0718-Inp-regnl Tokens), "
                "0.18 in swedencentral (gpt-4o-mini-0718-Inp-regnl Tokens)"
            ),
        ),
    ],
)
def test_what_is_no_rate_is_reported_with_its_reason(statement, subject, reason):
    assert [one.reason for one in statement.skipped if one.subject == subject] == [reason]


def test_capacity_is_priced_by_region_scope_and_term(statement):
    prices = {
        (rate.scope, rate.term): (rate.unit_price, rate.price_period)
        for rate in statement.capacity_rates
        if rate.region_id == "eastus"
    }
    assert prices == {
        ("global", None): (1, "hour"),
        ("global", "P1M"): (260, "term"),
        ("global", "P1Y"): (2652, "term"),
        ("data_zone", None): (Decimal("1.1"), "hour"),
        ("data_zone", "P1M"): (286, "term"),
        ("data_zone", "P1Y"): (2916, "term"),
        ("regional", None): (2, "hour"),
        ("regional", "P1M"): (286, "term"),
        ("regional", "P1Y"): (2916, "term"),
    }
    assert [one for one in statement.skipped if "Provisioned" in one.subject] == []


def test_the_same_list_gives_the_same_statement(azure, statement):
    again = read(azure)
    assert again == statement


def test_every_page_of_both_regions_is_read_once_whatever_a_burst_has_refused(azure):
    azure.clear_requests()
    read(azure)
    assert [seen.status for seen in azure.requests if seen.status != 429] == [200] * 6


def test_no_token_is_asked_for(azure):
    azure.clear_requests()
    read(azure)
    assert {seen.path for seen in azure.requests} == {"/retail/api/retail/prices"}


def test_an_older_name_of_the_service_is_an_error_and_not_an_empty_list(azure):
    with pytest.raises(PermanentProviderError, match="no row of service 'Cognitive Services' in region 'eastus'"):
        read(azure, service_name="Cognitive Services")


def test_a_region_without_a_list_is_an_error(azure):
    with pytest.raises(PermanentProviderError, match="in region 'global'"):
        read(azure, regions="eastus,global")


@pytest.mark.parametrize("kind", ["rate_limited", "unavailable", "disconnect", "truncated_body", "not_json"])
def test_a_passing_fault_is_survived(faulty, statement, kind):
    faulty.set_fault("azure_openai", kind, path_prefix=LIST, times=2, after=1)
    assert read(faulty).rates == statement.rates


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("rate_limited", TransientProviderError, "gave up after 5 attempts"),
        ("repeated_page_token", PermanentProviderError, "NextPageLink comes a second time"),
        ("endless_pages", PermanentProviderError, "more than 5 pages"),
    ],
)
def test_a_list_that_cannot_be_read_whole_is_an_error(faulty, kind, error, message):
    faulty.set_fault("azure_openai", kind, path_prefix=LIST)
    with pytest.raises(error, match=message):
        read(faulty)
