"""CloudWatch's ListMetrics and GetMetricData over awsJson 1.0."""

import base64
import binascii
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from genai_finops.simulator.aws_bedrock.series import SeriesName, Source, is_recent, series_of, sum_of
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest

TARGET = "GraniteServiceVersion20100801"
CONTENT_TYPE = "application/x-amz-json-1.0"

#: CloudWatch lists up to 500 and gives up to 100,800 points; fewer are allowed, so that there is always paging.
_LISTED = 40
_POINTS = 700
_MAX_QUERIES = 500
_MAX_DATAPOINTS = 100_800
_IDENTIFIER = re.compile(r"[a-z][A-Za-z0-9_]*")
_STATISTICS = {"Sum", "SampleCount", "Average", "Minimum", "Maximum"}
_DAY = 86400
#: How long points of at least this many seconds are kept.
_KEPT = ((3600, dt.timedelta(days=455)), (300, dt.timedelta(days=63)), (60, dt.timedelta(days=15)))
_LIST_PARAMETERS = {"Namespace", "MetricName", "Dimensions", "NextToken", "RecentlyActive", "OwningAccount"}
_DATA_PARAMETERS = {"MetricDataQueries", "StartTime", "EndTime", "NextToken", "ScanBy", "MaxDatapoints", "LabelOptions"}

Payload = dict[str, Any]


def answer_cloudwatch(request: WireRequest, region: str, account: Account, ledger: Ledger) -> Payload:
    """The answer to the operation that the target header names. Raises Refusal."""
    operation = request.headers.get("x-amz-target", "").removeprefix(f"{TARGET}.")
    if request.method != "POST" or request.headers.get("content-type") != CONTENT_TYPE:
        raise Refusal(404, "UnknownOperationException", "awsJson 1.0 is POSTed as application/x-amz-json-1.0")
    try:
        asked = json.loads(request.content)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refusal(400, "SerializationException", "the body is no JSON object")
    if operation == "ListMetrics":
        return _list_metrics(asked, region, account, ledger)
    if operation == "GetMetricData":
        return _get_metric_data(asked, region, account, ledger)
    raise Refusal(400, "UnknownOperationException", f"Unknown operation {operation}")


def next_token(asked: Mapping[str, Any], position: int) -> str:
    """The token of the page at `position` of this very query."""
    return base64.b64encode(f"{_digest(asked)}:{position}".encode()).decode()


def position_of(asked: Mapping[str, Any]) -> int:
    """The position that the query's token holds, 0 without one. Raises Refusal for a token of another query."""
    token = asked.get("NextToken")
    if token is None:
        return 0
    try:
        digest, _, position = base64.b64decode(str(token), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        digest, position = "", ""
    if digest != _digest(asked) or not position.isdigit():
        raise Refusal(400, "InvalidNextToken", "The next token specified is invalid.")
    return int(position)


def _digest(asked: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in asked.items() if name != "NextToken"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:24]


def _refuse_unknown(asked: Mapping[str, Any], known: set[str]) -> None:
    for name in asked:
        if name not in known:
            raise Refusal(400, "ValidationError", f"Unknown parameter {name}")


def _invalid(message: str) -> Refusal:
    return Refusal(400, "ValidationError", message)


def _list_metrics(asked: Mapping[str, Any], region: str, account: Account, ledger: Ledger) -> Payload:
    _refuse_unknown(asked, _LIST_PARAMETERS)
    position = position_of(asked)
    found = [
        name
        for name, sources in sorted(series_of(account, region).items())
        if _is_wanted(name, asked) and is_recent(sources, ledger)
    ]
    shown = found[position : position + _LISTED]
    answer: Payload = {
        "Metrics": [
            {
                "Namespace": name.namespace,
                "MetricName": name.metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in name.dimensions],
            }
            for name in shown
        ]
    }
    if position + _LISTED < len(found):
        answer["NextToken"] = next_token(asked, position + _LISTED)
    return answer


def _is_wanted(name: SeriesName, asked: Mapping[str, Any]) -> bool:
    own = dict(name.dimensions)
    return (
        asked.get("Namespace") in {None, name.namespace}
        and asked.get("MetricName") in {None, name.metric}
        and all(
            part["Name"] in own and part.get("Value") in {None, own[part["Name"]]}
            for part in asked.get("Dimensions", ())
        )
    )


@dataclass(frozen=True, slots=True)
class _Query:
    identifier: str
    label: str
    name: SeriesName
    period: int


def _queries(asked: Mapping[str, Any]) -> list[_Query]:
    told = asked.get("MetricDataQueries")
    if not isinstance(told, list) or not told:
        raise _invalid("The parameter MetricDataQueries is required.")
    if len(told) > _MAX_QUERIES:
        raise _invalid(f"The collection MetricDataQueries must not have a size greater than {_MAX_QUERIES}.")
    identifiers = [query.get("Id", "") for query in told]
    if len(set(identifiers)) != len(identifiers):
        raise _invalid("The values for parameter Id in MetricDataQueries are not unique.")
    return [_query(query) for query in told]


