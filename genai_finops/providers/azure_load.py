"""Load and refusals of provisioned deployments: Azure Monitor's percentages, and its requests by their outcome."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from genai_finops.providers.azure_metrics import MetricAnswers, Point, defined_dimensions, whole_total
from genai_finops.providers.azure_monitor import MetricsRequest
from genai_finops.providers.base import Page

LOAD = "load"
OUTCOMES = "request outcomes"

#: The newer one first: they measure the same load.
_LOADS = ("ProvisionedUtilization", "AzureOpenAIProvisionedManagedUtilizationV2")
_REQUESTS = "AzureOpenAIRequests"
_DEPLOYMENT, _STATUS, _SPILLOVER = "ModelDeploymentName", "StatusCode", "IsSpillover"
_UNITS = {**dict.fromkeys(_LOADS, "Percent"), _REQUESTS: "Count"}
_DIMENSIONS = frozenset(name.lower() for name in (_DEPLOYMENT, _STATUS, _SPILLOVER)) | {"microsoft.resourceid"}
_TOO_MANY = "429"
#: A load beyond this is no percentage.
_HIGHEST = Decimal(100_000)


def load_requests(definitions: Page, *, provider: str) -> Iterator[MetricsRequest]:
    """What to ask an account with these metrics for; nothing of what it has not. Raises MalformedPageError."""
    dimensions = defined_dimensions(definitions, provider=provider)
    load = next((name for name in _LOADS if _DEPLOYMENT in dimensions.get(name, ())), None)
    if load is not None:
        yield MetricsRequest(source=LOAD, names=(load,), split=_split(_DEPLOYMENT), aggregation="average,maximum")
    outcomes = [name for name in (_STATUS, _SPILLOVER) if name in dimensions.get(_REQUESTS, ())]
    if outcomes and _DEPLOYMENT in dimensions[_REQUESTS]:
        yield MetricsRequest(source=OUTCOMES, names=(_REQUESTS,), split=_split(_DEPLOYMENT, *outcomes))


def _split(*dimensions: str) -> str:
    return " and ".join(f"{dimension} eq '*'" for dimension in dimensions)


@dataclass(frozen=True, slots=True)
class LoadHour:
    """Load of a deployment in an hour, in percent of what is provisioned."""

    page: str
    average: Decimal
    maximum: Decimal


@dataclass(slots=True)
class Load:
    """What the pages hold, by deployment id and hour."""

    hours: dict[tuple[str, dt.datetime], LoadHour] = field(default_factory=dict)
    #: Requests and the page that they were read from.
    throttled: dict[tuple[str, dt.datetime], tuple[Decimal, str]] = field(default_factory=dict)
    #: By the deployment that the metric names: the provisioned one, or the one that served them.
    spilled: dict[tuple[str, dt.datetime], tuple[Decimal, str]] = field(default_factory=dict)

    @property
    def samples(self) -> Mapping[str, frozenset[dt.datetime]]:
        """The hours with a sample, by deployment id."""
        hours: defaultdict[str, set[dt.datetime]] = defaultdict(set)
        for deployment, hour in self.hours:
            hours[deployment].add(hour)
        return {deployment: frozenset(found) for deployment, found in hours.items()}


def load_answers(provider: str, start: dt.datetime, end: dt.datetime) -> MetricAnswers:
    """A reader of such pages."""
    return MetricAnswers(provider, start, end, units=_UNITS, dimensions=_DIMENSIONS)


def read_load(pages: Sequence[Page], answers: MetricAnswers) -> Load:
    """Raises MalformedPageError, TransientProviderError where Azure could not read a metric."""
    found = Load()
    for page in pages:
        if page.source == LOAD:
            for point in answers.points(page):
                _add_load(found, point)
        elif page.source == OUTCOMES:
            for point in answers.points(page):
                _add_outcome(found, point)
    return found


def _add_load(found: Load, point: Point) -> None:
    # A point without the aggregation is an hour without a sample.
    if point.record.content.get("average") is None:
        return
    average, maximum = _percent(point, "average"), _percent(point, "maximum")
    found.hours[_key(point)] = LoadHour(point.page, average, maximum)


def _percent(point: Point, name: str) -> Decimal:
    value = point.record.required(name)
    if type(value) not in {int, Decimal} or not 0 <= value < _HIGHEST:
        point.record.fail(f"field {name} is {value!r}, no percentage")
    return Decimal(value)


def _add_outcome(found: Load, point: Point) -> None:
    quantity = whole_total(point)
    is_spilled = point.dimensions.get(_SPILLOVER.lower(), "").lower() == "true"
    is_refused = point.dimensions.get(_STATUS.lower()) == _TOO_MANY
    sums = found.spilled if is_spilled else found.throttled if is_refused else None
    if quantity and sums is not None:
        before, page = sums.get(_key(point), (Decimal(0), point.page))
        sums[_key(point)] = before + quantity, page


def _key(point: Point) -> tuple[str, dt.datetime]:
    return f"{point.account_id}/deployments/{point.deployment}", point.start
