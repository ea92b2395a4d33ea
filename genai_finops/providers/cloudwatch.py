"""CloudWatch over awsJson 1.0: which metrics there are (ListMetrics), and their sums (GetMetricData)."""

import datetime as dt
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_finops.providers.aws_auth import SIGNED_FOR
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    Page,
    PermanentProviderError,
    TransientProviderError,
    Window,
)
from genai_finops.providers.http import ProviderSession
from genai_finops.providers.records import Record, UnknownFields

log = logging.getLogger(__name__)

#: Names of the requests, as pages carry them.
METRICS = "cloudwatch/ListMetrics"
METRIC_DATA = "cloudwatch/GetMetricData"

_TARGET = "GraniteServiceVersion20100801"
_MAX_QUERIES = 500
_MAX_DATAPOINTS = 100_800
_COMPLETE = "Complete"
_RESULT_FIELDS = frozenset({"Id", "Label", "Timestamps", "Values", "StatusCode", "Messages"})
_DATA_FIELDS = frozenset({"MetricDataResults", "Messages", "NextToken"})
_LIST_FIELDS = frozenset({"Metrics", "NextToken", "OwningAccounts"})
_METRIC_FIELDS = frozenset({"Namespace", "MetricName", "Dimensions"})


@dataclass(frozen=True, slots=True, order=True)
class Metric:
    """One series: a subset or a superset of the dimensions is another one, or none."""

    namespace: str
    name: str
    #: Names and values, sorted by name.
    dimensions: tuple[tuple[str, str], ...]

    def as_query(self) -> dict[str, Any]:
        """What the API calls a Metric."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}


@dataclass(frozen=True, slots=True)
class Point:
    """The sum of one period, and the page that says it."""

    value: Decimal
    page: Page


class CloudWatch:
    """The metrics of one account, by region. Asks over the session of the provider."""

    def __init__(self, session: ProviderSession, *, provider: str, host: str, max_pages: int) -> None:
        self._session = session
        self._provider = provider
        self._host = host
        self._max_pages = max_pages

    def list_metrics(self, region: str, namespace: str) -> Iterator[Page]:
        """Every page of the metrics of a namespace that had data in the last two weeks. Raises ProviderError."""
        body = {"Namespace": namespace}
        recorded = {"region": region, "namespace": namespace}
        return self._pages("ListMetrics", METRICS, region, body, recorded)

    def sums(self, region: str, metrics: Sequence[Metric], window: Window, period: int) -> Iterator[Page]:
        """Every page of the metrics' sums per period of seconds. Raises ProviderError.

        The pages remember which metric each Id stands for. TransientProviderError where AWS failed to compute a sum,
        CredentialError where it may not be read.
        """
        for part, start in enumerate(range(0, len(metrics), _MAX_QUERIES)):
            # Ids cannot hold the names of models: only letters, digits and underscores are allowed.
            queries = {f"m{number}": metric for number, metric in enumerate(metrics[start : start + _MAX_QUERIES])}
            body = {
                "StartTime": int(window.start.timestamp()),
                "EndTime": int(window.end.timestamp()),
                "ScanBy": "TimestampAscending",
                "MaxDatapoints": _MAX_DATAPOINTS,
                "MetricDataQueries": [
                    {
                        "Id": identifier,
                        "Label": metric.name,
                        "ReturnData": True,
                        "MetricStat": {"Metric": metric.as_query(), "Period": period, "Stat": "Sum"},
                    }
                    for identifier, metric in queries.items()
                ],
            }
            named = {
                identifier: [metric.namespace, metric.name, metric.dimensions] for identifier, metric in queries.items()
            }
            recorded = {
                "region": region,
                "part": f"{window.start.date().isoformat()}/{part}",
                "period": str(period),
                "queries": json.dumps(named, separators=(",", ":")),
            }
            for page in self._pages("GetMetricData", METRIC_DATA, region, body, recorded):
                self._refuse_failed(page, region)
                yield page

    def _pages(
        self, operation: str, source: str, region: str, body: Mapping[str, Any], recorded: Mapping[str, str]
    ) -> Iterator[Page]:
        def ask(token: str | None) -> Page:
            asked = body if token is None else {**body, "NextToken": token}
            return self._session.request(
                "POST",
                "/",
                source=source,
                host=self._host,
                place={"region": region},
                headers={
                    "Content-Type": "application/x-amz-json-1.0",
                    "X-Amz-Target": f"{_TARGET}.{operation}",
                    "X-Amzn-Query-Mode": "true",
                    SIGNED_FOR: f"monitoring/{region}",
                },
                content=json.dumps(asked, separators=(",", ":")).encode(),
                recorded=recorded,
            )

        subject = f"{self._provider} {source} {region}"
        return next_token_pages(ask, field="NextToken", subject=subject, max_pages=self._max_pages)

    def _refuse_failed(self, page: Page, region: str) -> None:
        results = page.content.get("MetricDataResults") if isinstance(page.content, dict) else None
        for result in results if isinstance(results, list) else ():
            status = result.get("StatusCode") if isinstance(result, dict) else None
            subject = f"{self._provider} {METRIC_DATA} {region}"
            if status == "InternalError":
                raise TransientProviderError(f"{subject}: StatusCode InternalError; run the partition again later")
            if status == "Forbidden":
                raise CredentialError(f"{subject}: StatusCode Forbidden; allow cloudwatch:GetMetricData")


def next_token_pages(ask: Callable[[str | None], Page], *, field: str, subject: str, max_pages: int) -> Iterator[Page]:
    """Pages whose answer names the token of the next one. An empty token ends them.

    Raises PermanentProviderError for a repeated token and after max_pages, MalformedPageError for a token that is none.
    """
    seen: set[str] = set()
    token: str | None = None
    for _ in range(max_pages):
        page = ask(token)
        yield page
        found = page.content.get(field) if isinstance(page.content, dict) else None
        if not found:
            return
        if not isinstance(found, str):
            raise MalformedPageError(f"{subject}: field {field} is no text (page {page.sha256})")
        if found in seen:
            raise PermanentProviderError(
                f"{subject}: {field} comes a second time (page {page.sha256}); the paginator loops"
            )
        seen.add(found)
        token = found
    raise PermanentProviderError(
        f"{subject}: more than {max_pages} pages; raise the flow's max_pages if that many are to be expected"
    )


def listed(pages: Iterable[Page], *, provider: str, unknown: UnknownFields) -> Iterator[tuple[str, Metric]]:
    """Region and metric of every entry of ListMetrics. Raises MalformedPageError."""
    for page in pages:
        body = Record.of(page.content, provider=provider, page=page, place=page.request["region"])
        unknown.add(body, _LIST_FIELDS)
        for entry in body.children("Metrics"):
            unknown.add(entry, _METRIC_FIELDS)
            namespace, name = entry.text("Namespace"), entry.text("MetricName")
            if namespace is None or name is None:
                entry.fail("field Namespace or MetricName is null")
            # A series without dimensions may come without the field.
            dimensions = entry.children("Dimensions") if entry.content.get("Dimensions") else ()
            yield (
                page.request["region"],
                Metric(
                    namespace, name, tuple(sorted((_word(part, "Name"), _word(part, "Value")) for part in dimensions))
                ),
            )


def points(
    pages: Iterable[Page], window: Window, *, provider: str, unknown: UnknownFields
) -> dict[tuple[str, Metric], dict[dt.datetime, Point]]:
    """The sums by region and metric and by start of the period, merged over all pages.

    A page can repeat an Id with further points (PartialData). Raises MalformedPageError for a point outside the window,
    for one that comes twice with two values, and where the answer to a query is missing or stays partial.
    """
    merged: defaultdict[tuple[str, Metric], dict[dt.datetime, Point]] = defaultdict(dict)
    asked: dict[tuple[str, str], Page] = {}
    status: dict[tuple[str, str, str], tuple[str, Record]] = {}
    for page in pages:
        region, part = page.request["region"], page.request["part"]
        asked.setdefault((region, part), page)
        queries = metrics_of(page)
        body = Record.of(page.content, provider=provider, page=page, place=region)
        unknown.add(body, _DATA_FIELDS)
        _report_messages(body, provider)
        for result in body.children("MetricDataResults"):
            unknown.add(result, _RESULT_FIELDS)
            identifier = result.text("Id") or ""
            metric = queries.get(identifier)
            if metric is None:
                result.fail(f"field Id is {identifier!r}, which was not asked for")
            _report_messages(result, provider)
            said = str(result.content.get("StatusCode") or _COMPLETE)
            known = status.get((region, part, identifier))
            # Pages may be read back in any order: complete once is complete.
            if known is None or known[0] != _COMPLETE:
                status[region, part, identifier] = (said, result)
            for start, value in _values(result, window, int(page.request["period"])):
                before = merged[region, metric].get(start)
                if before is not None and before.value != value:
                    result.fail(f"the sum of {start.isoformat()} comes twice, as {before.value} and {value}")
                merged[region, metric].setdefault(start, Point(value, page))
    for (region, part), page in asked.items():
        _check_answers(region, part, page, status, provider)
    return dict(merged)


def _check_answers(
    region: str, part: str, page: Page, status: Mapping[tuple[str, str, str], tuple[str, Record]], provider: str
) -> None:
    queries = metrics_of(page)
    missing = [identifier for identifier in queries if (region, part, identifier) not in status]
    if missing:
        metric = queries[missing[0]]
        raise MalformedPageError(
            f"{provider} {METRIC_DATA} {region}: no answer to {len(missing)} of {len(queries)} queries, the first "
            f"{metric.name} {dict(metric.dimensions)}; a page is missing (page {page.sha256})"
        )
    for identifier in queries:
        said, result = status[region, part, identifier]
        if said != _COMPLETE:
            result.fail(f"field StatusCode stays {said}, and there is no NextToken; a page is missing")


def metrics_of(page: Page) -> dict[str, Metric]:
    """What the Ids of a page of METRIC_DATA stand for."""
    named = json.loads(page.request["queries"])
    return {
        identifier: Metric(namespace, name, tuple((key, value) for key, value in dimensions))
        for identifier, (namespace, name, dimensions) in named.items()
    }


def _values(result: Record, window: Window, period: int) -> Iterator[tuple[dt.datetime, Decimal]]:
    timestamps, values = result.required("Timestamps"), result.required("Values")
    if not isinstance(timestamps, list) or not isinstance(values, list) or len(timestamps) != len(values):
        result.fail("fields Timestamps and Values are no lists of one length")
    for stamp, value in zip(timestamps, values, strict=True):
        seconds = _whole(result, "Timestamps", stamp)
        start = dt.datetime.fromtimestamp(int(seconds), tz=dt.UTC)
        if not window.start <= start < window.end or seconds % period:
            result.fail(f"point {start.isoformat()} is no period of the window {window.start.date().isoformat()} on")
        yield start, _whole(result, "Values", value)


def _whole(record: Record, name: str, value: Any) -> Decimal:
    # CloudWatch holds doubles: whole numbers come as 500.0 or 1.5E9.
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        record.fail(f"field {name} holds {value!r}, which is no number")
    number = Decimal(value)
    if number != number.to_integral_value() or not 0 <= number < Decimal(10**20):
        record.fail(f"field {name} holds {value}, which is no count")
    return number.quantize(Decimal(1))


def _word(record: Record, name: str) -> str:
    value = record.text(name)
    if value is None:
        record.fail(f"field {name} is null")
    return value


def _report_messages(record: Record, provider: str) -> None:
    messages = record.content.get("Messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            code, value = message.get("Code"), message.get("Value")
            log.warning("provider=%s source=%s message_code=%s: %s", provider, record.page.source, code, value)
