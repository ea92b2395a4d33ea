"""GCP Vertex AI: pay-as-you-go usage of publisher models, from Cloud Monitoring's token and invocation counts.

Traffic within Provisioned Throughput (request_type dedicated) belongs to the commitment and is left out. Tokens beyond
it (spillover) are billed as pay-as-you-go.
"""

import datetime as dt
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, NoReturn

import httpx
from pydantic import Field

from genai_finops.providers.base import MalformedPageError, Page, ProbeCheck, UsageRow, Window
from genai_finops.providers.cloud_monitoring import (
    SCOPE,
    Point,
    distinct_points,
    metric_descriptors,
    refuse_expired,
    time_series,
)
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.google_auth import check_google_secret, google_auth, google_secret_parts
from genai_finops.providers.google_errors import classify_google
from genai_finops.providers.http import AuthContext
from genai_finops.providers.records import UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import HttpUsageSource, Options

log = logging.getLogger(__name__)

_PREFIX = "aiplatform.googleapis.com/publisher/online_serving/"
#: Not `tokens`: that is a histogram over requests, and no sum of it counts tokens.
_TOKENS = f"{_PREFIX}token_count"
_INVOCATIONS = f"{_PREFIX}model_invocation_count"
_CHARACTERS = f"{_PREFIX}character_count"

_RESOURCE_LABELS = ("location", "publisher", "model_user_id")
#: Labels that are asked for, of those that the project's metric has. Others are added up.
_METRIC_LABELS: Mapping[str, tuple[str, ...]] = {
    _TOKENS: ("type", "request_type", "max_token_size", "explicit_caching", "modality", "source"),
    _INVOCATIONS: ("response_code", "request_type", "max_token_size", "explicit_caching"),
    _CHARACTERS: ("type", "request_type"),
}
#: Labels that decide neither a price nor an attribution.
_ADDED_UP: Mapping[str, frozenset[str]] = {
    _TOKENS: frozenset({"accounting_resource"}),
    _INVOCATIONS: frozenset(
        {"method", "error_category", "input_token_size", "output_token_size", "accounting_resource"}
    ),
    _CHARACTERS: frozenset({"accounting_resource", "max_token_size", "explicit_caching", "modality", "source"}),
}
_NEEDED_LABEL = {_TOKENS: "type", _INVOCATIONS: "response_code", _CHARACTERS: "type"}

#: Meters of the token types of Claude, which are disjoint.
_CLAUDE_METERS = {
    "input": "uncached_input",
    "cache_read_input": "cache_read",
    "cache_write_input": "cache_write_5m",
    "cache_write_1h_input": "cache_write_1h",
    "output": "output",
}
#: Input of other publishers includes what was read from a cache, and no label says how much.
_OTHER_METERS = {"input": "input", "output": "output"}
#: Modalities with a price of their own; documents are billed as the text and images that they consist of.
_MODALITIES = {"text": "", "document": "", "audio": "_audio", "image": "_image", "video": "_video"}
_BATCH = "batch_"
_LOCATION = re.compile(r"global|us|eu|asia|[a-z]+-[a-z]+\d+")
_ACCEPTED = re.compile(r"2\d\d")

_BOUND = re.compile(r"(\d+)\s*([kKmM]?)")
_RANGE = re.compile(r"(\d+)\s*([kKmM]?)\s*(?:-|to)\s*(\d+)\s*([kKmM]?)")
_COMPARED = re.compile(r"(<=|<|>=|>)\s*(\d+)\s*([kKmM]?)")
_SCALES = {"": 1, "k": 1_000, "m": 1_000_000}

Band = tuple[str | None, int | None, int | None]


class GcpVertexOptions(Options):
    """Options of the flow."""

    #: Days that Cloud Monitoring keeps.
    retention_days: int = Field(42, ge=1)
    #: Points in one page of time series, whatever their number of series.
    page_points: int = Field(20_000, ge=1, le=100_000)
    #: Upper bounds of the buckets of `max_token_size`, in rising order, separated by commas.
    context_bounds: str = Field("128k,200k,1M,2M", pattern=r"^\d+[kM]?(,\d+[kM]?)*$")


