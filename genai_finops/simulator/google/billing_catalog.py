"""Cloud Billing's catalogue, version 1: the SKUs of one service with their prices, in pages, in a currency."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from genai_finops.simulator.google.errors import GoogleRefusal, invalid
from genai_finops.simulator.google.oauth import CLOUD_PLATFORM, Access
from genai_finops.simulator.wire import WireRequest, number, parse_whole

#: Fewer than a client may ask for, so that answers of the simulation come on several pages.
SKUS_PER_PAGE = 12
_MAX_PAGE_SIZE = 5000
_PATH = re.compile(r"/v1/services/([^/]+)/skus")
_PARAMETERS = frozenset(
    {"currencyCode", "pageSize", "pageToken", "startTime", "endTime", "alt", "prettyPrint", "$.xgafv"}
)
_PAGE_TOKEN = "SKU_"
#: How much of a currency a dollar is.
_CONVERSION: Mapping[str, Decimal] = {"USD": Decimal(1), "EUR": Decimal("0.92"), "INR": Decimal("83.5")}
#: The list is up to twelve hours old.
_AGE = dt.timedelta(hours=5, milliseconds=417)
_BILLING_ZONE = ZoneInfo("America/Los_Angeles")
_NANOS = 10**9

#: From which amount of usage units on, and dollars for one.
Tiers = Sequence[tuple[int, Decimal]]
UsageType = Literal["OnDemand", "Preemptible", "Commit1Mo", "Commit1Yr"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueSku:
    """One SKU. `regions` empty: a global one."""

    id: str
    description: str
    tiers: Tiers
    #: Prices that are announced, by the moment from which they hold.
    later: Sequence[tuple[dt.datetime, Tiers]] = ()
    unit: str = "count"
    #: For how many units pages show the price: of no weight in a bill.
    display_quantity: int = 1_000_000
    usage_type: UsageType = "OnDemand"
    resource_group: str = "Prediction"
    regions: Sequence[str] = ()
    aggregation: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        for tiers in (self.tiers, *(tiers for _, tiers in self.later)):
            for _, price in tiers:
                if price * _NANOS % 1:
                    raise ValueError(f"SKU {self.id}: the catalogue has no digits for {price}, it counts in nanos")


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the catalogue and its SKUs."""

    id: str
    name: str
    skus: Sequence[CatalogueSku]


#: What a token must have to read the catalogue.
ACCESS = Access(
    scopes=frozenset(
        {
            "https://www.googleapis.com/auth/cloud-billing.readonly",
            "https://www.googleapis.com/auth/cloud-billing",
            CLOUD_PLATFORM,
        }
    ),
    permission="cloudbilling.skus.list",
    service="cloudbilling.googleapis.com",
)


def answers(path: str) -> bool:
    """Whether a path is the catalogue's."""
    return _PATH.fullmatch(path) is not None


