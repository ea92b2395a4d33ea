"""Published traces of real requests load complete: rows and token sums are those of a plain count of the file."""

import csv
import datetime as dt
import gzip
import json
import os
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from genai_finops.attribution.sources import load_log_sources
from genai_finops.ingest.request_logs import read_request_logs
from genai_finops.lake.files import LakeFiles

pytestmark = pytest.mark.skipif(
    "GENAI_FINOPS_TEST_DATA" not in os.environ, reason="GENAI_FINOPS_TEST_DATA names no folder of test data"
)
_NOW = dt.datetime(2026, 11, 5, tzinfo=dt.UTC)
_SINCE = "2026-10-05T00:00:00Z"
_Row = dict[str, Any]
_ALL: Callable[[_Row], bool] = lambda _: True  # noqa: E731

_CASES: dict[str, tuple[str, str, _Row, tuple[str, str], Callable[[_Row], bool]]] = {
    "azure_llm_2023_conv.csv.gz": (
        "csv",
        "azure_openai",
        {
            "started_at": "TIMESTAMP",
            "tokens": {"input_tokens": "ContextTokens", "output_tokens": "GeneratedTokens"},
        },
        ("ContextTokens", "GeneratedTokens"),
        _ALL,
    ),
    "burstgpt_sample.csv": (
        "csv",
        "azure_openai",
        {
            "started_at": {"field": "Timestamp", "format": "s", "since": _SINCE},
            "columns": {"model": {"field": "Model", "values": {"ChatGPT": "gpt-3.5-turbo", "GPT-4": "gpt-4"}}},
            "tokens": {"input_tokens": "Request tokens", "output_tokens": "Response tokens"},
            "failure": {"field": "Response tokens", "values": ["0"]},
        },
        ("Request tokens", "Response tokens"),
        _ALL,
    ),
    "mooncake_conversation.jsonl.gz": (
        "jsonl",
        "openai",
        {
            "started_at": {"field": "timestamp", "format": "ms", "since": _SINCE},
            "tokens": {"input_tokens": "input_length", "output_tokens": "output_length"},
        },
        ("input_length", "output_length"),
        _ALL,
    ),
    "aider_messages_2024-08_2025-02.jsonl.gz": (
        "jsonl",
        "openai",
        {
            "started_at": {"field": "time", "format": "s"},
            "columns": {"model": "properties.main_model", "user_id": "user_id"},
            "tokens": {"input_tokens": "properties.prompt_tokens", "output_tokens": "properties.completion_tokens"},
            "cost": {"field": "properties.cost", "currency": "USD"},
            "only": {"event": ["message_send"]},
        },
        ("properties.prompt_tokens", "properties.completion_tokens"),
        lambda row: bool(row["event"] == "message_send"),
    ),
    "claude_code_sessions.jsonl.gz": (
        "jsonl",
        "anthropic",
        {
            "started_at": {"field": "turn_index", "format": "s", "since": _SINCE},
            "columns": {"model": "model_id", "conversation_id": "session_id"},
            "tokens": {"input_tokens": "input_tokens", "output_tokens": "output_tokens"},
        },
        ("input_tokens", "output_tokens"),
        _ALL,
    ),
    "agent_llm_spans.jsonl.gz": (
        "jsonl",
        "azure_openai",
        {
            "started_at": "start_time_iso",
            "ended_at": "end_time_iso",
            "columns": {
                "request_id": "span_id",
                "model": {"field": ["response_model", "request_model"]},
                "operation": "operation_name",
                "task": "benchmark",
                "conversation_id": "session_id",
            },
            "tokens": {"input_tokens": "input_tokens", "output_tokens": "output_tokens"},
            "failure": {"field": "is_error", "values": ["true"]},
        },
        ("input_tokens", "output_tokens"),
        _ALL,
    ),
}


@pytest.mark.parametrize("name", _CASES)
def test_a_published_trace_loads_complete_twice_in_a_row(tmp_path: Path, name: str) -> None:
    log_format, provider, options, fields, is_request = _CASES[name]
    path = Path(os.environ["GENAI_FINOPS_TEST_DATA"]) / "traces" / name
    config = {"org": "acme", "format": log_format, "location": str(path), "options": options}
    config |= {"defaults": {"provider": provider}, "identical_events": "apart"}
    (tmp_path / "trace.yml").write_text(yaml.safe_dump(config))
    sources = list(load_log_sources(tmp_path, {}).values())
    lake = LakeFiles(str(tmp_path / "lake"))
    for run in ("first", "second"):
        report = read_request_logs(lake, sources, now=_NOW, run_id=run, locks=tmp_path / "locks")
        assert not report.has_failures
        assert report.rejects == 0
        events = pl.read_parquet(tmp_path / "lake/landing/genai_usage_events_raw/day=20*/**/*.parquet")
        rows = [row for row in _plain_rows(path) if is_request(row)]
        assert events.height == len(rows)
        assert events["uncached_input"].sum() == _count(rows, fields[0])
        assert events["output"].sum() == _count(rows, fields[1])
        if "cost" in options:
            told = [_at(row, "properties.cost") for row in rows]
            # What is finer than 18 decimals is noise of the source's own arithmetic.
            assert events["reported_cost"].drop_nulls().sort().to_list() == sorted(
                Decimal(cost).quantize(Decimal(1).scaleb(-18)) for cost in told if cost is not None
            )


def _plain_rows(path: Path) -> Iterable[_Row]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    if ".csv" in path.name:
        return list(csv.DictReader(text.splitlines()))
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


def _at(row: _Row, field: str) -> Any:
    value: Any = row
    for part in field.split("."):
        value = value.get(part)
    return value


def _count(rows: Iterable[_Row], field: str) -> int:
    return sum(int(_at(row, field) or 0) for row in rows)
