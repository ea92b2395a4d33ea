"""Migrations and models say the same, forwards and backwards."""

import datetime as dt
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.orm import Session

from genai_finops.control.database import connect, downgrade, open_database, reading, upgrade, writing
from genai_finops.control.models import Base, Organisation
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings


def test_the_migrated_schema_is_the_schema_of_the_models(empty_engine: Engine) -> None:
    with empty_engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_the_migrated_checks_are_the_checks_of_the_models(table: str, empty_engine: Engine, tmp_path: Path) -> None:
    """Alembic does not compare check constraints."""
    modelled = connect(f"sqlite:///{tmp_path / 'modelled.db'}")
    Base.metadata.create_all(modelled)
    found, wanted = (
        sorted((check["name"], check["sqltext"]) for check in inspect(engine).get_check_constraints(table))
        for engine in (empty_engine, modelled)
    )
    assert found == wanted


def test_the_migrations_can_be_taken_back(empty_engine: Engine) -> None:
    downgrade(empty_engine, "base")
    assert inspect(empty_engine).get_table_names() == ["alembic_version"]


def test_a_database_that_was_taken_back_can_be_migrated_again(empty_engine: Engine) -> None:
    downgrade(empty_engine, "base")
    upgrade(empty_engine)
    assert set(Base.metadata.tables) < set(inspect(empty_engine).get_table_names())


def test_migrating_again_keeps_the_rows(engine: Engine, settings: Settings) -> None:
    again = open_database(settings)
    with reading(again) as session:
        assert session.scalars(select(Organisation.slug).order_by(Organisation.slug)).all() == ["acme", "globex"]


def test_a_database_of_a_newer_release_is_refused(engine: Engine, settings: Settings) -> None:
    with writing(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(FinopsError, match=r"9999.*newer release"):
        open_database(settings)


@pytest.mark.parametrize(("pragma", "value"), [("foreign_keys", 1), ("journal_mode", "wal"), ("busy_timeout", 30_000)])
def test_sqlite_is_set_up_on_every_connection(pragma: str, value: object, empty_engine: Engine) -> None:
    with empty_engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value


def test_the_database_file_is_readable_by_its_owner_only(empty_engine: Engine, settings: Settings) -> None:
    assert stat.S_IMODE((settings.home / "control.db").stat().st_mode) == 0o600


def test_a_moment_of_another_zone_is_refused(empty_engine: Engine) -> None:
    local = dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    row = Organisation(slug="x", name="X", currency="USD", is_enabled=True, created_at=local)
    with pytest.raises(Exception, match="is not in UTC"), writing(empty_engine) as session:
        session.add(row)


def test_a_moment_comes_back_in_utc(engine: Engine, now: dt.datetime) -> None:
    with reading(engine) as session:
        created_at = session.scalars(select(Organisation.created_at)).first()
    assert (created_at, getattr(created_at, "tzinfo", None)) == (now, dt.UTC)


def rename_then(session: Session, statement: str) -> None:
    session.execute(text("UPDATE organisations SET name = 'renamed'"))
    session.execute(text(statement))


def test_a_failing_block_writes_nothing(engine: Engine) -> None:
    broken = "UPDATE organisations SET name = CASE slug WHEN 'acme' THEN 'changed' END"
    with pytest.raises(FinopsError, match="NOT NULL"), writing(engine) as session:
        rename_then(session, broken)
    with reading(engine) as session:
        assert session.scalars(select(Organisation.name).order_by("slug")).all() == ["Acme", "Globex"]


def test_an_unreachable_database_is_an_error_of_the_user_without_the_password(tmp_path: Path) -> None:
    (tmp_path / "control.db").mkdir()
    with pytest.raises(FinopsError, match="GENAI_FINOPS_CONTROL_URL"):
        upgrade(connect(f"sqlite:///{tmp_path / 'control.db'}"))