def list_skus(request: WireRequest, service: Service, now: dt.datetime) -> dict[str, Any]:
    """One page of `services.skus.list`. Raises Refusal."""
    found = _PATH.fullmatch(request.path)
    if found is None or request.method != "GET":
        raise GoogleRefusal(404, f"The requested URL {request.path} was not found on this server.")
    if found[1] != service.id:
        raise GoogleRefusal(404, f"Requested entity was not found: services/{found[1]}")
    for name, _ in request.params:
        if name not in _PARAMETERS:
            raise invalid(f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.')
    currency = request.last("currencyCode") or "USD"
    if currency not in _CONVERSION:
        raise invalid(f"Currency code {currency!r} is not supported.")
    period = _period(request, now)
    start = _position(request)
    end = start + min(_page_size(request), SKUS_PER_PAGE)
    page: dict[str, Any] = {"nextPageToken": f"{_PAGE_TOKEN}{end}" if end < len(service.skus) else ""}
    if shown := service.skus[start:end]:
        page = {"skus": [_sku(service, sku, currency, period, now) for sku in shown], **page}
    return page


_Period = tuple[dt.datetime, dt.datetime] | None


def _period(request: WireRequest, now: dt.datetime) -> _Period:
    """The time range that is asked for; None for the latest prices."""
    texts = (request.last("startTime"), request.last("endTime"))
    if texts == (None, None):
        return None
    try:
        first, last = (dt.datetime.fromisoformat(text or now.isoformat()) for text in texts)
    except ValueError:
        raise invalid("Invalid value at 'start_time' or 'end_time'.") from None
    if last > now or first >= last:
        raise invalid("The time range must not be empty and must not lie in the future.")
    months = {moment.astimezone(_BILLING_ZONE).strftime("%Y-%m") for moment in (first, last - dt.timedelta(seconds=1))}
    if len(months) > 1:
        raise invalid("The time range must be within one calendar month of America/Los_Angeles.")
    return first, last


def _page_size(request: WireRequest) -> int:
    text = request.last("pageSize")
    size = _MAX_PAGE_SIZE if text is None else parse_whole(text)
    if size is None or not 0 < size <= _MAX_PAGE_SIZE:
        raise invalid(f"Page size must be between 1 and {_MAX_PAGE_SIZE}, not {text}.")
    return size


def _position(request: WireRequest) -> int:
    token = request.last("pageToken")
    if not token:
        return 0
    position = parse_whole(token.removeprefix(_PAGE_TOKEN))
    if position is None or position < 0:
        raise invalid(f"Invalid page token: {token}")
    return position


def _sku(service: Service, sku: CatalogueSku, currency: str, period: _Period, now: dt.datetime) -> dict[str, Any]:
    kind = "GLOBAL" if not sku.regions else "REGIONAL" if len(sku.regions) == 1 else "MULTI_REGIONAL"
    return {
        "name": f"services/{service.id}/skus/{sku.id}",
        "skuId": sku.id,
        "description": sku.description,
        "category": {
            "serviceDisplayName": service.name,
            "resourceFamily": "ApplicationServices",
            "resourceGroup": sku.resource_group,
            "usageType": sku.usage_type,
        },
        "serviceRegions": list(sku.regions) or ["global"],
        "pricingInfo": [_pricing(sku, currency, moment, tiers) for moment, tiers in _timeline(sku, period, now)],
        "serviceProviderName": "Google",
        "geoTaxonomy": {"type": kind, **({"regions": list(sku.regions)} if sku.regions else {})},
    }


def _timeline(sku: CatalogueSku, period: _Period, now: dt.datetime) -> Iterator[tuple[dt.datetime, Tiers]]:
    """Without a range the time of the latest prices is that of the reading, not that of their beginning."""
    first, last = (now - _AGE, None) if period is None else period
    held = [tiers for moment, tiers in sku.later if moment <= first]
    yield first, held[-1] if held else sku.tiers
    yield from ((moment, tiers) for moment, tiers in sku.later if first < moment and (last is None or moment < last))


def _pricing(sku: CatalogueSku, currency: str, moment: dt.datetime, tiers: Tiers) -> dict[str, Any]:
    conversion = _CONVERSION[currency]
    info: dict[str, Any] = {
        "effectiveTime": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "summary": "",
        "pricingExpression": {
            "usageUnit": sku.unit,
            "usageUnitDescription": "count" if sku.unit == "count" else "hour",
            "baseUnit": "count" if sku.unit == "count" else "s",
            "baseUnitDescription": "count" if sku.unit == "count" else "second",
            "baseUnitConversionFactor": 1 if sku.unit == "count" else 3600,
            "displayQuantity": sku.display_quantity,
            "tieredRates": [
                {"startUsageAmount": start, "unitPrice": _money(price * conversion, currency)} for start, price in tiers
            ],
        },
        "currencyConversionRate": number(conversion),
    }
    if sku.aggregation is not None:
        level, interval = sku.aggregation
        info["aggregationInfo"] = {
            "aggregationLevel": level,
            "aggregationInterval": interval,
            "aggregationCount": 1,
        }
    return info


def _money(amount: Decimal, currency: str) -> dict[str, Any]:
    nanos = round(amount * _NANOS)
    return {"currencyCode": currency, "units": str(nanos // _NANOS), "nanos": nanos % _NANOS}
