"""What is true of the consumers: how much of each billed quantity the logs name somebody for, and what it costs."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.rating import price_of
from genai_finops.simulator.request_logs.consumers import Consumer
from genai_finops.simulator.request_logs.sources import LogSource, sources_of
from genai_finops.simulator.request_logs.telling import tellings_of
from genai_finops.simulator.sale import priced_block
from genai_finops.simulator.traffic import Account, Stream
from genai_finops.simulator.world import World

Reason = Literal["account without log", "key without log", "meter or model without log", "incomplete log"]


class BilledKey(NamedTuple):
    """What the provider bills apart. Model and band are spelled as the provider spells them."""

    org: str
    provider: str
    day: dt.date
    sub_account_id: str | None
    api_key_id: str | None
    resource_id: str | None
    model: str | None
    service_tier: str
    region_id: str | None
    geography: str | None
    context_band: str | None
    variant: str | None
    flow: str
    meter: str


@dataclass(slots=True, kw_only=True)
class BilledUsage:
    """One billed quantity, and what the logs tell of it."""

    key: BilledKey
    #: As the provider shows it at the moment of the truth.
    quantity: int
    #: US dollars per priced block of the meter; None where nothing is charged or usage does not decide it.
    unit_price: Decimal | None
    #: By consumer, on the day that the log gives. Of requests that were sent, so that it may exceed the quantity.
    logged: Counter[Consumer] = field(default_factory=Counter)
    has_log_of_key: bool = False
    has_log_of_account: bool = False

    @property
    def logged_quantity(self) -> int:
        """Of all consumers."""
        return self.logged.total()

    @property
    def is_scaled(self) -> bool:
        """Whether the logs tell of more than was billed, so that each consumer has a part of what they tell."""
        return self.logged_quantity > self.quantity

    def quantity_of(self, consumer: Consumer) -> Fraction:
        """The consumer's part of the billed quantity."""
        logged = self.logged_quantity
        return self.logged[consumer] * (Fraction(self.quantity, logged) if logged > self.quantity else Fraction(1))

    def cost_of(self, quantity: Fraction | int) -> Fraction:
        """US dollars of a part of it, at the list price."""
        return quantity * Fraction(self.unit_price or 0) / priced_block(self.key.meter)

    @property
    def unattributed_quantity(self) -> int:
        """What the logs name nobody for."""
        return max(self.quantity - self.logged_quantity, 0)

    @property
    def reason(self) -> Reason | None:
        """Why they do not; None where they name somebody for all of it."""
        if not self.unattributed_quantity:
            return None
        if self.logged:
            return "incomplete log"
        if not self.has_log_of_account:
            return "account without log"
        is_of_other_key = self.key.api_key_id is not None and not self.has_log_of_key
        return "key without log" if is_of_other_key else "meter or model without log"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionTruth:
    """What is true of the consumers on some days."""

    usages: tuple[BilledUsage, ...]
    #: Requests that each log tells of on those days, by the id of the source.
    requests: Mapping[str, int]


def attribution_truth(world: World, now: dt.datetime, days: Sequence[dt.date] | None = None) -> AttributionTruth:
    """Every billed quantity of the days (by default all of the scenario) at `now`, with its consumers.

    Of streams that the provider bills together the logs are taken together. Logs are those of `write_request_logs` for
    the same days, late files included, whatever is told twice counted once.
    """
    wanted = world.scenario.days if days is None else tuple(days)
    usages = {usage.key: usage for usage in _billed(world, Ledger(world.scenario, now), wanted)}
    keys: defaultdict[str, set[str | None]] = defaultdict(set)
    requests: Counter[str] = Counter()
    for source in sources_of(world):
        account = f"{source.org}/{source.account.provider}"
        keys[account] |= {stream.api_key_id for stream in source.streams}
        requests[source.id] = _add_logged(usages, source, wanted)
    for usage in usages.values():
        logged = keys.get(f"{usage.key.org}/{usage.key.provider}")
        usage.has_log_of_account = logged is not None
        usage.has_log_of_key = logged is not None and usage.key.api_key_id in logged
    return AttributionTruth(usages=tuple(usages.values()), requests=requests)


def _key(account: Account, stream: Stream, day: dt.date, meter: str) -> BilledKey:
    plan = stream.plan
    return BilledKey(
        account.org,
        account.provider,
        day,
        stream.sub_account.id if stream.sub_account else None,
        stream.api_key_id,
        plan.resource_id,
        stream.model,
        plan.service_tier,
        plan.region_id,
        plan.geography,
        plan.context_band,
        plan.variant,
        plan.flow,
        meter,
    )


def _billed(world: World, ledger: Ledger, days: Sequence[dt.date]) -> Iterator[BilledUsage]:
    found: dict[BilledKey, BilledUsage] = {}
    for account in world.accounts.values():
        for stream in (stream for streams in account.streams.values() for stream in streams):
            for day in days:
                for meter, quantity in ledger.day(stream, day).items():
                    if meter.startswith("_") or meter == "request":
                        continue
                    key = _key(account, stream, day, meter)
                    if key in found:
                        found[key].quantity += quantity
                    else:
                        price = price_of(stream, account.provider, meter, day)
                        found[key] = BilledUsage(key=key, quantity=quantity, unit_price=price)
    return iter(found.values())


def _usage(usages: dict[BilledKey, BilledUsage], key: BilledKey, stream: Stream) -> BilledUsage:
    """What a logged quantity was billed with, which may be nothing yet."""
    if key not in usages:
        price = price_of(stream, key.provider, key.meter, key.day)
        usages[key] = BilledUsage(key=key, quantity=0, unit_price=price)
    return usages[key]


def _add_logged(usages: dict[BilledKey, BilledUsage], source: LogSource, days: Sequence[dt.date]) -> int:
    """Gives the number of requests that the log tells of on the days."""
    requests = 0
    for day in days:
        found: dict[tuple[str, dt.date, str], BilledUsage] = {}
        for told, consumer in tellings_of(source, day):
            stream, told_day = told.request.stream, told.started_at.date()
            if not days[0] <= told_day <= days[-1]:
                continue
            requests += 1
            for meter, count in told.meters.items():
                place = (stream.name, told_day, meter)
                if place not in found:
                    found[place] = _usage(usages, _key(source.account, stream, told_day, meter), stream)
                found[place].logged[consumer] += count
    return requests
