"""How many unit-hours of capacity were provisioned in each hour, by the dated states of the resources that hold it."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.providers.base import ProviderResource
from genai_finops.providers.resources import ResourcePeriod

HOUR = dt.timedelta(hours=1)
_MICROSECOND = dt.timedelta(microseconds=1)
_MICROSECONDS = HOUR // _MICROSECOND
_QUANTUM = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class UnitHours:
    """Capacity of a resource in one UTC hour: units times the share of the hour, rounded to six decimals."""

    resource: ProviderResource
    hour: dt.datetime
    quantity: Decimal


def unit_hours(periods: Iterable[ResourcePeriod], start: dt.datetime, end: dt.datetime) -> Iterator[UnitHours]:
    """The hours of [start, end) in which a resource held capacity, by resource and hour.

    `start` is a full UTC hour. A resource that changed its model within an hour has one entry for each model.
    """
    found: dict[tuple[str, dt.datetime, str | None], tuple[ProviderResource, Decimal]] = {}
    for resource, since, until in periods:
        if not resource.capacity:
            continue
        hour = max(start, since.replace(minute=0, second=0, microsecond=0))
        last = end if until is None else min(until, end)
        while hour < last:
            overlap = (min(last, hour + HOUR) - max(since, hour)) // _MICROSECOND
            key = (resource.resource_id, hour, resource.provider_model_id)
            before = found[key][1] if key in found else Decimal(0)
            found[key] = (resource, before + resource.capacity * overlap)
            hour += HOUR
    for (_, hour, _), (resource, held) in sorted(found.items(), key=lambda entry: (*entry[0][:2], entry[0][2] or "")):
        yield UnitHours(resource, hour, (held / _MICROSECONDS).quantize(_QUANTUM))
