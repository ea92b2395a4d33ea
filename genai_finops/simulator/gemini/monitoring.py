"""The Gemini API's metrics: the names of the project's billing tier, each quota repeated for every limit it counts
against, and an output metric that batch jobs are missing from.
"""

import datetime as dt
from collections.abc import Iterator, Mapping

from genai_finops.simulator.gemini.traffic import REQUESTS, SOURCE
from genai_finops.simulator.google.monitoring import Metric, Quantity, Series
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Account, Stream

_RESOURCE = "generativelanguage.googleapis.com/Location"
_PREFIX = "generativelanguage.googleapis.com/"
_QUOTA_LABELS = ("model", "limit_name")

_INPUT = Metric(
    type=f"{_PREFIX}quota/generate_content_paid_tier_2_input_token_count/usage",
    labels=_QUOTA_LABELS,
    resource_type=_RESOURCE,
)
_INPUT_LIMIT = Metric(
    type=f"{_PREFIX}quota/generate_content_paid_tier_2_input_token_count/limit",
    labels=("limit_name",),
    resource_type=_RESOURCE,
    kind="GAUGE",
)
_REQUESTS = Metric(
    type=f"{_PREFIX}quota/generate_content_paid_tier_2_requests/usage", labels=_QUOTA_LABELS, resource_type=_RESOURCE
)
_EMBEDDINGS = Metric(
    type=f"{_PREFIX}quota/embed_content_paid_tier_2_requests/usage", labels=_QUOTA_LABELS, resource_type=_RESOURCE
)
_SEARCHES = Metric(
    type=f"{_PREFIX}quota/generate_content_search_request_usage/usage",
    labels=("limit_name",),
    resource_type=_RESOURCE,
)
_OUTPUT = Metric(
    type=f"{_PREFIX}generate_content_usage_output_token_count",
    labels=("model", "output_modality", "thinking_enabled"),
    resource_type=_RESOURCE,
)
#: Those of the other billing tiers do not exist in a project that never used them.
METRICS = (_INPUT, _INPUT_LIMIT, _REQUESTS, _EMBEDDINGS, _SEARCHES, _OUTPUT)
_LIMITS = ("PerModelPerMinute", "PerModelPerDay")
_INPUT_METERS = ("uncached_input", "uncached_input_audio", "uncached_input_image", "cache_read")
_EMBEDDING_MODEL = "embedding"


def metric_series(account: Account, ledger: Ledger) -> Iterator[Series]:
    """All series of the project."""
    for stream in account.streams[SOURCE]:
        model = stream.model
        if model is None:
            continue
        if _EMBEDDING_MODEL in model:
            yield from _repeated(_EMBEDDINGS, {"model": model}, _sum_of(ledger, stream, (REQUESTS,)))
            continue
        if "web_search" in stream.plan.per_request:
            yield from _repeated(_SEARCHES, {}, _sum_of(ledger, stream, ("web_search",)))
            continue
        yield from _repeated(_INPUT, {"model": model}, _sum_of(ledger, stream, _INPUT_METERS))
        yield from _repeated(_REQUESTS, {"model": model}, _sum_of(ledger, stream, (REQUESTS,)))
        if stream.plan.service_tier != "batch":
            yield _series(
                _OUTPUT,
                {"model": model, "output_modality": "TEXT", "thinking_enabled": "true"},
                _sum_of(ledger, stream, ("output",)),
            )


def _repeated(metric: Metric, labels: Mapping[str, str], quantity: Quantity) -> Iterator[Series]:
    for limit in _LIMITS:
        yield _series(metric, {**labels, "limit_name": limit}, quantity)


def _series(metric: Metric, labels: Mapping[str, str], quantity: Quantity) -> Series:
    return Series(metric=metric, metric_labels=labels, resource_labels={"location": "global"}, quantity=quantity)


def _sum_of(ledger: Ledger, stream: Stream, meters: tuple[str, ...]) -> Quantity:
    def quantity(start: dt.datetime, end: dt.datetime) -> int:
        found = ledger.between(stream, start, end)
        return sum(found.get(meter, 0) for meter in meters)

    return quantity
