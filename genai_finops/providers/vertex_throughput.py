"""How much of provisioned throughput was drawn: weighted tokens against the limit of a GSU, hour by hour."""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal

from genai_finops.providers.base import UsageRow
from genai_finops.providers.cloud_monitoring import Point
from genai_finops.providers.vertex_points import PointReader, fail
from genai_finops.providers.vertex_source import PREFIX, TOKENS

log = logging.getLogger(__name__)

WEIGHTED = f"{PREFIX}consumed_token_throughput"
GSU_LIMIT = f"{PREFIX}dedicated_gsu_limit"
#: Per second.
TOKEN_LIMIT = f"{PREFIX}dedicated_token_limit"

_HOUR_SECONDS = 3600
_DECIMALS = Decimal("0.000001")
_MICRO = 1_000_000

_Key = tuple[str | None, str | None, str | None]
_Hours = dict[dt.datetime, Point]


@dataclass(slots=True)
class _Pool:
    """The points of one model in one location, by the start of their hour."""

    weighted: _Hours = field(default_factory=dict)
    gsu: _Hours = field(default_factory=dict)
    tokens: _Hours = field(default_factory=dict)
    #: Hours in which tokens were served.
    served: set[dt.datetime] = field(default_factory=set)


class DrawnThroughput:
    """Collects the points of a fetch and makes rows of limits and of what was drawn."""

    def __init__(self, reader: PointReader) -> None:
        self._reader = reader
        self._pools: defaultdict[_Key, _Pool] = defaultdict(_Pool)

    def add(self, point: Point) -> None:
        """A point of any metric of the flow."""
        publisher, model, location = (
            point.resource_labels.get(name) for name in ("publisher", "model_user_id", "location")
        )
        pool = self._pools[publisher, model, location]
        if point.metric_type == TOKENS and point.value:
            pool.served.add(point.start)
        hours = {WEIGHTED: pool.weighted, GSU_LIMIT: pool.gsu, TOKEN_LIMIT: pool.tokens}.get(point.metric_type)
        # A limit of zero is none.
        if hours is not None and point.value:
            if point.start in hours:
                fail(point, "the hour comes twice")
            hours[point.start] = point

    def rows(self) -> Iterator[UsageRow]:
        """weighted_token and capacity_token of each hour that has a point of them, and gsu_hour where a limit is known.

        An hour without a limit takes the nearest one of the window, an earlier one first.
        """
        for (publisher, model, location), pool in self._pools.items():
            without_limit = []
            for point in pool.tokens.values():
                yield self._row(point, "capacity_token", as_stored(point.value * _HOUR_SECONDS))
            both = {hour: (pool.gsu[hour].value, pool.tokens[hour].value) for hour in pool.gsu if hour in pool.tokens}
            for hour, point in pool.weighted.items():
                yield self._row(point, "weighted_token", point.value)
                limits = _nearest(both, hour)
                if limits is None:
                    without_limit.append(hour)
                else:
                    yield self._row(point, "gsu_hour", drawn_gsu_hours(point.value, *limits))
            subject = f"provider=gcp_vertex publisher={publisher} model={model} location={location}"
            if without_limit:
                log.warning(
                    "%s hours=%d from=%s: tokens within provisioned throughput, and no dedicated_gsu_limit and "
                    "dedicated_token_limit in the window: what was drawn in GSU is unknown, and missing",
                    subject,
                    len(without_limit),
                    min(without_limit).isoformat(),
                )
            unweighted = pool.served - pool.weighted.keys()
            if unweighted:
                log.warning(
                    "%s hours=%d from=%s: tokens within provisioned throughput without consumed_token_throughput: "
                    "their order seems idle in these hours, and is not",
                    subject,
                    len(unweighted),
                    min(unweighted).isoformat(),
                )

    def _row(self, point: Point, meter: str, quantity: Decimal) -> UsageRow:
        row = self._reader.row(point, meter, tier="committed", provider_tier="dedicated", variant=None)
        return replace(row, quantity=quantity)


def drawn_gsu_hours(weighted: Decimal, gsu: Decimal, tokens_per_second: Decimal) -> Decimal:
    """GSU-hours that weighted tokens of one hour took of a limit, to six decimals, rounded down; at most the limit."""
    # Both limits are means in binary floating point; the throughput of one GSU is a number of few decimals.
    per_gsu = as_stored(tokens_per_second / gsu)
    # Division without remainder is exact, however many digits the quotient would have.
    drawn = (weighted * _MICRO) // (per_gsu * _HOUR_SECONDS) / _MICRO
    return min(drawn, as_stored(gsu, rounding=ROUND_DOWN))


def as_stored(value: Decimal, *, rounding: str | None = None) -> Decimal:
    """With the six decimals of a quantity."""
    return value.quantize(_DECIMALS, rounding=rounding)


def _nearest(
    limits: Mapping[dt.datetime, tuple[Decimal, Decimal]], hour: dt.datetime
) -> tuple[Decimal, Decimal] | None:
    if hour in limits or not limits:
        return limits.get(hour)
    earlier = [moment for moment in limits if moment < hour]
    return limits[max(earlier) if earlier else min(limits)]
