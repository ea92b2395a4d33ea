"""Usage rows of provisioned deployments: their units by the hour, the load on them, and requests beyond them."""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from genai_finops.providers.azure_capacity import ProvisionedPeriod, account_of, is_provisioned, unit_minutes
from genai_finops.providers.azure_deployments import ACCOUNT_TYPE, DEPLOYMENT, CognitiveAccount, sku_terms
from genai_finops.providers.azure_load import Load
from genai_finops.providers.base import ProviderResource, UsageRow
from genai_finops.providers.resources import ResourceHistory

log = logging.getLogger(__name__)

_HOUR = dt.timedelta(hours=1)
_STEP = Decimal("1E-6")
_MINUTES = 60
_PERCENT = 100
_SERVICE_TIER = "committed"

_Accounts = Mapping[str, CognitiveAccount]


def capacity_rows(
    periods: Sequence[ProvisionedPeriod],
    accounts: _Accounts,
    page_of: Mapping[str, str],
    start: dt.datetime,
    until: dt.datetime,
) -> Iterator[UsageRow]:
    """Unit-hours of each hour from `start`, a full one, to `until`.

    `page_of` gives the page that lists a deployment, its account, or everything (""), by id.
    """
    minutes: defaultdict[UsageRow, Decimal] = defaultdict(Decimal)
    for period in periods:
        identifier = period.resource.resource_id
        page = page_of.get(identifier) or page_of.get(account_of(identifier)) or page_of[""]
        row = _row(period.resource, accounts, start, page)
        for hour in _hours(period, start, until):
            key = _at(row, hour, "ptu_hour", Decimal(0))
            minutes[key] += unit_minutes(period, hour, until)
    for key, found in minutes.items():
        yield _at(key, key.period_start, "ptu_hour", (found / _MINUTES).quantize(_STEP))


def load_rows(
    load: Load, periods: Sequence[ProvisionedPeriod], accounts: _Accounts, start: dt.datetime, until: dt.datetime
) -> Iterator[UsageRow]:
    """Mean load in unit-hours and peak in percent; a sample of an hour in which nothing was provisioned is left out."""
    minutes: defaultdict[tuple[str, dt.datetime], Decimal] = defaultdict(Decimal)
    resources: dict[tuple[str, dt.datetime], ProviderResource] = {}
    for period in periods:
        for hour in _hours(period, start, until):
            key = (period.resource.resource_id, hour)
            minutes[key] += unit_minutes(period, hour, until)
            resources[key] = period.resource
    for key, resource in resources.items():
        sample = load.hours.get(key)
        if sample is None:
            continue
        row = _row(resource, accounts, key[1], sample.page)
        busy = sample.average * minutes[key] / (_PERCENT * _MINUTES)
        yield _at(row, key[1], "busy_unit_hour", busy.quantize(_STEP))
        yield _at(row, key[1], "peak_utilization", sample.maximum.quantize(_STEP))


def outcome_rows(
    load: Load, history: ResourceHistory, accounts: _Accounts, spills_from: Mapping[str, Sequence[str]]
) -> Iterator[UsageRow]:
    """Requests that were refused, and those that another deployment served.

    `spills_from`: ids of the provisioned deployments by the id of the one that they spill over to. Whether Azure counts
    a spilled-over request under the one or the other is not documented: where it shows both, it is counted once.
    """
    for (identifier, hour), (quantity, page) in load.throttled.items():
        resource = history.at(DEPLOYMENT, identifier, hour)
        if resource is not None and is_provisioned(resource):
            yield _at(_row(resource, accounts, hour, page), hour, "throttled_request", quantity)
    served: dict[tuple[str, dt.datetime], tuple[Decimal, str]] = {}
    own: dict[tuple[str, dt.datetime], tuple[Decimal, str]] = {}
    for (identifier, hour), found in load.spilled.items():
        resource = history.at(DEPLOYMENT, identifier, hour)
        if resource is not None and is_provisioned(resource):
            own[identifier, hour] = found
            continue
        sources = spills_from.get(identifier, ())
        if len(sources) != 1:
            log.warning("%s: %d deployments spill over to it; the requests stay with it", identifier, len(sources))
        served[sources[0] if len(sources) == 1 else identifier, hour] = found
    for (identifier, hour), (quantity, page) in {**own, **served}.items():
        resource = history.at(DEPLOYMENT, identifier, hour)
        if resource is not None:
            yield _at(_row(resource, accounts, hour, page), hour, "spillover_request", quantity)


def _hours(period: ProvisionedPeriod, start: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    begins = max(period.start, start)
    ends = min(period.end or until, until)
    hour = begins.replace(minute=0, second=0, microsecond=0)
    while hour < ends:
        yield hour
        hour += _HOUR


def _row(resource: ProviderResource, accounts: _Accounts, hour: dt.datetime, page: str) -> UsageRow:
    account_id = account_of(resource.resource_id)
    account = accounts.get(account_id)
    region = account.region if account else resource.region_id
    terms = sku_terms(resource.sku_name, region or "")
    return UsageRow(
        period_start=hour,
        period_end=hour + _HOUR,
        meter="ptu_hour",
        quantity=Decimal(0),
        page=page,
        service_tier=_SERVICE_TIER,
        provider_service_tier=resource.sku_name,
        sub_account_id=account_id,
        sub_account_name=account.name if account else account_id.rpartition("/")[2],
        sub_account_type=ACCOUNT_TYPE,
        resource_id=resource.resource_id,
        resource_name=resource.resource_name,
        resource_type=DEPLOYMENT,
        provider_model_id=resource.provider_model_id,
        region_id=region,
        geography=terms.geography if terms else None,
    )


def _at(row: UsageRow, hour: dt.datetime, meter: str, quantity: Decimal) -> UsageRow:
    return replace(row, period_start=hour, period_end=hour + _HOUR, meter=meter, quantity=quantity)
