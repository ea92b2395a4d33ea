"""Reservations as Microsoft.Capacity lists them, and as Microsoft.Consumption says that they were used."""

import calendar
import datetime as dt
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from genai_finops.simulator.azure_openai.estate import Estate, estate_of
from genai_finops.simulator.azure_openai.lists import instant, page_of, require_version
from genai_finops.simulator.azure_openai.provisioned import scope_of, unit_seconds
from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.noise import token
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest, number

_CAPACITY_VERSIONS = frozenset({"2022-03-01", "2022-11-01"})
_CONSUMPTION_VERSIONS = frozenset({"2023-05-01", "2024-08-01"})
_PER_PAGE = 2
_SPAN = re.compile(
    r"properties/(?:usage|event)Date ge (\d{4}-\d{2}-\d{2}) AND properties/(?:usage|event)Date le (\d{4}-\d{2}-\d{2})"
)
_DAY = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)
#: Months of a term.
_MONTHS = {"P1M": 1, "P1Y": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One reservation, the only one of its order. Prices are for one unit: for the term, or for each month."""

    order: str
    name: str
    title: str
    #: Empty: a reservation of something else.
    scope: str
    sku: str
    region: str
    units: int
    term: str
    starts_at: dt.datetime
    is_upfront: bool
    unit_price: Decimal
    is_shared: bool = False
    is_renewed: bool = False

    @property
    def ends_at(self) -> dt.datetime:
        """End of the term, exclusive."""
        return _after_months(self.starts_at, _MONTHS[self.term])

    @property
    def order_path(self) -> str:
        """As lists spell it."""
        return f"/providers/Microsoft.Capacity/reservationOrders/{self.order}"

    @property
    def path(self) -> str:
        """As lists spell it."""
        return f"{self.order_path}/reservations/{self.name}"

    @property
    def is_of_throughput(self) -> bool:
        """Whether it is for provisioned throughput."""
        return bool(self.scope)


def billing_account_of(scenario: Scenario, org: str) -> str:
    """The enrollment of the organisation."""
    return str(int(token(12, scenario.seed, org, "azure enrollment"), 16) % 10**8 + 10**8)


@lru_cache(maxsize=64)
def reservations_of(scenario: Scenario, org: str) -> tuple[Reservation, ...]:
    """All reservations of the organisation, whenever they run."""

    def reservation(number_of: int, **values: Any) -> Reservation:
        names = [str(uuid.UUID(token(32, scenario.seed, org, "azure", kind, number_of))) for kind in ("order", "name")]
        return Reservation(order=names[0], name=names[1], **values)

    first = midnight(scenario.first_day)
    return (
        reservation(
            1,
            title="PTU global, whole organisation",
            scope="global",
            sku="GlobalProvisionedManaged",
            region="eastus",
            units=40,
            term="P1Y",
            starts_at=dt.datetime(2026, 3, 17, 10, 20, tzinfo=dt.UTC),
            is_upfront=False,
            # Agreed: the list says 221.
            unit_price=Decimal("212.50"),
            is_shared=True,
            is_renewed=True,
        ),
        # Over in the course of the window.
        reservation(
            2,
            title="PTU EU, trial month",
            scope="data_zone",
            sku="DataZoneProvisionedManaged",
            region="swedencentral",
            units=25,
            term="P1M",
            starts_at=first - _DAY * 20 + _HOUR * 14,
            is_upfront=True,
            unit_price=Decimal(286),
        ),
        # Bought in the course of the window.
        reservation(
            3,
            title="PTU agents",
            scope="global",
            sku="GlobalProvisionedManaged",
            region="eastus2",
            units=30,
            term="P1M",
            starts_at=midnight(scenario.release_day) + _DAY * 2 + _HOUR * 6,
            is_upfront=False,
            unit_price=Decimal(260),
            is_renewed=True,
        ),
        reservation(
            4,
            title="Build machines",
            scope="",
            sku="Standard_D2s_v5",
            region="eastus",
            units=3,
            term="P1Y",
            starts_at=dt.datetime(2026, 2, 2, 8, tzinfo=dt.UTC),
            is_upfront=True,
            unit_price=Decimal("541.20"),
        ),
    )


def _listed(account: Account, now: dt.datetime) -> list[Reservation]:
    """Those that are bought and not over."""
    return [found for found in reservations_of(account.scenario, account.org) if found.starts_at <= now < found.ends_at]


def orders(request: WireRequest, account: Account, now: dt.datetime) -> dict[str, Any]:
    """All orders of the tenant, whatever they reserve. Raises Refusal."""
    require_version(request, _CAPACITY_VERSIONS)
    return page_of(request, [_order(found) for found in _listed(account, now)], _PER_PAGE)


def _order(found: Reservation) -> dict[str, Any]:
    return {
        "id": found.order_path,
        "name": found.order,
        "type": "Microsoft.Capacity/reservationOrders",
        "etag": 4,
        "properties": {
            "displayName": found.title,
            "requestDateTime": instant(found.starts_at),
            "createdDateTime": instant(found.starts_at),
            "expiryDate": found.ends_at.date().isoformat(),
            "term": found.term,
            "billingPlan": "Upfront" if found.is_upfront else "Monthly",
            "originalQuantity": found.units,
            "provisioningState": "Succeeded",
            "reservations": [{"id": found.path}],
        },
    }


def reservations(request: WireRequest, order: str, account: Account, now: dt.datetime) -> dict[str, Any]:
    """The reservation of an order. Raises Refusal."""
    require_version(request, _CAPACITY_VERSIONS)
    found = _named(order, account, now)
    return page_of(request, [_reservation(found, estate_of(account.scenario, account.org))], _PER_PAGE)


def _reservation(found: Reservation, estate: Estate) -> dict[str, Any]:
    return {
        "id": found.path,
        "name": f"{found.order}/{found.name}",
        "type": "Microsoft.Capacity/reservationOrders/reservations",
        "location": found.region,
        "etag": 7,
        "sku": {"name": found.sku},
        "properties": {
            "reservedResourceType": "OpenAIPTU" if found.is_of_throughput else "VirtualMachines",
            "displayName": found.title,
            "appliedScopeType": "Shared" if found.is_shared else "Single",
            "appliedScopes": None if found.is_shared else [f"/subscriptions/{estate.subscription_id}"],
            "quantity": found.units,
            "provisioningState": "Succeeded",
            "effectiveDateTime": instant(found.starts_at),
            "lastUpdatedDateTime": instant(found.starts_at),
            "expiryDate": found.ends_at.date().isoformat(),
            "expiryDateTime": instant(found.ends_at),
            "term": found.term,
            "billingPlan": "Upfront" if found.is_upfront else "Monthly",
            "renew": found.is_renewed,
        },
    }


def summaries(request: WireRequest, order: str, account: Account, now: dt.datetime) -> dict[str, Any]:
    """Reserved and used hours of an order by day. Raises Refusal."""
    require_version(request, _CONSUMPTION_VERSIONS)
    if request.last("grain") != "daily":
        raise Refusal(400, "BadRequest", f"The grain {request.last('grain')!r} is not supported here.")
    first, last = _span(request)
    found = _named(order, account, now)
    days = [first + _DAY * count for count in range((last - first).days + 1)]
    estate = estate_of(account.scenario, account.org)
    objects = [_summary(found, estate, day) for day in days if midnight(day) < now and _reserved(found, day)]
    return page_of(request, objects, 40)


def _reserved(found: Reservation, day: dt.date) -> int:
    """Unit-seconds of the day."""
    start = max(midnight(day), found.starts_at)
    return found.units * max(int((min(midnight(day) + _DAY, found.ends_at) - start).total_seconds()), 0)


def _summary(found: Reservation, estate: Estate, day: dt.date) -> dict[str, Any]:
    used = 0
    for hour in (midnight(day) + _HOUR * count for count in range(24)):
        start, end = max(hour, found.starts_at), min(hour + _HOUR, found.ends_at)
        if start < end:
            covered = (
                unit_seconds(deployment, start, end)
                for deployment in estate.deployments
                if (scope_of(deployment), deployment.account.region) == (found.scope, found.region)
            )
            used += min(sum(covered), found.units * int((end - start).total_seconds()))
    reserved = _reserved(found, day)
    return {
        "id": f"{found.path}/providers/Microsoft.Consumption/reservationSummaries/{day.isoformat()}",
        "name": f"reservationSummaries_{day.isoformat()}",
        "type": "Microsoft.Consumption/reservationSummaries",
        "properties": {
            "reservationOrderId": found.order,
            "reservationId": found.name,
            "skuName": found.sku,
            "kind": "Reservation",
            "usageDate": instant(midnight(day)),
            "reservedHours": number(_hours(reserved)),
            "usedHours": number(_hours(used)),
            "avgUtilizationPercentage": number((100 * Decimal(used) / reserved).quantize(Decimal("0.01"))),
            "purchasedQuantity": found.units,
        },
    }


def _hours(unit_seconds_: int) -> Decimal:
    return (Decimal(unit_seconds_) / 3600).quantize(Decimal("1E-6"))


def transactions(request: WireRequest, billing_account: str, account: Account, now: dt.datetime) -> dict[str, Any]:
    """Payments of the enrollment: one for a term, or one for each month. Raises Refusal."""
    require_version(request, _CONSUMPTION_VERSIONS)
    if billing_account != billing_account_of(account.scenario, account.org):
        raise Refusal(404, "BillingAccountNotFound", f"The billing account '{billing_account}' was not found.")
    first, last = _span(request)
    objects = [
        entry
        for found in reservations_of(account.scenario, account.org)
        for paid_at, entry in _payments(found)
        if first <= paid_at.date() <= last and paid_at <= now
    ]
    return page_of(request, objects, _PER_PAGE)


def _payments(found: Reservation) -> Iterator[tuple[dt.datetime, dict[str, Any]]]:
    for month in range(1 if found.is_upfront else _MONTHS[found.term]):
        paid_at = _after_months(found.starts_at, month)
        yield (
            paid_at,
            {
                "id": f"{found.order_path}/transactions/{month}",
                "name": f"{found.order}-{month}",
                "type": "Microsoft.Consumption/reservationTransactions",
                "properties": {
                    "eventDate": instant(paid_at),
                    "eventType": "Purchase",
                    "reservationOrderId": found.order,
                    "reservationOrderName": found.title,
                    "armSkuName": found.sku,
                    "term": found.term,
                    "region": found.region,
                    "quantity": found.units,
                    "amount": number(found.unit_price * found.units),
                    "currency": "USD",
                    "billingFrequency": "OneTime" if found.is_upfront else "Recurring",
                },
            },
        )


def _named(order: str, account: Account, now: dt.datetime) -> Reservation:
    for found in reservations_of(account.scenario, account.org):
        # What is over is in no list, but can still be asked for.
        if found.order == order.lower() and found.starts_at <= now:
            return found
    raise Refusal(404, "ReservationOrderNotFound", f"The reservation order '{order}' was not found.")


def _span(request: WireRequest) -> tuple[dt.date, dt.date]:
    found = _SPAN.fullmatch(request.last("$filter") or "")
    if found is None:
        raise Refusal(400, "BadRequest", f"The filter {request.last('$filter')!r} names no span of days.")
    return dt.date.fromisoformat(found[1]), dt.date.fromisoformat(found[2])


def _after_months(moment: dt.datetime, months: int) -> dt.datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
