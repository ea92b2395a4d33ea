"""From CloudWatch's sums to usage: one metric may come under two names and under several sets of dimensions."""

import datetime as dt
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from genai_finops.providers.base import MalformedPageError, UsageRow
from genai_finops.providers.bedrock_models import NamedModel
from genai_finops.providers.cloudwatch import METRIC_DATA, METRICS, Metric, Point

log = logging.getLogger(__name__)

PROVIDER = "aws_bedrock"
RUNTIME = "AWS/Bedrock"
MANTLE = "AWS/BedrockMantle"

#: Meter of each metric, by namespace.
Meters = Mapping[str, Mapping[str, str]]
#: InputTokenCount excludes cached tokens. The cache metrics have two spellings.
METERS: Meters = {
    RUNTIME: {
        "InputTokenCount": "uncached_input",
        "CacheReadInputTokenCount": "cache_read",
        "CacheReadInputTokens": "cache_read",
        "CacheWriteInputTokenCount": "cache_write",
        "CacheWriteInputTokens": "cache_write",
        "OutputTokenCount": "output",
        "OutputImageCount": "image",
        "Invocations": "request",
    },
    # The share that was read from a cache is not reported here.
    MANTLE: {"TotalInputTokens": "input", "TotalOutputTokens": "output", "Inferences": "request"},
}
#: The dimension that names the model.
MODEL_DIMENSION = {RUNTIME: "ModelId", MANTLE: "Model"}
_TIER, _RESOLVED_TIER, _CONTEXT = "ServiceTier", "ResolvedServiceTier", "ContextWindow"
_IMAGE_SIZE, _IMAGE_STEPS, _PROJECT = "ImageSize", "BucketedStepSize", "Project"
_KNOWN_DIMENSIONS = frozenset(
    {*MODEL_DIMENSION.values(), _TIER, _RESOLVED_TIER, _CONTEXT, _IMAGE_SIZE, _IMAGE_STEPS, _PROJECT}
)
_IMAGE_DIMENSIONS = frozenset({_IMAGE_SIZE, _IMAGE_STEPS})

#: Counted, but no usage that is billed by itself.
_NO_USAGE = frozenset(
    {
        "InvocationThrottles",
        "InvocationClientErrors",
        "InvocationServerErrors",
        "LegacyModelInvocations",
        "InvocationLatency",
        "TimeToFirstToken",
        "EstimatedTPMQuotaUsage",
        "ModelInvocationLogsCloudWatchDeliverySuccess",
        "ModelInvocationLogsCloudWatchDeliveryFailure",
        "ModelInvocationLogsS3DeliverySuccess",
        "ModelInvocationLogsS3DeliveryFailure",
        "ModelInvocationLargeDataS3DeliverySuccess",
        "ModelInvocationLargeDataS3DeliveryFailure",
        "InferenceClientErrors",
        "InferenceServerErrors",
    }
)
_MAY_BE_USAGE = re.compile(r"Token|Image|Audio|Video|Speech|Character|Second|Unit|Page", re.IGNORECASE)
_TIERS = {
    "standard": "standard",
    "default": "standard",
    "flex": "flex",
    "priority": "priority",
    # Reserved capacity is a commitment: its tokens are paid with it.
    "reserved": "committed",
}
_CONTEXT_WINDOW = re.compile(r"(\d+)(k|M)?-(\d+)(k|M)", re.IGNORECASE)
_SCALES = {"": 1, "k": 1_000, "m": 1_000_000}

Sums = Mapping[tuple[str, Metric], Mapping[dt.datetime, Point]]


def metrics_to_ask(
    series: Iterable[tuple[str, tuple[tuple[str, str], ...]]], *, with_totals: bool, meters: Meters = METERS
) -> list[Metric]:
    """Every metric of usage for namespaces and sets of dimensions, in a fixed order.

    All of them are asked for, whatever ListMetrics shows: it forgets a metric two weeks after its last value.
    """
    wanted = set()
    for namespace, dimensions in series:
        is_image = not _IMAGE_DIMENSIONS.isdisjoint(name for name, _ in dimensions)
        for name, meter in meters[namespace].items():
            if meter == "image" or not is_image:
                wanted.add(Metric(namespace, name, dimensions))
    if with_totals:
        wanted |= {Metric(RUNTIME, name, ()) for name in METERS[RUNTIME]}
    return sorted(wanted)


