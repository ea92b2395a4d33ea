"""GCP Vertex AI: what provisioned throughput (GSU) served, hour by hour, from Cloud Monitoring.

No interface lists the orders. What Cloud Monitoring has is the limit that they add up to, the tokens that were served
within it, and their weight.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import ClassVar

from genai_finops.providers.base import MalformedPageError, Page, ProbeCheck, ProviderResource, UsageRow, Window
from genai_finops.providers.cloud_monitoring import Interval, Point, distinct_points, refuse_expired
from genai_finops.providers.records import UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.vertex_points import PointReader, caching_variant, fail, is_accepted, label, token_meter
from genai_finops.providers.vertex_source import INVOCATIONS, PREFIX, TOKENS, Reading, VertexSource
from genai_finops.providers.vertex_throughput import GSU_LIMIT, TOKEN_LIMIT, WEIGHTED, DrawnThroughput, as_stored

#: Type of the resources that say which limit a model has in a location.
THROUGHPUT = "Provisioned Throughput"
_DEDICATED, _SPILLOVER = "dedicated", "spillover"
_HOUR = 3600
_MINUTE = 60
#: Samples are visible two minutes after they were taken.
_LISTED_MINUTES = 15
_LISTED = "dedicated_gsu_limit/now"

_LISTING = Reading(metric=GSU_LIMIT, aligner="ALIGN_MEAN", seconds=_MINUTE, source=_LISTED)
_READINGS = (
    Reading(
        metric=TOKENS,
        labels=("type", "request_type", "max_token_size", "explicit_caching", "modality"),
        added_up=frozenset({"accounting_resource", "source"}),
        needed=("type", "request_type"),
        where=f' AND metric.labels.request_type = "{_DEDICATED}"',
        seconds=_HOUR,
    ),
    Reading(
        metric=INVOCATIONS,
        labels=("response_code", "request_type", "max_token_size", "explicit_caching"),
        added_up=frozenset(
            {"method", "error_category", "input_token_size", "output_token_size", "accounting_resource"}
        ),
        needed=("response_code", "request_type"),
        where=f' AND metric.labels.request_type = one_of("{_DEDICATED}", "{_SPILLOVER}")',
        seconds=_HOUR,
    ),
    Reading(
        metric=WEIGHTED,
        labels=("request_type",),
        added_up=frozenset({"accounting_resource", "modality"}),
        needed=("request_type",),
        where=f' AND metric.labels.request_type = "{_DEDICATED}"',
        seconds=_HOUR,
    ),
    Reading(metric=GSU_LIMIT, aligner="ALIGN_MEAN", seconds=_HOUR),
    Reading(metric=TOKEN_LIMIT, aligner="ALIGN_MEAN", seconds=_HOUR),
)


@register
class GcpVertexCommitments(VertexSource):
    """Provisioned throughput of one Google Cloud project, by UTC hour, publisher model and location.

    An hour is there once it is over. Of the orders the limit that holds now is kept as a resource, in GSU.
    """

    flow: ClassVar[str] = "commitment"

    def fetch(self, window: Window) -> Iterator[Page]:
        """The limits of now, and the series of each metric that the project has. Raises ProviderError."""
        now = self.refuse_future(window)
        refuse_expired(window, now, provider=self.provider, retention_days=self.options.retention_days)
        described = self.described()
        yield from self._limits_of_now(described, now)
        this_hour = now.replace(minute=0, second=0)
        for part in window.split(self.flow_config.window_days):
            hours = Interval(part.start, min(part.end, this_hour))
            if hours.start == hours.end:
                continue
            for reading in _READINGS:
                if reading.metric in described:
                    yield from self.read(reading, described[reading.metric], hours)

    def fetch_lists(self) -> Iterator[Page]:
        """The limits of now. Raises ProviderError."""
        return self._limits_of_now(self.described(), self.session.now())

    def _limits_of_now(self, described: dict[str, frozenset[str]], now: dt.datetime) -> Iterator[Page]:
        if GSU_LIMIT not in described:
            return
        end = now.replace(second=0, microsecond=0)
        interval = Interval(end - dt.timedelta(minutes=_LISTED_MINUTES), end)
        yield from self.read(_LISTING, described[GSU_LIMIT], interval)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """That the project's metrics can be listed and the limits of now read."""

        def list_metrics() -> str:
            described = self.described()
            metrics = (reading.metric for reading in _READINGS if reading.metric in described)
            found = sorted(metric.removeprefix(PREFIX) for metric in metrics)
            return f"has {', '.join(found)}" if found else "the project has not called a publisher model yet"

        def read_limits() -> str:
            pages = list(self._limits_of_now(self.described(), now))
            found = sorted(
                f"{(one.capacity or Decimal(0)).normalize():f} GSU of {one.resource_name}"
                for one in self.resources(pages)
            )
            return ", ".join(found) or "no provisioned throughput is in force"

        return (
            ProbeCheck(
                name="list metrics", needs=f"{self.needs} (monitoring.metricDescriptors.list)", run=list_metrics
            ),
            ProbeCheck(name="read limits", needs=f"{self.needs} (monitoring.timeSeries.list)", run=read_limits),
        )

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        """The newest limit of each model and location. Raises MalformedPageError."""
        listed = (page for page in pages if page.source == _LISTED)
        newest: dict[str, Point] = {}
        for point in distinct_points(listed, provider=self.provider, unknown=UnknownFields()):
            names = [point.resource_labels.get(name) for name in ("publisher", "model_user_id", "location")]
            resource_id = "publishers/{}/models/{}/locations/{}".format(*names).lower()
            if resource_id not in newest or newest[resource_id].end < point.end:
                newest[resource_id] = point
        for resource_id, point in sorted(newest.items()):
            model, location = (point.resource_labels.get(name) for name in ("model_user_id", "location"))
            if point.value:
                yield ProviderResource(
                    resource_type=THROUGHPUT,
                    resource_id=resource_id,
                    resource_name=f"{model} in {location}",
                    region_id=location,
                    provider_model_id=model,
                    sku_name="GSU",
                    capacity=as_stored(point.value),
                )

    def listed_types(self, pages: Sequence[Page]) -> frozenset[str]:
        """A limit that is not shown is not in force."""
        return frozenset({THROUGHPUT}) if any(page.source == _LISTED for page in pages) else frozenset()

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Rows by hour and key. Raises MalformedPageError, also for a point outside the window or a repeated one."""
        unknown = UnknownFields()
        usage = [page for page in pages if page.source != _LISTED]
        reader = _Reader(self.options.context_bounds)
        throughput = DrawnThroughput(reader)
        totals = UsageTotals()
        for point in distinct_points(usage, provider=self.provider, unknown=unknown):
            if point.start < window.start or point.end > window.end:
                raise MalformedPageError(
                    f"{self.provider}: the period {point.start.isoformat()} to {point.end.isoformat()} is outside the "
                    f"window {window.start.isoformat()} to {window.end.isoformat()} (page {point.page})"
                )
            if point.metric_type in {TOKENS, INVOCATIONS}:
                row = reader.served_row(point)
                if row is not None:
                    totals.add(row)
            if point.metric_type == WEIGHTED and label(point, "request_type") != _DEDICATED:
                fail(point, f"label request_type is {point.metric_labels['request_type']!r}, which was not asked for")
            throughput.add(point)
        for row in throughput.rows():
            totals.add(row)
        unknown.report()
        reader.report()
        return iter(totals)


class _Reader(PointReader):
    def served_row(self, point: Point) -> UsageRow | None:
        """The row of tokens or of invocations; None for requests that failed for another reason than the limit."""
        meter = self._meter(point, label(point, "request_type"))
        if meter is None:
            return None
        asked = point.metric_labels["request_type"]
        return self.row(point, meter, tier="committed", provider_tier=asked, variant=caching_variant(point))

    def _meter(self, point: Point, asked: str) -> str | None:
        if asked != _DEDICATED and (point.metric_type, asked) != (INVOCATIONS, _SPILLOVER):
            fail(point, f"label request_type is {asked!r}, which was not asked for")
        if point.metric_type == TOKENS:
            return token_meter(point)
        if is_accepted(point):
            return "request" if asked == _DEDICATED else "spillover_request"
        is_throttled = asked == _DEDICATED and label(point, "response_code") == "429"
        return "throttled_request" if is_throttled else None
