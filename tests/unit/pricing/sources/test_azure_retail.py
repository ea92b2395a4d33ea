"""Asking the Azure Retail Prices API: what is sent, and which answers are refused as a whole."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from genai_finops.pricing.sources.azure_retail import read_azure_retail
from genai_finops.pricing.sources.statement import Statement
from genai_finops.providers.base import MalformedPageError, PermanentProviderError, TransientProviderError
from genai_finops.providers.config import ProviderConfig, ProviderConfigError, load_provider_configs
from genai_finops.providers.http import SessionOptions

CONFIGS = Path(__file__).resolve().parents[4] / "configs" / "providers"
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
ROW = {
    "currencyCode": "USD",
    "tierMinimumUnits": 0.0,
    "retailPrice": 0.002,
    "armRegionName": "eastus",
    "effectiveStartDate": "2025-04-01T00:00:00Z",
    "meterName": "gpt 4.1 Inp glbl Tokens",
    "productName": "Azure OpenAI",
    "unitOfMeasure": "1K",
    "type": "Consumption",
    "isPrimaryMeterRegion": True,
}
NEXT = "https://prices.azure.com/api/retail/prices?$filter=all&$skip=1000"
Handler = Callable[[httpx.Request], httpx.Response]


class Unlimited:
    def acquire(self) -> float:
        return 0.0


def config_with(**options: Any) -> ProviderConfig:
    config = load_provider_configs(CONFIGS, {})["azure_openai"]
    assert config.price_list is not None
    values = {**config.price_list.options, "regions": "eastus", **options}
    price_list = config.price_list.model_copy(update={"options": values, "max_pages": 3})
    return config.model_copy(update={"price_list": price_list})


def read(handler: Handler, config: ProviderConfig | None = None, slept: list[float] | None = None) -> Statement:
    sleeps: list[float] = [] if slept is None else slept
    options = SessionOptions(
        transport=httpx.MockTransport(handler),
        sleep=sleeps.append,
        clock=lambda: sum(sleeps),
        now=lambda: NOW,
        random=lambda: 0.5,
        rate_limiter=Unlimited(),
    )
    return read_azure_retail(config or config_with(), None, options, NOW)


def page(*rows: dict[str, Any], link: Any = None) -> httpx.Response:
    # As text: the platform reads the digits, not a binary fraction of them.
    return httpx.Response(200, text=json.dumps({"Items": list(rows), "NextPageLink": link, "Count": len(rows)}))


def one_page(*rows: dict[str, Any], link: Any = None) -> Handler:
    return lambda _: page(*rows, link=link)


def test_it_asks_for_one_region_after_the_other_with_quoted_values_and_without_a_credential():
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        region = request.url.params["$filter"].rpartition(" eq '")[2].rstrip("'")
        return page({**ROW, "armRegionName": region})

    read(answer, config_with(regions="eastus, swedencentral"))
    assert [(str(request.url.copy_with(query=None)), dict(request.url.params)) for request in asked] == [
        (
            "https://prices.azure.com/api/retail/prices",
            {
                "api-version": "2023-01-01-preview",
                "currencyCode": "'USD'",
                "meterRegion": "'primary'",
                "$filter": f"serviceName eq 'Foundry Models' and armRegionName eq '{region}'",
            },
        )
        for region in ("eastus", "swedencentral")
    ]
    assert [request.headers.get("authorization") for request in asked] == [None, None]


def test_the_statement_names_the_version_of_the_list_and_keeps_what_was_known_of_earlier_days():
    statement = read(one_page(ROW))
    assert (statement.source, statement.source_version, statement.retrieved_at) == (
        "azure_retail",
        "2023-01-01-preview",
        NOW,
    )
    assert (statement.is_complete, statement.covers_history) == (False, False)


def test_a_price_keeps_the_digits_that_were_sent():
    # As a binary fraction, a thousand times 0.0011 is 1.1000000000000001.
    (rate,) = read(one_page({**ROW, "retailPrice": 0.0011})).rates
    assert str(rate.unit_price) == "1.1000"


def test_pages_are_followed_by_their_link_to_the_last_one():
    def answer(request: httpx.Request) -> httpx.Response:
        is_first = "$skip" not in request.url.params
        return page(ROW, link=NEXT) if is_first else page({**ROW, "meterName": "gpt 4.1 Outp glbl Tokens"})

    assert [rate.meter for rate in read(answer).rates] == ["output", "uncached_input"]


def test_an_empty_link_ends_the_list():
    assert len(read(one_page(ROW, link="")).rates) == 1


def test_a_link_with_the_default_port_is_of_the_same_host():
    links = iter([NEXT.replace("azure.com", "azure.com:443"), None])
    assert len(read(lambda _: page(ROW, link=next(links))).rates) == 1


def test_a_link_to_another_host_is_not_followed():
    with pytest.raises(PermanentProviderError, match=r"links to host 'prices\.azure\.com\.evil\.example'"):
        read(one_page(ROW, link=NEXT.replace("azure.com", "azure.com.evil.example")))


def test_a_link_that_comes_again_is_a_loop():
    with pytest.raises(PermanentProviderError, match="NextPageLink comes a second time"):
        read(one_page(ROW, link=NEXT))


def test_a_list_without_an_end_is_given_up():
    links = (f"{NEXT}{number}" for number in range(100))
    with pytest.raises(PermanentProviderError, match=r"more than 3 pages; raise price_list\.max_pages"):
        read(lambda _: page(ROW, link=next(links)))


@pytest.mark.parametrize("link", [17, "/api/retail/prices?$skip=1000"])
def test_a_link_that_is_no_address_is_refused(link):
    with pytest.raises(MalformedPageError, match="field NextPageLink is"):
        read(one_page(ROW, link=link))


@pytest.mark.parametrize("body", ["[]", "{}", '{"Items": {}}'])
def test_a_page_without_items_is_refused(body):
    with pytest.raises(MalformedPageError, match="field Items is missing or no list"):
        read(lambda _: httpx.Response(200, text=body))


def test_no_rows_for_a_region_is_an_error_and_not_an_empty_list():
    with pytest.raises(PermanentProviderError, match=r"no row of service 'Azure OpenAI' in region 'eastus'; correct"):
        read(one_page(), config_with(service_name="Azure OpenAI"))


def test_a_row_of_another_region_than_was_asked_for_is_refused():
    with pytest.raises(MalformedPageError, match="is of region 'westus'; the filter was not followed"):
        read(one_page({**ROW, "armRegionName": "westus"}))


def test_a_refusal_of_a_burst_is_waited_out():
    slept: list[float] = []
    answers = iter([httpx.Response(429, headers={"retry-after": "7"}), page(ROW)])
    assert len(read(lambda _: next(answers), slept=slept).rates) == 1
    assert slept == [7.0]


def test_a_list_that_stays_away_is_an_error_and_no_half_statement():
    answers = iter([page(ROW, link=NEXT)])
    with pytest.raises(TransientProviderError, match="gave up after 5 attempts"):
        read(lambda _: next(answers, httpx.Response(503)))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("regions", ""),
        ("regions", "East US"),
        ("regions", "eastus,,westus"),
        ("regions", "eastus' or serviceName ne '"),
        ("service_name", "Foundry' or '1"),
        ("currency", "usd"),
        ("currency", "EURO"),
        ("api_version", ""),
        ("region", "eastus"),
    ],
)
def test_an_option_that_cannot_be_asked_for_is_refused_by_name(option, value):
    with pytest.raises(ProviderConfigError, match=rf"key price_list\.options\.{option}: .* The options of this"):
        read(one_page(ROW), config_with(**{option: value}))


def test_a_configuration_without_a_price_list_is_refused():
    config = config_with().model_copy(update={"price_list": None})
    with pytest.raises(ProviderConfigError, match="provider azure_openai: key price_list is missing"):
        read(one_page(ROW), config)


def test_a_configuration_without_the_host_is_refused():
    config = config_with()
    hosts = {name: address for name, address in config.hosts.items() if name != "retail_prices_url"}
    with pytest.raises(ProviderConfigError, match=r"key hosts\.retail_prices_url is missing"):
        read(one_page(ROW), config.model_copy(update={"hosts": hosts}))
