"""Orders of provisioned throughput. No interface lists them: whoever reads usage has to be told of them."""

import calendar
import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from genai_finops.simulator.capacity import BoughtCommitment
from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.noise import token
from genai_finops.simulator.scenario import Scenario

PRO, FLASH = "gemini-2.5-pro", "gemini-2.5-flash"
SONNET, HAIKU = "claude-sonnet-4-5@20250929", "claude-haiku-4-5@20251001"
EU, US, GLOBAL = "europe-west4", "us-central1", "global"

#: US dollars for a GSU by term: the week as a whole, else each month. Regions cost a tenth more.
_PRICES = {"P1W": Decimal(1200), "P1M": Decimal(2700), "P3M": Decimal(2400), "P1Y": Decimal(2000)}
_REGIONAL = Decimal("1.1")
_MONTHS = {"P1M": 1, "P3M": 3, "P1Y": 12}

#: Days after the first one of the scenario on which the orders of one organisation or of all begin.
TRIAL_DAY = 11
_INCREASE_DAY, _IDLE_DAY, _BASE_DAY, _CLAUDE_DAY = 12, 4, -199, -20


def orders_of(scenario: Scenario, org: str) -> tuple[BoughtCommitment, ...]:
    """All orders of the organisation's project, the earliest first.

    Everyone has gemini-2.5-pro in one region, for a year and increased within a day; acme a week of gemini-2.5-flash
    and a month of a Claude model that nobody calls; globex a Claude model that is used.
    """
    increased_at = dt.time(9, 30) if org == "initech" else dt.time(9)
    orders = [
        _order(scenario, org, PRO, EU, units=2, term="P1Y", day=_BASE_DAY),
        _order(scenario, org, PRO, EU, units=1, term="P1M", day=_INCREASE_DAY, time=increased_at),
    ]
    if org == "acme":
        orders.append(_order(scenario, org, FLASH, US, units=1, term="P1W", day=TRIAL_DAY))
        orders.append(_order(scenario, org, HAIKU, GLOBAL, units=8, term="P1M", day=_IDLE_DAY))
    if org == "globex":
        orders.append(_order(scenario, org, SONNET, GLOBAL, units=25, term="P3M", day=_CLAUDE_DAY))
    return tuple(sorted(orders, key=lambda order: (order.starts_at, order.commitment_id)))


def gsu_levels(orders: Iterable[BoughtCommitment]) -> list[tuple[dt.datetime, int | None]]:
    """GSU in force from each moment on; None where there are none. For orders of one model in one location."""
    found = list(orders)
    moments = sorted({moment for order in found for moment in (order.starts_at, order.ends_at)})
    return [
        (moment, sum(order.units for order in found if order.starts_at <= moment < order.ends_at) or None)
        for moment in moments
    ]


def _order(
    scenario: Scenario,
    org: str,
    model: str,
    location: str,
    *,
    units: int,
    term: str,
    day: int,
    time: dt.time = dt.time(0),
) -> BoughtCommitment:
    starts_at = midnight(scenario.first_day + dt.timedelta(days=day)).replace(hour=time.hour, minute=time.minute)
    is_week = term == "P1W"
    name = (scenario.seed, org, "gcp_vertex", model)
    return BoughtCommitment(
        commitment_id=f"pt-order-{token(8, *name, day)}",
        # An increase belongs to the contract of what it increases.
        contract_id=f"pt-contract-{token(6, *name)}",
        commitment_type="Provisioned Throughput Order",
        meter="gsu_hour",
        units=units,
        term=term,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(days=7) if is_week else _add_months(starts_at, _MONTHS[term]),
        payment="upfront" if is_week else "monthly",
        unit_price=_PRICES[term] * (1 if location == GLOBAL else _REGIONAL),
        price_period="term" if is_week else "month",
        scope="global" if location == GLOBAL else "regional",
        region_id=location,
        model=model,
    )


def _add_months(moment: dt.datetime, months: int) -> dt.datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
