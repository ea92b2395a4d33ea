"""A bound on how many series metrics have, whatever tenants and users an application names."""

from typing import NamedTuple

#: What takes the place of a name once there are too many.
OTHER = "other"


class Series(NamedTuple):
    """What metrics tell apart; an empty text where nobody said."""

    provider: str
    model: str
    tenant: str
    user: str
    task: str


class SeriesGuard:
    """Admits the first `limit` series as they are. Later ones lose tenant and user, then all their names.

    Of the limit a tenth is kept for series without tenant and user, so that models and tasks that come late can still
    be told apart; its last one stands for all that is left.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self._limit_of_rest = limit, max(1, limit // 10)
        self._admitted: set[Series] = set()
        self._rest: set[Series] = set()

    def admitted(self, series: Series) -> Series:
        """The series that this one is counted under."""
        if series in self._admitted:
            return series
        if len(self._admitted) < self._limit - self._limit_of_rest:
            self._admitted.add(series)
            return series
        folded = series._replace(tenant=OTHER, user=OTHER)
        if folded in self._rest:
            return folded
        if len(self._rest) < self._limit_of_rest - 1:
            self._rest.add(folded)
            return folded
        return Series(OTHER, OTHER, OTHER, OTHER, OTHER)
