"""Brings stored costs up to date with prices that changed: exactly the days that are concerned, and no other."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings
from genai_finops.transform.build import dbt_build
from genai_finops.transform.result import TransformResult
from genai_finops.transform.selection import ON_REQUEST, PRICES, WITHOUT_DAYS
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.repricing import QueuedCosts, repricing_queue

_ONE_DAY = dt.timedelta(days=1)
#: The queue looks at all days; with any window it shares the project that is parsed for builds by day.
_ANY_WINDOW = (dt.date(2000, 1, 1), dt.date(2000, 1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repricing:
    """What a repricing did."""

    #: The costs as they were before and as they are now.
    changes: tuple[QueuedCosts, ...]

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The UTC days that were built again, in order."""
        return tuple(sorted({change.usage_date for change in self.changes}))

    @property
    def months(self) -> tuple[dt.date, ...]:
        """First days of the months of these days, in order."""
        return tuple(sorted({day.replace(day=1) for day in self.days}))

    @property
    def rows_by_reason(self) -> dict[str, int]:
        """Cost rows that changed, by reason."""
        reasons = sorted({change.reason for change in self.changes})
        return {
            reason: sum(change.row_count for change in self.changes if change.reason == reason) for reason in reasons
        }

    @property
    def costs_by_provider(self) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
        """By provider and currency: cost of the changed rows before and after, without what has no price."""
        keys = sorted({(change.provider, change.currency) for change in self.changes})
        return {
            key: (
                _total(change.stored_cost for change in self.changes if (change.provider, change.currency) == key),
                _total(change.new_cost for change in self.changes if (change.provider, change.currency) == key),
            )
            for key in keys
        }


def build_repricing_queue(settings: Settings, *, with_prices: bool) -> TransformResult:
    """Rate all stored costs again and keep what differs in the queue; with_prices: after the price table was built.

    Raises as dbt_build does.
    """
    select = (*PRICES, *ON_REQUEST) if with_prices else ON_REQUEST
    return dbt_build(settings, window=_ANY_WINDOW, select=select)


def reprice(settings: Settings) -> Repricing:
    """Build the queued days again until the queue, which was built before, is empty.

    Raises FinopsError when a second pass would repeat the first, and as dbt_build does.
    """
    changes: list[QueuedCosts] = []
    before: tuple[QueuedCosts, ...] = ()
    while queued := _queue(settings):
        if queued == before:
            first, last = queued[0].usage_date, queued[-1].usage_date
            raise FinopsError(
                f"{len(queued)} rows of genai_repricing_queue between {first} and {last} are still there after their "
                "days were built again",
                remedy="Look at these rows: the days are built from usage that rates otherwise than the stored costs",
            )
        for window in day_ranges(change.usage_date for change in queued):
            dbt_build(settings, window=window, exclude=WITHOUT_DAYS)
        build_repricing_queue(settings, with_prices=False)
        changes.extend(queued)
        before = queued
    return Repricing(changes=tuple(changes))


def day_ranges(days: Iterable[dt.date]) -> Iterator[tuple[dt.date, dt.date]]:
    """Half-open ranges that hold these days and no other, as few as there can be."""
    wanted = set(days)
    first = None
    for day in sorted(wanted):
        first = first or day
        if day + _ONE_DAY not in wanted:
            yield first, day + _ONE_DAY
            first = None


def _queue(settings: Settings) -> tuple[QueuedCosts, ...]:
    with open_warehouse(settings) as warehouse:
        return repricing_queue(warehouse)


def _total(costs: Iterable[Decimal | None]) -> Decimal:
    return sum((cost for cost in costs if cost is not None), Decimal())
