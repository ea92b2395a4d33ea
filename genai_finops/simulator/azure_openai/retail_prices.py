"""The simulated Azure Retail Prices API: no credential, filters that mind the case, links to pages, 429 in bursts."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from genai_finops.simulator.azure_openai.retail_meters import REGIONS, RetailMeter, retail_meters
from genai_finops.simulator.wire import Refusal, WireRequest, number, parse_whole

#: Path below the provider's mount.
HOST = "/retail"
SKIP = "$skip"
#: The name of the service on the bill; its older names have no rows.
SERVICE_NAME = "Foundry Models"
ROWS_PER_PAGE = 25
_PATH = f"{HOST}/api/retail/prices"
_VERSIONS = frozenset({"2021-10-01-preview", "2023-01-01-preview"})
_FIELDS = frozenset(
    {
        "armRegionName",
        "armSkuName",
        "meterName",
        "priceType",
        "productName",
        "serviceFamily",
        "serviceName",
        "skuName",
        "type",
    }
)
_COMPARED = re.compile(r"(?P<field>\w+)\s+(?P<operator>eq|ne)\s+'(?P<value>[^']*)'")
_CALLED = re.compile(r"(?P<operator>contains|startswith)\(\s*(?P<field>\w+)\s*,\s*'(?P<value>[^']*)'\s*\)")
_BURST = 4
_PAUSE_SECONDS = 1.0

Row = dict[str, Any]


class Throttle:
    """Refuses one request of a burst, and then begins to count anew. Each server counts for itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        #: Requests of the present burst and the time of the last one, by the server's address.
        self._seen: dict[str, tuple[int, float]] = {}

    def is_too_fast(self, server: str) -> bool:
        """Whether this request is one too many since the last pause of a second."""
        now = self._clock()
        count, last = self._seen.get(server, (0, now))
        count = 1 if now - last >= _PAUSE_SECONDS else count + 1
        is_refused = count > _BURST
        self._seen[server] = (0 if is_refused else count, now)
        return is_refused


def answer(request: WireRequest, throttle: Throttle) -> Row:
    """One page of the list. Raises Refusal."""
    if request.path != _PATH or request.method != "GET":
        raise Refusal(404, "NotFound", f"No route answers {request.method} {request.path}.")
    if throttle.is_too_fast(request.headers.get("host", "")):
        raise Refusal(429, "TooManyRequests", "Too many requests. Please try again later.", retry_after="1")
    version = request.last("api-version")
    if version is not None and version not in _VERSIONS:
        raise Refusal(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
    currency = _unquoted(request.last("currencyCode") or "USD")
    if currency != "USD":
        raise Refusal(400, "BadRequest", f"The simulator has no prices in {currency}.")
    is_primary_only = _unquoted(request.last("meterRegion") or "") == "primary"
    matches = _filter(request.last("$filter") or "")
    rows = [
        row
        for meter in retail_meters()
        if (meter.is_primary or not is_primary_only) and matches(row := _row(meter, currency))
    ]
    start = parse_whole(request.last(SKIP) or "0") or 0
    # $top is not respected, as it often is not.
    page = rows[start : start + ROWS_PER_PAGE]
    has_more = start + ROWS_PER_PAGE < len(rows)
    return {
        "BillingCurrency": currency,
        "CustomerEntityId": "Default",
        "CustomerEntityType": "Retail",
        "Items": page,
        "NextPageLink": next_page_link(request, str(start + ROWS_PER_PAGE)) if has_more else None,
        "Count": len(page),
    }


def next_page_link(request: WireRequest, skip: str) -> str:
    """The absolute address of the page that begins at `skip`."""
    others = [(name, value) for name, value in request.params if name != SKIP]
    query = urlencode([*others, (SKIP, skip)], quote_via=quote, safe="$'")
    return f"http://{request.headers.get('host', 'localhost')}{request.raw_path.partition('?')[0]}?{query}"


def _unquoted(value: str) -> str:
    return value.strip("'")


def _row(meter: RetailMeter, currency: str) -> Row:
    sku = re.sub(r"(?: 1M)? (?:Tokens|Unit|Calls|Images|Session|Second|GB)$", "", meter.name)
    row: Row = {
        "currencyCode": currency,
        "tierMinimumUnits": number(meter.tier_minimum_units),
        "retailPrice": number(meter.price),
        "unitPrice": number(meter.price),
        "armRegionName": meter.region,
        "location": REGIONS[meter.region][0],
        "effectiveStartDate": f"{meter.starts_on.isoformat()}T00:00:00Z",
        "meterId": meter.id,
        "meterName": meter.name,
        "productId": "DZH318Z0D1L7",
        "skuId": f"DZH318Z0D1L7/{meter.id[:4].upper()}",
        "productName": meter.product,
        "skuName": sku,
        "serviceName": SERVICE_NAME,
        "serviceId": "DZH318Z0BPVW",
        "serviceFamily": "AI + Machine Learning",
        "unitOfMeasure": meter.unit,
        "type": meter.kind,
        "isPrimaryMeterRegion": meter.is_primary,
        "armSkuName": sku,
    }
    return row | ({"reservationTerm": meter.term} if meter.term else {})


def _filter(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """What a filter lets through: alternatives of terms that all have to hold. Raises Refusal."""
    alternatives = [[_term(term) for term in part.split(" and ")] for part in text.split(" or ")] if text else [[]]
    return lambda row: any(all(term(row) for term in terms) for terms in alternatives)


def _term(text: str) -> Callable[[Mapping[str, Any]], bool]:
    found = _COMPARED.fullmatch(text.strip()) or _CALLED.fullmatch(text.strip())
    if found is None or found["field"] not in _FIELDS:
        raise Refusal(400, "BadRequest", f"Invalid OData parameters supplied: {text!r}")
    field, operator, value = found["field"], found["operator"], found["value"]
    field = {"priceType": "type"}.get(field, field)
    match operator:
        case "eq":
            return lambda row: bool(row[field] == value)
        case "ne":
            return lambda row: bool(row[field] != value)
        case "contains":
            return lambda row: value in row[field]
    return lambda row: row[field].startswith(value)
