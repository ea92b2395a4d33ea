"""Google's price list over answers that a test gives: what is asked, sorted, refused and left out."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from genai_finops.pricing.sources.gcp_billing_catalog import read_gcp_billing_catalog
from genai_finops.pricing.sources.network import PriceCredential
from genai_finops.pricing.sources.statement import PRIORITIES, Statement
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    MissingRightError,
    PermanentProviderError,
    SourceAccount,
)
from genai_finops.providers.config import ProviderConfig, ProviderConfigError, load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.simulator.gcp_vertex.wire import GcpVertex

CONFIGS = load_provider_configs(Path(__file__).resolve().parents[4] / "configs" / "providers", {})
KEY_FILE = GcpVertex().admin_key(7, "acme")
READ_AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
Page = dict[str, Any]


class Unlimited:
    """A rate limiter that never waits."""

    def acquire(self) -> float:
        return 0.0


class Google:
    """A token endpoint and the pages of a list, by page token; it remembers what it was asked for."""

    def __init__(self, *pages: Page) -> None:
        self._pages = {"" if number == 0 else str(number): page for number, page in enumerate(pages)}
        self.asked: list[httpx.Request] = []
        self.tokens_asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.tokens_asked.append(request)
            return httpx.Response(200, json={"access_token": "ya29.planted-token", "expires_in": 3599})
        self.asked.append(request)
        page = self._pages[request.url.params.get("pageToken", "")]
        return httpx.Response(page.pop("status", 200), content=json.dumps(page))


def sku(
    description: str = "Gemini 2.5 Pro Text Input - Predictions",
    *,
    name: str = "0123-4567-89AB",
    usage_type: str = "OnDemand",
    regions: tuple[str, ...] = ("global",),
    taxonomy: str | None = "GLOBAL",
    code: str = "USD",
    nanos: int = 1250,
) -> Page:
    tier = {"startUsageAmount": 0, "unitPrice": {"currencyCode": code, "units": "0", "nanos": nanos}}
    expression = {"usageUnit": "count", "displayQuantity": 1_000_000, "tieredRates": [tier]}
    return {
        "skuId": name,
        "description": description,
        "category": {"usageType": usage_type, "resourceGroup": "Prediction"},
        "serviceRegions": list(regions),
        "pricingInfo": [{"effectiveTime": "2026-11-22T07:00:00Z", "pricingExpression": expression}],
        **({} if taxonomy is None else {"geoTaxonomy": {"type": taxonomy, "regions": list(regions)}}),
    }


def page(*skus: Page, following: str = "") -> Page:
    return {"skus": list(skus), "nextPageToken": following}


def configured(provider: str = "gcp_vertex", **options: Any) -> ProviderConfig:
    config = CONFIGS[provider]
    assert config.price_list is not None
    merged = config.price_list.model_copy(update={"options": {**config.price_list.options, **options}})
    return config.model_copy(update={"price_list": merged})


def read(google: Callable[[httpx.Request], httpx.Response], config: ProviderConfig | None = None) -> Statement:
    session = SessionOptions(
        transport=httpx.MockTransport(google), now=lambda: READ_AT, sleep=lambda _: None, rate_limiter=Unlimited()
    )
    credential = PriceCredential(secret=KEY_FILE, account=SourceAccount(id="acme-prod"))
    return read_gcp_billing_catalog(config or configured(), credential, session, READ_AT)


def reason_of(made: Page, config: ProviderConfig | None = None) -> str:
    statement = read(Google(page(made)), config)
    assert statement.rates == ()
    (skipped,) = statement.skipped
    return skipped.reason


def test_the_statement_names_its_source_and_covers_no_history():
    statement = read(Google(page(sku())))
    assert (statement.source, statement.source_version) == ("gcp_billing_catalog", "2026-11-22")
    assert statement.source in PRIORITIES
    assert (statement.is_complete, statement.covers_history) == (False, False)


def test_all_skus_of_the_service_are_asked_for_in_dollars_with_the_scope_of_prices():
    google = Google(page(sku()))
    read(google)
    (request,) = google.asked
    assert request.url.copy_with(query=None) == "https://cloudbilling.googleapis.com/v1/services/C7E2-9256-1C43/skus"
    assert dict(request.url.params) == {"currencyCode": "USD", "pageSize": "5000"}
    assert request.headers["authorization"] == "Bearer ya29.planted-token"


def test_the_gemini_api_is_a_service_of_its_own():
    google = Google(page(sku()))
    read(google, configured("gemini"))
    assert google.asked[0].url.path == "/v1/services/AEFD-7695-64FA/skus"


def test_pages_are_followed_until_the_token_is_empty():
    google = Google(
        page(sku(), following="1"), {"nextPageToken": "2"}, page(sku("Gemini 2.5 Pro Text Output - Predictions"))
    )
    assert [rate.meter for rate in read(google).rates] == ["output", "uncached_input"]
    assert [request.url.params.get("pageToken") for request in google.asked] == [None, "1", "2"]


def test_a_price_is_per_million_tokens_of_the_model():
    (rate,) = read(Google(page(sku(nanos=1250)))).rates
    assert (rate.provider, rate.model_id, rate.unit_price) == ("gcp_vertex", "gemini-2.5-pro", Decimal("1.25"))


def test_a_currency_that_was_not_asked_for_refuses_the_whole_list():
    with pytest.raises(MalformedPageError, match=r"SKU 0123-4567-89AB: the price is in 'EUR', asked for was USD"):
        read(Google(page(sku(code="EUR"), sku("Gemini 2.5 Pro Text Output - Predictions", name="B"))))


def test_a_price_that_cannot_be_read_leaves_out_its_sku_alone():
    broken = {**sku(name="0000-0000-0001"), "pricingInfo": []}
    statement = read(Google(page(broken, sku("Gemini 2.5 Pro Text Output - Predictions"))))
    assert [rate.meter for rate in statement.rates] == ["output"]
    assert [(one.subject, one.reason) for one in statement.skipped] == [
        ("0000-0000-0001 Gemini 2.5 Pro Text Input - Predictions", "field pricingInfo holds no price")
    ]


@pytest.mark.parametrize(
    ("usage_type", "reason"),
    [("Commit1Yr", "a commitment"), ("Commit1Mo", "a commitment"), ("Preemptible", "not pay-as-you-go")],
)
def test_only_what_is_used_on_demand_has_a_rate(usage_type, reason):
    assert reason_of(sku(usage_type=usage_type)) == f"usage type {usage_type} is {reason}"


def test_a_sku_that_no_grammar_reads_is_left_out_even_where_it_names_a_model():
    assert reason_of(sku("Gemini 2.5 Pro Live Text Input - Predictions")) == "no grammar reads its description"


@pytest.mark.parametrize(
    ("taxonomy", "regions", "geography"),
    [
        ("GLOBAL", ("global",), "global"),
        ("GLOBAL", (), "global"),
        (None, ("global",), "global"),
        ("REGIONAL", ("us-central1",), "regional"),
        ("MULTI_REGIONAL", ("us-central1", "us-east4"), "regional"),
    ],
)
def test_the_taxonomy_says_whether_a_price_is_global_or_regional(taxonomy, regions, geography):
    (rate,) = read(Google(page(sku(taxonomy=taxonomy, regions=regions)))).rates
    assert rate.geography == geography


def test_the_word_regional_is_more_than_the_taxonomy_of_a_sku_that_is_sold_everywhere():
    (rate,) = read(Google(page(sku("Gemini 3.5 Flash Regional Text Input - Predictions")))).rates
    assert rate.geography == "regional"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (sku(taxonomy="TYPE_UNSPECIFIED"), "geography 'TYPE_UNSPECIFIED' of global is none that usage has"),
        (sku(taxonomy="REGIONAL", regions=()), "geography 'REGIONAL' of no region is none that usage has"),
        (
            sku("Gemini 3.5 Flash Global Text Input - Predictions", taxonomy="REGIONAL", regions=("us-central1",)),
            "its description says global, its geography is us-central1",
        ),
    ],
)
def test_a_place_that_is_unclear_is_no_rate(made, reason):
    assert reason_of(made) == reason


def test_regions_that_are_not_asked_for_do_not_decide():
    asked = configured(regions="us-central1")
    first = sku(name="A", taxonomy="REGIONAL", regions=("us-central1",), nanos=1500)
    second = sku(name="B", taxonomy="REGIONAL", regions=("asia-south1",), nanos=1800)
    statement = read(Google(page(first, second)), asked)
    assert [rate.unit_price for rate in statement.rates] == [Decimal("1.5")]
    assert [one.reason for one in statement.skipped] == ["is for asia-south1, which are not asked for"]


def test_the_gemini_api_has_one_geography_whatever_the_taxonomy_says():
    made = sku(taxonomy="MULTI_REGIONAL", regions=("us-central1", "europe-west4"))
    (rate,) = read(Google(page(made)), configured("gemini")).rates
    assert rate.geography == "global"


def test_a_service_without_skus_is_no_price_list():
    with pytest.raises(PermanentProviderError, match="service C7E2-9256-1C43 has no SKU"):
        read(Google({"nextPageToken": ""}))


@pytest.mark.parametrize("missing", ["skuId", "description", "category"])
def test_a_sku_without_a_documented_field_is_a_malformed_page(missing):
    broken = {name: value for name, value in sku().items() if name != missing}
    with pytest.raises(MalformedPageError, match=f"field {missing} is missing"):
        read(Google(page(broken)))


def test_a_page_token_that_comes_again_ends_the_reading():
    with pytest.raises(PermanentProviderError, match="comes a second time"):
        read(Google(page(sku(), following="1"), page(sku(), following="1")))


def test_without_a_credential_the_list_is_not_asked_for():
    with pytest.raises(
        CredentialError, match=r"gcp_vertex price list: .* none is stored; store a service account's key"
    ):
        read_gcp_billing_catalog(configured(), None, SessionOptions(), READ_AT)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"service": "Vertex AI"}, "options.service"),
        ({"regions": "us-central1, europe-west4"}, "options.regions"),
        ({"is_global": "somewhere"}, "options.is_global"),
        ({"currency": "EUR"}, "options.currency"),
    ],
)
def test_an_option_that_is_wrong_is_refused_by_name(options, named):
    with pytest.raises(ProviderConfigError, match=named):
        read(Google(page(sku())), configured(**options))


def test_a_provider_without_a_price_list_says_so():
    with pytest.raises(ProviderConfigError, match="key price_list is missing"):
        read(Google(page(sku())), CONFIGS["gcp_vertex"].model_copy(update={"price_list": None}))


def test_a_missing_scope_is_a_missing_right_and_shows_no_token():
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
    }
    refused = {"code": 403, "message": "for ya29.planted-token", "status": "PERMISSION_DENIED", "details": [detail]}
    with pytest.raises(MissingRightError) as raised:
        read(Google({"status": 403, "error": refused}))
    assert "lack the scope" in str(raised.value)
    assert "planted-token" not in str(raised.value)


def test_an_api_that_is_not_enabled_is_named():
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "metadata": {"service": "cloudbilling.googleapis.com"},
    }
    refused = {"code": 403, "message": "disabled", "status": "PERMISSION_DENIED", "details": [detail]}
    with pytest.raises(PermanentProviderError, match=r"enable cloudbilling\.googleapis\.com"):
        read(Google({"status": 403, "error": refused}))
