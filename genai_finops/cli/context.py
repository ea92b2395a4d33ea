"""What the commands share: settings, the control database, the time, and printing lists."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from genai_finops.control.database import open_database, reading, writing
from genai_finops.settings import Settings, load_settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
update_option = click.option("--update", is_flag=True, help="Replace stored values that differ.")


def current_settings() -> Settings:
    """The settings that the caller put into the click context, or else those of the environment."""
    return click.get_current_context().find_object(Settings) or load_settings()


def utc_now() -> dt.datetime:
    """The moment; commands hand it down, so that the code below never asks for it."""
    return dt.datetime.now(dt.UTC)


@contextmanager
def control_engine() -> Iterator[Engine]:
    """The control database of the current settings."""
    engine = open_database(current_settings())
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def control_reading() -> Iterator[Session]:
    """A session that reads the control database."""
    with control_engine() as engine, reading(engine) as session:
        yield session


@contextmanager
def control_writing() -> Iterator[Session]:
    """A session that writes the control database, committed when the block ends."""
    with control_engine() as engine, writing(engine) as session:
        yield session


def print_rows(rows: Sequence[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    """Prints rows of equal keys as JSON or as a table; `empty` says what to do when there are none."""
    if as_json:
        click.echo(json.dumps(rows, indent=2, default=_json_value))
        return
    if not rows:
        click.echo(empty, err=True)
        return
    cells = [[_shown(value) for value in row.values()] for row in rows]
    header = [name.upper() for name in rows[0]]
    widths = [max(len(line[column]) for line in (header, *cells)) for column in range(len(header))]
    for line in (header, *cells):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(_json_value(value)) if isinstance(value, dt.date) else str(value)


def _json_value(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form here")
