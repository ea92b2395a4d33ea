"""The second time of a table: when the platform knew a row. Rows are appended and ended, never changed or deleted."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.schemas.table import Table
from genai_finops.schemas.validation import validate

#: What says where a row comes from and since when it is known: of no weight when two rows are compared.
_ORIGIN = ("source_version", "source_reference", "retrieved_at", "known_from", "known_to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A table after its source has spoken again, and what that changed."""

    frame: pl.DataFrame
    #: Rows that are believed from now on.
    opened: int
    #: Rows that were believed until now.
    closed: int
    #: Rows that were believed before and still are.
    unchanged: int


def believed(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that are held for true."""
    return frame.filter(pl.col("known_to").is_null())


def as_known(frame: pl.DataFrame, moment: dt.datetime) -> pl.DataFrame:
    """The rows that were held for true at a moment, as they stood then: without the end that they got later."""
    held = (pl.col("known_from") <= moment) & (pl.col("known_to").is_null() | (pl.col("known_to") > moment))
    return frame.filter(held).with_columns(pl.lit(None, frame.schema["known_to"]).alias("known_to"))


def revise_whole(
    table: Table, known: pl.DataFrame, stated: pl.DataFrame, moment: dt.datetime, *, source: str
) -> Revision:
    """The table after a source has said all that holds: what it no longer says ends, what is new begins at the moment.

    Both frames have the table's columns; the knowledge columns of `stated` are not looked at. A row that is stated in
    the same words stays as it is, with the version and the moment of which it was first read. Raises FinopsError as
    `revision` does, and InvalidFrameError for a stated row that the table refuses.
    """
    stated = since(stated, moment)
    validate(table, stated, subject=f"{table.name} of {source}")
    content = content_columns(table)
    current = believed(known)
    closed = current.join(stated, on=content, how="anti", nulls_equal=True)
    opened = stated.join(current, on=content, how="anti", nulls_equal=True)
    return revision(table, known, closed=closed, opened=opened, moment=moment, source=source)


def revision(
    table: Table, known: pl.DataFrame, *, closed: pl.DataFrame, opened: pl.DataFrame, moment: dt.datetime, source: str
) -> Revision:
    """The table after the rows `closed`, which are believed, have ended at the moment and the rows `opened` have begun.

    Raises FinopsError when something would change at a moment that is not later than all that is known: what is built
    as known then would no longer be what was built.
    """
    latest = latest_moment(known)
    if (closed.height or opened.height) and latest is not None and moment <= latest:
        raise FinopsError(
            f"{source}: what it says as of {moment.isoformat()} differs from what {table.name} knows of it as of "
            f"{latest.isoformat()}, which is not earlier",
            remedy="Read the source again; if the clock of this machine was ahead, wait until it is past that time",
        )
    ended = closed.with_columns(known_to=pl.lit(moment, known.schema["known_to"]))
    kept = known.join(closed, on=[*table.grain], how="anti", nulls_equal=True) if closed.height else known
    frame = pl.concat([kept, ended, opened.select(known.columns)]).sort(table.grain, nulls_last=True)
    return Revision(
        frame=frame,
        opened=opened.height,
        closed=closed.height,
        unchanged=believed(known).height - closed.height,
    )


def latest_moment(known: pl.DataFrame) -> dt.datetime | None:
    """When the table learnt or unlearnt something last; None where it holds nothing."""
    moments = [known["known_from"].max(), known["known_to"].max()]
    return max((moment for moment in moments if isinstance(moment, dt.datetime)), default=None)


def since(frame: pl.DataFrame, moment: dt.datetime) -> pl.DataFrame:
    """The rows as known from the moment on."""
    kind = frame.schema["known_from"]
    return frame.with_columns(known_from=pl.lit(moment, kind), known_to=pl.lit(None, kind))


def content_columns(table: Table, *, without: Collection[str] = ()) -> list[str]:
    """What makes two rows equal: all columns but where a row comes from and since when it is known."""
    return [column.name for column in table.columns if column.name not in {*_ORIGIN, *without}]


def check_moment(moment: dt.datetime, *, source: str) -> None:
    """Raise FinopsError for a time that is not in UTC."""
    if moment.utcoffset() != dt.timedelta(0):
        raise FinopsError(
            f"{source}: the prices were read at {moment.isoformat()}, which is no time in UTC",
            remedy="Give the time with its zone, such as 2026-11-05T06:00:00+00:00",
        )
