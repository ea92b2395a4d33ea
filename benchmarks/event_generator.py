"""Request logs as JSON lines, and the usage that the provider counts for them: equal arguments, equal bytes and rows.

A request belongs to a conversation of seven, which stays with one key, model, tenant, user and task. 20,000 of these
go on at the same time, so that the lines of one lie apart. Nobody's prompts or answers are in the lines.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from organisations import customers
from usage_generator import LAST_DAY, usage_dimensions, usage_of_day

from genai_finops.attribution.sources import LogSource, load_log_source
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import landing_path
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.validation import validate

#: The organisation whose gateway writes the log; the others have usage that no log tells of.
LOGGED_ORG = "org-00"
TENANTS, USERS, TASKS = 50, 5_000, 20

_USAGE = TABLES["genai_payg_usage_raw"]
_AT_ONCE, _REQUESTS_OF_ONE = 20_000, 7
_CHUNK_EVENTS = 500_000
_MILLISECONDS_OF_DAY = 86_400_000
#: What tells usage of one customer apart, but for the meter.
_SLOT = (
    "provider",
    "sub_account_id",
    "api_key_id",
    "provider_model_id",
    "service_tier",
    "geography",
    "context_tokens_above",
)
_METERS = (
    "uncached_input",
    "uncached_input_audio",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "embedding_input",
    "web_search",
    "request",
)

_SOURCE = """\
org: {org}
format: jsonl
location: {location}
accounts:
{accounts}
options:
  started_at: {{field: time, format: ms}}
  columns:
    request_id: id
    provider: provider
    sub_account_id: project
    api_key_id: key
    model: model
    service_tier: tier
    geography: geography
    operation: operation
    tenant_id: customer
    user_id: user
    task: task
    conversation_id: conversation
  tokens:
    input_tokens: usage.input
    cache_read: usage.cached
    cache_write_5m: usage.written_5m
    cache_write_1h: usage.written_1h
    input_audio: usage.audio
    output_tokens: usage.output
    input_includes_cache: true
  counts: {{web_search: searches}}
  failure: {{field: status, values: [error]}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedUsage:
    """The customers of the benchmark, and which of their usage is told of by a log."""

    dimensions: pl.DataFrame
    slots: pl.DataFrame

    @property
    def without_logs(self) -> pl.DataFrame:
        return self.dimensions.filter(pl.col("x_org_slug") != LOGGED_ORG)


def logged_usage(orgs: int, rows_per_customer: int) -> LoggedUsage:
    """The usage of a day without its quantities: `rows_per_customer` for each organisation and provider."""
    dimensions = usage_dimensions(orgs, rows_per_customer)
    # What is served on reserved capacity is not billed by the token.
    told = (pl.col("x_org_slug") == LOGGED_ORG) & (pl.col("service_tier") != "committed")
    slots = (
        dimensions.filter(told)
        .group_by(_SLOT, maintain_order=True)
        .agg((pl.col("meter") == "embedding_input").any().alias("embeds"))
        .with_row_index("slot")
    )
    return LoggedUsage(dimensions=dimensions, slots=slots.cast({"slot": pl.Int64}))


def write_log(path: Path, usage: LoggedUsage, day: dt.date, events: int) -> pl.DataFrame:
    """Write the log of one day; gives what it counts, by slot and meter."""
    counted = []
    with path.open("wb") as log:
        for first in range(0, events, _CHUNK_EVENTS):
            rows = _requests(usage.slots, day, first, min(first + _CHUNK_EVENTS, events), events)
            _lines(rows).write_ndjson(log)
            counted.append(rows.group_by("slot").agg(pl.col(meter).sum() for meter in _METERS))
    return (
        pl.concat(counted)
        .group_by("slot")
        .agg(pl.col(meter).sum() for meter in _METERS)
        .unpivot(index="slot", on=_METERS, variable_name="meter", value_name="counted")
        .filter(pl.col("counted") > 0)
    )


def land_logged_usage(files: LakeFiles, usage: LoggedUsage, day: dt.date, counted: pl.DataFrame) -> None:
    """Write the landing files of the organisation that keeps a log: the provider counts what the log does."""
    quantities = counted.join(usage.slots, on="slot").select(
        *_SLOT, "meter", pl.col("counted").cast(pl.Decimal(26, 6)).alias("quantity")
    )
    landed = usage_of_day(usage.dimensions.filter(pl.col("x_org_slug") == LOGGED_ORG), day)
    columns = landed.columns
    landed = landed.drop("quantity").join(quantities, on=[*_SLOT, "meter"], nulls_equal=True).select(columns)
    if landed.height != quantities.height:
        raise SystemExit(f"{quantities.height - landed.height} of {quantities.height} counts have no usage")
    validate(_USAGE, landed, subject="usage of the log")
    for (provider, credential), rows in landed.partition_by("provider", "x_credential_id", as_dict=True).items():
        path = landing_path(_USAGE, day=day, provider=str(provider), org=LOGGED_ORG, credential=str(credential))
        rows.write_parquet(files.path(path), compression="zstd", statistics=True, mkdir=True)


def log_source(folder: Path, location: Path) -> LogSource:
    """The source of request logs of that organisation, by a configuration as anyone would write it."""
    accounts = "\n".join(
        f"  {customer.provider}: {customer.account_id}" for customer in customers(1) if customer.org == LOGGED_ORG
    )
    path = folder / "gateway.yml"
    path.write_text(_SOURCE.format(org=LOGGED_ORG, location=location, accounts=accounts))
    return load_log_source(path, {})


def _requests(slots: pl.DataFrame, day: dt.date, first: int, end: int, events: int) -> pl.DataFrame:
    number, conversation = pl.col("number"), pl.col("conversation")
    of_block = _AT_ONCE * _REQUESTS_OF_ONE
    # The same prices and quantities every day would be stored as one value.
    shift = (LAST_DAY - day).days
    rows = (
        pl.DataFrame({"number": pl.int_range(first, end, eager=True)})
        .with_columns((number // of_block * _AT_ONCE + number % _AT_ONCE).alias("conversation"))
        .with_columns((conversation * 7_919 // 13 % slots.height).alias("slot"))
        .join(slots, on="slot", maintain_order="left")
    )
    is_anthropic, embeds = pl.col("provider") == "anthropic", pl.col("embeds")
    is_chat = ~embeds
    text = 200 + (number * 7_919 + shift) % 2_801 + pl.col("context_tokens_above").fill_null(0)
    zero = pl.lit(0, pl.Int64)

    def where(condition: pl.Expr, tokens: pl.Expr) -> pl.Expr:
        return pl.when(condition).then(tokens).otherwise(zero)

    sixteenth = conversation % 16
    return rows.with_columns(
        where(is_chat, text).alias("uncached_input"),
        where(embeds, text).alias("embedding_input"),
        where(is_chat & (conversation % 2 == 0), 1_024 + number * 104_729 % 4_001).alias("cache_read"),
        where(is_anthropic & (conversation % 4 == 1), 500 + number % 701).alias("cache_write_5m"),
        where(is_anthropic & (sixteenth == 3), 900 + number % 503).alias("cache_write_1h"),
        where(~is_anthropic & is_chat & (sixteenth == 5), 100 + number % 97).alias("uncached_input_audio"),
        where(is_chat, 50 + number * 6_151 % 900).alias("output"),
        where(is_anthropic & (sixteenth == 7), pl.lit(1, pl.Int64)).alias("web_search"),
        where(~is_anthropic, pl.lit(1, pl.Int64)).alias("request"),
        (
            int(dt.datetime.combine(day, dt.time(0, tzinfo=dt.UTC)).timestamp()) * 1_000
            + number * _MILLISECONDS_OF_DAY // events
        ).alias("time"),
        pl.lit(day.strftime("%j")).alias("day"),
    )


def _lines(rows: pl.DataFrame) -> pl.DataFrame:
    number, conversation = pl.col("number").cast(pl.String), pl.col("conversation")
    of_input = ("uncached_input", "embedding_input", "uncached_input_audio", "cache_read")
    written = ("cache_write_5m", "cache_write_1h")

    def named(kind: str, value: pl.Expr, digits: int) -> pl.Expr:
        return pl.concat_str(pl.lit(kind), value.cast(pl.String).str.zfill(digits))

    return rows.select(
        "time",
        pl.concat_str(pl.lit("req_"), "day", pl.lit("_"), number.str.zfill(12)).alias("id"),
        pl.concat_str(pl.lit("c-"), "day", pl.lit("-"), conversation.cast(pl.String)).alias("conversation"),
        named("tenant-", conversation % TENANTS, 2).alias("customer"),
        named("user-", conversation % USERS, 4).alias("user"),
        named("task-", conversation // 7 % TASKS, 2).alias("task"),
        pl.when("embeds").then(pl.lit("embeddings")).otherwise(pl.lit("chat")).alias("operation"),
        "provider",
        pl.col("sub_account_id").alias("project"),
        pl.col("api_key_id").alias("key"),
        pl.col("provider_model_id").alias("model"),
        pl.col("service_tier").alias("tier"),
        "geography",
        pl.struct(
            pl.sum_horizontal(*of_input, *written).alias("input"),
            pl.col("cache_read").alias("cached"),
            pl.col("cache_write_5m").alias("written_5m"),
            pl.col("cache_write_1h").alias("written_1h"),
            pl.col("uncached_input_audio").alias("audio"),
            "output",
        ).alias("usage"),
        pl.col("web_search").alias("searches"),
        pl.lit("ok").alias("status"),
    )
