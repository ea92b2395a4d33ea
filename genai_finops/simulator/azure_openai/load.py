"""The load on provisioned units as Azure Monitor shows it: percentages, which add up to nothing."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from genai_finops.simulator.azure_openai.estate import REGION_NAMES, CognitiveAccount, Deployment, estate_of
from genai_finops.simulator.azure_openai.provisioned import LoadMeter, scope_of
from genai_finops.simulator.azure_openai.query import MetricQuery
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import number

_HOUR = dt.timedelta(hours=1)


def load_series(
    query: MetricQuery, resource: CognitiveAccount, account: Account, ledger: Ledger
) -> list[dict[str, Any]]:
    """One series for each provisioned deployment of the account; without a split, one of all of them."""
    found = [
        deployment
        for deployment in estate_of(account.scenario, account.org).deployments
        if deployment.account.id == resource.id and scope_of(deployment) is not None
    ]
    if not query.split:
        return [_series(query, found, [], account, ledger)] if found else []
    series = []
    for deployment in found:
        values = [(name, _dimension(deployment, name)) for name in query.split]
        asked = (query.split[name] for name, _ in values)
        if all(wanted is None or value.lower() in wanted for wanted, (_, value) in zip(asked, values, strict=True)):
            series.append(_series(query, [deployment], values, account, ledger))
    # A deployment that was not there in the span has no series.
    return [one for one in series if any(len(point) > 1 for point in one["data"])]


def _series(
    query: MetricQuery,
    deployments: list[Deployment],
    values: list[tuple[str, str]],
    account: Account,
    ledger: Ledger,
) -> dict[str, Any]:
    data = []
    meters = [LoadMeter(deployment, account) for deployment in deployments]
    start = query.start
    while start < min(query.end, ledger.now):
        end = min(start + query.width, query.end)
        samples = [sample for hour in _hours(start, end, ledger) for sample in _samples(meters, hour)]
        data.append({"timeStamp": f"{start.replace(tzinfo=None).isoformat()}Z", **_aggregated(query, samples)})
        start = end
    named = [{"name": {"value": name, "localizedValue": name}, "value": value} for name, value in values]
    return {"metadatavalues": named, "data": data}


def _hours(start: dt.datetime, end: dt.datetime, ledger: Ledger) -> Iterator[dt.datetime]:
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        if hour + _HOUR + ledger.scenario.lag <= ledger.now:
            yield hour
        hour += _HOUR


def _samples(meters: list[LoadMeter], hour: dt.datetime) -> Iterator[tuple[Decimal, Decimal]]:
    for meter in meters:
        load = meter.load(hour)
        if load is not None:
            yield load


def _aggregated(query: MetricQuery, samples: list[tuple[Decimal, Decimal]]) -> dict[str, Any]:
    """Nothing where nothing was provisioned."""
    if not samples:
        return {}
    mean = sum(mean for mean, _ in samples) / Decimal(len(samples))
    known = {
        "average": mean,
        "maximum": max(maximum for _, maximum in samples),
        "minimum": min(mean for mean, _ in samples) / 2,
        "count": Decimal(60 * len(samples)),
        "total": 60 * sum((mean for mean, _ in samples), Decimal(0)),
    }
    return {name: number(known[name]) for name in query.aggregations}


def _dimension(deployment: Deployment, name: str) -> str:
    match name:
        case "modeldeploymentname":
            return deployment.name.lower()
        case "modelname":
            return deployment.model
        case "region":
            return REGION_NAMES[deployment.account.region]
    return deployment.versions[0][1] if name == "modelversion" else "__Empty"