def _query(told: Mapping[str, Any]) -> _Query:
    identifier, stat = str(told.get("Id", "")), told.get("MetricStat")
    if not _IDENTIFIER.fullmatch(identifier):
        raise _invalid(f"The value {identifier} for parameter Id is not matching the expected pattern.")
    if not isinstance(stat, dict) or stat.get("Stat") not in _STATISTICS:
        raise _invalid(f"The query {identifier} needs a MetricStat with one of {', '.join(sorted(_STATISTICS))}.")
    if stat["Stat"] != "Sum":
        raise _invalid("This simulation holds sums only.")
    period = stat.get("Period")
    if not isinstance(period, int) or period < 60 or period % 60 or _DAY % period:  # noqa: PLR2004
        raise _invalid(f"The parameter Period must be a multiple of 60 within a day, got {period}.")
    metric = stat["Metric"]
    dimensions = tuple(sorted((part["Name"], part["Value"]) for part in metric.get("Dimensions", ())))
    name = SeriesName(str(metric.get("Namespace")), str(metric.get("MetricName")), dimensions)
    return _Query(identifier, str(told.get("Label") or name.metric), name, period)


_Found = list[tuple[_Query, list[tuple[int, int]]]]
#: What each ledger was asked last about the region of an organisation, and the points of the answer.
_LAST_FOUND: WeakKeyDictionary[Ledger, dict[tuple[str, str], tuple[str, _Found]]] = WeakKeyDictionary()


def _get_metric_data(asked: Mapping[str, Any], region: str, account: Account, ledger: Ledger) -> Payload:
    _refuse_unknown(asked, _DATA_PARAMETERS)
    limit = asked.get("MaxDatapoints", _MAX_DATAPOINTS)
    if not isinstance(limit, int) or not 1 <= limit <= _MAX_DATAPOINTS:
        raise _invalid(f"The parameter MaxDatapoints must be between 1 and {_MAX_DATAPOINTS}.")
    position, limit = position_of(asked), min(limit, _POINTS)
    is_descending = asked.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    found = _found(asked, region, account, ledger)
    total = sum(len(points) for _, points in found)
    is_last_page = total <= position + limit
    results, seen = [], 0
    for query, points in found:
        before, seen = seen, seen + len(points)
        # A page ends in the middle of a series; series that lie before or behind it are on other pages.
        first, last = max(position - before, 0), position + limit - before
        is_empty_and_here = not points and position <= before and (last > 0 or is_last_page)
        if is_empty_and_here or (last > 0 and first < len(points)):
            shown = (points[::-1] if is_descending else points)[first:last]
            results.append(
                {
                    "Id": query.identifier,
                    "Label": query.label,
                    "Timestamps": [stamp for stamp, _ in shown],
                    "Values": [float(value) for _, value in shown],
                    "StatusCode": "PartialData" if last < len(points) else "Complete",
                }
            )
    answer: Payload = {"MetricDataResults": results, "Messages": []}
    if not is_last_page:
        answer["NextToken"] = next_token(asked, position + limit)
    return answer


def _found(asked: Mapping[str, Any], region: str, account: Account, ledger: Ledger) -> _Found:
    """The points of each query. They are kept for the further pages of a question: hours take long to work out."""
    queries = _queries(asked)
    start, end = (_moment(asked, name) for name in ("StartTime", "EndTime"))
    if start >= end:
        raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
    kept = _LAST_FOUND.setdefault(ledger, {})
    digest = _digest(asked)
    known = kept.get((account.org, region))
    if known is not None and known[0] == digest:
        return known[1]
    series = series_of(account, region)
    found = [(query, list(_points(query, series.get(query.name, []), ledger, start, end))) for query in queries]
    kept[account.org, region] = (digest, found)
    return found


def _moment(asked: Mapping[str, Any], name: str) -> dt.datetime:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid(f"The parameter {name} must be a number of seconds since 1970.")
    return dt.datetime.fromtimestamp(value, tz=dt.UTC)


def _points(
    query: _Query, sources: list[Source], ledger: Ledger, start: dt.datetime, end: dt.datetime
) -> Iterator[tuple[int, int]]:
    """Points in [start, end), oldest first; the start is rounded down. Points that are no longer kept are left out."""
    kept = next(age for period, age in _KEPT if query.period >= period)
    period = dt.timedelta(seconds=query.period)
    moment = dt.datetime.fromtimestamp(start.timestamp() // query.period * query.period, tz=dt.UTC)
    days = {day for source in sources for day in source.stream.final}
    while moment < end:
        if moment.date() in days and ledger.now - moment <= kept:
            total = sum_of(sources, ledger, moment, moment + period)
            if total is not None:
                yield int(moment.timestamp()), total
        moment += period
