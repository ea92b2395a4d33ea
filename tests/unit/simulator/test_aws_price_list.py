"""The quirks of the simulated Price List, which must not be tidier than AWS's."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.simulator.aws_bedrock.price_list_api import CONTENT_TYPE, TARGET, answer_price_list
from genai_finops.simulator.aws_bedrock.price_products import BEDROCK, MARKETPLACE
from genai_finops.simulator.aws_bedrock.prices import aws_bedrock_price
from genai_finops.simulator.sale import Sale
from genai_finops.simulator.wire import Refusal, WireRequest


def ask(operation: str = "GetProducts", content_type: str = CONTENT_TYPE, **body: Any) -> dict[str, Any]:
    headers = {"x-amz-target": f"{TARGET}.{operation}", "content-type": content_type}
    content = json.dumps(body).encode()
    return answer_price_list(WireRequest(method="POST", path="/", params=(), headers=headers, content=content))


def where(kind: str, field: str, value: str) -> dict[str, str]:
    return {"Type": kind, "Field": field, "Value": value}


def listed(service: str = BEDROCK, *filters: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = ask(ServiceCode=service, Filters=list(filters), **token)
        found += [json.loads(text) for text in page["PriceList"]]
        if "NextToken" not in page:
            return found
        token = {"NextToken": page["NextToken"]}


def attribute(products: list[dict[str, Any]], name: str) -> set[str | None]:
    return {product["product"]["attributes"].get(name) for product in products}


def dimensions(products: list[dict[str, Any]]) -> list[dict[str, Any]]:
    terms = [term for product in products for term in product["terms"]["OnDemand"].values()]
    return [dimension for term in terms for dimension in term["priceDimensions"].values()]


def test_each_product_is_a_json_text_and_each_price_a_text():
    page = ask(ServiceCode=BEDROCK)
    assert all(isinstance(text, str) for text in page["PriceList"])
    prices = [dimension["pricePerUnit"]["USD"] for dimension in dimensions(listed())]
    assert all(isinstance(price, str) and Decimal(price) > 0 for price in prices)


@pytest.mark.parametrize(
    ("service", "units"),
    [
        (BEDROCK, {"1K tokens", "1M tokens", "image", "second", "hour", "TextUnit"}),
        (MARKETPLACE, {"1M tokens", "Units", "hour", "1K TPM Hour"}),
    ],
)
def test_each_service_has_units_of_its_own(service, units):
    assert {dimension["unit"] for dimension in dimensions(listed(service))} == units


def test_the_model_of_a_marketplace_product_is_in_its_service_name_alone():
    products = listed(MARKETPLACE)
    assert attribute(products, "model") == {None}
    assert "Claude Opus 5 (Amazon Bedrock Edition)" in attribute(products, "servicename")


def test_prices_of_what_is_used_are_those_that_the_simulator_charges():
    (product,) = listed(BEDROCK, where("EQUALS", "usagetype", "EUC1-NovaPro-output-tokens-flex"))
    (dimension,) = dimensions([product])
    sale = Sale(
        provider="aws_bedrock",
        model="nova-pro",
        meter="output",
        service_tier="flex",
        day=dt.date(2026, 11, 1),
        geography="regional_eu",
    )
    assert Decimal(dimension["pricePerUnit"]["USD"]) * 1000 == aws_bedrock_price(sale) == Decimal("2.1")


@pytest.mark.parametrize(
    ("condition", "regions"),
    [
        (where("TERM_MATCH", "regionCode", "eu-west-1"), {"eu-west-1"}),
        (where("TERM_MATCH", "regioncode", "EU-West-1"), {"eu-west-1"}),
        (where("EQUALS", "regionCode", "us-east-1"), {"us-east-1"}),
        (where("ANY_OF", "regionCode", "us-east-1,us-west-2"), {"us-east-1", "us-west-2"}),
        (where("CONTAINS", "regionCode", "us-east"), {"us-east-1", "us-east-2"}),
        (where("TERM_MATCH", "regionCode", "sa-east-1"), set()),
    ],
)
def test_filters_limit_what_is_listed(condition, regions):
    assert attribute(listed(BEDROCK, condition), "regionCode") == regions


def test_all_filters_must_match():
    found = listed(
        BEDROCK, where("TERM_MATCH", "regionCode", "us-east-1"), where("NONE_OF", "model", "Nova Pro,Nova Lite")
    )
    assert attribute(found, "regionCode") == {"us-east-1"}
    assert not {"Nova Pro", "Nova Lite"} & attribute(found, "model")


def test_fewer_results_than_asked_for_still_lead_to_all_of_them():
    first = ask(ServiceCode=BEDROCK, MaxResults=100)
    assert len(first["PriceList"]) < 100
    assert "NextToken" in first
    skus = [product["product"]["sku"] for product in listed()]
    assert len(skus) == len(set(skus)) > 100


def test_a_token_of_another_query_is_refused():
    token = ask(ServiceCode=BEDROCK)["NextToken"]
    with pytest.raises(Refusal) as refused:
        ask(ServiceCode=MARKETPLACE, NextToken=token)
    assert refused.value.kind == "InvalidNextTokenException"


def test_one_range_ends_where_the_next_begins():
    (product,) = listed(BEDROCK, where("EQUALS", "usagetype", "USE1-Llama3-1-8B-input-tokens"))
    ranges = [(found["beginRange"], found["endRange"]) for found in dimensions([product])]
    assert ranges == [("0", "1000000"), ("1000000", "Inf")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({}, "NotFoundException", id="no service"),
        pytest.param({"ServiceCode": "AmazonEC2"}, "NotFoundException", id="unknown service"),
        pytest.param({"MaxResults": 101}, "InvalidParameterException", id="too many"),
        pytest.param({"MaxResults": 0}, "InvalidParameterException", id="none"),
        pytest.param({"FormatVersion": "aws_v2"}, "InvalidParameterException", id="format"),
        pytest.param({"Region": "us-east-1"}, "InvalidParameterException", id="unknown parameter"),
        pytest.param({"Filters": [where("LIKE", "a", "b")]}, "InvalidParameterException", id="unknown filter"),
        pytest.param({"Filters": [{"Type": "EQUALS"}]}, "InvalidParameterException", id="half a filter"),
        pytest.param({"operation": "GetAttributeValues"}, "UnknownOperationException", id="operation"),
        pytest.param({"content_type": "application/x-amz-json-1.0"}, "UnknownOperationException", id="json 1.0"),
    ],
)
def test_what_the_api_does_not_know_is_refused(body, code):
    asked = body if not body or "ServiceCode" in body else {"ServiceCode": BEDROCK, **body}
    with pytest.raises(Refusal) as refused:
        ask(**asked)
    assert refused.value.kind == code
