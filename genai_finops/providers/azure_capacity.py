"""Provisioned throughput units by the hour, of the dated states of deployments."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.providers.azure_deployments import DEPLOYMENT, sku_terms
from genai_finops.providers.base import MalformedPageError, ProviderResource
from genai_finops.providers.resources import ResourceHistory

_HOUR = dt.timedelta(hours=1)
_MINUTE = dt.timedelta(minutes=1)
#: When a deployment had a sample of its load: hours by resource id.
Samples = Mapping[str, frozenset[dt.datetime]]


@dataclass(frozen=True, slots=True)
class ProvisionedPeriod:
    """A deployment in one provisioned state, in [start, end)."""

    resource: ProviderResource
    start: dt.datetime
    #: None while it is listed so.
    end: dt.datetime | None
    #: Last list that showed it, where the end is a list that no longer did: it was deleted in between.
    last_seen: dt.datetime | None = None

    def overlaps(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Whether it was provisioned at any moment of [start, end)."""
        return self.start < end and (self.end is None or self.end > start)


def account_of(resource_id: str) -> str:
    """The Cognitive Services account of a deployment's id."""
    return resource_id.rpartition("/deployments/")[0]


def provisioned_periods(history: ResourceHistory, is_read: Callable[[str], bool]) -> tuple[ProvisionedPeriod, ...]:
    """When each deployment was provisioned in which state. `is_read` says so of an account's id.

    Raises MalformedPageError for a provisioned deployment whose list named no capacity.
    """
    periods = history.periods(DEPLOYMENT)
    starts = {(period.resource.resource_id, period.start) for period in periods}
    found = []
    for resource, start, end in periods:
        if not is_provisioned(resource) or not is_read(account_of(resource.resource_id)):
            continue
        if resource.capacity is None:
            raise MalformedPageError(
                f"deployment {resource.resource_id} has SKU {resource.sku_name} and no capacity in its list: the units "
                "that were paid for cannot be told"
            )
        is_gone = end is not None and (resource.resource_id, end) not in starts
        seen = history.last_seen(DEPLOYMENT, resource.resource_id, end) if end is not None and is_gone else None
        found.append(ProvisionedPeriod(resource, start, end, seen))
    return tuple(found)


def is_provisioned(resource: ProviderResource) -> bool:
    """Whether the resource's SKU is one of provisioned capacity."""
    terms = sku_terms(resource.sku_name, resource.region_id or "")
    return terms is not None and not terms.is_payg


def with_evidence(periods: Sequence[ProvisionedPeriod], samples: Samples) -> Iterator[ProvisionedPeriod]:
    """The periods, a deleted deployment's until the end of the last hour with a sample of its load.

    Only hours between the last list that showed it and the first one that did not count; without a sample in them it
    is taken to have gone when it was missed.
    """
    for period in periods:
        end, seen = period.end, period.last_seen
        if end is None or seen is None:
            yield period
            continue
        hours = samples.get(period.resource.resource_id, frozenset())
        sampled = [hour + _HOUR for hour in hours if hour < end and hour + _HOUR > seen]
        yield ProvisionedPeriod(period.resource, period.start, min(max(sampled, default=end), end), seen)


def unit_minutes(period: ProvisionedPeriod, hour: dt.datetime, until: dt.datetime) -> Decimal:
    """Units x minutes in the hour that begins at `hour`, none of it after `until`: Azure bills by the minute."""
    low = max(_minute(period.start), hour)
    high = min(_minute(period.end or until), _minute(until), hour + _HOUR)
    return (period.resource.capacity or Decimal(0)) * max((high - low) // _MINUTE, 0)


def _minute(moment: dt.datetime) -> dt.datetime:
    return moment.replace(second=0, microsecond=0)
