"""The options of the formats that have no names of their own: which field of a row is which column of an event."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from genai_finops.errors import FinopsError
from genai_finops.schemas.tables.events import EVENT_METERS

#: Columns of an event that are texts of the row, by their name in the mapping.
TextColumn = Literal[
    "request_id",
    "provider",
    "account_id",
    "sub_account_id",
    "resource_id",
    "api_key_id",
    "model",
    "service_tier",
    "region_id",
    "geography",
    "operation",
    "host",
    "tenant_id",
    "user_id",
    "task",
    "conversation_id",
]
#: What differs between fields of a row and columns of an event.
COLUMN_OF = {"account_id": "x_genai_account_id", "model": "provider_model_id"}
_UNESCAPED_DOT = re.compile(r"(?<!\\)\.")


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _in_utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _as_mapping(value: Any) -> Any:
    return {"field": value} if isinstance(value, str) else value


class Text(_Values):
    """A text: that of a field, or of the first field that has one, or a constant."""

    field: str | list[str] | None = None
    constant: str | None = None
    #: What a value of the field means; a value that is not named stays as it is.
    values: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_one_origin(self) -> "Text":
        if (self.field is None) == (self.constant is None):
            raise ValueError("give either field or constant")
        return self

    @property
    def fields(self) -> list[str]:
        return [] if self.field is None else [self.field] if isinstance(self.field, str) else self.field


class Moment(_Values):
    """A time. `iso`: ISO 8601, UTC where it names no zone; s, ms, us, ns: since `since`; else a strptime format."""

    field: str
    format: str = "iso"
    since: Annotated[dt.datetime, AfterValidator(_in_utc)] = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

    @model_validator(mode="after")
    def _is_known(self) -> "Moment":
        if self.format not in {"iso", "s", "ms", "us", "ns"} and "%" not in self.format:
            raise ValueError("format must be iso, s, ms, us, ns or a pattern such as %d.%m.%Y %H:%M:%S")
        return self


class Tokens(_Values):
    """Fields of token counts, as `attribution.token_classes.disjoint_counts` takes them."""

    input_tokens: str | None = None
    cache_read: str | None = None
    cache_write: str | None = None
    cache_write_5m: str | None = None
    cache_write_1h: str | None = None
    input_audio: str | None = None
    cache_read_audio: str | None = None
    input_image: str | None = None
    input_video: str | None = None
    output_tokens: str | None = None
    output_audio: str | None = None
    output_image: str | None = None
    #: Whether the field of input_tokens counts cache reads and writes too. Has to be said where any of them is mapped.
    input_includes_cache: bool | None = None

    @model_validator(mode="after")
    def _says_what_input_includes(self) -> "Tokens":
        cached = (self.cache_read, self.cache_write, self.cache_write_5m, self.cache_write_1h)
        if self.input_includes_cache is None and any(cached):
            raise ValueError("say with input_includes_cache whether input_tokens counts cached tokens too")
        return self

    def fields(self) -> dict[str, str]:
        """Field by the name of the count."""
        return {name: field for name, field in self.model_dump(exclude={"input_includes_cache"}).items() if field}


class Cost(_Values):
    """What the row claims to have cost."""

    field: str
    unit: Literal["whole", "cent", "micro"] = "whole"
    #: Currency of all rows, or else the field that names it.
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$")
    currency_field: str | None = None

    @model_validator(mode="after")
    def _has_a_currency(self) -> "Cost":
        if (self.currency is None) == (self.currency_field is None):
            raise ValueError("give either currency or currency_field")
        return self


class Flag(_Values):
    """True where the field has one of these values, without regard to case."""

    field: str
    values: Annotated[list[str], Field(min_length=1)]


class ColumnMapping(_Values):
    """The options of `jsonl`, `csv` and `parquet`. A field is a name, or a dotted path where rows are nested."""

    started_at: Annotated[Moment, BeforeValidator(_as_mapping)]
    ended_at: Annotated[Moment, BeforeValidator(_as_mapping)] | None = None
    columns: dict[TextColumn, Annotated[Text, BeforeValidator(_as_mapping)]] = Field(default_factory=dict)
    tokens: Tokens = Tokens()
    #: Fields of what is counted beside tokens, or of tokens that are disjoint already: by the meter of an event.
    counts: dict[str, str] = Field(default_factory=dict)
    cost: Cost | None = None
    #: Rows that tell of a failed request.
    failure: Flag | None = None
    #: Rows that tell of an answer from the gateway's own cache.
    cache_hit: Flag | None = None
    #: Rows that tell of requests: of each field one of the values. Others are skipped.
    only: dict[str, list[str]] = Field(default_factory=dict)
    #: Fields that are kept as labels.
    tags: list[str] = Field(default_factory=list)
    #: A field that holds an object of labels, which are all kept.
    tags_object: str | None = None
    #: Operations whose input is priced as that of embeddings.
    embedding_operations: list[str] = ["embeddings", "embedding", "aembedding"]

    @field_validator("counts")
    @classmethod
    def _names_meters(cls, counts: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(counts) - set(EVENT_METERS)):
            raise ValueError(f"{unknown[0]} is none of {', '.join(EVENT_METERS)}")
        return counts

    def fields(self) -> list[str]:
        """All fields that are read, each once, in the order of the mapping."""
        return list(dict.fromkeys(self._fields()))

    def _fields(self) -> Iterator[str]:
        yield self.started_at.field
        if self.ended_at:
            yield self.ended_at.field
        for text in self.columns.values():
            yield from text.fields
        yield from self.tokens.fields().values()
        yield from self.counts.values()
        if self.cost:
            yield self.cost.field
            if self.cost.currency_field:
                yield self.cost.currency_field
        for flag in (self.failure, self.cache_hit):
            if flag:
                yield flag.field
        yield from self.only
        yield from self.tags
        if self.tags_object:
            yield self.tags_object


def path_of(field: str) -> tuple[str, ...]:
    """The parts of a dotted path; a dot that belongs to a name is written as \\."""
    return tuple(part.replace("\\.", ".") for part in _UNESCAPED_DOT.split(field))


def column_mapping(options: Mapping[str, Any]) -> ColumnMapping:
    """The options as a mapping. Raises FinopsError that names key and value."""
    return _parsed(orjson.dumps(dict(options), option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS))


@lru_cache(maxsize=64)
def _parsed(options: bytes) -> ColumnMapping:
    try:
        return ColumnMapping.model_validate(orjson.loads(options))
    except ValidationError as failure:
        problem = failure.errors(include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"]) or "the mapping"
        message = re.sub(r"^Value error, ", "", problem["msg"])
        raise FinopsError(
            f"{key}: {message}", remedy="docs/request-logs.md describes the mapping of columns."
        ) from failure
