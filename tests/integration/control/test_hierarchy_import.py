"""A hierarchy file is imported as a whole, or not at all."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from genai_finops.control.database import reading, writing
from genai_finops.control.hierarchy_file import parse_hierarchy
from genai_finops.control.hierarchy_store import (
    ImportCounts,
    import_hierarchy,
    stored_assignments,
    stored_entities,
)
from genai_finops.errors import FinopsError

HEADER = "record,org,entity_id,name,level,parent,owner,provider,scope,scope_id,valid_from,valid_to"
#: The child comes before its parent.
FILE = """\
entity,acme,PROJ-042,Backend,PROJ,DEPT-001,,,,,,
entity,acme,DEPT-001,Engineering,DEPT,,Ada,,,,,
assignment,acme,PROJ-042,,,,,openai,sub_account,proj_1,2026-01-01,2026-06-01
assignment,acme,DEPT-001,,,,,openai,sub_account,proj_1,2026-06-01,
"""

RIVALS = """\
assignment,acme,PROJ-042,,,,,openai,account,a,2026-01-01,
assignment,acme,DEPT-001,,,,,openai,account,a,2026-02-01,
"""

Import = Callable[..., ImportCounts]


@pytest.fixture
def imported(engine: Engine, now: dt.datetime, tmp_path: Path) -> Import:
    def _imported(text: str, *, update: bool = False) -> ImportCounts:
        path = tmp_path / "hierarchy.csv"
        path.write_text(f"{HEADER}\n{text}")
        records, faults = parse_hierarchy(path)
        with writing(engine) as session:
            return import_hierarchy(session, records, faults, source=path, update=update, now=now, actor="tester")

    return _imported


def stored(engine: Engine, org: str = "acme") -> tuple[dict[str, str | None], list[str]]:
    with reading(engine) as session:
        return (
            {entity_id: entity.parent_entity_id for entity_id, entity in stored_entities(session, org).items()},
            [str(assignment) for assignment in stored_assignments(session, org)],
        )


def test_a_file_is_stored_whatever_the_order_of_its_lines(imported: Import, engine: Engine) -> None:
    imported(FILE)
    assert stored(engine) == (
        {"DEPT-001": None, "PROJ-042": "DEPT-001"},
        [
            "openai sub_account proj_1 -> PROJ-042 [2026-01-01, 2026-06-01)",
            "openai sub_account proj_1 -> DEPT-001 [2026-06-01, open)",
        ],
    )


def test_importing_again_changes_nothing(imported: Import) -> None:
    imported(FILE)
    assert imported(FILE) == ImportCounts(added=0, updated=0, unchanged=4)


def test_what_a_file_does_not_name_stays(imported: Import, engine: Engine) -> None:
    imported(FILE)
    imported("entity,acme,TEAM-1,Team,TEAM,PROJ-042,,,,,,")
    assert sorted(stored(engine)[0]) == ["DEPT-001", "PROJ-042", "TEAM-1"]


def test_a_stored_entity_is_changed_on_purpose_only(imported: Import) -> None:
    imported(FILE)
    with pytest.raises(FinopsError, match=r"line 2: differs from what is stored.*--update"):
        imported("entity,acme,DEPT-001,Platform,DEPT,,Ada,,,,,")


def test_an_update_changes_an_entity(imported: Import, engine: Engine) -> None:
    imported(FILE)
    counts = imported("entity,acme,DEPT-001,Platform,DEPT,,Ada,,,,,", update=True)
    with reading(engine) as session:
        name = stored_entities(session, "acme")["DEPT-001"].name
    assert (counts, name) == (ImportCounts(added=0, updated=1, unchanged=0), "Platform")


def test_an_update_may_end_an_assignment_and_start_the_next(imported: Import, engine: Engine) -> None:
    imported(FILE)
    imported(
        "assignment,acme,DEPT-001,,,,,openai,sub_account,proj_1,2026-06-01,2026-09-01\n"
        "assignment,acme,PROJ-042,,,,,openai,sub_account,proj_1,2026-09-01,\n",
        update=True,
    )
    assert stored(engine)[1][1:] == [
        "openai sub_account proj_1 -> DEPT-001 [2026-06-01, 2026-09-01)",
        "openai sub_account proj_1 -> PROJ-042 [2026-09-01, open)",
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("entity,acme,P,P,PROJ,DEPT-9,,,,,,", "line 2: parent 'DEPT-9' does not exist"),
        ("entity,acme,D,D,DEPT,PROJ-042,,,,,,", "line 2: DEPT 'D' cannot stand below PROJ 'PROJ-042'"),
        ("entity,initech,D,D,DEPT,,,,,,,", "line 2: there is no organisation 'initech'"),
        ("assignment,acme,D9,,,,,openai,account,a,2026-01-01,", "line 2: entity 'D9' does not exist"),
        ("assignment,globex,DEPT-001,,,,,openai,account,a,2026-01-01,", "line 2: entity 'DEPT-001' does not exist"),
        ("entity,acme,N,N,TEAM,,,,,,,\nentity,acme,N,N,TEAM,,,,,,,", "line 3: repeats line 2"),
        (
            "assignment,acme,PROJ-042,,,,,openai,sub_account,proj_1,2026-08-01,",
            r"line 2: .* -> PROJ-042 \[2026-08-01, open\) overlaps the stored .* -> DEPT-001 \[2026-06-01, open\)",
        ),
        (
            "assignment,acme,PROJ-042,,,,,openai,sub_account,proj_1,2025-01-01,",
            r"line 2: .*\[2025-01-01, open\) overlaps the stored .*\[2026-01-01, 2026-06-01\)",
        ),
        (
            RIVALS,
            r"line 3: .*\[2026-02-01, open\) overlaps .*\[2026-01-01, open\) of line 2",
        ),
    ],
)
def test_a_line_that_breaks_a_rule_is_named(line: str, fault: str, imported: Import) -> None:
    imported(FILE)
    with pytest.raises(FinopsError, match=fault):
        imported(line)


def test_an_update_that_closes_a_cycle_is_refused(imported: Import) -> None:
    imported("entity,acme,A,A,TEAM,,,,,,,\nentity,acme,B,B,TEAM,A,,,,,,")
    with pytest.raises(FinopsError, match="line 2: its parents form a cycle"):
        imported("entity,acme,A,A,TEAM,B,,,,,,", update=True)


def test_an_update_that_breaks_a_stored_child_is_refused(imported: Import) -> None:
    imported(FILE)
    with pytest.raises(FinopsError, match="stored: PROJ 'PROJ-042' cannot stand below TEAM 'DEPT-001'"):
        imported("entity,acme,DEPT-001,Engineering,TEAM,,Ada,,,,,", update=True)


def test_one_bad_line_keeps_the_good_ones_out(imported: Import, engine: Engine) -> None:
    with pytest.raises(FinopsError, match="nothing was imported"):
        imported(FILE + "entity,acme,BAD,Bad,SQUAD,,,,,,,\n")
    assert stored(engine) == ({}, [])


def test_every_fault_of_a_file_is_named_at_once(imported: Import) -> None:
    with pytest.raises(FinopsError, match=r"(?s)2 faults.*line 2:.*line 3:"):
        imported("entity,acme,A,A,SQUAD,,,,,,,\nentity,acme,B,B,TEAM,C,,,,,,")


def test_one_file_may_serve_several_organisations(imported: Import, engine: Engine) -> None:
    imported("entity,acme,D,D,DEPT,,,,,,,\nentity,globex,D,D,DEPT,,,,,,,")
    assert (stored(engine, "acme")[0], stored(engine, "globex")[0]) == ({"D": None}, {"D": None})
