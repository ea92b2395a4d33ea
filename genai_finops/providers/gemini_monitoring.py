"""Tokens of the Gemini API as Cloud Monitoring counts them, by billing tier, model and limit.

Source: metrics list of generativelanguage.googleapis.com. That the quota metrics repeat the same usage for every limit
is an observation of practitioners.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.providers.base import MalformedPageError, Page, UsageRow
from genai_finops.providers.cloud_monitoring import distinct_points
from genai_finops.providers.records import UnknownFields

#: What the names of all metrics of the service begin with.
METRICS = "generativelanguage.googleapis.com/"
_INPUT = re.compile(rf"{METRICS}quota/generate_content_(?P<tier>free|paid)_tier(?:_\d+)?_input_token_count/usage")
_REQUESTS = re.compile(rf"{METRICS}quota/(?:generate|embed)_content_(?P<tier>free|paid)_tier(?:_\d+)?_requests/usage")
_SEARCHES = f"{METRICS}quota/generate_content_search_request_usage/usage"
_OUTPUT = f"{METRICS}generate_content_usage_output_token_count"
_TIERS = {"free": "free", "paid": "standard"}
_OUTPUT_METERS = {"TEXT": "output", "AUDIO": "output_audio", "IMAGE": "output_image", "VIDEO": "output_video"}
_DAY = dt.timedelta(days=1)


def labels_to_read(metric: str) -> tuple[str, ...] | None:
    """Labels that a metric is read by; None for one that is no usage of ours."""
    if _INPUT.fullmatch(metric) or _REQUESTS.fullmatch(metric):
        return ("metric.labels.model", "metric.labels.limit_name")
    if metric == _OUTPUT:
        return ("metric.labels.model", "metric.labels.output_modality")
    return ("metric.labels.limit_name",) if metric == _SEARCHES else None


@dataclass(frozen=True, slots=True)
class _MonitoredKey:
    start: dt.datetime
    model: str | None
    meter: str
    tier: str


def monitored_rows(pages: Sequence[Page], unknown: UnknownFields) -> Iterator[UsageRow]:
    """Rows by day, model and billing tier from the pages of all metrics. Raises MalformedPageError."""
    # The quota metrics repeat the same usage for each limit that it counts against: the largest is it, not the sum.
    # Of two billing tiers within a day each metric has its own part.
    by_limit: defaultdict[tuple[_MonitoredKey, str], defaultdict[str, Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    tiers: defaultdict[tuple[dt.datetime, str | None], set[str]] = defaultdict(set)
    shas: dict[_MonitoredKey, str] = {}
    outputs: list[tuple[dt.datetime, str | None, str, Decimal, str]] = []
    for point in distinct_points(pages, provider="gemini", unknown=unknown):
        model = point.metric_labels.get("model")
        if point.metric_type == _OUTPUT:
            modality = point.metric_labels.get("output_modality", "TEXT").upper()
            if modality not in _OUTPUT_METERS:
                raise MalformedPageError(
                    f"gemini monitoring: output_modality {modality!r} has no known meter (page {point.page})"
                )
            outputs.append((point.start, model, _OUTPUT_METERS[modality], point.value, point.page))
            continue
        key = _quota_key(point.metric_type, point.start, model)
        if key.meter == "input":
            tiers[point.start, model].add(key.tier)
        by_limit[key, point.metric_type][point.metric_labels.get("limit_name", "")] += point.value
        shas.setdefault(key, point.page)
    for (key, _), limits in by_limit.items():
        yield _monitored_row(key, max(limits.values()), shas[key])
    for start, model, meter, value, sha in outputs:
        # The output metric has no billing tier. It is free only where all input of that day was.
        tier = "free" if tiers[start, model] == {"free"} else "standard"
        yield _monitored_row(_MonitoredKey(start, model, meter, tier), value, sha)


def _quota_key(metric: str, start: dt.datetime, model: str | None) -> _MonitoredKey:
    if metric == _SEARCHES:
        return _MonitoredKey(start, None, "web_search", "standard")
    if found := _INPUT.fullmatch(metric):
        return _MonitoredKey(start, model, "input", _TIERS[found["tier"]])
    if found := _REQUESTS.fullmatch(metric):
        return _MonitoredKey(start, model, "request", _TIERS[found["tier"]])
    raise MalformedPageError(f"gemini monitoring: metric {metric!r} was not asked for")


def _monitored_row(key: _MonitoredKey, quantity: Decimal, page: str) -> UsageRow:
    return UsageRow(
        period_start=key.start,
        period_end=key.start + _DAY,
        meter=key.meter,
        quantity=quantity,
        page=page,
        service_tier=key.tier,
        provider_model_id=key.model,
        metering_source="monitoring",
    )