@register
class GcpVertexUsage(HttpUsageSource):
    """Pay-as-you-go usage of one Google Cloud project, by day, publisher model, location, tier, band and modality."""

    provider: ClassVar[str] = "gcp_vertex"
    flow: ClassVar[str] = "payg"
    options_model: ClassVar[type[Options]] = GcpVertexOptions

    @staticmethod
    def classify(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
        """By google.rpc.Status."""
        return classify_google(status, headers, body)

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:
        """Tokens that may read monitoring data only."""
        return google_auth(secret, context, config=config, scopes=[SCOPE])

    @classmethod
    def check_secret(cls, secret: str) -> None:
        """A service account's key file, an authorized_user file, or the word application-default."""
        check_google_secret(secret, cls.provider)

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        """The key file and the private key in it."""
        return google_secret_parts(secret)

    @property
    def options(self) -> GcpVertexOptions:
        """The flow's options."""
        return GcpVertexOptions.model_validate(self.flow_config.options)

    def fetch(self, window: Window) -> Iterator[Page]:
        """The series of each metric that the project has. Raises ProviderError."""
        now = self.refuse_future(window)
        refuse_expired(window, now, provider=self.provider, retention_days=self.options.retention_days)
        described = self._described()
        for part in window.split(self.flow_config.window_days):
            for metric in _METRIC_LABELS:
                # A project that never called a model has no such metric, and is refused its series.
                if metric in described:
                    yield from self._read(metric, described[metric], part)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """That the project's metrics can be listed and their values read."""
        needs = f"roles/monitoring.viewer on project {self.account_id}, and the Cloud Monitoring API enabled in it"

        def list_metrics() -> str:
            found = sorted(metric.removeprefix(_PREFIX) for metric in _METRIC_LABELS if metric in self._described())
            return f"has {', '.join(found)}" if found else "the project has not called a publisher model yet"

        def read_values() -> str:
            yesterday = now.date() - dt.timedelta(days=1)
            described = self._described()
            if _TOKENS not in described:
                return "the project has not called a publisher model yet"
            pages = self._read(_TOKENS, described[_TOKENS], Window.of_days(yesterday, yesterday))
            unknown = UnknownFields()
            points = sum(1 for _ in distinct_points(pages, provider=self.provider, unknown=unknown))
            return f"{points} values of token_count on {yesterday.isoformat()}"

        return (
            ProbeCheck(name="list metrics", needs=f"{needs} (monitoring.metricDescriptors.list)", run=list_metrics),
            ProbeCheck(name="read time series", needs=f"{needs} (monitoring.timeSeries.list)", run=read_values),
        )

    def _described(self) -> dict[str, frozenset[str]]:
        return metric_descriptors(
            self.session,
            self.account_id,
            _PREFIX,
            provider=self.provider,
            page_size=self.flow_config.page_entries,
            max_pages=self.flow_config.max_pages,
        )

    def _read(self, metric: str, labels: frozenset[str], window: Window) -> Iterator[Page]:
        name = metric.removeprefix(_PREFIX)
        if _NEEDED_LABEL[metric] not in labels:
            raise MalformedPageError(
                f"{self.provider} metricDescriptors: {metric} has no label {_NEEDED_LABEL[metric]}, only "
                f"{', '.join(sorted(labels)) or 'none'}; its values cannot be told apart"
            )
        unknown = labels - set(_METRIC_LABELS[metric]) - _ADDED_UP[metric]
        if unknown:
            log.warning(
                "provider=%s source=%s unknown_label=%s: added up, whatever its value",
                self.provider,
                name,
                ",".join(sorted(unknown)),
            )
        grouped = [label for label in _METRIC_LABELS[metric] if label in labels]
        return time_series(
            self.session,
            self.account_id,
            # Never by project: its label is called differently from page to page of the documentation.
            f'metric.type = "{metric}"',
            window,
            provider=self.provider,
            source=name,
            group_by=[
                *(f"resource.labels.{label}" for label in _RESOURCE_LABELS),
                *(f"metric.labels.{label}" for label in grouped),
            ],
            page_size=self.options.page_points,
            max_pages=self.flow_config.max_pages,
        )

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Rows by day and key. Raises MalformedPageError, also for a point outside the window or a repeated one."""
        unknown = UnknownFields()
        points = list(distinct_points(pages, provider=self.provider, unknown=unknown))
        reader = _Reader(_bounds(self.options.context_bounds), _models_with_tokens(points))
        totals = UsageTotals()
        for point in points:
            if point.start < window.start or point.end > window.end:
                raise MalformedPageError(
                    f"{self.provider}: the period {point.start.isoformat()} to {point.end.isoformat()} is outside the "
                    f"window {window.start.isoformat()} to {window.end.isoformat()} (page {point.page})"
                )
            row = reader.row(point)
            if row is not None:
                totals.add(row)
        unknown.report()
        reader.report()
        return iter(totals)


def _models_with_tokens(points: Iterable[Point]) -> frozenset[str | None]:
    return frozenset(point.resource_labels.get("model_user_id") for point in points if point.metric_type == _TOKENS)


class _Reader:
    """Makes rows of points, and counts label values that it does not understand but may add up."""

    def __init__(self, bounds: Mapping[int, int], models_with_tokens: frozenset[str | None]) -> None:
        self._bounds = bounds
        self._models_with_tokens = models_with_tokens
        self._unknown: Counter[tuple[str, str]] = Counter()

    def report(self) -> None:
        """One warning for each value."""
        for (label, value), count in sorted(self._unknown.items()):
            log.warning("provider=gcp_vertex unknown_value=%s of label=%s points=%d", value, label, count)

    def row(self, point: Point) -> UsageRow | None:
        """The row of a point; None for what is no pay-as-you-go usage. Raises MalformedPageError."""
        if point.metric_labels.get("request_type") == "dedicated":
            return None
        meter = self._meter(point)
        if meter is None:
            return None
        location, publisher = point.resource_labels.get("location"), point.resource_labels.get("publisher")
        model = point.resource_labels.get("model_user_id")
        tier, provider_tier = self._tier(point)
        band, above, up_to = self._band(point)
        return UsageRow(
            period_start=point.start,
            period_end=point.end,
            meter=meter,
            quantity=Decimal(point.value),
            page=point.page,
            service_tier=tier,
            provider_service_tier=provider_tier,
            resource_id=f"publishers/{publisher}/models/{model}" if publisher and model else None,
            resource_name=model,
            resource_type="Publisher model" if publisher and model else None,
            provider_model_id=model,
            region_id=location,
            geography=None if location is None else "global" if location == "global" else "regional",
            context_band=band,
            context_tokens_above=above,
            context_tokens_up_to=up_to,
            variant=_variant(point),
        )

    def _meter(self, point: Point) -> str | None:
        if point.metric_type == _TOKENS:
            return _token_meter(point)
        if point.metric_type == _INVOCATIONS:
            # A refused request (429 most of all) is no usage.
            return "request" if _ACCEPTED.fullmatch(_label(point, "response_code")) else None
        if point.metric_type != _CHARACTERS:
            _fail(point, f"metric type {point.metric_type!r} was not asked for")
        # Where tokens are counted too, the characters are those of the same text.
        is_counted = point.resource_labels.get("model_user_id") in self._models_with_tokens
        return None if is_counted else "character"

    def _tier(self, point: Point) -> tuple[str, str | None]:
        asked = point.metric_labels.get("request_type")
        words = set(re.split(r"[^a-z]+", (asked or "").lower()))
        tier = next((name for name in ("flex", "priority") if name in words), "standard")
        if asked not in {None, "shared", "spillover"} and tier == "standard":
            self._unknown["request_type", asked or ""] += 1
        source = point.metric_labels.get("source", "global")
        if source.startswith(_BATCH) and _LOCATION.fullmatch(source.removeprefix(_BATCH)):
            return "batch", f"{asked or 'none'}+batch"
        if not _LOCATION.fullmatch(source):
            _fail(
                point, f"label source is {source!r}, neither a region nor {_BATCH} and a region; its price is unknown"
            )
        return tier, asked

    def _band(self, point: Point) -> Band:
        label = point.metric_labels.get("max_token_size")
        if label is None:
            return None, None, None
        limits = context_limits(label, self._bounds)
        if limits is None:
            self._unknown["max_token_size", label] += 1
            return None, None, None
        return label, *limits


def context_limits(label: str, bounds: Mapping[int, int]) -> tuple[int, int | None] | None:
    """Tokens that prompts of a band are longer than and, at most, as long as; None for a label that says neither.

    `bounds` gives the next smaller bound of each upper bound: a label that is a number is the bucket below it.
    """
    text = label.strip()
    if match := _RANGE.fullmatch(text):
        low, low_scale, high, high_scale = match.groups()
        return _count(low, low_scale), _count(high, high_scale)
    if match := _COMPARED.fullmatch(text):
        operator, number, scale = match.groups()
        count = _count(number, scale)
        if operator in {"<", "<="}:
            return 0, count - (operator == "<")
        return count - (operator == ">="), None
    if match := _BOUND.fullmatch(text):
        upper = _count(*match.groups())
        return (bounds[upper], upper) if upper in bounds else None
    return None


def _bounds(text: str) -> dict[int, int]:
    """Next smaller bound by bound."""
    counts = sorted(_count(*match.groups()) for match in map(_BOUND.fullmatch, text.split(",")) if match)
    return dict(zip(counts, [0, *counts], strict=False))


def _count(number: str, scale: str) -> int:
    return int(number) * _SCALES[scale.lower()]


def _token_meter(point: Point) -> str:
    publisher, kind = point.resource_labels.get("publisher"), _label(point, "type")
    meters = _CLAUDE_METERS if publisher == "anthropic" else _OTHER_METERS
    if kind not in meters:
        _fail(point, f"label type is {kind!r}, tokens without a known meaning; known are {', '.join(meters)}")
    if publisher == "anthropic":
        # Claude's tokens cost the same whatever they stand for.
        return meters[kind]
    model = point.resource_labels.get("model_user_id") or ""
    if kind == "input" and "embedding" in model:
        return "embedding_input"
    modality = point.metric_labels.get("modality", "text").lower()
    if modality not in _MODALITIES:
        _fail(point, f"label modality is {modality!r}, without a known price; known are {', '.join(_MODALITIES)}")
    return meters[kind] + _MODALITIES[modality]


def _variant(point: Point) -> str | None:
    """Billing splits by explicit caching; without the label the two do not reconcile."""
    if point.metric_type == _CHARACTERS:
        return point.metric_labels.get("type")
    value = point.metric_labels.get("explicit_caching", "false").lower()
    if value not in {"true", "false"}:
        _fail(point, f"label explicit_caching is {value!r}, neither true nor false")
    return "explicit_caching" if value == "true" else None


def _label(point: Point, name: str) -> str:
    if name not in point.metric_labels:
        _fail(point, f"label {name} is missing")
    return point.metric_labels[name]


def _fail(point: Point, problem: str) -> NoReturn:
    raise MalformedPageError(
        f"gcp_vertex {point.metric_type.removeprefix(_PREFIX)} of {dict(point.resource_labels)}, period to "
        f"{point.end.isoformat()}: {problem} (page {point.page})"
    )
