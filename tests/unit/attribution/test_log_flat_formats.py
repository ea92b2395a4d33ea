"""Flat formats: rows of CSV, Parquet, LiteLLM and the SDK, and the ways they spell times, money and tokens."""

import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.log_format import EVENT_COLUMNS, Piece, PieceEvents

_SPEND = {
    "request_id": "chatcmpl-9x1",
    "call_type": "acompletion",
    "spend": 0.0020538000000000001,
    "prompt_tokens": 1800,
    "completion_tokens": 310,
    "startTime": "2026-11-02 09:20:46.847371",
    "endTime": "2026-11-02 09:20:48.110002",
    "model": "gpt-5.4-mini",
    "custom_llm_provider": "openai",
    "user": "svc-support",
    "team_id": "acme",
    "organization_id": "emea",
    "end_user": "u-7",
    "session_id": "c-42",
    "request_tags": '["summarize", "tenant:blue"]',
    "metadata": '{"usage_object": {"prompt_tokens_details": {"cached_tokens": 1024}}}',
    "cache_hit": "None",
    "status": "success",
}


def _read(name: str, content: str | bytes, options: dict[str, Any] | None = None) -> PieceEvents:
    FORMATS[name].check_options(options or {})
    content = content if isinstance(content, bytes) else content.encode()
    return FORMATS[name].read(Piece(content=content, first_line=1), options or {})


