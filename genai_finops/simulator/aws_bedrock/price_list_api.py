"""The Price List's GetProducts over json 1.1. Each product is a JSON text within the JSON, and its prices are texts."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from genai_finops.simulator.aws_bedrock.cloudwatch import next_token, position_of
from genai_finops.simulator.aws_bedrock.price_products import BEDROCK, MARKETPLACE, Product, products
from genai_finops.simulator.wire import Refusal, WireAnswer, WireRequest, encode

TARGET = "AWSPriceListService"
CONTENT_TYPE = "application/x-amz-json-1.1"
#: The API is in three regions, of which this is simulated.
API_REGION = "us-east-1"

#: AWS lists up to 100; fewer are allowed, so that there is always paging.
_LISTED = 15
_MAX_RESULTS = 100
_PARAMETERS = {"ServiceCode", "Filters", "FormatVersion", "NextToken", "MaxResults"}
#: AWS compares without regard to case.
_FILTERS: Mapping[str, Callable[[str, str], bool]] = {
    "TERM_MATCH": lambda own, asked: own == asked,
    "EQUALS": lambda own, asked: own == asked,
    "CONTAINS": lambda own, asked: asked in own,
    "ANY_OF": lambda own, asked: own in asked.split(","),
    "NONE_OF": lambda own, asked: own not in asked.split(","),
}

Payload = dict[str, Any]


def answer_price_list(request: WireRequest) -> Payload:
    """The answer to the operation that the target header names. Raises Refusal."""
    operation = request.headers.get("x-amz-target", "").removeprefix(f"{TARGET}.")
    if request.method != "POST" or request.headers.get("content-type") != CONTENT_TYPE:
        raise Refusal(404, "UnknownOperationException", f"json 1.1 is POSTed as {CONTENT_TYPE}")
    if operation != "GetProducts":
        raise Refusal(400, "UnknownOperationException", f"Unknown operation {operation}")
    try:
        asked = json.loads(request.content)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refusal(400, "SerializationException", "the body is no JSON object")
    return _get_products(asked)


def refusal_json(refusal: Refusal) -> WireAnswer:
    """A refusal of the Price List."""
    return WireAnswer(
        body=encode({"__type": f"com.amazonaws.pricing#{refusal.kind}", "Message": refusal.message}),
        status=refusal.status,
        media_type=CONTENT_TYPE,
        headers={} if refusal.retry_after is None else {"retry-after": refusal.retry_after},
    )


def _get_products(asked: Mapping[str, Any]) -> Payload:
    for name in asked:
        if name not in _PARAMETERS:
            raise _invalid(f"Unknown parameter {name}")
    service = asked.get("ServiceCode")
    if service not in {BEDROCK, MARKETPLACE}:
        raise Refusal(400, "NotFoundException", f"Service code {service} was not found")
    if asked.get("FormatVersion", "aws_v1") != "aws_v1":
        raise _invalid("FormatVersion must be aws_v1")
    limit = asked.get("MaxResults", _MAX_RESULTS)
    if not isinstance(limit, int) or not 1 <= limit <= _MAX_RESULTS:
        raise _invalid(f"MaxResults must be between 1 and {_MAX_RESULTS}")
    found = [product for product in products(service) if _is_wanted(product, asked.get("Filters", ()))]
    try:
        position = position_of(asked)
    except Refusal as refusal:
        raise Refusal(400, "InvalidNextTokenException", refusal.message) from None
    end = position + min(limit, _LISTED)
    answer: Payload = {
        "FormatVersion": "aws_v1",
        "PriceList": [json.dumps(product.as_json(), separators=(",", ":")) for product in found[position:end]],
    }
    if end < len(found):
        answer["NextToken"] = next_token(asked, end)
    return answer


def _is_wanted(product: Product, filters: list[Mapping[str, str]]) -> bool:
    attributes = {name.lower(): value.lower() for name, value in product.all_attributes.items()}
    for asked in filters:
        if asked.get("Type") not in _FILTERS or not asked.get("Field") or "Value" not in asked:
            raise _invalid(f"Filters: expected Type, Field and Value; Type is one of {', '.join(_FILTERS)}")
        own = attributes.get(asked["Field"].lower(), "")
        if not _FILTERS[asked["Type"]](own, asked["Value"].lower()):
            return False
    return True


def _invalid(message: str) -> Refusal:
    return Refusal(400, "InvalidParameterException", message)
