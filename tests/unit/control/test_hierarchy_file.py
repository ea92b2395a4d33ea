"""Hierarchy files: read by line, refused by line."""

import datetime as dt
from pathlib import Path

import pytest

from genai_finops.control.hierarchy import Assignment, Entity
from genai_finops.control.hierarchy_file import parse_hierarchy
from genai_finops.errors import FinopsError

HEADER = "record,org,entity_id,name,level,parent,owner,provider,scope,scope_id,valid_from,valid_to"
ENTITY = "entity,acme,DEPT-001,Engineering,DEPT,,Ada,,,,,"
ASSIGNMENT = "assignment,acme,DEPT-001,,,,,openai,sub_account,proj_1,2026-01-01,2026-02-01"

YAML = """\
org: acme
entities:
  - entity_id: DEPT-001
    name: Engineering
    level: DEPT
    parent: null
    owner: Ada
assignments:
  - {entity_id: DEPT-001, provider: openai, scope: sub_account, scope_id: proj_1,
     valid_from: 2026-01-01, valid_to: 2026-02-01}
"""

ITEMS = [
    Entity(entity_id="DEPT-001", name="Engineering", level_code="DEPT", owner="Ada"),
    Assignment(
        provider="openai",
        scope="sub_account",
        scope_id="proj_1",
        entity_id="DEPT-001",
        valid_from=dt.date(2026, 1, 1),
        valid_to=dt.date(2026, 2, 1),
    ),
]


def written(tmp_path: Path, text: str, suffix: str = ".csv") -> Path:
    path = tmp_path / f"hierarchy{suffix}"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "suffix"),
    [("\n".join((HEADER, ENTITY, ASSIGNMENT)), ".csv"), (YAML, ".yml"), (YAML, ".yaml")],
    ids=["csv", "yml", "yaml"],
)
def test_both_forms_say_the_same(text: str, suffix: str, tmp_path: Path) -> None:
    records, faults = parse_hierarchy(written(tmp_path, text, suffix))
    assert ([record.item for record in records], faults) == (ITEMS, [])


@pytest.mark.parametrize(
    ("text", "suffix", "lines"),
    [("\n".join((HEADER, "", ENTITY, ASSIGNMENT)), ".csv", [3, 4]), (YAML, ".yml", [3, 9])],
    ids=["csv", "yml"],
)
def test_records_know_their_line(text: str, suffix: str, lines: list[int], tmp_path: Path) -> None:
    records, _ = parse_hierarchy(written(tmp_path, text, suffix))
    assert [record.line for record in records] == lines


def test_a_byte_order_mark_of_a_spreadsheet_is_skipped(tmp_path: Path) -> None:
    records, _ = parse_hierarchy(written(tmp_path, "\ufeff" + "\n".join((HEADER, ENTITY))))
    assert [record.item for record in records] == ITEMS[:1]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("thing,acme,,,,,,,,,,", "line 2: record is 'thing': write entity or assignment"),
        ("entity,acme,DEPT-001,,DEPT,,,,,,,", "line 2: name missing"),
        ("entity,acme,DEPT/1,Eng,DEPT,,,,,,,", "line 2: entity_id is 'DEPT/1'"),
        ("entity,acme,DEPT-001,Eng,SQUAD,,,,,,,", "line 2: level is 'SQUAD': write one of DEPT, PROJ, TEAM"),
        ("entity,Acme,DEPT-001,Eng,DEPT,,,,,,,", "line 2: org is 'Acme': write the slug"),
        ("entity,acme,DEPT-001,Eng,DEPT,,,openai,,,,", "line 2: provider 'openai' does not belong to an entity"),
        ("entity,acme,DEPT-001,Eng,DEPT,,,,,,,,more", "line 2: a cell beyond the header"),
        ("assignment,acme,D,,,,,openai,project,p,2026-01-01,", "line 2: scope is 'project': write one of account"),
        ("assignment,acme,D,,,,,openai,account,p,01/02/2026,", "line 2: valid_from is '01/02/2026': write a date"),
        ("assignment,acme,D,,,,,openai,account,p,2026-01-01,2026-01-01", "line 2: valid_to 2026-01-01 is not after"),
        ("assignment,acme,D,,,,,openai,account,,2026-01-01,", "line 2: scope_id missing"),
    ],
)
def test_a_faulty_line_is_named_with_its_value(line: str, fault: str, tmp_path: Path) -> None:
    _, faults = parse_hierarchy(written(tmp_path, f"{HEADER}\n{line}\n"))
    assert [found[: len(fault)] for found in faults] == [fault]


@pytest.mark.parametrize(
    ("text", "suffix", "reason"),
    [
        ("record,org,cost_center\n", ".csv", "header .* cost_center"),
        ("", ".csv", "header .* empty"),
        ("entities: []\n", ".yml", "has no org"),
        ("org: acme\nteams: []\n", ".yml", "unknown keys teams"),
        ("org: acme\nentities: {}\n", ".yml", "line 2: entities is not a list"),
        ("org: acme\nentities:\n  - DEPT-001\n", ".yml", "line 3 is not a mapping"),
        ("org: [\n", ".yml", "is not YAML"),
        ("", ".yml", "has no org"),
        ("{}", ".json", "unknown form"),
    ],
)
def test_a_file_of_another_form_is_refused(text: str, suffix: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match=reason):
        parse_hierarchy(written(tmp_path, text, suffix))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match="cannot be read"):
        parse_hierarchy(tmp_path / "missing.csv")
