"""Which series of metrics the account's traffic makes, and what each of them holds."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from genai_finops.simulator.aws_bedrock.traffic import MANTLE, RUNTIME
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Account, Stream

#: Names and values, sorted.
Dimensions = tuple[tuple[str, str], ...]

_RECENTLY = dt.timedelta(days=14)
_TIERS = ("ServiceTier", "ResolvedServiceTier")
_METRICS = {
    RUNTIME: {
        "request": "Invocations",
        "uncached_input": "InputTokenCount",
        "output": "OutputTokenCount",
        "image": "OutputImageCount",
        "throttled_request": "InvocationThrottles",
    },
    MANTLE: {"request": "Inferences", "input": "TotalInputTokens", "output": "TotalOutputTokens"},
}
_CACHE = {"cache_read": "CacheRead", "cache_write": "CacheWrite"}
_CACHE_SPELLINGS = {"Count": "InputTokenCount", "Tokens": "InputTokens"}


@dataclass(frozen=True, slots=True, order=True)
class SeriesName:
    """A metric with exactly these dimensions."""

    namespace: str
    metric: str
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class Source:
    """Traffic that a series counts, by meter."""

    stream: Stream
    meter: str


def series_of(account: Account, region: str) -> dict[SeriesName, list[Source]]:
    """All series of a region, the ones of each model and, in the runtime's namespace, those without dimensions."""
    found: dict[SeriesName, list[Source]] = {}
    for namespace in (RUNTIME, MANTLE):
        for stream in account.streams.get(namespace, ()):
            if stream.plan.region_id != region:
                continue
            for meter, metric in _metrics(stream, namespace):
                for dimensions in _dimension_sets(stream, namespace, metric):
                    found.setdefault(SeriesName(namespace, metric, dimensions), []).append(Source(stream, meter))
    return found


def _metrics(stream: Stream, namespace: str) -> Iterator[tuple[str, str]]:
    counted = [*stream.plan.per_request, *(["request"] if stream.plan.counts_requests else [])]
    spellings = str(stream.plan.dimensions.get("spellings", "Count")).split(",")
    for meter in counted:
        name = meter.removeprefix("_")
        if name in _CACHE:
            for spelling in spellings:
                yield meter, f"{_CACHE[name]}{_CACHE_SPELLINGS[spelling]}"
        else:
            yield meter, _METRICS[namespace][name]


def _dimension_sets(stream: Stream, namespace: str, metric: str) -> Iterator[Dimensions]:
    own = {name: str(value) for name, value in stream.plan.dimensions.items() if name[0].isupper()}
    if namespace == MANTLE:
        yield tuple(sorted((name, own[name]) for name in ("Model", "Project")))
        return
    if metric == "OutputImageCount":
        yield tuple(sorted((name, own[name]) for name in ("ImageSize", "ModelId")))
    else:
        yield (("ModelId", own["ModelId"]),)
        if _TIERS[0] in own:
            yield tuple(sorted((name, own[name]) for name in ("ModelId", *_TIERS)))
    yield ()


def is_recent(sources: list[Source], ledger: Ledger) -> bool:
    """Whether the series has data in the last two weeks; only then it is listed."""
    since = (ledger.now - _RECENTLY).date()
    return any(
        day >= since and source.meter in ledger.day(source.stream, day)
        for source in sources
        for day in source.stream.final
        if day >= since
    )


def sum_of(sources: list[Source], ledger: Ledger, start: dt.datetime, end: dt.datetime) -> int | None:
    """The sum of one period inside a UTC day; None where there is no data."""
    counts = [_quantities(source, ledger, start, end).get(source.meter, 0) for source in sources]
    total = sum(counts)
    return total or None


def _quantities(source: Source, ledger: Ledger, start: dt.datetime, end: dt.datetime) -> Mapping[str, int]:
    return ledger.between(source.stream, start, end)
