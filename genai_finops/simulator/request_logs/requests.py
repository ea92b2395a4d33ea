"""The requests that the logs tell of: together they are the final traffic of their stream, to the last token."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.noise import generator, token
from genai_finops.simulator.request_logs.consumers import Consumer, ConsumerDraw
from genai_finops.simulator.traffic import Account, Stream

#: Meters that one request can have. The others (storage, sessions, hours) belong to no request.
REQUEST_METERS = frozenset(
    {
        "uncached_input",
        "uncached_input_audio",
        "uncached_input_image",
        "cache_read",
        "cache_read_audio",
        "cache_write",
        "cache_write_5m",
        "cache_write_1h",
        "input",
        "input_audio",
        "output",
        "output_audio",
        "embedding_input",
        "image",
        "character",
    }
)
#: Counted in requests too, but only in those of the traffic that it comes with.
WEB_SEARCH = "web_search"
_OUTPUT = ("output", "output_audio", "image", "character")
#: Real requests are some 14 million. One of these stands for many, but is no longer than a prompt can be.
_TOKENS = 100_000
_FEWEST, _MOST = 10, 30
#: Requests of an hour on reserved capacity, which is shared by the hour.
_MOST_OF_AN_HOUR = 3
#: Bands with long prompts, by the names that the providers give them, and the tokens of a request in them.
_LONG_BANDS = frozenset({"200k-1M", "1M", "long"})
_LONG_TOKENS = 280_000
#: Models whose price depends on the length of the prompt: no request may be longer than its band, however many it
#: takes. The longest are 1.6 times as long as the mean.
_PRICED_BY_LENGTH = ("claude-sonnet-4-5@", "claude-sonnet-4-6", "gemini-2.5-pro")
_MOST_OF_A_BAND = 600
_TOKENS_IN_A_BAND = 120_000
_MINUTES = 60
_HOURS = 24
_DAY_SECONDS = 86_400


class LoggedRequest(NamedTuple):
    """One request. `meters` are the stream's own, disjoint, without zeros."""

    id: str
    started_at: dt.datetime
    ended_at: dt.datetime
    stream: Stream
    meters: Mapping[str, int]
    consumer: Consumer


def is_loggable(stream: Stream) -> bool:
    """Whether the stream consists of requests to a known model."""
    return stream.model is not None and not REQUEST_METERS.isdisjoint(stream.plan.per_request)


def requests_of(account: Account, stream: Stream, day: dt.date, *, count: int | None = None) -> list[LoggedRequest]:
    """The requests of one stream and UTC day by time; none where it had no traffic.

    Their meters add up to the stream's final quantities, on reserved capacity those of each hour to what the ledger
    shows of it. `count` requests where it is given.
    """
    quantities = {
        meter: quantity
        for meter, quantity in stream.final.get(day, {}).items()
        if meter in REQUEST_METERS or meter == WEB_SEARCH
    }
    if not quantities:
        return []
    random = generator(account.scenario.seed, stream.name, day, "requests")
    parts = list(_parts(stream, quantities, random, count))
    consumers = ConsumerDraw(account.scenario, account.org, stream, day, len(parts))
    base = token(14, account.scenario.seed, stream.name, day)
    start = midnight(day)
    return [
        LoggedRequest(
            id=f"{base}{position:06x}",
            started_at=start + dt.timedelta(milliseconds=milliseconds),
            ended_at=start + dt.timedelta(milliseconds=milliseconds + 400 + int(random.random() * 20_000)),
            stream=stream,
            meters=meters,
            consumer=consumers.of(position, random),
        )
        for position, (milliseconds, meters) in enumerate(parts)
    ]


def _parts(
    stream: Stream, quantities: Mapping[str, int], random: Random, count: int | None
) -> Iterator[tuple[int, Mapping[str, int]]]:
    """Milliseconds of the day and meters of each request."""
    if stream.plan.flow != "commitment":
        requests = count or _count(stream, _input_of(quantities), most=_MOST, fewest=_FEWEST)
        for position, meters in enumerate(_split(stream, quantities, requests, random)):
            yield _moment(stream.cumulative_hours, (position + random.random()) / requests), meters
        return
    low_to_high = stream.cumulative_hours
    total = low_to_high[_HOURS]
    for hour in range(_HOURS):
        low, high = low_to_high[hour], low_to_high[hour + 1]
        shares = {meter: q * high // total - q * low // total for meter, q in quantities.items()}
        shares = {meter: quantity for meter, quantity in shares.items() if quantity}
        if shares:
            requests = _count(stream, _input_of(shares), most=_MOST_OF_AN_HOUR, fewest=1)
            for position, meters in enumerate(_split(stream, shares, requests, random)):
                part = (hour + (position + random.random()) / requests) / _HOURS
                yield int(part * _DAY_SECONDS * 1000), meters


def _input_of(quantities: Mapping[str, int]) -> int:
    return sum(quantity for meter, quantity in quantities.items() if meter not in _OUTPUT and meter != WEB_SEARCH)


def _count(stream: Stream, tokens: int, *, most: int, fewest: int) -> int:
    if _is_long(stream):
        return max(1, tokens // _LONG_TOKENS)
    if _is_priced_by_length(stream):
        return max(fewest, min(-(-tokens // _TOKENS_IN_A_BAND), _MOST_OF_A_BAND))
    return max(fewest, min(-(-tokens // _TOKENS), most))


def _is_long(stream: Stream) -> bool:
    return stream.plan.context_band in _LONG_BANDS or stream.plan.is_long


def _is_priced_by_length(stream: Stream) -> bool:
    return (stream.model or "").startswith(_PRICED_BY_LENGTH)


def _split(stream: Stream, quantities: Mapping[str, int], requests: int, random: Random) -> Iterator[Mapping[str, int]]:
    """The quantities in whole parts that add up; what goes in and what comes out vary independently."""
    least, spread = (900, 200) if _is_long(stream) else (750, 500) if _is_priced_by_length(stream) else (600, 800)
    goes_in, comes_out = (
        _cumulative([least + int(random.random() * spread) for _ in range(requests)]) for _ in range(2)
    )
    weights = {meter: comes_out if meter in _OUTPUT else goes_in for meter in quantities}
    for position in range(requests):
        meters = {}
        for meter, quantity in quantities.items():
            cumulative = weights[meter]
            total = cumulative[-1]
            part = quantity * cumulative[position + 1] // total - quantity * cumulative[position] // total
            if part:
                meters[meter] = part
        yield meters


def _cumulative(weights: Sequence[int]) -> list[int]:
    sums = [0]
    for weight in weights:
        sums.append(sums[-1] + weight)
    return sums


def _moment(cumulative_hours: Sequence[int], part: float) -> int:
    """Milliseconds of the day at which this part of the day's traffic has been sent."""
    reached = part * cumulative_hours[-1]
    hour = min(bisect_right(cumulative_hours, reached) - 1, _HOURS - 1)
    weight = cumulative_hours[hour + 1] - cumulative_hours[hour]
    within = (reached - cumulative_hours[hour]) / weight if weight else 0.0
    return min(int((hour + within) * _MINUTES * _MINUTES * 1000), _DAY_SECONDS * 1000 - 1)
