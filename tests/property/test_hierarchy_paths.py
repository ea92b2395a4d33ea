"""Paths of any hierarchy, at any depth."""

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from genai_finops.control.hierarchy import (
    Assignment,
    Entity,
    entity_faults,
    entity_paths,
    overlapping_assignments,
)
from genai_finops.schemas.columns import HIERARCHY_LEVELS

#: Time per example says nothing about the rules, and much about what else the machine does.
untimed = settings(deadline=None)


@st.composite
def forests(draw: st.DrawFn) -> dict[str, Entity]:
    """Valid hierarchies, their entities in any order: each parent has the same or a higher level."""
    levels = sorted(draw(st.lists(st.sampled_from(HIERARCHY_LEVELS), max_size=30)), key=HIERARCHY_LEVELS.index)
    rows = [
        Entity(
            entity_id=f"E{number}",
            name=draw(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8)),
            level_code=level,
            parent_entity_id=draw(st.sampled_from([None, *(f"E{above}" for above in range(number))])),
        )
        for number, level in enumerate(levels)
    ]
    return {row.entity_id: row for row in draw(st.permutations(rows))}


@untimed
@given(forests())
def test_a_path_is_the_parents_path_and_the_own_id(stored: dict[str, Entity]) -> None:
    paths = entity_paths("acme", "Acme", stored)
    above = {None: "/ACME", **{entity_id: path.path for entity_id, path in paths.items()}}
    assert {key: path.path for key, path in paths.items()} == {
        key: f"{above[entity.parent_entity_id]}/{key}" for key, entity in stored.items()
    }


@untimed
@given(forests())
def test_level_and_both_paths_have_as_many_segments(stored: dict[str, Entity]) -> None:
    paths = entity_paths("acme", "Acme", stored).values()
    assert all(path.level == path.path.count("/") - 1 == path.path_names.count("/") - 1 for path in paths)


@settings(max_examples=10, deadline=None)
@given(st.integers(min_value=1500, max_value=3000))
def test_depth_has_no_limit(depth: int) -> None:
    rows = [
        Entity(entity_id=f"T{n}", name="t", level_code="TEAM", parent_entity_id=f"T{n - 1}" if n else None)
        for n in reversed(range(depth))
    ]
    assert entity_paths("acme", "Acme", {row.entity_id: row for row in rows})[f"T{depth - 1}"].level == depth


@untimed
@given(forests(), st.data())
def test_a_cycle_anywhere_is_found(stored: dict[str, Entity], data: st.DataObject) -> None:
    size = data.draw(st.integers(min_value=1, max_value=5))
    ring = {
        f"C{n}": Entity(entity_id=f"C{n}", name="c", level_code="TEAM", parent_entity_id=f"C{(n + 1) % size}")
        for n in range(size)
    }
    assert set(entity_faults({**stored, **ring})) == set(ring)


_DAYS = st.integers(min_value=0, max_value=20)


@untimed
@given(st.lists(st.tuples(_DAYS, st.none() | st.integers(min_value=1, max_value=10)), max_size=6))
def test_assignments_without_overlap_give_each_day_at_most_one_owner(spans: list[tuple[int, int | None]]) -> None:
    start = dt.date(2026, 1, 1)
    owners = [
        Assignment(
            provider="openai",
            scope="account",
            scope_id="a",
            entity_id="D",
            valid_from=start + dt.timedelta(days=first),
            valid_to=None if length is None else start + dt.timedelta(days=first + length),
        )
        for first, length in spans
    ]
    days = [start + dt.timedelta(days=day) for day in range(40)]
    most = max(
        sum(owner.valid_from <= day and (owner.valid_to is None or day < owner.valid_to) for owner in owners)
        for day in days
    )
    assert (most > 1) == bool(overlapping_assignments(owners))
