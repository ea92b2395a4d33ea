"""Provisioned deployments: units by the hour, and the load that their traffic puts on them."""

import datetime as dt
from decimal import Decimal

from genai_finops.simulator.azure_openai.estate import Deployment
from genai_finops.simulator.azure_openai.traffic import METRICS
from genai_finops.simulator.capacity import ProvisionedCapacity
from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.noise import draw
from genai_finops.simulator.traffic import Account, Stream

_HOUR = dt.timedelta(hours=1)
_MINUTES = 60
_PERCENT = 100
_FULL = Decimal(100)
_STEP = Decimal("0.01")
_SCOPES = {
    "GlobalProvisionedManaged": "global",
    "DataZoneProvisionedManaged": "data_zone",
    "ProvisionedManaged": "regional",
}
#: Input tokens per minute of one unit, and what an output token weighs.
_THROUGHPUT = {"gpt-4.1": (3000, 4), "gpt-4.1-mini": (14900, 4), "gpt-4o": (2500, 4)}


def scope_of(deployment: Deployment) -> str | None:
    """The scope of provisioned units; None where none are provisioned."""
    return _SCOPES.get(deployment.sku)


def capacity_of(deployment: Deployment) -> ProvisionedCapacity:
    """The units of a provisioned deployment."""
    return ProvisionedCapacity(
        resource_id=deployment.id,
        resource_name=deployment.name,
        meter="ptu_hour",
        levels=((deployment.versions[0][0], deployment.capacity), *deployment.scaled),
        region_id=deployment.account.region,
        model=f"{deployment.model}-{deployment.versions[0][1]}",
        scope=scope_of(deployment),
        sub_account_id=deployment.account.id,
        deleted_at=deployment.deleted_at,
    )


def unit_seconds(deployment: Deployment, start: dt.datetime, end: dt.datetime) -> int:
    """Units times seconds in [start, end), 0 for a deployment without provisioned units."""
    return 0 if scope_of(deployment) is None else capacity_of(deployment).unit_seconds(start, end)


class LoadMeter:
    """The load on one provisioned deployment."""

    def __init__(self, deployment: Deployment, account: Account) -> None:
        streams = account.streams[METRICS]
        self._id = deployment.id
        self._capacity = capacity_of(deployment)
        self._tokens_per_minute, self._output_weight = _THROUGHPUT[deployment.model]
        self._streams = [stream for stream in streams if stream.plan.resource_id == deployment.id]
        self._refused = [stream for stream in self._streams if stream.plan.dimensions.get("statuscode") == "429"]
        target = f"{deployment.account.id}/deployments/{(deployment.spillover or '').lower()}"
        self._spilled = [
            stream
            for stream in streams
            if stream.plan.resource_id == target and stream.plan.dimensions.get("isspillover") == "True"
        ]

    def load(self, hour: dt.datetime) -> tuple[Decimal, Decimal] | None:
        """Mean and maximum load of a full hour, in percent of the units; None for an hour without any."""
        units = self._capacity.unit_seconds(hour, hour + _HOUR)
        if not units:
            return None
        weighted = sum(
            quantity_of(stream, "input", hour) + self._output_weight * quantity_of(stream, "output", hour)
            for stream in self._streams
        )
        served = Decimal(units) / _MINUTES * self._tokens_per_minute
        mean = min(_FULL, (_PERCENT * weighted / served).quantize(_STEP))
        if self.spilled(hour) or any(quantity_of(stream, "request", hour) for stream in self._refused):
            return mean, _FULL + draw(self._id, hour, "overload") % 12
        peak = mean * (110 + draw(self._id, hour, "peak") % 190) / _PERCENT
        return mean, min(_FULL, peak.quantize(_STEP))

    def spilled(self, hour: dt.datetime) -> int:
        """Requests of the hour that another deployment served."""
        return sum(quantity_of(stream, "request", hour) for stream in self._spilled)


def quantity_of(stream: Stream, meter: str, hour: dt.datetime) -> int:
    """The final quantity of an hour: load is measured as it happens, however late the counts arrive."""
    final = stream.final.get(hour.date(), {}).get(meter, 0)
    number = int((hour - midnight(hour.date())) / _HOUR)
    low, high, total = (stream.cumulative_hours[index] for index in (number, number + 1, 24))
    return final * high // total - final * low // total
