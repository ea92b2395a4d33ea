"""Reservations of provisioned throughput: what the pages of Microsoft.Capacity and Microsoft.Consumption hold."""

import datetime as dt
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.providers.azure_arm import entries, region_id
from genai_finops.providers.base import Page
from genai_finops.providers.commitments import AppliesTo, CapacityCommitment, Payment, Scope
from genai_finops.providers.records import Record
from genai_finops.schemas.tables.commitments import TERMS

log = logging.getLogger(__name__)

ORDERS = "reservation orders"
RESERVATIONS = "reservations"
TRANSACTIONS = "reservation transactions"
SUMMARIES = "reservation summaries"

#: What Azure calls reservations of provisioned throughput among those of machines and databases.
_RESOURCE_TYPE = "openaiptu"
#: States in which nothing has been bought.
_NOT_BOUGHT = frozenset(
    {
        "creating",
        "pendingresourcehold",
        "confirmedresourcehold",
        "pendingbilling",
        "confirmedbilling",
        "billingfailed",
        "failed",
    }
)
#: States in which it stopped before its term was over.
_STOPPED = frozenset({"cancelled", "merged", "split"})
_DURATION = re.compile(r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?")
_PAYMENTS: Mapping[str, Payment] = {"upfront": "upfront", "monthly": "monthly"}
#: The longest first: each of them holds the next one.
_SCOPES: tuple[tuple[str, Scope], ...] = (
    ("global", "global"),
    ("glbl", "global"),
    ("datazone", "data_zone"),
    ("regional", "regional"),
    # The SKU of regional deployments has no word for it.
    ("provisionedmanaged", "regional"),
)
_FREQUENCIES = {"onetime": "upfront", "recurring": "monthly"}
#: Decimals of a price.
_PRICE_STEP = Decimal("1E-12")
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Payment:
    """What was paid for one unit, at first."""

    paid_at: str
    payment: str
    unit_price: Decimal
    currency: str


def order_ids(pages: Sequence[Page], *, provider: str) -> list[str]:
    """The paths of all orders of the lists among the pages, as they are spelled. Raises MalformedPageError."""
    return [_needed(record, "id") for record in _records(pages, ORDERS, provider)]


def reservations(pages: Sequence[Page], *, provider: str, subscription: str) -> Iterator[CapacityCommitment]:
    """The reservations of provisioned throughput that the subscription may use, with the prices of the transactions
    among the pages.

    Raises MalformedPageError for one that cannot be understood: money would be missing.
    """
    orders = {_needed(record, "id").lower(): record for record in _records(pages, ORDERS, provider)}
    paid = _first_payments(pages, provider)
    for record in _records(pages, RESERVATIONS, provider):
        found = _commitment(record, orders, paid, subscription)
        if found is not None:
            yield found


def _commitment(
    record: Record, orders: Mapping[str, Record], paid: Mapping[str, _Payment], subscription: str
) -> CapacityCommitment | None:
    """None for a reservation of something else, not bought, or of another subscription only."""
    properties = record.child("properties")
    if (properties.text("reservedResourceType") or "").lower() != _RESOURCE_TYPE:
        return None
    state = str(properties.content.get("provisioningState") or "succeeded").lower()
    applies_to = _applies_to(properties, subscription)
    if state in _NOT_BOUGHT or applies_to is None:
        return None
    identifier = _needed(record, "id").lower()
    order_id = identifier.rpartition("/reservations/")[0]
    order = orders.get(order_id)
    ordered = order.child("properties") if order else None
    quantity = properties.count("quantity")
    if not quantity:
        properties.fail("field quantity is 0")
    payment = _payment(properties, ordered)
    price = paid.get(order_id.rpartition("/")[2])
    if price is not None and price.payment != payment:
        log.warning(
            "%s is paid %s, its first transaction %s: that price is not taken", identifier, payment, price.payment
        )
        price = None
    return CapacityCommitment(
        commitment_id=identifier,
        contract_id=order_id,
        commitment_type="Reservation",
        meter="ptu_hour",
        quantity=Decimal(quantity),
        term=_term(properties, ordered),
        starts_at=_needed_moment(properties, "effectiveDateTime"),
        ends_at=_needed_moment(properties, "expiryDateTime"),
        ended_at=_stopped_at(properties) if state in _STOPPED else None,
        payment=payment,
        name=_optional_text(properties, "displayName"),
        scope=_scope(record.child("sku")),
        applies_to=applies_to,
        region_id=region_id(_needed(record, "location")),
        agreed_unit_price=price.unit_price if price else None,
        agreed_price_period=None if price is None else "term" if payment == "upfront" else "month",
        currency=price.currency if price else "USD",
        is_renewed=properties.content.get("renew") is True,
    )


def _applies_to(properties: Record, subscription: str) -> AppliesTo | None:
    scope_type = (properties.text("appliedScopeType") or "").lower()
    if scope_type in {"shared", "managementgroup"}:
        return "organisation"
    if scope_type != "single":
        properties.fail(f"field appliedScopeType is {scope_type!r}, not Single, Shared or ManagementGroup")
    scopes = properties.content.get("appliedScopes") or []
    own = f"/subscriptions/{subscription.lower()}/"
    # A resource group in it narrows the subscription down; capacity is not told apart by groups.
    is_own = not scopes or any(f"{str(scope).lower()}/".startswith(own) for scope in scopes)
    return "account" if is_own else None


def _term(properties: Record, ordered: Record | None) -> str:
    text = _of_either(properties, ordered, "term")
    found = _DURATION.fullmatch(text)
    parts = {name: int(value) for name, value in found.groupdict().items() if value} if found else {}
    months = 12 * parts.get("years", 0) + parts.get("months", 0)
    days = 7 * parts.get("weeks", 0) + parts.get("days", 0)
    if not any(parts.values()):
        properties.fail(f"field term is {text!r}, no ISO 8601 duration such as P1M or P1Y")
    weeks, rest = divmod(days, 7)
    written = text if months and days else f"P{months // 12}Y" if months and months % 12 == 0 else f"P{months}M"
    term = written if months else f"P{weeks}W" if not rest else f"P{days}D"
    if term not in TERMS:
        properties.fail(f"field term is {text!r}; terms that can be priced are {', '.join(TERMS)}")
    return term


def _payment(properties: Record, ordered: Record | None) -> Payment:
    text = _of_either(properties, ordered, "billingPlan")
    payment = _PAYMENTS.get(text.lower())
    if payment is None:
        properties.fail(f"field billingPlan is {text!r}, neither Upfront nor Monthly")
    return payment


def _of_either(properties: Record, ordered: Record | None, name: str) -> str:
    """The field of the reservation, else that of its order."""
    found = properties.content.get(name) or (ordered.content.get(name) if ordered else None)
    if not isinstance(found, str):
        properties.fail(f"field {name} is {found!r}, and its order does not say it either")
    return found


def _scope(sku: Record) -> Scope:
    name = _needed(sku, "name")
    letters = re.sub(r"[^a-z]", "", name.lower())
    scope = next((scope for word, scope in _SCOPES if word in letters), None)
    if scope is None:
        sku.fail(
            f"sku {name!r} does not say whether the reservation is for global, data zone or regional deployments; the "
            "provider's module has to learn it, or set the account's option reservations to false and enter it"
        )
    return scope


def _stopped_at(properties: Record) -> dt.datetime:
    # Splitting and merging make new reservations from that moment on.
    return min(_needed_moment(properties, "lastUpdatedDateTime"), _needed_moment(properties, "expiryDateTime"))


def _first_payments(pages: Sequence[Page], provider: str) -> dict[str, _Payment]:
    """By the order's name in lower case. Refunds are no payments, and later months of an order cost the same."""
    first: dict[str, _Payment] = {}
    for record in _records(pages, TRANSACTIONS, provider):
        properties = record.child("properties")
        if (properties.text("eventType") or "").lower() != "purchase":
            continue
        order = _needed(properties, "reservationOrderId").lower().rpartition("/")[2]
        found = _payment_of(properties)
        if order not in first or found.paid_at < first[order].paid_at:
            first[order] = found
    return first


def _payment_of(properties: Record) -> _Payment:
    frequency = _needed(properties, "billingFrequency")
    payment = _FREQUENCIES.get(frequency.lower())
    if payment is None:
        properties.fail(f"field billingFrequency is {frequency!r}, neither OneTime nor Recurring")
    quantity = properties.quantity("quantity")
    if not quantity:
        properties.fail("field quantity is 0")
    amount = properties.required("amount")
    if type(amount) not in {int, Decimal} or not amount >= 0:
        properties.fail(f"field amount is {amount!r}, no amount of a purchase")
    return _Payment(
        paid_at=_needed_moment(properties, "eventDate").isoformat(),
        payment=payment,
        unit_price=_plain((Decimal(amount) / quantity).quantize(_PRICE_STEP)),
        currency=_needed(properties, "currency").upper(),
    )


def differing_summaries(
    pages: Sequence[Page], commitments: Sequence[CapacityCommitment], *, provider: str
) -> Iterator[str]:
    """A sentence for each day whose reserved hours are not what quantity and term make of them.

    The first and the last day of a term are parts of a day: how Azure counts them is not documented. Raises
    MalformedPageError.
    """
    known = {found.commitment_id.rpartition("/")[2]: found for found in commitments}
    for record in _records(pages, SUMMARIES, provider):
        properties = record.child("properties")
        found = known.get(_needed(properties, "reservationId").lower().rpartition("/")[2])
        if found is None:
            continue
        day = _needed_moment(properties, "usageDate").replace(hour=0, minute=0, second=0, microsecond=0)
        reserved, used = properties.quantity("reservedHours"), properties.quantity("usedHours")
        within = min(found.ends_at, found.ended_at or found.ends_at, day + _DAY) - max(found.starts_at, day)
        most = found.quantity * (_DAY // _HOUR) if within > dt.timedelta(0) else Decimal(0)
        least = most if within >= _DAY else Decimal(0)
        if not least <= reserved <= most or used > reserved:
            yield (
                f"{found.commitment_id} on {day.date().isoformat()}: Azure says {_plain(reserved)} reserved and "
                f"{_plain(used)} used hours, {_plain(found.quantity)} units of it have {_plain(most)}"
            )


def _records(pages: Sequence[Page], source: str, provider: str) -> Iterator[Record]:
    for page in pages:
        if page.source == source:
            for number, entry in enumerate(entries(page, f"{provider} {source}")):
                yield Record.of(entry, provider=provider, page=page, place=f"value[{number}]")


def _needed(record: Record, name: str) -> str:
    value = record.text(name)
    if value is None:
        record.fail(f"field {name} is null")
    return value


def _optional_text(record: Record, name: str) -> str | None:
    value = record.content.get(name)
    return value if isinstance(value, str) and value else None


def _needed_moment(record: Record, name: str) -> dt.datetime:
    value = _needed(record, name)
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        record.fail(f"field {name} is {value!r}, not a date and time")
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _plain(value: Decimal) -> Decimal:
    """Without zeros at the end, and without an exponent."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
