"""Google's price list over a real socket: paging, tokens, and every trap of the simulated catalogue."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httplib2
import httpx
import polars as pl
import pytest
from google.oauth2 import service_account

from genai_finops.pricing.book import Revision, revise, revise_book
from genai_finops.pricing.sources.gcp_billing_catalog import SCOPE, read_gcp_billing_catalog
from genai_finops.pricing.sources.network import PriceCredential
from genai_finops.pricing.sources.statement import StatedRate, Statement
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    SourceAccount,
    TransientProviderError,
)
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import empty_frame
from genai_finops.simulator.running import Simulator, running_simulator

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
PROVIDERS = ("gcp_vertex", "gemini")
NEW_YEAR = dt.date(2027, 1, 1)


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    running.clear_faults()
    running.clear_requests()
    yield running
    running.clear_faults()


def statement(
    simulator: Simulator,
    provider: str,
    *,
    secret: str | None = None,
    transport: httpx.BaseTransport | None = None,
    now: dt.datetime | None = None,
) -> Statement:
    config = load_provider_configs(CONFIGS, simulator.environment())[provider]
    credential = PriceCredential(
        secret=secret or simulator.admin_key("acme", provider),
        account=SourceAccount(id=simulator.account_id("acme", provider)),
    )
    moment = now or simulator.now
    options = SessionOptions(now=lambda: moment, sleep=lambda _: None, transport=transport)
    return read_gcp_billing_catalog(config, credential, options, moment)


def rates(simulator: Simulator, provider: str, model: str, meter: str, **more: Any) -> list[StatedRate]:
    wanted = {"model_id": model, "meter": meter, "service_tier": "standard", "geography": "global", **more}
    return [
        rate
        for rate in statement(simulator, provider).rates
        if all(getattr(rate, name) == value for name, value in wanted.items())
    ]


def prices(simulator: Simulator, provider: str, model: str, meter: str, **more: Any) -> list[Decimal | None]:
    return [rate.unit_price for rate in rates(simulator, provider, model, meter, **more)]


def reasons(simulator: Simulator, provider: str) -> dict[str, str]:
    return {skipped.subject: skipped.reason for skipped in statement(simulator, provider).skipped}


@pytest.mark.parametrize(
    ("provider", "model", "meter", "more", "price"),
    [
        ("gemini", "gemini-2.5-flash", "uncached_input", {}, "0.30"),
        ("gemini", "gemini-2.5-flash", "uncached_input_audio", {}, "1.00"),
        ("gemini", "gemini-2.5-flash", "cache_read", {}, "0.03"),
        ("gemini", "gemini-2.5-flash", "web_search", {}, "35"),
        ("gemini", "gemini-2.5-pro", "uncached_input", {"service_tier": "batch"}, "0.625"),
        ("gemini", "gemini-2.5-pro", "cache_storage_token_hour", {}, "0.0000045"),
        ("gemini", "gemini-embedding-001", "embedding_input", {}, "0.15"),
        ("gemini", "gemini-3.5-flash", "cache_read_image", {"service_tier": "flex"}, "0.075"),
        ("gcp_vertex", "gemini-2.5-pro", "uncached_input", {"service_tier": "batch"}, "0.625"),
        ("gcp_vertex", "gemini-2.5-flash", "uncached_input_audio", {}, "1.00"),
        ("gcp_vertex", "gemini-2.5-pro", "cache_storage_token_hour", {}, "0.0000045"),
        ("gcp_vertex", "gemini-3-flash-preview", "uncached_input", {"service_tier": "flex"}, "0.25"),
        ("gcp_vertex", "kimi-k2-thinking", "output", {}, "2.50"),
    ],
)
def test_a_price_of_the_list_is_stated_exactly(simulator, *, provider, model, meter, more, price):
    assert prices(simulator, provider, model, meter, **more) == [Decimal(price)]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_long_band_has_a_price_of_its_own(simulator, provider):
    found = rates(simulator, provider, "gemini-2.5-pro", "output")
    assert [(rate.context_tokens_above, rate.context_tokens_up_to, rate.unit_price) for rate in found] == [
        (0, 200_000, Decimal(10)),
        (200_000, None, Decimal(15)),
    ]


def test_thinking_and_other_output_are_one_price(simulator):
    (rate,) = rates(simulator, "gcp_vertex", "gemini-2.5-flash", "output")
    assert (rate.unit_price, rate.source_reference) == (Decimal("2.50"), "SKU 51A0-000A-CCCC, 51A0-000B-CCCC")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_future_effective_time_is_no_price_of_today(simulator, provider):
    found = rates(simulator, provider, "gemini-3.6-flash", "output")
    assert [(rate.unit_price, rate.valid_from, rate.valid_to) for rate in found] == [
        (Decimal("3.75"), None, NEW_YEAR),
        (Decimal("7.50"), NEW_YEAR, None),
    ]


def test_regional_endpoints_have_the_price_about_which_the_regions_agree(simulator):
    found = prices(simulator, "gcp_vertex", "gemini-3.6-flash", "uncached_input", geography="regional")
    assert found == [Decimal("0.825"), Decimal("1.65")]


def test_regions_that_disagree_are_both_named_and_have_no_price(simulator):
    subject = "gemini-2.0-flash uncached_input standard regional"
    assert (
        "51A0-0004-DDDD in us-central1 0.15; 51A0-0005-DDDD in asia-south1 0.18"
        in (reasons(simulator, "gcp_vertex")[subject])
    )


def test_the_price_of_a_preview_is_not_that_of_the_model(simulator):
    assert prices(simulator, "gcp_vertex", "gemini-2.5-flash", "uncached_input") == [Decimal("0.30")]


def test_a_zero_priced_first_tier_is_an_allowance_beside_the_price(simulator):
    price, allowance = rates(simulator, "gemini", "gemini-2.5-pro", "web_search")
    assert (price.unit_price, allowance.unit_price) == (Decimal(35), None)
    assert (allowance.free_tier_quantity, allowance.free_tier_reset_frequency) == (Decimal(10_000), "daily")


def test_tiers_of_a_month_are_volume_discounts(simulator):
    price, discount = rates(simulator, "gemini", "gemini-2.0-flash", "output")
    assert (price.unit_price, discount.unit_price) == (Decimal("0.40"), Decimal("0.35"))
    assert discount.volume_threshold_tokens == 1_000_000_000


def test_commitments_machines_and_unknown_products_have_no_rate(simulator):
    found = reasons(simulator, "gcp_vertex")
    assert found["51A0-0003-EEEE Generative AI Provisioned Throughput GSU 1 month"].endswith("a commitment")
    assert found["51A0-0001-EEEE Vertex AI: Online/Batch Prediction NVIDIA H100 80GB GPU running in Americas"] == (
        "prices infrastructure"
    )
    assert found["51A0-000B-DDDD Large Text Embedding Model - Predictions"] == "no grammar reads its description"


def test_claude_is_not_in_the_public_list(simulator):
    models = {rate.model_id for rate in statement(simulator, "gcp_vertex").rates}
    assert not [model for model in models if model is None or "claude" in model]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_rates_name_their_provider_and_hold_for_all_organisations(simulator, provider):
    found = statement(simulator, provider).rates
    assert {(rate.provider, rate.x_org_slug, rate.is_custom) for rate in found} == {(provider, None, False)}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_list_is_read_over_all_its_pages(simulator, provider):
    statement(simulator, provider)
    asked = [dict(seen.params).get("pageToken") for seen in simulator.requests if seen.path.endswith("/skus")]
    assert asked[:2] == [None, "SKU_12"]
    assert len(asked) == len(set(asked)) > 2


def test_a_page_that_fails_once_is_asked_for_again(simulator):
    whole = statement(simulator, "gemini")
    simulator.set_fault("gemini", "rate_limited", path_prefix="/skus", times=1, after=1)
    assert statement(simulator, "gemini").rates == whole.rates


def test_a_list_that_stays_out_of_reach_is_no_statement(simulator):
    simulator.set_fault("gemini", "unavailable", path_prefix="/skus")
    with pytest.raises(TransientProviderError, match="gemini price list"):
        statement(simulator, "gemini")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_service_account_without_the_right_is_told_so(simulator, provider):
    with pytest.raises(CredentialError, match=r"cloudbilling\.skus\.list"):
        statement(simulator, provider, secret=simulator.inference_key("acme", provider))


class Rewriting(httpx.BaseTransport):
    """Sends requests on with other values of some parameters."""

    def __init__(self, **params: str) -> None:
        self._params = params
        self._wire = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            request = httpx.Request(
                "GET",
                request.url.copy_merge_params(self._params),
                headers=request.headers,
                extensions=request.extensions,
            )
        answer = self._wire.handle_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())


def test_prices_in_another_currency_than_asked_for_are_refused(simulator):
    with pytest.raises(MalformedPageError, match="the price is in 'EUR', asked for was USD"):
        statement(simulator, "gemini", transport=Rewriting(currencyCode="EUR"))


def googles_client(simulator: Simulator, scope: str) -> Any:
    """`services.skus` of Google's own client, with tokens of a scope."""
    discovery = pytest.importorskip("googleapiclient.discovery")
    google_auth_httplib2 = pytest.importorskip("google_auth_httplib2")
    base = simulator.base_url("gcp_vertex")
    fields = {**json.loads(simulator.admin_key("acme", "gcp_vertex")), "token_uri": f"{base}/token"}
    credentials = service_account.Credentials.from_service_account_info(fields, scopes=[scope])
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http(proxy_info=None))
    options = {"api_endpoint": base}
    client = discovery.build("cloudbilling", "v1", http=http, static_discovery=True, client_options=options)
    return client.services().skus()


