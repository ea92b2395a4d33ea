"""`litellm` and `litellm_csv`: rows of LiteLLM's LiteLLM_SpendLogs, or lines of its StandardLoggingPayload.

Facts: `prompt_tokens` counts cached tokens too, for every provider. What was cached is in `metadata.usage_object` only,
which spend logs hold as a JSON text. `spend` and `response_cost` are USD. Times of spend logs are UTC without a zone,
those of the payload are seconds since 1970.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from genai_finops.attribution.formats.column_mapping import ColumnMapping, Cost, Flag, Moment, Text, Tokens
from genai_finops.attribution.formats.csv_rows import read_csv_columns
from genai_finops.attribution.formats.json_frame import Path, Projection, column_of
from genai_finops.attribution.formats.mapped_events import mapped_events
from genai_finops.attribution.log_format import Piece, PieceEvents, PieceKind, Reject
from genai_finops.errors import FinopsError

_COLUMNS = (
    "request_id",
    "id",
    "litellm_call_id",
    "call_type",
    "spend",
    "response_cost",
    "prompt_tokens",
    "completion_tokens",
    "startTime",
    "endTime",
    "model",
    "custom_llm_provider",
    "api_base",
    "user",
    "end_user",
    "team_id",
    "organization_id",
    "session_id",
    "trace_id",
    "agent_id",
    "request_tags",
    "cache_hit",
    "status",
    "metadata",
)
_USAGE: dict[str, tuple[Path, ...]] = {
    "cache_read": (("prompt_tokens_details", "cached_tokens"), ("cache_read_input_tokens",)),
    "cache_write": (
        ("prompt_tokens_details", "cache_creation_tokens"),
        ("prompt_tokens_details", "cache_write_tokens"),
        ("cache_creation_input_tokens",),
    ),
    "cache_write_5m": (
        ("prompt_tokens_details", "cache_creation_token_details", "ephemeral_5m_input_tokens"),
        ("cache_creation", "ephemeral_5m_input_tokens"),
    ),
    "cache_write_1h": (
        ("prompt_tokens_details", "cache_creation_token_details", "ephemeral_1h_input_tokens"),
        ("cache_creation", "ephemeral_1h_input_tokens"),
    ),
    "input_audio": (("prompt_tokens_details", "audio_tokens"),),
    "output_audio": (("completion_tokens_details", "audio_tokens"),),
    "output_image": (("completion_tokens_details", "image_tokens"),),
    "web_search": (
        ("prompt_tokens_details", "web_search_requests"),
        ("server_tool_use", "web_search_requests"),
    ),
    "service_tier": (("service_tier",),),
}
#: What the callback names otherwise than the table.
_METADATA = {
    "metadata.team_id": "user_api_key_team_id",
    "metadata.organization_id": "user_api_key_org_id",
    "metadata.user": "user_api_key_user_id",
    "metadata.end_user": "user_api_key_end_user_id",
    "metadata.project_id": "user_api_key_project_id",
    "metadata.team_alias": "user_api_key_team_alias",
    "metadata.key_alias": "user_api_key_alias",
}
_SPEND_LOGS_METADATA = "metadata.spend_logs."
#: An escape of either half of a surrogate pair, within a text that is JSON itself.
_MAYBE_HALF = r"\\u[dD]"


class LitellmOptions(BaseModel):
    """For each dimension the columns to look at, in order; the first that holds something decides.

    A name is a column, `tag` for the first request tag, `tag:<name>` for the rest of a tag `<name>:<value>`,
    `metadata.project_id`, `.team_alias` or `.key_alias`, or `metadata.spend_logs.<key>` for what callers send in the
    header x-litellm-spend-logs-metadata.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant_id: list[str] = ["team_id", "organization_id"]
    user_id: list[str] = ["end_user", "user"]
    task: list[str] = ["tag"]
    conversation_id: list[str] = ["session_id", "trace_id"]


