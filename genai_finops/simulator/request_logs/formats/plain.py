"""Logs of somebody's own making, as lines of JSON or of comma-separated values; a mapping says what is what."""

from collections.abc import Callable
from typing import Any

from genai_finops.simulator.request_logs.formats.written import LogWriter, Written, iso
from genai_finops.simulator.request_logs.requests import REQUEST_METERS, WEB_SEARCH

#: Name in these logs of each text and time of an event.
_IDENTITY = {
    "request_id": "id",
    "started_at": "ts",
    "ended_at": "done",
    "provider": "vendor",
    "account_id": "billed_to",
    "sub_account_id": "project",
    "resource_id": "deployment",
    "api_key_id": "key",
    "model": "model",
    "service_tier": "tier",
    "region_id": "region",
    "geography": "geo",
    "operation": "kind",
    "tenant_id": "customer",
    "user_id": "who",
    "task": "job",
    "conversation_id": "thread",
}
_TIMES = ("started_at", "ended_at")
#: Name in these logs of each count of tokens. Input is all that was not cached, whatever it consists of.
_TOKENS = {
    "input_tokens": "tokens_in",
    "input_audio": "audio_in",
    "input_image": "image_in",
    "cache_read": "cached",
    "cache_read_audio": "audio_cached",
    "cache_write": "written",
    "cache_write_5m": "written_5m",
    "cache_write_1h": "written_1h",
    "output_tokens": "tokens_out",
    "output_audio": "audio_out",
}
_COUNTS = {"image": "images", "character": "spoken", "web_search": "searches"}
_NUMBERS = {**_TOKENS, **_COUNTS}
CONTENT_COLUMNS = ("prompt", "completion")
_OPTIONS = {
    **{name: _IDENTITY[name] for name in _TIMES},
    "columns": {name: field for name, field in _IDENTITY.items() if name not in _TIMES},
    "tokens": {**_TOKENS, "input_includes_cache": False},
    "counts": _COUNTS,
}


def identity_of(told: Written) -> dict[str, str | None]:
    """What and who it was, by the names of the columns of an event."""
    stream, consumer = told.request.stream, told.request.consumer
    return {
        "request_id": told.request.id,
        "started_at": iso(told.started_at),
        "ended_at": iso(told.ended_at),
        "provider": told.provider,
        "account_id": told.account_id,
        "sub_account_id": stream.sub_account.id if stream.sub_account else None,
        "resource_id": stream.plan.resource_id,
        "api_key_id": stream.api_key_id,
        "model": told.model,
        "service_tier": told.tier,
        "region_id": stream.plan.region_id,
        "geography": stream.plan.geography,
        "operation": "embeddings" if told.is_embedding else "chat",
        "tenant_id": told.tenant_id,
        "user_id": consumer.user_id,
        "task": consumer.task,
        "conversation_id": consumer.conversation_id,
    }


def counts_of(told: Written) -> dict[str, int]:
    """Counts that are not zero: tokens of input and output as a whole, with those parts of them that are told apart."""
    count = told.count
    audio = count("uncached_input_audio") + count("input_audio")
    image = count("uncached_input_image")
    text = count("uncached_input") + count("input") + count("embedding_input")
    counts = {
        "input_tokens": text + audio + image,
        "input_audio": audio,
        "input_image": image,
        "cache_read": count("cache_read") + count("cache_read_audio"),
        "cache_read_audio": count("cache_read_audio"),
        "cache_write": count("cache_write"),
        "cache_write_5m": count("cache_write_5m"),
        "cache_write_1h": count("cache_write_1h"),
        "output_tokens": count("output") + count("output_audio"),
        "output_audio": count("output_audio"),
        "image": count("image"),
        "character": count("character"),
        "web_search": count("web_search"),
    }
    return {name: number for name, number in counts.items() if number}


def _object(told: Written) -> dict[str, Any]:
    who = {_IDENTITY[name]: value for name, value in identity_of(told).items() if value is not None}
    counts = {_NUMBERS[name]: number for name, number in counts_of(told).items()}
    return {**who, **counts, "prompt": told.prompt(), "completion": told.answer()}


def _cells(told: Written) -> list[str | int | None]:
    counts = counts_of(told)
    # Commas, quotes and ends of lines within a cell are what makes such files hard to read.
    content = (f'{told.prompt()}, "quoted"', told.answer())
    return [*identity_of(told).values(), *(counts.get(name, 0) for name in _NUMBERS), *content]


def _writer(name: str, record: Callable[[Written], Any], **more: Any) -> LogWriter:
    return LogWriter(
        format=name, suffix=name, expresses=REQUEST_METERS | {WEB_SEARCH}, record=record, options=_OPTIONS, **more
    )


JSONL = _writer("jsonl", _object)
CSV = _writer(
    "csv", _cells, layout="cells", header=",".join([*_IDENTITY.values(), *_NUMBERS.values(), *CONTENT_COLUMNS])
)
