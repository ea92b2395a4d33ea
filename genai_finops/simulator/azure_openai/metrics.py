"""Azure Monitor's answers: series by dimension values, with the gaps and spellings that they come with."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genai_finops.simulator.azure_openai.catalogue import Metric
from genai_finops.simulator.azure_openai.estate import REGION_NAMES, CognitiveAccount, Estate
from genai_finops.simulator.azure_openai.lists import MONITOR_VERSIONS, require_version
from genai_finops.simulator.azure_openai.load import load_series
from genai_finops.simulator.azure_openai.query import MetricQuery, QueryReader
from genai_finops.simulator.azure_openai.traffic import METRICS
from genai_finops.simulator.ledger import Ledger, midnight
from genai_finops.simulator.noise import draw
from genai_finops.simulator.traffic import Account, Stream
from genai_finops.simulator.wire import WireRequest

_NAMESPACE = "Microsoft.CognitiveServices/accounts"
_BATCH_VERSIONS = frozenset({"2023-10-01", "2024-02-01"})
_LARGEST_BATCH = 50
_DAY = dt.timedelta(days=1)
#: One point without data in this many is written as zero, the others without the aggregation.
_GAPS_PER_ZERO = 3

#: Values of most requests.
_USUAL = {"statuscode": "200", "isspillover": "False"}

_Points = Sequence[tuple[dt.datetime, Mapping[str, int]]]


def single(request: WireRequest, resource: CognitiveAccount, account: Account, ledger: Ledger) -> dict[str, Any]:
    """`{resourceId}/providers/Microsoft.Insights/metrics`. Raises Refusal."""
    require_version(request, MONITOR_VERSIONS)
    reader = QueryReader(request, is_batch=False)
    query = reader.read(ledger.now)
    metrics = reader.metrics(query, resource)
    return {
        "cost": 1439,
        "timespan": f"{_instant(query.start)}/{_instant(query.end)}",
        "interval": query.interval,
        "value": _values(query, metrics, resource, account, ledger),
        "namespace": _NAMESPACE,
        "resourceregion": resource.region,
    }


def batch(request: WireRequest, region: str, estate: Estate, account: Account, ledger: Ledger) -> dict[str, Any]:
    """`metrics:getBatch` of the data plane of a region. Raises Refusal."""
    require_version(request, _BATCH_VERSIONS)
    reader = QueryReader(request, is_batch=True)
    if request.last("metricnamespace") != _NAMESPACE:
        raise reader.refuse("The metricnamespace is missing or unknown")
    query = reader.read(ledger.now)
    answers = []
    for resource in _resources(request, region, estate, reader):
        metrics = reader.metrics(query, resource)
        answers.append(
            {
                "cost": 0,
                "starttime": _instant(query.start),
                "endtime": _instant(query.end),
                "interval": query.interval,
                "value": _values(query, metrics, resource, account, ledger),
                "namespace": _NAMESPACE,
                "resourceregion": resource.region,
                "resourceid": resource.id,
            }
        )
    return {"values": answers}


def _resources(request: WireRequest, region: str, estate: Estate, reader: QueryReader) -> Iterator[CognitiveAccount]:
    try:
        body = json.loads(request.content)
    except ValueError:
        raise reader.refuse("The body is not JSON") from None
    # The key is read in lower case only.
    paths = body.get("resourceids") if isinstance(body, dict) else None
    if not isinstance(paths, list) or not 1 <= len(paths) <= _LARGEST_BATCH:
        raise reader.refuse(f"The body must hold resourceids, between 1 and {_LARGEST_BATCH}")
    for path in paths:
        resource = estate.account_at(str(path))
        if resource is None or resource.region != region:
            raise reader.refuse(f"The resource {path} is not in region {region}")
        yield resource


def _values(
    query: MetricQuery, metrics: Sequence[Metric], resource: CognitiveAccount, account: Account, ledger: Ledger
) -> list[dict[str, Any]]:
    is_counted = any(metric.meters for metric in metrics)
    streams = [
        (stream, _points_of(stream, query, ledger))
        for stream in account.streams[METRICS]
        if is_counted and stream.plan.dimensions["account"] == resource.id
    ]
    return [
        _answer(query, metric, resource, _series(query, metric, resource, streams))
        if metric.meters
        else _answer(query, metric, resource, load_series(query, resource, account, ledger))
        for metric in metrics
    ]


def _points_of(stream: Stream, query: MetricQuery, ledger: Ledger) -> _Points:
    """The quantities of each point that has begun."""
    points = []
    start = query.start
    while start < min(query.end, ledger.now):
        end = min(start + query.width, query.end)
        points.append((start, _between(stream, start, end, ledger)))
        start = end
    return points


def _between(stream: Stream, start: dt.datetime, end: dt.datetime, ledger: Ledger) -> Mapping[str, int]:
    hour = start.replace(minute=0, second=0, microsecond=0)
    if hour == start and end - start == dt.timedelta(hours=1):
        return ledger.hour(stream, start.date(), start.hour)
    sums: dict[str, int] = {}
    while start < end:
        until = min(midnight(start.date()) + _DAY, end)
        for meter, quantity in ledger.between(stream, start, until).items():
            sums[meter] = sums.get(meter, 0) + quantity
        start = until
    return sums


def _series(
    query: MetricQuery, metric: Metric, resource: CognitiveAccount, streams: Sequence[tuple[Stream, _Points]]
) -> list[dict[str, Any]]:
    supported = {name.lower() for name in metric.dimensions}
    # A dimension that the metric does not have is ignored, once the check let it through.
    names = [name for name in query.split if name in supported]
    groups: dict[tuple[str, ...], dict[dt.datetime, int]] = {}
    for stream, points in streams:
        values = tuple(_dimension(stream, name, resource) for name in names)
        if not all(_is_asked(query, name, value) for name, value in zip(names, values, strict=True)):
            continue
        for start, quantities in points:
            quantity = sum(quantities.get(meter, 0) for meter in metric.meters)
            sums = groups.setdefault(values, {})
            sums[start] = sums.get(start, 0) + quantity
    return [
        {"metadatavalues": [_named(name, value) for name, value in zip(names, values, strict=True)], "data": data}
        for values, sums in sorted(groups.items())
        if any(sums.values())
        for data in [[_point(start, quantity, query, values) for start, quantity in sorted(sums.items())]]
    ]


def _answer(
    query: MetricQuery, metric: Metric, resource: CognitiveAccount, series: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": f"{resource.path}/providers/Microsoft.Insights/metrics/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric.name, "localizedValue": metric.label},
        "displayDescription": metric.label,
        "unit": metric.unit,
        "timeseries": series if query.top is None else series[: query.top],
        "errorCode": "Success",
    }


def _dimension(stream: Stream, name: str, resource: CognitiveAccount) -> str:
    if name == "region":
        return REGION_NAMES[resource.region]
    return str(stream.plan.dimensions.get(name) or _USUAL.get(name, "__Empty"))


def _is_asked(query: MetricQuery, name: str, value: str) -> bool:
    asked = query.split[name]
    return asked is None or value.lower() in asked


def _named(name: str, value: str) -> dict[str, Any]:
    return {"name": {"value": name, "localizedValue": name}, "value": value}


def _point(start: dt.datetime, quantity: int, query: MetricQuery, values: tuple[str, ...]) -> dict[str, Any]:
    point: dict[str, Any] = {"timeStamp": _instant(start)}
    if quantity or draw(*values, start, "zero") % _GAPS_PER_ZERO == 0:
        point |= {name: float(quantity) for name in query.aggregations}
    return point


def _instant(moment: dt.datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat()}Z"