_DIMENSIONS = tuple(LitellmOptions.model_fields)
_MAPPING = ColumnMapping(
    started_at=Moment(field="started"),
    ended_at=Moment(field="ended"),
    columns={
        "request_id": Text(field="request"),
        "provider": Text(field="custom_llm_provider"),
        "host": Text(field="api_base"),
        "model": Text(field="model"),
        "service_tier": Text(field="service_tier"),
        "operation": Text(field="call_type"),
        **{name: Text(field=name) for name in _DIMENSIONS},
    },
    tokens=Tokens(
        input_tokens="prompt_tokens",
        output_tokens="completion_tokens",
        **{name: name for name in _USAGE if name not in {"service_tier", "web_search"}},
        input_includes_cache=True,
    ),
    counts={"web_search": "web_search"},
    cost=Cost(field="cost", currency="USD"),
    failure=Flag(field="status", values=["failure"]),
    cache_hit=Flag(field="cache_hit", values=["true"]),
    embedding_operations=["embedding", "aembedding"],
)


class LitellmFormat:
    """JSON lines of LiteLLM."""

    name = "litellm"
    reads: PieceKind = "lines"

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raises FinopsError that names the option."""
        _options(options)

    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of whole lines."""
        money = frozenset({("spend",), ("response_cost",)})
        frame = Projection(tuple((name,) for name in _COLUMNS), money).read(piece)
        return _events(frame.rows, frame.rejects, _options(options))


class LitellmCsvFormat(LitellmFormat):
    """The same table, exported as CSV."""

    name = "litellm_csv"
    reads: PieceKind = "table"

    def read(self, piece: Piece, options: Mapping[str, Any]) -> PieceEvents:
        """The events of a file."""
        rows, rejects = read_csv_columns(piece, _COLUMNS, optional=True)
        if rows.height and rows["startTime"].null_count() == rows.height:
            raise FinopsError("it has no column startTime", remedy="Export LiteLLM_SpendLogs with its line of names.")
        return _events(rows, rejects, _options(options))


def _options(options: Mapping[str, Any]) -> LitellmOptions:
    chosen = _parsed(orjson.dumps(dict(options), option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS))
    for dimension in _DIMENSIONS:
        for name in getattr(chosen, dimension):
            if not (name in {*_COLUMNS, *_METADATA, "tag"} or name.startswith(("tag:", _SPEND_LOGS_METADATA))):
                raise FinopsError(
                    f"option {dimension} names {name!r}, which is not read",
                    remedy=f"Name columns of LiteLLM_SpendLogs, tag, tag:<name>, {_SPEND_LOGS_METADATA}<key> or "
                    f"{', '.join(sorted(_METADATA))}.",
                )
    return chosen


