"""Opening the control database, migrating it, and the two kinds of transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

_WRITE_OPTION = "control_write"
#: Key of the advisory lock that serialises writers on Postgres; any constant does, as long as it stays the same.
_POSTGRES_WRITE_LOCK = 7_246_001
#: The same for quotas, whose checks must not wait while something else is written.
QUOTA_LOCK = 7_246_002
_BUSY_TIMEOUT_MS = 30_000


class ControlDatabaseError(FinopsError):
    """The control database did not answer, or refused: nothing is said about what was asked of it."""


def open_database(settings: Settings) -> Engine:
    """The control database of these settings, made and migrated to the newest revision where it is not yet.

    Raises FinopsError when it cannot be reached, or was migrated by a newer release.
    """
    engine = connect(settings.control_url)
    upgrade(engine)
    return engine


def connect(url: str) -> Engine:
    """An engine for the URL, without touching the schema. Errors of this engine never show bound values."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        # Which driver the bare name means depends on SQLAlchemy's version.
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        _create_private(Path(str(parsed.database)))
    try:
        engine = create_engine(parsed, hide_parameters=True)
    except (ImportError, NoSuchModuleError) as error:
        raise FinopsError(
            f"The driver of the control database {parsed.drivername} is not installed",
            remedy="Install genai-finops[postgres], or unset GENAI_FINOPS_CONTROL_URL to use SQLite.",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrates the schema, in one transaction. Several processes may call it at once."""
    with _translated_errors(), engine.execution_options(**{_WRITE_OPTION: _POSTGRES_WRITE_LOCK}).begin() as connection:
        try:
            command.upgrade(_alembic(connection), revision)
        except CommandError as error:
            raise FinopsError(
                f"The control database cannot be migrated to {revision}: {error}",
                remedy="It was written by a newer release: install that release, or restore a backup.",
            ) from error


def schema_revisions(engine: Engine) -> tuple[str | None, str | None]:
    """The revision that the schema is at, None before the first migration, and the newest that this release knows.

    Migrates nothing. Raises FinopsError when the database cannot be reached.
    """
    newest = ScriptDirectory.from_config(_alembic(None)).get_current_head()
    with _translated_errors(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), newest


def downgrade(engine: Engine, revision: str) -> None:
    """Takes migrations back to the revision (`base`: none), in one transaction. Loses what the older schema lacks."""
    with _translated_errors(), engine.execution_options(**{_WRITE_OPTION: _POSTGRES_WRITE_LOCK}).begin() as connection:
        command.downgrade(_alembic(connection), revision)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one state of the database and changes nothing."""
    with _translated_errors(), Session(engine) as session:
        yield session


@contextmanager
def writing(engine: Engine, *, lock: int = _POSTGRES_WRITE_LOCK) -> Iterator[Session]:
    """A session that commits when the block ends and rolls back when it raises.

    Only one exists at a time across all processes, so that a check and the write that relies on it cannot be parted.
    On Postgres that is one for each `lock`: one of its own is for tables that nothing else writes.
    """
    with (
        _translated_errors(),
        Session(engine.execution_options(**{_WRITE_OPTION: lock}), expire_on_commit=False) as session,
        session.begin(),
    ):
        # The lock is taken with the transaction, and that begins with the first connection.
        session.connection()
        yield session


def _alembic(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", "genai_finops.control:migrations")
    config.attributes["connection"] = connection
    return config


def _create_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite gives its side files the mode of the database.
    path.touch(mode=0o600, exist_ok=True)


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by itself, late and never before DDL; `_begin` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    # Removed credentials leave no ciphertext behind in free pages.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    lock = connection.get_execution_options().get(_WRITE_OPTION)
    if connection.dialect.name == "sqlite":
        # A transaction that starts by reading and then writes fails at once when another one wrote in between,
        # whatever the busy timeout is: writers take the lock first.
        connection.exec_driver_sql("BEGIN" if lock is None else "BEGIN IMMEDIATE")
    elif lock is not None:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({lock:d})"))


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise ControlDatabaseError(
            f"The control database failed: {type(error.orig).__name__}: {' '.join(str(error.orig).split())}",
            remedy="Check that GENAI_FINOPS_CONTROL_URL can be reached and written, and that no process holds it.",
        ) from error
