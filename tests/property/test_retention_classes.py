"""The classes of retention tile time, and a plan moves what it has to and nothing else."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from genai_finops.attribution.retention import (
    EventFile,
    RetentionLimits,
    class_of,
    first_hot_day,
    plan_moves,
)

CLASSES = ("hot", "cold", "archive", "expired")
TODAY = dt.date(2026, 11, 5)
limits = st.tuples(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40)).map(
    lambda found: RetentionLimits(
        hot_days=found[0], cold_days=found[0] + found[1], archive_days=found[0] + found[1] + found[2]
    )
)
files = st.builds(
    EventFile,
    day=st.integers(-2, 130).map(lambda age: TODAY - dt.timedelta(days=age)),
    org=st.sampled_from(["acme", "globex"]),
    place=st.sampled_from(["landing", "archive"]),
    path=st.uuids().map(str),
)


@given(limits, st.integers(-5, 140))
def test_a_day_never_gets_warmer_and_every_class_lasts_as_long_as_its_limit(limits: RetentionLimits, age: int) -> None:
    day = TODAY - dt.timedelta(days=age)
    now, later = (class_of(day, today=today, limits=limits) for today in (TODAY, TODAY + dt.timedelta(days=1)))
    assert CLASSES.index(now) <= CLASSES.index(later)
    upper = {"hot": limits.hot_days, "cold": limits.cold_days, "archive": limits.archive_days}
    assert now == next((name for name, end in upper.items() if age < end), "expired")


@given(limits, st.integers(-5, 140))
def test_the_warehouse_holds_exactly_the_hot_days(limits: RetentionLimits, age: int) -> None:
    day = TODAY - dt.timedelta(days=age)
    is_hot = class_of(day, today=TODAY, limits=limits) == "hot"
    assert is_hot == (day >= first_hot_day(today=TODAY, limits=limits))


@given(limits, st.lists(files, max_size=12, unique_by=lambda file: file.path))
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(limits: RetentionLimits, stored: list[EventFile]) -> None:
    moves = plan_moves(stored, today=TODAY, limits=limits)
    moved = {file.path for move in moves for file in move.files}
    left = [file for file in stored if file.path not in moved]
    for number, move in enumerate(moves):
        if move.place is not None:
            left.append(EventFile(day=move.day, org=move.org, place=move.place, path=f"joined-{number}"))

    assert plan_moves(left, today=TODAY, limits=limits) == ()
    for file in left:
        to = class_of(file.day, today=TODAY, limits=limits)
        assert to != "expired"
        assert to != "archive" or file.place == "archive"
