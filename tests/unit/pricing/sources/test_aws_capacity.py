"""Provisioned throughput in the AWS Price List: a model unit and hour, by model, region and commitment."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.pricing.sources.aws_capacity import capacity_rates_of, is_capacity
from genai_finops.pricing.sources.aws_products import PriceDimension, Product, Term
from genai_finops.pricing.sources.statement import CapacityRate

NOVA = "USE1-NovaPro-ProvisionedThroughput-1MonthCommit-ModelUnits"
CLAUDE = "USE1-MP:USE1_ProvisionedThroughput_6MonthCommit_ModelUnits_Usage-Units"
EDITION = {"servicename": "Claude 3.7 Sonnet (Amazon Bedrock Edition)"}


def term(price: str | None = "108.15", unit: str = "hour", first: dt.date | None = None, **fields: Any) -> Term:
    dimension: dict[str, Any] = {"begin": Decimal(0), "end": None} | fields
    given = None if price is None else Decimal(price)
    return Term(effective=first, dimensions=(PriceDimension(unit=unit, price=given, **dimension),))


def product(usage_type: str = NOVA, *terms: Term, sku: str = "SKU1", **attributes: str) -> Product:
    return Product(
        sku=sku,
        region="us-east-1",
        usage_type=usage_type,
        attributes=attributes,
        published=None,
        terms=terms or (term(),),
    )


def test_the_price_of_a_model_unit_names_model_region_and_commitment() -> None:
    [rate], skipped = capacity_rates_of([product(model="Nova Pro")])

    assert skipped == ()
    assert rate == CapacityRate(
        provider="aws_bedrock",
        meter="model_unit_hour",
        model_id="amazon.nova-pro",
        region_id="us-east-1",
        purchase_option="commitment",
        term="P1M",
        unit_price=Decimal("108.15"),
        valid_from=None,
        source_reference=f"SKU1 {NOVA}",
    )


def test_a_model_of_the_marketplace_is_named_by_its_service() -> None:
    [rate], _ = capacity_rates_of([product(CLAUDE, **EDITION)])

    assert (rate.model_id, rate.term) == ("anthropic.claude-3-7-sonnet", "P6M")


def test_capacity_without_commitment_is_on_demand() -> None:
    [rate], _ = capacity_rates_of([product("USE1-NovaPro-ProvisionedThroughput-NoCommit-ModelUnits")])

    assert (rate.purchase_option, rate.term) == ("on_demand", None)


def test_a_price_of_a_later_day_ends_the_one_of_today() -> None:
    terms = (term("90", first=dt.date(2027, 1, 1)), term("100", first=dt.date(2026, 9, 1)))
    rates, _ = capacity_rates_of([product(NOVA, *terms)])

    assert [(rate.unit_price, rate.valid_to) for rate in rates] == [
        (Decimal(100), dt.date(2027, 1, 1)),
        (Decimal(90), None),
    ]


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (product("USE1-NovaPro-ProvisionedThroughput-1YearCommit-ModelUnits"), "in no grammar"),
        (product("USE1-Nebula-ProvisionedThroughput-NoCommit-ModelUnits"), "no id is known of the model 'Nebula'"),
        (product(NOVA, model="Nova Lite"), "the attribute model of amazon.nova-lite"),
        (product(NOVA, term(unit="1K tokens")), "its unit '1K tokens' is no hour"),
        (product(NOVA, term(None)), "it has no price in USD"),
        (product(NOVA, term(begin=Decimal(10))), "capacity has one price, whatever its amount"),
        (product(NOVA, term(), term("9")), "several prices for the same days"),
    ],
)
def test_what_is_no_price_of_capacity_is_skipped_with_its_reason(refused: Product, reason: str) -> None:
    rates, [skipped] = capacity_rates_of([refused])

    assert rates == ()
    assert reason in skipped.reason


def test_two_products_of_one_commitment_that_differ_have_no_price() -> None:
    rates, skipped = capacity_rates_of([product(), product(NOVA, term("9"), sku="SKU2")])

    assert rates == ()
    assert {entry.reason for entry in skipped} == {
        "products of amazon.nova-pro in us-east-1 have different prices of one commitment"
    }


@pytest.mark.parametrize("usage_type", ["USE1-NovaPro-input-tokens", "USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units"])
def test_tokens_and_reserved_tiers_are_no_provisioned_throughput(usage_type: str) -> None:
    assert not is_capacity(product(usage_type))
