"""What dbt sees: complete, typed as declared, in a fixed order, without credentials."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from genai_finops.control.credentials import add_credential
from genai_finops.control.database import reading, writing
from genai_finops.control.hierarchy_file import parse_hierarchy
from genai_finops.control.hierarchy_store import import_hierarchy
from genai_finops.control.secret import Secret
from genai_finops.control.snapshot import control_snapshot
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables import control
from genai_finops.schemas.tables.attribution import ATTRIBUTION_RULES
from genai_finops.schemas.types import TYPES
from genai_finops.settings import Settings

TABLES = (
    control.ORGANISATIONS,
    control.PROVIDER_ACCOUNTS,
    control.HIERARCHY_ENTITIES,
    control.HIERARCHY_ASSIGNMENTS,
    ATTRIBUTION_RULES,
)
HIERARCHY = """\
org: acme
entities:
  - {entity_id: PROJ-042, name: Backend, level: PROJ, parent: DEPT-001}
  - {entity_id: DEPT-001, name: Engineering, level: DEPT, owner: Ada}
assignments:
  - {entity_id: PROJ-042, provider: openai, scope: api_key, scope_id: key_1, valid_from: 2026-01-01}
"""


def frames_of(engine: Engine) -> dict[str, pl.DataFrame]:
    with reading(engine) as session:
        return control_snapshot(session)


@pytest.fixture
def frames(engine: Engine, settings: Settings, now: dt.datetime, tmp_path: Path) -> dict[str, pl.DataFrame]:
    path = tmp_path / "hierarchy.yml"
    path.write_text(HIERARCHY)
    records, faults = parse_hierarchy(path)
    with writing(engine) as session:
        import_hierarchy(session, records, faults, source=path, update=False, now=now, actor="tester")
        for credential_id, source in {
            "sealed": {"secret": Secret.of("sk-planted")},
            "referred": {"reference": "env:PLANTED"},
        }.items():
            add_credential(
                session,
                settings,
                org_slug="acme",
                provider="openai",
                credential_id=credential_id,
                now=now,
                actor="tester",
                **source,  # type: ignore[arg-type]
            )
    return frames_of(engine)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_frame_is_typed_as_its_table_is_declared(table: Table, frames: dict[str, pl.DataFrame]) -> None:
    assert frames[table.name].schema == {column.name: TYPES[column.type].polars for column in table.columns}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_empty_database_gives_empty_frames_of_the_same_types(table: Table, empty_engine: Engine) -> None:
    frame = frames_of(empty_engine)[table.name]
    assert (frame.height, frame.columns) == (0, [column.name for column in table.columns])


def test_the_snapshot_has_just_the_declared_tables(frames: dict[str, pl.DataFrame]) -> None:
    assert list(frames) == [table.name for table in TABLES]


def test_entities_come_with_level_and_paths(frames: dict[str, pl.DataFrame]) -> None:
    columns = ["entity_id", "level_code", "level", "path", "path_names"]
    assert frames["genai_hierarchy_entities"].select(columns).rows() == [
        ("DEPT-001", "DEPT", 1, "/ACME/DEPT-001", "/Acme/Engineering"),
        ("PROJ-042", "PROJ", 2, "/ACME/DEPT-001/PROJ-042", "/Acme/Engineering/Backend"),
    ]


def test_assignments_keep_their_validity(frames: dict[str, pl.DataFrame]) -> None:
    assert frames["genai_hierarchy_assignments"].rows() == [
        ("acme", "openai", "api_key", "key_1", "PROJ-042", dt.date(2026, 1, 1), None)
    ]


def test_accounts_and_organisations_are_all_there(frames: dict[str, pl.DataFrame], now: dt.datetime) -> None:
    assert (frames["genai_organisations"].rows(), frames["genai_provider_accounts"].rows()) == (
        [("acme", "Acme", "USD", True, now), ("globex", "Globex", "USD", True, now)],
        [
            ("acme", "openai", "org-acme", "Main", False, True),
            ("globex", "openai", "org-globex", "Main", False, True),
        ],
    )


def test_no_credential_reaches_the_snapshot(frames: dict[str, pl.DataFrame]) -> None:
    written = "".join(frame.write_csv() for frame in frames.values())
    assert [word for word in ("planted", "PLANTED", "sealed", "referred") if word in written] == []


def test_a_second_snapshot_is_equal(frames: dict[str, pl.DataFrame], engine: Engine) -> None:
    again = frames_of(engine)
    assert [name for name, frame in frames.items() if not frame.equals(again[name])] == []