@lru_cache(maxsize=64)
def _parsed(options: bytes) -> LitellmOptions:
    try:
        return LitellmOptions.model_validate_json(options)
    except ValidationError as failure:
        problem = failure.errors(include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise FinopsError(
            f"option {key}: {problem['msg']}", remedy=f"The options are lists of names: {', '.join(_DIMENSIONS)}."
        ) from failure


def _events(rows: pl.DataFrame, rejects: list[Reject], options: LitellmOptions) -> PieceEvents:
    named = [name for dimension in _DIMENSIONS for name in getattr(options, dimension)]
    rows, found = _with_metadata(rows, [name for name in named if name.startswith(_SPEND_LOGS_METADATA)])
    tags = [name for name in named if name == "tag" or name.startswith("tag:")]
    if tags:
        rows, broken = _with_tags(rows)
        found += broken
    rows = rows.with_columns(
        *(_tag(name).alias(name) for name in tags),
        _moment("startTime").alias("started"),
        _moment("endTime").alias("ended"),
        pl.coalesce(_name("request_id"), _name("id"), _name("litellm_call_id")).alias("request"),
        pl.coalesce(_name("spend"), _name("response_cost")).alias("cost"),
        *(
            pl.coalesce(_name(column_of(("usage_object", *path))) for path in paths).alias(name)
            for name, paths in _USAGE.items()
        ),
    )
    rows = rows.with_columns(
        pl.coalesce(_first_name(name) for name in getattr(options, dimension)).alias(dimension)
        for dimension in _DIMENSIONS
    )
    return mapped_events(rows.select("line", *_MAPPING.fields()), _MAPPING, [*rejects, *found])


def _name(column: str) -> pl.Expr:
    value = pl.col(column).str.strip_chars()
    return pl.when(value != "").then(value)


def _first_name(name: str) -> pl.Expr:
    """A column, and what the callback calls it."""
    beside = f"metadata.{name}"
    return pl.coalesce(_name(name), _name(beside)) if beside in _METADATA else _name(name)


def _moment(column: str) -> pl.Expr:
    """Seconds since 1970 as a date and time, so that both kinds of lines read alike."""
    seconds = pl.col(column).cast(pl.Decimal(38, 9), strict=False)
    moment = (seconds * 1_000_000).cast(pl.Int64, strict=False).cast(pl.Datetime("us"))
    return pl.coalesce(moment.dt.to_string("%Y-%m-%dT%H:%M:%S%.6f"), pl.col(column))


def _tag(name: str) -> pl.Expr:
    """The first tag, or what follows `<name>:` in the first such tag."""
    tags = pl.col("tag_list")
    if name == "tag":
        return tags.list.first()
    start = name.removeprefix("tag:") + ":"
    return tags.list.eval(pl.element().filter(pl.element().str.starts_with(start)).str.strip_prefix(start)).list.first()


def _with_tags(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Reject]]:
    """The request tags as lists of texts; rows where they begin as such a list and are none are rejects."""
    told = rows.select(
        pl.when(pl.col("request_tags").str.contains(r'^\s*\[\s*("|\])')).then(pl.col("request_tags"))
    ).to_series()
    tags = None if told.str.contains(_MAYBE_HALF).any() else _decoded(told)
    if tags is not None:
        return rows.with_columns(tags.alias("tag_list")), []
    lists = [None if text is None else _tag_list(text) for text in told]
    is_broken = pl.Series([text is not None and tags is None for text, tags in zip(told, lists, strict=True)])
    rejects = [Reject(line=line, reason="request_tags: not a list of texts") for line in rows["line"].filter(is_broken)]
    tags = pl.Series("tag_list", lists, dtype=pl.List(pl.String()))
    return rows.with_columns(tags).filter(~is_broken), rejects


def _decoded(texts: pl.Series) -> pl.Series | None:
    try:
        return texts.str.json_decode(pl.List(pl.String()))
    except pl.exceptions.PolarsError:
        return None


def _tag_list(text: str) -> list[str | None] | None:
    """The tags one by one, as polars gives them but for halves of surrogate pairs, which it makes NUL."""
    try:
        found = orjson.loads(text)
    except ValueError:
        return None
    return [tag if tag is None or isinstance(tag, str) else orjson.dumps(tag).decode() for tag in found]


def _with_metadata(rows: pl.DataFrame, spend_logs: Sequence[str]) -> tuple[pl.DataFrame, list[Reject]]:
    """The few fields of the metadata that are read, as columns; rows with broken metadata are rejects."""
    paths: dict[str, Path] = {name: (key,) for name, key in _METADATA.items()}
    for name in spend_logs:
        paths[name] = ("spend_logs_metadata", name.removeprefix(_SPEND_LOGS_METADATA))
    for places in _USAGE.values():
        for place in places:
            path = ("usage_object", *place)
            paths[column_of(path)] = path
    texts = rows["metadata"].str.strip_chars()
    # A line feed can only be a blank between the values of a JSON text.
    lines = pl.select(pl.when(texts.is_null() | (texts == "")).then(pl.lit("{}")).otherwise(texts)).to_series()
    content = "\n".join(lines.str.replace_all("[\r\n]", " ").to_list()).encode()
    frame = Projection(tuple(dict.fromkeys(paths.values()))).read(Piece(content=content, first_line=1))
    found = frame.rows.select("line", **{name: frame.rows[column_of(path)] for name, path in paths.items()})
    if not frame.rejects and found.height == rows.height:
        return rows.hstack(found.drop("line")), []
    line_of = rows["line"].to_list()
    rejects = [Reject(line=line_of[one.line - 1], reason=f"metadata: {one.reason}") for one in frame.rejects]
    read = rows.with_columns(pl.int_range(1, rows.height + 1).alias("row")).join(
        found.rename({"line": "row"}), on="row", how="inner", maintain_order="left"
    )
    return read.drop("row"), rejects
