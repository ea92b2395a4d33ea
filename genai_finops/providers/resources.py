"""Which state a resource was in at a moment: providers list what is there now, usage names what was there then."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from genai_finops.providers.base import ProviderResource, ResourceState

#: Two lists are never of the same moment: the one that is written later is the later one.
_NEXT_MOMENT = dt.timedelta(microseconds=1)


class ResourcePeriod(NamedTuple):
    """A time, half-open and UTC, in which a resource was in one state."""

    resource: ProviderResource
    start: dt.datetime
    #: None while the resource is listed in this state.
    end: dt.datetime | None


class ResourceHistory:
    """The known states of an account's resources."""

    def __init__(self, states: Iterable[ResourceState]) -> None:
        self._states: dict[tuple[str, str], list[ResourceState]] = {}
        for state in sorted(states, key=lambda state: state.first_observed_at):
            self._states.setdefault(_key(state.resource), []).append(state)

    def at(self, resource_type: str, resource_id: str, moment: dt.datetime) -> ProviderResource | None:
        """The resource as it was at the moment; None where no list ever named it.

        A state holds from when it was first seen, or from the change that the provider dates, until the next one.
        Before the first state the first one is taken: nothing else is known of that time. A resource that is gone from
        the list keeps its last state.
        """
        states = self._states.get((resource_type, resource_id.lower()))
        if not states:
            return None
        held = [state for state in states if _starts_at(state) <= moment]
        return (held[-1] if held else states[0]).resource

    def of_type(self, resource_type: str) -> tuple[ProviderResource, ...]:
        """The newest state of every resource of the type, also of those that are gone."""
        return tuple(states[-1].resource for (found, _), states in self._states.items() if found == resource_type)

    def periods(self, resource_type: str) -> tuple[ResourcePeriod, ...]:
        """When each resource of the type was in which state, in the order of time for each resource.

        A state holds from when it was first seen, or from the earlier change that the provider dates; the first one,
        and the first of a resource that was made anew under its old id, from when the provider says that it was made.
        It holds until the next one, or until the first list that no longer showed the resource. A state that a later
        one dates back over has no period. A history of `merged_states` also knows what today's list no longer shows.
        """
        return tuple(
            period
            for (found, _), states in self._states.items()
            if found == resource_type
            for period in _periods(states)
        )

    def last_seen(self, resource_type: str, resource_id: str, until: dt.datetime) -> dt.datetime | None:
        """The last moment not after `until` at which a list showed the resource, in whichever words; None without.

        Between it and the end of a period a resource was deleted, at a moment that lists do not tell.
        """
        states = self._states.get((resource_type, resource_id.lower()), ())
        seen = (min(state.last_observed_at, until) for state in states if state.first_observed_at <= until)
        return max(seen, default=None)


def merged_states(
    stored: Iterable[ResourceState],
    listed: Iterable[ProviderResource],
    at: dt.datetime,
    *,
    complete: Collection[str] = (),
) -> tuple[ResourceState, ...]:
    """The states after a list of the moment `at`: described in the same words, a state lasts on; in others, a new one
    begins. What is not listed is missed from then on where its type is one of `complete`, the types that were listed
    whole, and keeps its states otherwise. One that is listed again after that begins a new state.
    """
    histories: defaultdict[tuple[str, str], dict[dt.datetime, ResourceState]] = defaultdict(dict)
    for state in stored:
        histories[_key(state.resource)][state.first_observed_at] = state
    named = set()
    for resource in listed:
        named.add(_key(resource))
        _observe(histories[_key(resource)], resource, at)
    for key, history in histories.items():
        if key not in named and key[0] in complete:
            _miss(history, at)
    return tuple(state for history in histories.values() for state in history.values())


def _observe(history: dict[dt.datetime, ResourceState], resource: ProviderResource, at: dt.datetime) -> None:
    first = at
    while first in history and history[first].resource != resource:
        first += _NEXT_MOMENT
    begun = max((moment for moment in history if moment <= first), default=None)
    following = min((moment for moment in history if moment > first), default=None)
    if begun is not None and history[begun].resource == resource and not _is_missed(history[begun], first):
        history[begun] = replace(history[begun], last_observed_at=max(history[begun].last_observed_at, first))
    elif following is not None and history[following].resource == resource:
        # The clock of this run is behind that of the one before.
        history[first] = replace(history.pop(following), first_observed_at=first)
    else:
        missed = None if begun is None or _is_missed(history[begun], first) else history[begun].missed_at
        if begun is not None and missed is not None:
            # It was missed in these words, which an earlier list, kept late, shows to have come after the others.
            history[begun] = replace(history[begun], missed_at=None)
        history[first] = ResourceState(
            resource=resource, first_observed_at=first, last_observed_at=first, missed_at=missed
        )


def _miss(history: dict[dt.datetime, ResourceState], at: dt.datetime) -> None:
    last = history[max(history)]
    # A list of before the last one that showed it, kept late, says nothing of today.
    if last.missed_at is None and last.last_observed_at < at:
        history[last.first_observed_at] = replace(last, missed_at=at)


def _is_missed(state: ResourceState, moment: dt.datetime) -> bool:
    return state.missed_at is not None and state.missed_at <= moment


def _periods(states: Sequence[ResourceState]) -> list[ResourcePeriod]:
    starts = [states[0].resource.created_at or _starts_at(states[0])]
    starts += [_begins_at(state, before) for before, state in pairwise(states)]
    periods: list[ResourcePeriod] = []
    for number, state in enumerate(states):
        start = starts[number]
        ends = [*starts[number + 1 :], *([state.missed_at] if state.missed_at else [])]
        end = min(ends, default=None)
        if end is not None and end <= start:
            continue
        before = periods[-1] if periods else None
        if before is not None and before.resource == state.resource and before.end == start:
            periods[-1] = before._replace(end=end)
        else:
            periods.append(ResourcePeriod(state.resource, start, end))
    return periods


def _begins_at(state: ResourceState, before: ResourceState) -> dt.datetime:
    made = state.resource.created_at
    if made is not None and made != before.resource.created_at:
        return min(made, state.first_observed_at)
    return _starts_at(state)


def _starts_at(state: ResourceState) -> dt.datetime:
    modified = state.resource.modified_at
    return state.first_observed_at if modified is None else min(modified, state.first_observed_at)


def _key(resource: ProviderResource) -> tuple[str, str]:
    return resource.resource_type, resource.resource_id