def _refuse_unknown(metric: Metric, ignored: Collection[str]) -> bool:
    """Whether a listed metric is unknown and no usage. Raises MalformedPageError where it may be usage, and for a
    service tier without a known meaning.
    """
    tiers = [value for name, value in metric.dimensions if name in {_TIER, _RESOLVED_TIER}]
    for tier in tiers:
        if tier.lower() not in _TIERS:
            raise MalformedPageError(
                f"{PROVIDER} {metric.namespace}: metric {metric.name} has the service tier {tier!r}, which has no "
                f"known meaning; its price would be guessed"
            )
    if metric.name in METERS[metric.namespace] or metric.name in _NO_USAGE or metric.name in ignored:
        return False
    if _MAY_BE_USAGE.search(metric.name):
        raise MalformedPageError(
            f"{PROVIDER} {metric.namespace}: unknown metric {metric.name} may be usage that is billed; the provider's "
            f"module has to learn it, or the flow option ignored_metrics names it"
        )
    return True


@dataclass(frozen=True, slots=True)
class _Part:
    """What one set of dimensions says about a model, metric and period."""

    dimensions: Mapping[str, str]
    value: Decimal
    page: str


def model_of(metric: Metric) -> str | None:
    """The ModelId of a series; None where it counts no single model."""
    return dict(metric.dimensions).get(MODEL_DIMENSION.get(metric.namespace, ""))


def _rank(names: frozenset[str]) -> tuple[bool, int, list[str]]:
    return names <= _KNOWN_DIMENSIONS, len(names), sorted(names)


def _without_repeats(parts: Iterable[_Part], model_dimension: str) -> list[_Part]:
    """The parts of the most specific set of dimensions, and what other sets count beyond them.

    Every set of dimensions counts the same usage, as far as it counts it: a tier that is reported since noon leaves
    the morning to the model's own series.
    """
    sets: defaultdict[frozenset[str], list[_Part]] = defaultdict(list)
    for part in parts:
        sets[frozenset(part.dimensions)].append(part)
    chosen = sets[max(sets, key=_rank)]
    fullest = max(sets.values(), key=lambda found: sum(part.value for part in found))
    rest = sum((part.value for part in fullest), Decimal(0)) - sum(part.value for part in chosen)
    if not rest:
        return chosen
    only_model = {model_dimension: chosen[0].dimensions[model_dimension]}
    return [*chosen, _Part(only_model, rest, fullest[0].page)]


def _parts(sums: Sums) -> dict[tuple[str, str, str, str, dt.datetime], list[_Part]]:
    """Parts without repeats by region, namespace, metric, model and period; series without a model are left out."""
    found: defaultdict[tuple[str, str, str, str, dt.datetime], list[_Part]] = defaultdict(list)
    for (region, metric), series in sums.items():
        model = model_of(metric)
        if model is None:
            continue
        for start, point in series.items():
            if point.value:
                part = _Part(dict(metric.dimensions), point.value, point.page.sha256)
                found[region, metric.namespace, metric.name, model, start].append(part)
    return {key: _without_repeats(parts, MODEL_DIMENSION[key[1]]) for key, parts in found.items()}


