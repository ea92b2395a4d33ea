"""Azure Monitor's metrics of Cognitive Services accounts: which to ask for, and what the answers hold."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_finops.providers.azure_arm import entries
from genai_finops.providers.base import Page, PermanentProviderError, TransientProviderError
from genai_finops.providers.records import Record, UnknownFields

DEFINITIONS = "metric definitions"
METRICS = "metrics"
#: The control total: one metric of a whole account, not split.
TOTAL = "metrics total"
NAMESPACE = "Microsoft.CognitiveServices/accounts"
INTERVAL = "PT1H"
HOUR = dt.timedelta(hours=1)
#: What Azure Monitor writes where a dimension has no value.
EMPTY = "__Empty"

_DEPLOYMENT = "modeldeploymentname"
_MODEL = "modelname"
_VERSION = "modelversion"
_DIMENSIONS = frozenset({_DEPLOYMENT, _MODEL, _VERSION, "region", "microsoft.resourceid"})
_ANSWER_FIELDS = frozenset(
    {"cost", "timespan", "starttime", "endtime", "interval", "value", "namespace", "resourceregion", "resourceid"}
)
_METRIC_FIELDS = frozenset(
    {"id", "type", "name", "displayDescription", "unit", "timeseries", "errorCode", "errorMessage"}
)
_SERIES_FIELDS = frozenset({"metadatavalues", "data"})
_POINT_FIELDS = frozenset({"timeStamp", "total", "average", "minimum", "maximum", "count"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricNames:
    """One of the two sets of names under which Azure counts the same tokens; they are never added together."""

    key: str
    #: Meter by metric. Whether input is uncached depends on the model.
    meters: Mapping[str, str]
    needed: frozenset[str]
    #: Metric that adds up input and output.
    total: str
    dimensions: tuple[str, ...]


_NAMES = (
    MetricNames(
        key="models",
        meters={
            "InputTokens": "input",
            "OutputTokens": "output",
            "cacheReadInputTokens": "cache_read",
            "ephemeral5mInputTokens": "cache_write_5m",
            "ephemeral1hInputTokens": "cache_write_1h",
            "ModelRequests": "request",
        },
        needed=frozenset({"InputTokens", "OutputTokens"}),
        total="TotalTokens",
        dimensions=("ModelDeploymentName", "ModelName", "ModelVersion"),
    ),
    MetricNames(
        key="azure_openai",
        meters={"ProcessedPromptTokens": "input", "GeneratedTokens": "output", "AzureOpenAIRequests": "request"},
        needed=frozenset({"ProcessedPromptTokens", "GeneratedTokens"}),
        total="TokenTransaction",
        dimensions=("ModelDeploymentName", "ModelVersion"),
    ),
)
METERS = {metric: meter for names in _NAMES for metric, meter in names.meters.items()}
#: Unit by metric, of everything that is asked for token usage.
_COUNTED = dict.fromkeys((*METERS, *(names.total for names in _NAMES)), "Count")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to ask an account for."""

    metrics: tuple[str, ...]
    #: None where the account has no control total.
    total: str | None
    dimensions: tuple[str, ...]

    @property
    def filter(self) -> str:
        """The split, as Azure's filter language writes it."""
        return " and ".join(f"{dimension} eq '*'" for dimension in self.dimensions)


def wanted_metrics(page: Page, *, provider: str, choice: str) -> Wanted:
    """What to ask for, of the metrics that a page of definitions names. `choice`: `auto` or the key of a set of names.

    Raises PermanentProviderError where the definitions have no set whole, MalformedPageError.
    """
    dimensions = defined_dimensions(page, provider=provider)
    for names in _NAMES:
        if choice in {"auto", names.key} and names.needed <= dimensions.keys():
            metrics = tuple(name for name in names.meters if name in dimensions)
            shared = frozenset[str].intersection(*(dimensions[name] for name in metrics))
            if names.dimensions[0] in shared:
                return Wanted(
                    metrics=metrics,
                    total=names.total if names.total in dimensions else None,
                    dimensions=tuple(dimension for dimension in names.dimensions if dimension in shared),
                )
    raise PermanentProviderError(
        f"{provider} {DEFINITIONS}: the account has no token metrics that can be split by deployment under the names "
        f"{choice!r} (page {page.sha256}); options.metric_names of the flow chooses between auto, "
        f"{' and '.join(names.key for names in _NAMES)}"
    )