def _json_lines(*rows: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.mark.parametrize(
    ("moment", "value"),
    [
        ("t", "2026-11-02T09:20:46.847371Z"),
        ("t", "2026-11-02 09:20:46.8473719"),
        ("t", "2026-11-02T11:20:46.847371+02:00"),
        ({"field": "t", "format": "s"}, 1793611246.847371),
        ({"field": "t", "format": "ms"}, "1793611246847.371"),
        ({"field": "t", "format": "us"}, 1793611246847371),
        ({"field": "t", "format": "ns"}, 1793611246847371999),
        ({"field": "t", "format": "%d.%m.%Y %H:%M:%S%.f"}, "02.11.2026 09:20:46.847371"),
        ({"field": "t", "format": "s", "since": "2026-11-02T09:20:46"}, "0.847371"),
    ],
)
def test_a_time_is_read_to_the_microsecond_in_every_spelling(moment: object, value: object) -> None:
    read = _read("jsonl", _json_lines({"t": value}), {"started_at": moment})
    assert read.events["started_at"].to_list() == [dt.datetime(2026, 11, 2, 9, 20, 46, 847371, tzinfo=dt.UTC)]


@pytest.mark.parametrize(
    ("unit", "told", "cost"),
    [("whole", "0.1", "0.1"), ("cent", "1.2345678901234567", "0.012345678901234567"), ("micro", "250", "0.00025")],
)
def test_a_cost_is_exact_in_every_unit(unit: str, told: str, cost: str) -> None:
    options = {"started_at": "t", "cost": {"field": "c", "unit": unit, "currency": "EUR"}}
    read = _read("jsonl", f'{{"t":"2026-11-02","c":{told}}}\n', options)
    assert [f"{value.normalize():f}" for value in read.events["reported_cost"]] == [cost]
    assert read.events["reported_currency"].to_list() == ["EUR"]


def test_rows_of_csv_are_told_by_the_line_they_begin_on_and_odd_ones_are_rejects() -> None:
    content = 't,model,n\r\n2026-11-02,"a\r\nb",1\r\n2026-11-02,c\r\n\r\n2026-11-03,"d,""e",2\r\n'
    read = _read("csv", content, {"started_at": "t", "columns": {"model": "model"}, "tokens": {"input_tokens": "n"}})
    assert read.events.select("log_line", "provider_model_id", "uncached_input").rows() == [
        (2, "a\r\nb", 1),
        (6, 'd,"e', 2),
    ]
    assert [(reject.line, reject.reason) for reject in read.rejects] == [(4, "2 values, not 3")]


def test_rows_of_parquet_keep_their_decimals_and_their_times_in_utc() -> None:
    buffer = io.BytesIO()
    start = dt.datetime(2026, 11, 2, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    pl.DataFrame(
        {
            "t": pl.Series([start]).cast(pl.Datetime("ms", "Europe/Athens")),
            "usage": [{"in": 7}],
            "cost": pl.Series([Decimal("0.123456789012345678")], dtype=pl.Decimal(38, 18)),
        }
    ).write_parquet(buffer)
    options = {"started_at": "t", "tokens": {"input_tokens": "usage.in"}, "cost": {"field": "cost", "currency": "USD"}}
    read = _read("parquet", buffer.getvalue(), options)
    assert read.events.select("started_at", "uncached_input", "reported_cost").rows() == [
        (start, 7, Decimal("0.123456789012345678"))
    ]


def test_a_spend_log_tells_cached_tokens_from_its_metadata_and_the_consumer_from_its_usual_columns() -> None:
    cached = {
        "request_id": "hit",
        "cache_hit": "True",
        "spend": 0,
        "metadata": "",
        "request_tags": "[]",
        "end_user": "",
    }
    read = _read("litellm", _json_lines(_SPEND, _SPEND | cached))
    told = read.events.select(
        "uncached_input", "cache_read", "output", "tenant_id", "user_id", "task", "conversation_id"
    )
    assert told.rows()[0] == (776, 1024, 310, "acme", "u-7", "summarize", "c-42")
    assert read.events["reported_cost"][0] == Decimal(repr(_SPEND["spend"]))
    assert read.events.select("is_cache_hit", "user_id", "task").rows() == [
        (False, "u-7", "summarize"),
        (True, "svc-support", None),
    ]


def test_a_source_of_spend_logs_may_name_other_columns_and_tags() -> None:
    metadata = json.dumps({"user_api_key_project_id": "p-9", "spend_logs_metadata": {"feature": "search"}})
    options = {"tenant_id": ["tag:tenant"], "user_id": ["metadata.project_id"], "task": ["metadata.spend_logs.feature"]}
    read = _read("litellm", _json_lines(_SPEND | {"metadata": metadata}), options)
    assert read.events.select("tenant_id", "user_id", "task").rows() == [("blue", "p-9", "search")]


def test_a_callback_payload_and_a_csv_export_tell_what_the_spend_log_tells() -> None:
    renamed = {"id": "request_id", "response_cost": "spend", "trace_id": "session_id"}
    payload = {
        name: _SPEND.get(renamed.get(name, name)) for name in (*renamed, *_SPEND) if name not in renamed.values()
    }
    payload |= {
        "team_id": None,
        "organization_id": None,
        "startTime": 1793611246.847371,
        "endTime": 1793611248.110002,
        "cache_hit": False,
        "request_tags": ["summarize"],
        "metadata": {**json.loads(str(_SPEND["metadata"])), "user_api_key_team_id": "acme"},
    }
    names = ",".join(_SPEND)
    values = ",".join('"' + str(value).replace('"', '""') + '"' for value in _SPEND.values())
    spend = _read("litellm", _json_lines(_SPEND)).events
    assert _read("litellm", _json_lines(payload)).events.equals(spend)
    exported = _read("litellm_csv", f"{names}\n{values}\n").events
    assert exported.drop("log_line").equals(spend.drop("log_line"))


def test_a_recorded_line_keeps_every_column() -> None:
    line: dict[str, Any] = {name: f"{name}-1" for name in EVENT_COLUMNS if name != "log_line"}
    meters = {name: number for number, name in enumerate(EVENT_COLUMNS) if _is_meter(name)}
    line |= meters | {
        "started_at": "2026-11-02T09:20:46.847371Z",
        "ended_at": "2026-11-02T09:20:48Z",
        "provider": "openai",
        "service_tier": "flex",
        "status": "failure",
        "is_cache_hit": True,
        "tags": '{"a":"b"}',
        "reported_cost": "0.000000000000000001",
        "reported_currency": "USD",
    }
    read = _read("recorded", _json_lines(line | {"sdk": "1"}))
    expected = line | {
        "started_at": dt.datetime(2026, 11, 2, 9, 20, 46, 847371, tzinfo=dt.UTC),
        "ended_at": dt.datetime(2026, 11, 2, 9, 20, 48, tzinfo=dt.UTC),
        "reported_cost": Decimal("0.000000000000000001"),
        "log_line": 1,
    }
    assert read.events.to_dicts() == [expected]


def _is_meter(name: str) -> bool:
    return name in FORMATS["recorded"].read(Piece(content=b"", first_line=1), {}).events.schema and name.startswith(
        ("uncached", "cache_", "output", "embedding", "image", "character", "web")
    )


def test_half_of_a_surrogate_pair_rejects_a_line_where_it_is_read_and_only_there() -> None:
    options = {"started_at": "t", "columns": {"tenant_id": "who.tenant", "task": "task"}}
    tenants = ["\ud83d", "x\udc00", "\udc00\ud83d", "\U0001f600", "a\\ud800"]
    lines = [{"t": "2026-11-02", "who": {"tenant": tenant}, "prompt": "\U0001f600"} for tenant in tenants]
    # As of a prompt that was cut off in the middle of a sign; the last of these makes polars refuse the piece.
    lines += [{"t": "2026-11-02", "task": "cut\\ud83d", "prompt": prompt} for prompt in ("\ud83d", "\udc00\ud83d")]

    told = _read("jsonl", _json_lines(*lines), options)

    assert [(reject.line, reject.reason) for reject in told.rejects] == [
        (number, "who.tenant holds half of a surrogate pair") for number in (1, 2, 3)
    ]
    assert told.events.select("log_line", "tenant_id", "task").rows() == [
        (4, "\U0001f600", None),
        (5, "a\\ud800", None),
        (6, None, "cut\\ud83d"),
        (7, None, "cut\\ud83d"),
    ]


def test_tags_of_a_spend_log_that_are_no_list_of_texts_reject_their_line_alone() -> None:
    tags = ['["cut', '["\\ud83d"]', '["\\ud83d\\ude00", {"a": 1}]', "none"]

    told = _read("litellm", _json_lines(*({**_SPEND, "request_tags": each} for each in tags)))

    assert [(reject.line, reject.reason) for reject in told.rejects] == [
        (number, "request_tags: not a list of texts") for number in (1, 2)
    ]
    assert told.events.select("log_line", "task").rows() == [(3, "\U0001f600"), (4, None)]