def check_totals(sums: Sums) -> None:
    """Raises MalformedPageError where the models of a region do not add up to the series without dimensions.

    A metric without such a series is not checked.
    """
    totals: dict[tuple[str, str, str], Mapping[dt.datetime, Point]] = {
        (region, metric.namespace, metric.name): series
        for (region, metric), series in sums.items()
        if not metric.dimensions and series
    }
    by_models: defaultdict[tuple[str, str, str], defaultdict[dt.datetime, Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    for (region, namespace, name, _, start), parts in _parts(sums).items():
        by_models[region, namespace, name][start] += sum(part.value for part in parts)
    for (region, namespace, name), series in sorted(totals.items()):
        found = by_models[region, namespace, name]
        for start in sorted(series.keys() | found.keys()):
            expected = series[start].value if start in series else Decimal(0)
            if found.get(start, Decimal(0)) != expected:
                raise MalformedPageError(
                    f"{PROVIDER} {METRIC_DATA} {region}: {name} of {start.isoformat()} is {found.get(start, 0)} by "
                    f"model but {expected} in {namespace} as a whole; ListMetrics forgets models after two weeks: name "
                    f"those that are missing in the account option model_ids"
                )


def usage_rows(
    sums: Sums,
    name: Callable[[str, str, dt.datetime], NamedModel | None],
    period: dt.timedelta,
    *,
    meters: Meters = METERS,
    service_tier: str | None = None,
) -> Iterator[UsageRow]:
    """The usage, not yet added up, of the models that `name` knows by ModelId, region and start of the period.

    `service_tier` holds whatever the dimensions say. Raises MalformedPageError for a tier without a known meaning.
    """
    by_meter: defaultdict[tuple[str, str, str, dt.datetime, str], dict[str, list[_Part]]] = defaultdict(dict)
    for (region, namespace, metric, model, start), parts in _parts(sums).items():
        by_meter[region, namespace, model, start, meters[namespace][metric]][metric] = parts
    for (region, _, model, start, meter), spellings in by_meter.items():
        named = name(model, region, start)
        if named is None:
            continue
        base = UsageRow(
            period_start=start,
            period_end=start + period,
            meter=meter,
            quantity=Decimal(0),
            page="",
            service_tier="standard",
            region_id=region,
            geography=named.geography,
            provider_model_id=named.provider_model_id,
            resource_id=named.resource_id,
            resource_name=named.resource_name,
            resource_type=named.resource_type,
        )
        for part in _one_spelling(spellings, f"{region} {model} {start.isoformat()}"):
            columns = _columns_of(part.dimensions)
            if service_tier is not None:
                columns["service_tier"] = service_tier
            yield replace(base, quantity=part.value, page=part.page, **columns)


def _one_spelling(spellings: Mapping[str, list[_Part]], subject: str) -> list[_Part]:
    """The fuller of the spellings of one metric: both count the same tokens."""
    sums = {name: sum(part.value for part in parts) for name, parts in spellings.items()}
    if len(set(sums.values())) > 1:
        log.warning("provider=%s %s: two spellings differ, the larger counts: %s", PROVIDER, subject, sums)
    return spellings[max(sorted(sums), key=lambda name: sums[name])]


def _columns_of(dimensions: Mapping[str, str]) -> dict[str, Any]:
    # What was asked for and what was given may differ; the tier that was given is the one that is paid.
    tier = dimensions.get(_RESOLVED_TIER) or dimensions.get(_TIER)
    project = dimensions.get(_PROJECT)
    band, above, up_to = _context_band(dimensions.get(_CONTEXT))
    image = [dimensions[name] for name in (_IMAGE_SIZE, _IMAGE_STEPS) if name in dimensions]
    return {
        "service_tier": "standard" if tier is None else _TIERS[tier.lower()],
        "provider_service_tier": tier,
        "sub_account_id": project,
        "sub_account_name": project,
        "sub_account_type": None if project is None else "Project",
        "context_band": band,
        "context_tokens_above": above,
        "context_tokens_up_to": up_to,
        "variant": ":".join(image) or None,
    }


def _context_band(label: str | None) -> tuple[str | None, int | None, int | None]:
    match = _CONTEXT_WINDOW.fullmatch(label or "")
    if match is None:
        return label, None, None
    above, above_scale, up_to, up_to_scale = match.groups("")
    return label, int(above) * _SCALES[above_scale.lower()], int(up_to) * _SCALES[up_to_scale.lower()]


def report_unknown(found: Collection[Metric], ignored: Collection[str]) -> None:
    """Warns of listed metrics and dimensions that are unknown and no usage.

    Raises MalformedPageError for a metric that may be usage, and for a service tier without a known meaning.
    """
    new = {metric.name for metric in found if metric.namespace in METERS and _refuse_unknown(metric, ignored)}
    split = {
        name
        for metric in found
        if metric.name in METERS.get(metric.namespace, {})
        for name, _ in metric.dimensions
        if name not in _KNOWN_DIMENSIONS
    }
    for kind, names in (("unknown_metric", new), ("unknown_dimension", split)):
        for name in sorted(names):
            log.warning("provider=%s source=%s %s=%s: kept in the raw page only", PROVIDER, METRICS, kind, name)
