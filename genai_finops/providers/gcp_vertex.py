"""GCP Vertex AI: pay-as-you-go usage of publisher models, from Cloud Monitoring's token and invocation counts.

Traffic within Provisioned Throughput (request_type dedicated) belongs to the commitment and is left out. Tokens beyond
it (spillover) are billed as pay-as-you-go.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from genai_finops.providers.base import MalformedPageError, Page, ProbeCheck, UsageRow, Window
from genai_finops.providers.cloud_monitoring import Point, distinct_points, refuse_expired
from genai_finops.providers.records import UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.vertex_points import PointReader, caching_variant, fail, is_accepted, token_meter
from genai_finops.providers.vertex_source import INVOCATIONS, PREFIX, TOKENS, Reading, VertexSource

_CHARACTERS = f"{PREFIX}character_count"
_READINGS = (
    Reading(
        metric=TOKENS,
        labels=("type", "request_type", "max_token_size", "explicit_caching", "modality", "source"),
        added_up=frozenset({"accounting_resource"}),
        needed=("type",),
    ),
    Reading(
        metric=INVOCATIONS,
        labels=("response_code", "request_type", "max_token_size", "explicit_caching"),
        added_up=frozenset(
            {"method", "error_category", "input_token_size", "output_token_size", "accounting_resource"}
        ),
        needed=("response_code",),
    ),
    Reading(
        metric=_CHARACTERS,
        labels=("type", "request_type"),
        added_up=frozenset({"accounting_resource", "max_token_size", "explicit_caching", "modality", "source"}),
        needed=("type",),
    ),
)
_BATCH = "batch_"
_LOCATION = re.compile(r"global|us|eu|asia|[a-z]+-[a-z]+\d+")


@register
class GcpVertexUsage(VertexSource):
    """Pay-as-you-go usage of one Google Cloud project, by day, publisher model, location, tier, band and modality."""

    flow: ClassVar[str] = "payg"

    def fetch(self, window: Window) -> Iterator[Page]:
        """The series of each metric that the project has. Raises ProviderError."""
        now = self.refuse_future(window)
        refuse_expired(window, now, provider=self.provider, retention_days=self.options.retention_days)
        described = self.described()
        for part in window.split(self.flow_config.window_days):
            for reading in _READINGS:
                # A project that never called a model has no such metric, and is refused its series.
                if reading.metric in described:
                    yield from self.read(reading, described[reading.metric], part)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """That the project's metrics can be listed and their values read."""

        def list_metrics() -> str:
            described = self.described()
            metrics = (reading.metric for reading in _READINGS if reading.metric in described)
            found = sorted(metric.removeprefix(PREFIX) for metric in metrics)
            return f"has {', '.join(found)}" if found else "the project has not called a publisher model yet"

        def read_values() -> str:
            yesterday = now.date() - dt.timedelta(days=1)
            described = self.described()
            if TOKENS not in described:
                return "the project has not called a publisher model yet"
            pages = self.read(_READINGS[0], described[TOKENS], Window.of_days(yesterday, yesterday))
            unknown = UnknownFields()
            points = sum(1 for _ in distinct_points(pages, provider=self.provider, unknown=unknown))
            return f"{points} values of token_count on {yesterday.isoformat()}"

        return (
            ProbeCheck(
                name="list metrics", needs=f"{self.needs} (monitoring.metricDescriptors.list)", run=list_metrics
            ),
            ProbeCheck(name="read time series", needs=f"{self.needs} (monitoring.timeSeries.list)", run=read_values),
        )

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Rows by day and key. Raises MalformedPageError, also for a point outside the window or a repeated one."""
        unknown = UnknownFields()
        points = list(distinct_points(pages, provider=self.provider, unknown=unknown))
        reader = _Reader(self.options.context_bounds, _models_with_tokens(points))
        totals = UsageTotals()
        for point in points:
            if point.start < window.start or point.end > window.end:
                raise MalformedPageError(
                    f"{self.provider}: the period {point.start.isoformat()} to {point.end.isoformat()} is outside the "
                    f"window {window.start.isoformat()} to {window.end.isoformat()} (page {point.page})"
                )
            row = reader.payg_row(point)
            if row is not None:
                totals.add(row)
        unknown.report()
        reader.report()
        return iter(totals)


def _models_with_tokens(points: Iterable[Point]) -> frozenset[str | None]:
    return frozenset(point.resource_labels.get("model_user_id") for point in points if point.metric_type == TOKENS)


class _Reader(PointReader):
    def __init__(self, context_bounds: str, models_with_tokens: frozenset[str | None]) -> None:
        super().__init__(context_bounds)
        self._models_with_tokens = models_with_tokens

    def payg_row(self, point: Point) -> UsageRow | None:
        """The row of a point; None for what is no pay-as-you-go usage. Raises MalformedPageError."""
        if point.metric_labels.get("request_type") == "dedicated":
            return None
        meter = self._meter(point)
        if meter is None:
            return None
        tier, provider_tier = self._tier(point)
        is_character = point.metric_type == _CHARACTERS
        variant = point.metric_labels.get("type") if is_character else caching_variant(point)
        return self.row(point, meter, tier=tier, provider_tier=provider_tier, variant=variant)

    def _meter(self, point: Point) -> str | None:
        if point.metric_type == TOKENS:
            return token_meter(point)
        if point.metric_type == INVOCATIONS:
            # A refused request (429 most of all) is no usage.
            return "request" if is_accepted(point) else None
        if point.metric_type != _CHARACTERS:
            fail(point, f"metric type {point.metric_type!r} was not asked for")
        # Where tokens are counted too, the characters are those of the same text.
        is_counted = point.resource_labels.get("model_user_id") in self._models_with_tokens
        return None if is_counted else "character"

    def _tier(self, point: Point) -> tuple[str, str | None]:
        asked = point.metric_labels.get("request_type")
        words = set(re.split(r"[^a-z]+", (asked or "").lower()))
        tier = next((name for name in ("flex", "priority") if name in words), "standard")
        if asked not in {None, "shared", "spillover"} and tier == "standard":
            self.note("request_type", asked or "")
        source = point.metric_labels.get("source", "global")
        if source.startswith(_BATCH) and _LOCATION.fullmatch(source.removeprefix(_BATCH)):
            return "batch", f"{asked or 'none'}+batch"
        if not _LOCATION.fullmatch(source):
            fail(point, f"label source is {source!r}, neither a region nor {_BATCH} and a region; its price is unknown")
        return tier, asked
