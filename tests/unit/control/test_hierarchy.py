"""Levels, parents, paths, and one owner a day."""

import datetime as dt

import pytest

from genai_finops.control.hierarchy import (
    Assignment,
    Entity,
    entity_faults,
    entity_paths,
    overlapping_assignments,
)


def entities(*rows: tuple[str, str, str | None]) -> dict[str, Entity]:
    return {
        entity_id: Entity(entity_id=entity_id, name=f"Name of {entity_id}", level_code=level, parent_entity_id=parent)
        for entity_id, level, parent in rows
    }


def assignment(valid_from: str, valid_to: str | None, *, scope_id: str = "proj_1") -> Assignment:
    return Assignment(
        provider="openai",
        scope="sub_account",
        scope_id=scope_id,
        entity_id="D",
        valid_from=dt.date.fromisoformat(valid_from),
        valid_to=None if valid_to is None else dt.date.fromisoformat(valid_to),
    )


def test_a_path_starts_at_the_organisation_in_capitals() -> None:
    paths = entity_paths("acme", "Acme", entities(("PROJ-042", "PROJ", "DEPT-001"), ("DEPT-001", "DEPT", None)))
    assert paths["PROJ-042"].path == "/ACME/DEPT-001/PROJ-042"


def test_the_path_of_names_follows_the_path_of_ids() -> None:
    paths = entity_paths("acme", "Acme", entities(("P", "PROJ", "D"), ("D", "DEPT", None)))
    assert paths["P"].path_names == "/Acme/Name of D/Name of P"


def test_a_slash_in_a_name_adds_no_segment() -> None:
    stored = {"D": Entity(entity_id="D", name="Research/Development", level_code="DEPT")}
    assert entity_paths("acme", "Acme A/S", stored)["D"].path_names == "/Acme A-S/Research-Development"


@pytest.mark.parametrize("levels", [("DEPT", "DEPT"), ("DEPT", "TEAM"), ("PROJ", "TEAM"), ("TEAM", "TEAM")], ids=str)
def test_the_same_or_a_lower_level_may_stand_below(levels: tuple[str, str]) -> None:
    assert entity_faults(entities(("A", levels[0], None), ("B", levels[1], "A"))) == {}


@pytest.mark.parametrize("levels", [("PROJ", "DEPT"), ("TEAM", "PROJ"), ("TEAM", "DEPT")], ids=str)
def test_a_higher_level_may_not_stand_below(levels: tuple[str, str]) -> None:
    faults = entity_faults(entities(("A", levels[0], None), ("B", levels[1], "A")))
    assert faults == {"B": f"{levels[1]} 'B' cannot stand below {levels[0]} 'A' (order: DEPT > PROJ > TEAM)"}


def test_an_unknown_parent_is_a_fault_of_the_child() -> None:
    assert entity_faults(entities(("B", "TEAM", "A"))) == {"B": "parent 'A' does not exist"}


def test_an_entity_below_itself_is_a_cycle() -> None:
    assert "A -> A" in entity_faults(entities(("A", "TEAM", "A")))["A"]


def test_a_cycle_is_a_fault_of_its_members_and_not_of_those_below_it() -> None:
    faults = entity_faults(entities(("A", "TEAM", "C"), ("B", "TEAM", "A"), ("C", "TEAM", "B"), ("D", "TEAM", "A")))
    assert sorted(faults) == ["A", "B", "C"]


def test_paths_of_a_faulty_hierarchy_are_refused() -> None:
    with pytest.raises(ValueError, match="form a cycle"):
        entity_paths("acme", "Acme", entities(("A", "TEAM", "A")))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("2026-01-01", None), ("2026-06-01", None)),
        (("2026-01-01", "2026-06-02"), ("2026-06-01", None)),
        (("2026-01-01", None), ("2026-06-01", "2026-06-02")),
        (("2026-06-01", "2026-06-02"), ("2026-01-01", None)),
    ],
    ids=str,
)
def test_two_owners_of_one_day_overlap(first: tuple[str, str | None], second: tuple[str, str | None]) -> None:
    assert len(overlapping_assignments([assignment(*first), assignment(*second)])) == 1


def test_an_end_is_the_first_day_of_the_next_owner() -> None:
    assert overlapping_assignments([assignment("2026-01-01", "2026-06-01"), assignment("2026-06-01", None)]) == []


def test_different_targets_do_not_overlap() -> None:
    owners = [assignment("2026-01-01", None), assignment("2026-01-01", None, scope_id="proj_2")]
    assert overlapping_assignments(owners) == []


def test_an_overlap_across_an_assignment_in_between_is_found() -> None:
    long = assignment("2026-01-01", "2026-12-01")
    inner, late = assignment("2026-02-01", "2026-03-01"), assignment("2026-06-01", "2026-07-01")
    assert overlapping_assignments([long, inner, late]) == [(long, inner), (long, late)]
