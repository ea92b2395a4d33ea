"""From the JSON of GetProducts to rates: texts inside texts, two units, ranges, and what regions have in common."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.pricing.sources.aws_products import Product, read_products
from genai_finops.pricing.sources.aws_rates import rates_of
from genai_finops.pricing.sources.statement import SkippedPrice, StatedRate
from genai_finops.providers.base import MalformedPageError, Page
from genai_finops.providers.http import page_of

REGION = "us-east-1"
NOVA = "USE1-NovaPro-input-tokens"
CLAUDE = "USE1-MP:USE1_input_tokens_standard-Units"
EDITION: dict[str, Any] = {"servicename": "Claude Opus 5.5 (Amazon Bedrock Edition)"}


def price(usd: Any, unit: str = "1K tokens", begin: str = "0", end: str = "Inf") -> dict[str, Any]:
    return {"unit": unit, "beginRange": begin, "endRange": end, "pricePerUnit": {"USD": usd}}


def element(
    usage_type: str = NOVA,
    *dimensions: dict[str, Any],
    region: str = REGION,
    effective: str | None = "2026-09-01T00:00:00Z",
    later: dict[str, dict[str, Any]] | None = None,
    **attributes: str,
) -> dict[str, Any]:
    """An element of PriceList as the API documents it, before it becomes a text."""

    def term(since: str | None, prices: tuple[dict[str, Any], ...]) -> dict[str, Any]:
        said = {} if since is None else {"effectiveDate": since}
        return {**said, "priceDimensions": {f"D{number}": value for number, value in enumerate(prices)}}

    terms = {"T": term(effective, dimensions)}
    terms |= {f"T{since}": term(since, (value,)) for since, value in (later or {}).items()}
    return {
        "product": {
            "sku": "SKU1",
            "attributes": {"regionCode": region, "usagetype": usage_type, **attributes},
        },
        "serviceCode": "AmazonBedrock",
        "publicationDate": "2026-09-25T10:00:00Z",
        "terms": {"OnDemand": terms},
    }


def page(*elements: Any) -> Page:
    body = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(value) for value in elements]}
    return page_of(json.dumps(body).encode(), source="pricing/GetProducts", request={})


def products(*elements: dict[str, Any]) -> list[Product]:
    return [
        product
        for value in elements
        for product in read_products(
            page(value), provider="aws_bedrock", region=value["product"]["attributes"]["regionCode"]
        )
    ]


def rates(*elements: dict[str, Any]) -> tuple[StatedRate, ...]:
    stated, skipped = rates_of(products(*elements))
    assert skipped == ()
    return stated


def skipped(*elements: dict[str, Any]) -> tuple[SkippedPrice, ...]:
    stated, found = rates_of(products(*elements))
    assert stated == ()
    return found


def test_json_strings_inside_json_are_read():
    (rate,) = rates(element(NOVA, price("0.0008000000"), model="Nova Pro"))
    assert rate == StatedRate(
        provider="aws_bedrock",
        model_id="amazon.nova-pro",
        model_name="Nova Pro",
        meter="uncached_input",
        geography="regional",
        unit_price=Decimal("0.8"),
        valid_from=dt.date(2026, 9, 1),
        source_reference="SKU1 USE1-NovaPro-input-tokens",
    )


@pytest.mark.parametrize(
    ("usage_type", "unit", "usd", "expected"),
    [
        (NOVA, "1K tokens", "0.0008", "0.8"),
        (NOVA, "1M tokens", "0.8", "0.8"),
        (CLAUDE, "1M tokens", "4.4", "4.4"),
        (CLAUDE, "Units", "4.4", "4.4"),
        (CLAUDE, "1K tokens", "0.0044", "4.4"),
    ],
)
def test_prices_per_thousand_and_per_million_are_never_confused(usage_type, unit, usd, expected):
    attributes: dict[str, Any] = EDITION if usage_type == CLAUDE else {}
    (rate,) = rates(element(usage_type, price(usd, unit), **attributes))
    assert rate.unit_price == Decimal(expected)


@pytest.mark.parametrize("unit", ["hour", "image", "second", "TextUnit", "1B tokens", "1K TPM Hour"])
def test_a_unit_that_is_no_number_of_tokens_gives_no_rate(unit):
    (found,) = skipped(element(NOVA, price("0.5", unit)))
    assert found.reason == f"its unit {unit!r} is no number of tokens"


def test_units_of_a_product_that_is_not_of_the_marketplace_are_not_taken_for_a_million():
    (found,) = skipped(element(NOVA, price("0.8", "Units")))
    assert "Marketplace" in found.reason


def test_a_price_string_keeps_all_its_digits():
    (rate,) = rates(element(NOVA, price("0.0000000123456789")))
    assert str(rate.unit_price) == "0.0000123456789000"


@pytest.mark.parametrize("usd", [0.0008, "free", "-0.0008", "", "1e-7", "NaN", None])
def test_a_price_that_is_no_decimal_text_fails_the_page(usd):
    with pytest.raises(MalformedPageError, match=r"pricePerUnit.*USD"):
        products(element(NOVA, price(usd)))


def test_ranges_are_volume_tiers_that_count_units_and_not_tokens():
    first, above = rates(
        element(NOVA, price("0.0007", begin="1000000"), price("0.0008", end="1000000"), model="Nova Pro")
    )
    assert (first.pricing_type, first.volume_threshold_tokens, first.unit_price) == ("standard", None, Decimal("0.8"))
    assert (above.pricing_type, above.discount_reason) == ("volume_discount", "volume")
    assert (above.volume_threshold_tokens, above.unit_price) == (1_000_000_000, Decimal("0.7"))


@pytest.mark.parametrize(
    "dimensions",
    [
        pytest.param([price("0.0008", begin="5")], id="not from 0"),
        pytest.param([price("0.0008", end="5")], id="limited"),
        pytest.param([price("0.0008", end="5"), price("0.0007", begin="6")], id="gap"),
        pytest.param([price("0.0008"), price("0.0007")], id="overlap"),
        pytest.param([], id="none"),
    ],
)
def test_ranges_that_do_not_follow_one_another_give_no_rate(dimensions):
    (found,) = skipped(element(NOVA, *dimensions))
    assert "ranges" in found.reason


def test_a_range_that_begins_within_a_token_gives_no_rate():
    (found,) = skipped(element(NOVA, price("0.0008", end="0.0005"), price("0.0007", begin="0.0005")))
    assert "not a whole number" in found.reason


def test_ranges_of_what_is_not_tokens_give_no_volume_tiers():
    (found,) = skipped(element(NOVA, price("63", "hour", end="100"), price("35", "hour", begin="100")))
    assert "'hour'" in found.reason


def test_a_price_in_another_currency_alone_gives_no_rate():
    dimension = {**price("1"), "pricePerUnit": {"CNY": "0.005"}}
    (found,) = skipped(element(NOVA, dimension))
    assert found.reason == "it has no price in USD"


def test_a_term_without_a_day_is_undated():
    (rate,) = rates(element(NOVA, price("0.0008"), effective=None))
    assert rate.valid_from is None


def test_a_later_term_closes_the_one_before():
    first, second = rates(
        element(NOVA, price("0.0008"), later={"2027-01-01T00:00:00Z": price("0.0006")}),
    )
    assert (first.unit_price, first.valid_to) == (Decimal("0.8"), dt.date(2027, 1, 1))
    assert (second.unit_price, second.valid_from, second.valid_to) == (Decimal("0.6"), dt.date(2027, 1, 1), None)


@pytest.mark.parametrize("effective", ["2027-01-01T00:00:00Z", None])
def test_two_terms_for_the_same_days_give_no_rate(effective):
    (found,) = skipped(
        element(NOVA, price("0.0008"), effective=effective, later={"2027-01-01T00:00:00Z": price("0.0006")})
    )
    assert found.reason == "several prices for the same days"


@pytest.mark.parametrize("effective", ["yesterday", "2026-09-01T00:00:00", 20260901])
def test_an_effective_date_that_is_no_moment_fails_the_page(effective):
    with pytest.raises(MalformedPageError, match="effectiveDate"):
        products(element(NOVA, price("0.0008"), effective=effective))


@pytest.mark.parametrize(
    ("region", "usage_type", "geography"),
    [
        ("us-west-2", "USW2-NovaPro-input-tokens", "regional"),
        ("eu-west-1", "EU-NovaPro-input-tokens", "regional_eu"),
        ("ap-northeast-1", "APN1-NovaPro-input-tokens", "regional_ap"),
        ("ca-central-1", "CAN1-NovaPro-input-tokens", "regional_other"),
        ("us-gov-west-1", "UGW1-NovaPro-input-tokens", "regional_other"),
        ("eu-west-1", "EU-NovaPro-input-tokens-cross-region-global", "global"),
        ("eu-west-1", "EU-NovaPro-input-tokens-cross-region-geo", "regional_eu"),
    ],
)
def test_a_price_is_for_the_geography_that_usage_of_the_region_has(region, usage_type, geography):
    (rate,) = rates(element(usage_type, price("0.0008"), region=region))
    assert rate.geography == geography


def test_regions_of_one_group_that_agree_are_one_rate_from_the_first_day_that_any_of_them_names():
    (rate,) = rates(
        element(NOVA, price("0.0008"), effective="2026-10-01T00:00:00Z"),
        element("USW2-NovaPro-input-tokens", price("0.0008"), region="us-west-2", effective=None),
        element("USE2-NovaPro-input-tokens", price("0.0008"), region="us-east-2", effective="2026-09-01T00:00:00Z"),
    )
    assert (rate.unit_price, rate.valid_from) == (Decimal("0.8"), dt.date(2026, 9, 1))


def test_regions_of_one_group_that_differ_give_no_rate_and_both_are_named():
    (found,) = skipped(
        element(NOVA, price("0.0008")), element("USW2-NovaPro-input-tokens", price("0.0009"), region="us-west-2")
    )
    assert found.subject == "amazon.nova-pro uncached_input standard regional"
    assert "us-east-1 (USE1-NovaPro-input-tokens: 0.8)" in found.reason
    assert "us-west-2 (USW2-NovaPro-input-tokens: 0.9)" in found.reason


def test_one_region_that_differs_does_not_take_the_price_of_another_group():
    stated, found = rates_of(
        products(
            element(NOVA, price("0.0008")),
            element("USW2-NovaPro-input-tokens", price("0.0009"), region="us-west-2"),
            element("EU-NovaPro-input-tokens", price("0.00105"), region="eu-west-1"),
        )
    )
    assert [(rate.geography, rate.unit_price) for rate in stated] == [("regional_eu", Decimal("1.05"))]
    assert len(found) == 1


def test_a_product_that_comes_on_two_pages_is_stated_once():
    assert len(rates(element(NOVA, price("0.0008")), element(NOVA, price("0.0008")))) == 1


def test_the_whole_request_long_context_price_is_a_band_of_its_own_and_limits_the_other():
    short, long = rates(
        element("USW2-MP:USW2_input_tokens_standard-Units", price("4.4", "1M tokens"), region="us-west-2", **EDITION),
        element(
            "USW2-MP:USW2_input_tokens_long_ctx_standard-Units",
            price("8.8", "1M tokens"),
            region="us-west-2",
            **EDITION,
        ),
    )
    assert (short.context_tokens_above, short.context_tokens_up_to, short.unit_price) == (0, 200_000, Decimal("4.4"))
    assert (long.context_tokens_above, long.context_tokens_up_to, long.unit_price) == (200_000, None, Decimal("8.8"))


def test_where_long_context_begins_at_an_unknown_length_neither_price_is_stated():
    found = skipped(
        element("USE1-NovaPro-input-tokens", price("0.0008")),
        element("USE1-NovaPro-input-tokens-long-context", price("0.0016")),
    )
    assert [entry.subject for entry in found] == [
        "amazon.nova-pro uncached_input standard regional",
        "amazon.nova-pro uncached_input standard regional long context",
    ]


def test_the_attribute_in_words_never_makes_a_batch_price_the_standard_one():
    standard, batch = rates(
        element("USE1-NovaPro-input-tokens", price("0.0008"), inferenceType="Input tokens"),
        element("USE1-NovaPro-input-tokens-batch", price("0.0004"), inferenceType="Input tokens"),
    )[::-1]
    assert (standard.service_tier, standard.unit_price) == ("standard", Decimal("0.8"))
    assert (batch.service_tier, batch.unit_price) == ("batch", Decimal("0.4"))


def test_an_attribute_that_contradicts_the_usage_type_gives_no_rate():
    (found,) = skipped(element("USE1-NovaPro-input-tokens", price("0.0008"), inferenceType="Output tokens"))
    assert "inferenceType" in found.reason


def test_a_skipped_product_is_named_by_region_usage_type_and_sku():
    (found,) = skipped(element("USE1-Guardrail-Units", price("0.0008")))
    assert found.subject == "us-east-1 USE1-Guardrail-Units (SKU1)"


def test_a_product_without_on_demand_terms_gives_no_rate():
    value = element(NOVA)
    value["terms"] = {"Reserved": {}}
    (found,) = skipped(value)
    assert "no on-demand terms" in found.reason


@pytest.mark.parametrize(
    ("price_list", "problem"),
    [
        pytest.param(None, "field PriceList is NoneType", id="null"),
        pytest.param([element(NOVA)], r"PriceList\[0\] is dict, not a JSON text", id="object"),
        pytest.param(["{"], r"PriceList\[0\] is no JSON", id="cut"),
        pytest.param(['{"product": NaN}'], r"PriceList\[0\] is no JSON", id="NaN"),
        pytest.param(["[]"], r"PriceList\[0\]: list in place of an object", id="list"),
        pytest.param(["{}"], "field product is missing", id="empty"),
    ],
)
def test_a_page_that_is_no_price_list_fails(price_list, problem):
    body = json.dumps({"PriceList": price_list}).encode()
    broken = page_of(body, source="pricing/GetProducts", request={})
    with pytest.raises(MalformedPageError, match=problem):
        list(read_products(broken, provider="aws_bedrock", region=REGION))


@pytest.mark.parametrize("name", ["regionCode", "usagetype"])
def test_a_product_without_a_needed_attribute_fails(name):
    value = element(NOVA, price("0.0008"))
    del value["product"]["attributes"][name]
    with pytest.raises(MalformedPageError, match=f"field {name} is missing"):
        list(read_products(page(value), provider="aws_bedrock", region=REGION))


def test_a_product_of_a_region_that_was_not_asked_for_fails():
    with pytest.raises(MalformedPageError, match="products of eu-west-1 were asked for"):
        list(read_products(page(element(NOVA, price("0.0008"))), provider="aws_bedrock", region="eu-west-1"))