def test_googles_own_client_reads_the_same_skus(simulator):
    skus = googles_client(simulator, SCOPE)
    request, found = skus.list(parent="services/C7E2-9256-1C43", currencyCode="USD", pageSize=5000), []
    while request is not None:
        answer = request.execute(num_retries=0)
        found += answer["skus"]
        request = skus.list_next(request, answer)
    ours = statement(simulator, "gcp_vertex")
    references = " ".join([rate.source_reference or "" for rate in ours.rates])
    skipped = " ".join(f"{one.subject} {one.reason}" for one in ours.skipped)
    assert len(found) > 12
    assert [sku["skuId"] for sku in found if sku["skuId"] not in references and sku["skuId"] not in skipped] == []


@pytest.mark.parametrize("scope", ["monitoring.read", "bigquery"])
def test_a_token_of_another_scope_is_refused_with_details(simulator, scope):
    errors = pytest.importorskip("googleapiclient.errors")
    skus = googles_client(simulator, f"https://www.googleapis.com/auth/{scope}")
    with pytest.raises(errors.HttpError) as raised:
        skus.list(parent="services/C7E2-9256-1C43").execute(num_retries=0)
    assert raised.value.status_code == 403
    assert [detail["reason"] for detail in raised.value.error_details] == ["ACCESS_TOKEN_SCOPE_INSUFFICIENT"]


def revised(simulator: Simulator, book: pl.DataFrame, moment: dt.datetime) -> Revision:
    """The book after both services were read, one after the other; the counts are those of the second."""
    first, second = (statement(simulator, provider, now=moment) for provider in PROVIDERS)
    second = replace(second, retrieved_at=moment + dt.timedelta(seconds=1))
    return revise_book(revise(book, first), second)


def test_the_book_keeps_the_rates_of_both_services(simulator):
    book = revised(simulator, empty_frame(PRICE_BOOK), simulator.now).frame
    stated = sum(len(statement(simulator, provider).rates) for provider in PROVIDERS)
    assert book.filter(pl.col("known_to").is_null()).height == stated
    assert set(book["provider"]) == set(PROVIDERS)


@pytest.mark.parametrize("days", [7, 70], ids=["a week later", "once the announced prices hold"])
def test_a_list_whose_times_move_with_the_reading_changes_nothing_in_the_book(days):
    with running_simulator() as simulator:
        known = revised(simulator, empty_frame(PRICE_BOOK), simulator.now).frame
        simulator.advance(simulator.now + dt.timedelta(days=days))
        assert revised(simulator, known, simulator.now).frame.equals(known)