def defined_dimensions(page: Page, *, provider: str) -> dict[str, frozenset[str]]:
    """The dimensions of each metric that a page of definitions names. Raises MalformedPageError."""
    dimensions: dict[str, frozenset[str]] = {}
    for number, entry in enumerate(entries(page, f"{provider} {DEFINITIONS}")):
        record = Record.of(entry, provider=provider, page=page, place=f"value[{number}]")
        name = record.child("name").text("value") or ""
        split_by = record.children("dimensions") if record.content.get("dimensions") is not None else iter(())
        dimensions[name] = frozenset(dimension.text("value") or "" for dimension in split_by)
    return dimensions


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a series as it came, whatever it aggregates."""

    page: str
    account_id: str
    metric: str
    #: Values by name in lower case, without those that Azure left empty.
    dimensions: Mapping[str, str]
    start: dt.datetime
    record: Record

    @property
    def deployment(self) -> str:
        """In lower case; `__empty` where Azure names none."""
        return self.dimensions.get(_DEPLOYMENT, EMPTY).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The total of one metric, account, deployment and hour."""

    page: str
    account_id: str
    metric: str
    #: In lower case; `__empty` where Azure names none.
    deployment: str
    #: As the metric's dimension spells it; None where it does not say.
    deployment_name: str | None
    model_name: str | None
    model_version: str | None
    start: dt.datetime
    quantity: Decimal


class MetricAnswers:
    """Reads pages of metrics. Remembers which accounts were answered for which hours, and what it did not know."""

    def __init__(
        self,
        provider: str,
        start: dt.datetime,
        end: dt.datetime,
        *,
        units: Mapping[str, str] = _COUNTED,
        dimensions: frozenset[str] = _DIMENSIONS,
    ) -> None:
        """`units`: unit by metric, of all that may be in the answers; `dimensions` in lower case likewise."""
        self._provider = provider
        self._start = start
        self._end = end
        self._units = units
        self._known_dimensions = dimensions
        #: Series of pages, account, first moment of the request.
        self.answered: set[tuple[str, str, str]] = set()
        self.unknown = UnknownFields()
        self._seen: set[tuple[Any, ...]] = set()

    def read(self, page: Page) -> Iterator[Measured]:
        """All totals of one page, zeros left out. Raises as points."""
        for point in self.points(page):
            quantity = whole_total(point)
            if quantity:
                yield Measured(
                    page=page.sha256,
                    account_id=point.account_id,
                    metric=point.metric,
                    deployment=point.deployment,
                    deployment_name=point.dimensions.get(_DEPLOYMENT),
                    model_name=point.dimensions.get(_MODEL),
                    model_version=point.dimensions.get(_VERSION),
                    start=point.start,
                    quantity=quantity,
                )

    def points(self, page: Page) -> Iterator[Point]:
        """All points of one page.

        Raises MalformedPageError, and TransientProviderError where Azure could not read a metric.
        """
        for answer, account_id in self._answers(page):
            self._check_interval(answer)
            self.unknown.add(answer, _ANSWER_FIELDS)
            metrics: dict[str, Record] = {}
            for metric in answer.children("value"):
                name = self._name_of(metric)
                if name in metrics:
                    metric.fail(f"metric {name} comes twice")
                metrics[name] = metric
            asked = [name for name in page.request.get("metricnames", "").split(",") if name]
            for missing in (name for name in asked if name not in metrics):
                answer.fail(f"metric {missing} was asked for and is not there")
            for name, metric in metrics.items():
                yield from self._series(metric, name, account_id, page)
            self.answered.add((page.source, account_id, page.request.get("start", "")))

    def _answers(self, page: Page) -> Iterator[tuple[Record, str]]:
        body = Record.of(page.content, provider=self._provider, page=page, place="body")
        if "account" in page.request:
            yield body, page.request["account"]
            return
        for answer in body.children("values"):
            yield answer, (answer.text("resourceid") or "").lower()

    def _check_interval(self, answer: Record) -> None:
        # The specification leaves it optional.
        interval = answer.content.get("interval", INTERVAL)
        if interval != INTERVAL:
            answer.fail(f"field interval is {interval!r} although {INTERVAL} was asked for")

    def _name_of(self, metric: Record) -> str:
        name = metric.child("name").text("value") or ""
        if name not in self._units:
            metric.fail(f"unknown metric {name!r} may be usage that is billed")
        return name

    def _series(self, metric: Record, name: str, account_id: str, page: Page) -> Iterator[Point]:
        self.unknown.add(metric, _METRIC_FIELDS)
        code = metric.content.get("errorCode")
        if code not in {None, "Success"}:
            message = str(metric.content.get("errorMessage") or "no message")[:200]
            raise TransientProviderError(
                f"{self._provider} {page.source}: metric {name} of {account_id} came with errorCode {code!r}: "
                f"{message} (page {page.sha256}); run the partition again later"
            )
        expected = self._units[name]
        unit = metric.content.get("unit", expected)
        if unit != expected:
            metric.fail(f"metric {name} has unit {unit!r}, not {expected}")
        series = list(metric.children("timeseries"))
        top = page.request.get("top")
        if top is not None and len(series) >= int(top):
            metric.fail(
                f"metric {name} of {account_id} has {len(series)} series, as many as were asked for: more may have "
                f"been cut off; raise options.top_series"
            )
        for found in series:
            yield from self._points(found, name, account_id, page)

    def _points(self, series: Record, metric: str, account_id: str, page: Page) -> Iterator[Point]:
        self.unknown.add(series, _SERIES_FIELDS)
        dimensions = self._dimensions(series)
        identity = (page.source, account_id, metric, tuple(sorted(dimensions.items())))
        for point in series.children("data"):
            self.unknown.add(point, _POINT_FIELDS)
            start = self._moment(point)
            key = (identity, start)
            if key in self._seen:
                point.fail(f"{metric} of {account_id} at {start.isoformat()} comes twice for {dimensions or 'all'}")
            self._seen.add(key)
            yield Point(
                page=page.sha256,
                account_id=account_id,
                metric=metric,
                dimensions=dimensions,
                start=start,
                record=point,
            )

    def _dimensions(self, series: Record) -> dict[str, str]:
        values = series.children("metadatavalues") if series.content.get("metadatavalues") is not None else iter(())
        found = {(value.child("name").text("value") or "").lower(): value.text("value") for value in values}
        self.unknown.add(Record(series.provider, series.page, series.place, found), self._known_dimensions)
        return {name: value for name, value in found.items() if value is not None and value != EMPTY}

    def _moment(self, point: Record) -> dt.datetime:
        value = point.text("timeStamp")
        try:
            moment = dt.datetime.fromisoformat(value or "")
        except ValueError:
            point.fail(f"field timeStamp is {value!r}, not a date and time")
        if moment.tzinfo is None:
            point.fail(f"field timeStamp is {value!r}, without a time zone")
        moment = moment.astimezone(dt.UTC)
        if not self._start <= moment < self._end:
            point.fail(
                f"point {moment.isoformat()} is outside the window {self._start.isoformat()} to {self._end.isoformat()}"
            )
        if moment.replace(minute=0, second=0, microsecond=0) != moment:
            point.fail(f"point {moment.isoformat()} is no full hour")
        return moment


