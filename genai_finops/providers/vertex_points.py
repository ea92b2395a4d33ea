"""What the labels of a publisher model's metrics mean: meters, bands of prompt lengths, variants."""

import logging
import re
from collections import Counter
from collections.abc import Mapping
from typing import NoReturn

from genai_finops.providers.base import MalformedPageError, UsageRow
from genai_finops.providers.cloud_monitoring import Point
from genai_finops.providers.vertex_source import PREFIX

log = logging.getLogger(__name__)

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
_ACCEPTED = re.compile(r"2\d\d")

_BOUND = re.compile(r"(\d+)\s*([kKmM]?)")
_RANGE = re.compile(r"(\d+)\s*([kKmM]?)\s*(?:-|to)\s*(\d+)\s*([kKmM]?)")
_COMPARED = re.compile(r"(<=|<|>=|>)\s*(\d+)\s*([kKmM]?)")
_SCALES = {"": 1, "k": 1_000, "m": 1_000_000}

Band = tuple[str | None, int | None, int | None]


class PointReader:
    """Makes rows of points, and counts label values that it does not understand but may add up."""

    def __init__(self, context_bounds: str) -> None:
        """`context_bounds`: upper bounds of the buckets of prompt lengths, separated by commas."""
        self._bounds = _bounds(context_bounds)
        self._unknown: Counter[tuple[str, str]] = Counter()

    def report(self) -> None:
        """One warning for each value."""
        for (name, value), count in sorted(self._unknown.items()):
            log.warning("provider=gcp_vertex unknown_value=%s of label=%s points=%d", value, name, count)

    def note(self, name: str, value: str) -> None:
        """A value of a label that nobody described."""
        self._unknown[name, value] += 1

    def row(self, point: Point, meter: str, *, tier: str, provider_tier: str | None, variant: str | None) -> UsageRow:
        """The row of a point."""
        location, publisher = point.resource_labels.get("location"), point.resource_labels.get("publisher")
        model = point.resource_labels.get("model_user_id")
        band, above, up_to = self._band(point)
        return UsageRow(
            period_start=point.start,
            period_end=point.end,
            meter=meter,
            quantity=point.value,
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
            variant=variant,
        )

    def _band(self, point: Point) -> Band:
        value = point.metric_labels.get("max_token_size")
        if value is None:
            return None, None, None
        limits = context_limits(value, self._bounds)
        if limits is None:
            self.note("max_token_size", value)
            return None, None, None
        return value, *limits


def token_meter(point: Point) -> str:
    """The meter of a point of token_count. Raises MalformedPageError for tokens without a known meaning."""
    publisher, kind = point.resource_labels.get("publisher"), label(point, "type")
    meters = _CLAUDE_METERS if publisher == "anthropic" else _OTHER_METERS
    if kind not in meters:
        fail(point, f"label type is {kind!r}, tokens without a known meaning; known are {', '.join(meters)}")
    if publisher == "anthropic":
        # Claude's tokens cost the same whatever they stand for.
        return meters[kind]
    model = point.resource_labels.get("model_user_id") or ""
    if kind == "input" and "embedding" in model:
        return "embedding_input"
    modality = point.metric_labels.get("modality", "text").lower()
    if modality not in _MODALITIES:
        fail(point, f"label modality is {modality!r}, without a known price; known are {', '.join(_MODALITIES)}")
    return meters[kind] + _MODALITIES[modality]


def is_accepted(point: Point) -> bool:
    """Whether a point of model_invocation_count counts requests that were served."""
    return _ACCEPTED.fullmatch(label(point, "response_code")) is not None


def caching_variant(point: Point) -> str | None:
    """Billing splits by explicit caching; without the label the two do not reconcile."""
    value = point.metric_labels.get("explicit_caching", "false").lower()
    if value not in {"true", "false"}:
        fail(point, f"label explicit_caching is {value!r}, neither true nor false")
    return "explicit_caching" if value == "true" else None


def label(point: Point, name: str) -> str:
    """The value of a metric's label. Raises MalformedPageError where it has none."""
    if name not in point.metric_labels:
        fail(point, f"label {name} is missing")
    return point.metric_labels[name]


def fail(point: Point, problem: str) -> NoReturn:
    """Raise MalformedPageError that names metric, resource, period and page."""
    raise MalformedPageError(
        f"gcp_vertex {point.metric_type.removeprefix(PREFIX)} of {dict(point.resource_labels)}, period to "
        f"{point.end.isoformat()}: {problem} (page {point.page})"
    )


def context_limits(text: str, bounds: Mapping[int, int]) -> tuple[int, int | None] | None:
    """Tokens that prompts of a band are longer than and, at most, as long as; None for a label that says neither.

    `bounds` gives the next smaller bound of each upper bound: a label that is a number is the bucket below it.
    """
    text = text.strip()
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
