"""When each state of a listed resource held, and what lists of other moments say of it."""

import datetime as dt
from decimal import Decimal

import pytest

from genai_finops.providers.base import ProviderResource, ResourceState
from genai_finops.providers.resources import ResourceHistory, merged_states

TYPE = "Deployment"


def at(day: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2026, 10, day, hour, tzinfo=dt.UTC)


def units(
    capacity: int, *, name: str = "chat", created: dt.datetime | None = None, modified: dt.datetime | None = None
) -> ProviderResource:
    return ProviderResource(
        resource_type=TYPE,
        resource_id=name,
        resource_name=name,
        capacity=Decimal(capacity),
        created_at=created,
        modified_at=modified,
    )


def listed(*lists: tuple[dt.datetime, tuple[ProviderResource, ...]]) -> tuple[ResourceState, ...]:
    states: tuple[ResourceState, ...] = ()
    for moment, resources in lists:
        states = merged_states(states, resources, moment, complete={TYPE})
    return states


def periods(states: tuple[ResourceState, ...]) -> list[tuple[int, dt.datetime, dt.datetime | None]]:
    return [(int(resource.capacity or 0), start, end) for resource, start, end in ResourceHistory(states).periods(TYPE)]


def test_a_resource_holds_its_first_state_since_it_was_made() -> None:
    assert periods(listed((at(6), (units(100, created=at(1)),)))) == [(100, at(1), None)]


def test_a_resource_that_the_list_does_not_date_holds_since_it_was_seen() -> None:
    assert periods(listed((at(6), (units(100),)))) == [(100, at(6), None)]


def test_a_scale_up_holds_from_the_change_that_the_provider_dates() -> None:
    before, after = units(100, created=at(1), modified=at(1)), units(150, created=at(1), modified=at(7, 13))
    assert periods(listed((at(6), (before,)), (at(8), (after,)))) == [(100, at(1), at(7, 13)), (150, at(7, 13), None)]


def test_a_state_that_a_later_one_dates_back_over_has_no_period() -> None:
    first, second, third = units(100), units(150), units(200, modified=at(6))
    states = listed((at(6), (first,)), (at(7), (second,)), (at(8), (third,)))
    assert periods(states) == [(200, at(6), None)]


def test_a_deleted_resource_ends_at_the_first_list_without_it() -> None:
    states = listed((at(6), (units(100),)), (at(7), ()), (at(8), ()))
    assert periods(states) == [(100, at(6), at(7))]


def test_a_resource_that_is_listed_again_in_the_same_words_has_two_periods() -> None:
    states = listed((at(6), (units(100),)), (at(7), ()), (at(8), (units(100),)))
    assert periods(states) == [(100, at(6), at(7)), (100, at(8), None)]


def test_a_resource_that_was_made_anew_begins_when_it_was_made() -> None:
    states = listed(
        (at(6), (units(100, created=at(1), modified=at(1)),)),
        (at(9), (units(100, created=at(7), modified=at(8)),)),
    )
    assert periods(states) == [(100, at(1), at(7)), (100, at(7), None)]


def test_a_resource_that_one_list_left_out_by_mistake_was_never_gone_where_the_provider_dates_it() -> None:
    same = units(100, created=at(1), modified=at(2))
    assert periods(listed((at(6), (same,)), (at(7), ()), (at(8), (same,)))) == [(100, at(1), None)]


def test_a_known_state_and_todays_list_in_the_same_words_are_one_period() -> None:
    [known] = listed((at(6), (units(100),)))
    today = ResourceState(resource=units(100), first_observed_at=at(9), last_observed_at=at(9))
    assert periods((known, today)) == [(100, at(6), None)]


def test_periods_are_of_one_type_and_of_every_resource() -> None:
    other = ProviderResource(resource_type="Account", resource_id="chat", resource_name="chat")
    states = listed((at(6), (units(100), units(50, name="batch"), other)))
    assert sorted(periods(states)) == [(50, at(6), None), (100, at(6), None)]


def test_what_is_not_listed_stays_where_its_type_was_not_listed_whole() -> None:
    states = merged_states(listed((at(6), (units(100),))), (), at(7), complete={"Account"})
    assert [state.missed_at for state in states] == [None]


@pytest.mark.parametrize("late", [at(5), at(6)])
def test_a_list_that_is_kept_late_misses_nothing_that_was_seen_after_it(late: dt.datetime) -> None:
    states = merged_states(listed((at(6), (units(100),))), (), late, complete={TYPE})
    assert [state.missed_at for state in states] == [None]


def test_a_list_that_is_kept_late_hands_the_miss_on_to_the_words_that_it_shows() -> None:
    missed = listed((at(6), (units(100),)), (at(9), ()))
    states = merged_states(missed, (units(150),), at(8), complete={TYPE})
    assert periods(states) == [(100, at(6), at(8)), (150, at(8), at(9))]


def test_the_last_sight_of_a_deleted_resource_is_before_the_list_that_missed_it() -> None:
    history = ResourceHistory(listed((at(6), (units(100),)), (at(7), (units(100),)), (at(8), ())))
    assert history.last_seen(TYPE, "Chat", at(8)) == at(7)
    assert history.last_seen(TYPE, "chat", at(5)) is None