def whole_total(point: Point) -> Decimal:
    """What a point counts, 0 for an hour without data. Raises MalformedPageError for a count that is not whole."""
    # A point without the aggregation is an hour without data.
    quantity = Decimal(0) if point.record.content.get("total") is None else point.record.quantity("total")
    if quantity != int(quantity):
        point.record.fail(f"field total is {quantity}, not a whole number of {point.metric}")
    return Decimal(int(quantity))


def differing_totals(
    split: Sequence[Measured], totals: Sequence[Measured]
) -> Iterator[tuple[str, dt.date, Decimal, Decimal]]:
    """Account, day, control total and sum of the split, wherever the two differ.

    Whether the total of Anthropic's models holds what caches took part in is not documented: it may lie anywhere
    between the sum without and with it.
    """
    low: dict[tuple[str, dt.date], Decimal] = {}
    high: dict[tuple[str, dt.date], Decimal] = {}
    control: dict[tuple[str, dt.date], Decimal] = {}
    for point in totals:
        _add(control, point)
    for point in split:
        meter = METERS.get(point.metric)
        if meter in {"input", "output"}:
            _add(low, point)
        if meter not in {None, "request"}:
            _add(high, point)
    answered = {point.account_id for point in totals}
    for key in sorted(control.keys() | {key for key in high if key[0] in answered}):
        total, least, most = (sums.get(key, Decimal(0)) for sums in (control, low, high))
        if not least <= total <= most:
            yield *key, total, most if total > most else least


def _add(sums: dict[tuple[str, dt.date], Decimal], point: Measured) -> None:
    key = (point.account_id, point.start.date())
    sums[key] = sums.get(key, Decimal(0)) + point.quantity
