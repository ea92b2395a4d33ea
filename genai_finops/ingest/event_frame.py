"""Events of a piece of a log file as rows of genai_usage_events_raw: with what the source's configuration adds."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from genai_finops.attribution.event_identity import EventIds
from genai_finops.attribution.log_format import PieceEvents, Reject
from genai_finops.attribution.provider_names import provider_of_model
from genai_finops.attribution.sources import LogSource
from genai_finops.schemas.table import Column
from genai_finops.schemas.tables.events import EVENTS_RAW
from genai_finops.schemas.types import TYPES
from genai_finops.schemas.validation import validate

_NAMES = [column.name for column in EVENTS_RAW.columns]
#: Columns whose value a log decides; what ingest adds is right by construction.
_LOGGED = [
    column for column in EVENTS_RAW.columns if not column.name.startswith("x_") or column.name == "x_genai_account_id"
]
_COLUMN_OF_DEFAULT = {"account_id": "x_genai_account_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLineage:
    """Where the rows of one log file come from."""

    source: LogSource
    log_file: str
    run_id: str
    ingested_at: dt.datetime

    @property
    def pipeline_id(self) -> str:
        return f"request_logs.{self.source.id}"


def event_frame(
    piece: PieceEvents, ids: EventIds, lineage: LogLineage, *, is_first: bool
) -> tuple[pl.DataFrame, list[Reject]]:
    """The rows of a piece, each event once (its last telling), and the rejects: the format's, and rows that the table
    refuses. Raises InvalidFrameError for a frame of another shape, which is a bug of the format: looked for in the
    first piece, because pandera takes as long as all else here, and every value has been checked before.
    """
    events = piece.events
    if events.is_empty():
        return events, list(piece.rejects)
    events = events.with_columns(ids.of(events))
    events = _with_defaults(events, lineage.source)
    events, rejects = _without_faults(events)
    if events["event_id"].is_duplicated().any():
        events = events.unique("event_id", keep="last", maintain_order=True)
    rows = _with_lineage(events, lineage).select(_NAMES)
    if is_first and rows.height:
        validate(EVENTS_RAW, rows, subject=f"{lineage.pipeline_id} {lineage.log_file}")
    return rows, [*piece.rejects, *rejects]


def _with_defaults(events: pl.DataFrame, source: LogSource) -> pl.DataFrame:
    defaults = {
        _COLUMN_OF_DEFAULT.get(name, name): value
        for name, value in source.defaults.model_dump().items()
        if value is not None
    }
    account = defaults.pop("x_genai_account_id", None)
    events = events.with_columns(pl.col(name).fill_null(value) for name, value in defaults.items())
    if events["provider"].null_count():
        models = events.filter(pl.col("provider").is_null())["provider_model_id"].unique().drop_nulls().to_list()
        guessed = {model: provider for model in models if (provider := provider_of_model(model)) is not None}
        if guessed:
            guess = pl.col("provider_model_id").replace_strict(guessed, default=None, return_dtype=pl.String)
            events = events.with_columns(pl.coalesce("provider", guess).alias("provider"))
    if source.accounts:
        of_provider = pl.col("provider").replace_strict(source.accounts, default=None, return_dtype=pl.String)
        events = events.with_columns(pl.coalesce("x_genai_account_id", of_provider).alias("x_genai_account_id"))
    if account is not None:
        events = events.with_columns(pl.col("x_genai_account_id").fill_null(account))
    return events


def _without_faults(events: pl.DataFrame) -> tuple[pl.DataFrame, list[Reject]]:
    """Rows that the table takes, and the others by line and reason."""
    faults = [fault for column in _LOGGED if column.name in events.columns for fault in _faults(column)]
    faults.append(
        pl.when(pl.col("reported_cost").is_null() != pl.col("reported_currency").is_null()).then(
            pl.lit("reported_cost and reported_currency are not given together")
        )
    )
    wrong = events.select(pl.any_horizontal(fault.is_not_null() for fault in faults)).to_series()
    if not wrong.any():
        return events, []
    refused = events.filter(wrong).select("log_line", reason=pl.concat_str(faults, separator="; ", ignore_nulls=True))
    return events.filter(~wrong), [Reject(line=line, reason=reason) for line, reason in refused.iter_rows()]


def _faults(column: Column) -> list[pl.Expr]:
    value = pl.col(column.name)
    faults: list[pl.Expr] = []
    if not column.nullable:
        faults.append(pl.when(value.is_null()).then(pl.lit(_MISSING.get(column.name, f"{column.name} is missing"))))
    if column.allowed:
        faults.append(pl.when(~value.is_in(list(column.allowed))).then(pl.lit(f"{column.name} is not a known one")))
    if column.minimum is not None:
        faults.append(pl.when(value < column.minimum).then(pl.lit(f"{column.name} is below {column.minimum}")))
    if column.pattern is not None:
        faults.append(pl.when(~value.str.contains(column.pattern)).then(pl.lit(f"{column.name} is misspelt")))
    return faults


_MISSING = {"provider": "neither the log nor the defaults of its source name a provider"}


def _with_lineage(events: pl.DataFrame, lineage: LogLineage) -> pl.DataFrame:
    day = pl.col("started_at").dt.date()
    return events.with_columns(
        pl.lit(lineage.source.id).alias("source_id"),
        pl.lit(lineage.log_file).alias("log_file"),
        day.alias("usage_date"),
        pl.lit(lineage.source.org).alias("x_org_slug"),
        pl.lit(lineage.pipeline_id).alias("x_pipeline_id"),
        pl.lit(lineage.source.id).alias("x_credential_id"),
        day.alias("x_pipeline_run_date"),
        pl.lit(lineage.run_id).alias("x_run_id"),
        pl.lit(lineage.ingested_at).cast(TYPES["timestamp"].polars).alias("x_ingested_at"),
        day.alias("x_ingestion_date"),
        pl.col("provider").str.to_uppercase().alias("x_genai_provider"),
    )
