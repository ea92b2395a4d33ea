"""The truth of a subscription's provisioned throughput: deployments, reservations, and requests that spilled over."""

import datetime as dt
from decimal import Decimal

from genai_finops.simulator.azure_openai.estate import estate_of
from genai_finops.simulator.azure_openai.provisioned import LoadMeter, capacity_of, scope_of
from genai_finops.simulator.azure_openai.reservations import Reservation, reservations_of
from genai_finops.simulator.capacity import BoughtCommitment, CapacityEstate
from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.traffic import Account

_HOUR = dt.timedelta(hours=1)
#: US dollars for a unit and hour, of Azure's retail prices.
_HOURLY = {"global": Decimal("1.00"), "data_zone": Decimal("1.10"), "regional": Decimal("2.00")}


def capacity(account: Account) -> CapacityEstate:
    """All of the subscription's."""
    provisioned = [
        deployment
        for deployment in estate_of(account.scenario, account.org).deployments
        if scope_of(deployment) is not None
    ]
    overflow = (
        ((deployment.id, hour), count)
        for deployment in provisioned
        for meter in (LoadMeter(deployment, account),)
        for day in account.scenario.days
        for hour in (midnight(day) + _HOUR * number for number in range(24))
        if (count := meter.spilled(hour))
    )
    bought = reservations_of(account.scenario, account.org)
    return CapacityEstate(
        capacities=tuple(capacity_of(deployment) for deployment in provisioned),
        commitments=tuple(_commitment(found) for found in bought if found.is_of_throughput),
        hourly_prices=tuple((("ptu_hour", scope, None), price) for scope, price in _HOURLY.items()),
        spillover=tuple(overflow),
    )


def _commitment(found: Reservation) -> BoughtCommitment:
    return BoughtCommitment(
        commitment_id=found.path.lower(),
        contract_id=found.order_path.lower(),
        commitment_type="Reservation",
        meter="ptu_hour",
        units=found.units,
        term=found.term,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        payment="upfront" if found.is_upfront else "monthly",
        unit_price=found.unit_price,
        price_period="term" if found.is_upfront else "month",
        scope=found.scope,
        region_id=found.region,
    )
