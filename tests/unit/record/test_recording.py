"""What becomes of what an application records."""

import asyncio
import contextvars
import datetime as dt
import logging
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from genai_finops.attribution.formats.recorded import RecordedFormat
from genai_finops.attribution.log_format import EVENT_COLUMNS, Piece
from genai_finops.pricing.token_counts import token_counts
from genai_finops.record import attributed, flush, record_llm_cost, stats
from genai_finops.record.calls import record_response
from genai_finops.record.event_reading import includes_cache

Lines = Callable[[Path], list[dict[str, Any]]]


def test_a_request_is_one_line_that_the_reader_of_recorded_logs_takes_as_it_was_meant(folder: Path) -> None:
    started = dt.datetime(2026, 11, 2, 9, 20, 46, 847_371, tzinfo=dt.UTC)
    record_llm_cost(
        provider="azure",
        model="gpt-5.4-mini",
        input_tokens=1800,
        output_tokens=310,
        cache_read_tokens=1024,
        tenant_id="acme",
        user_id="u-7",
        task="summarize",
        conversation_id="c-42",
        request_id="chatcmpl-1",
        started_at=started,
        ended_at=started.timestamp() + 2,
        service_tier="default",
        account_id="sub-1",
        reported_cost=0.1,
        tags={"team": "käse\n"},
    )
    assert flush()

    (file,) = folder.glob("*.jsonl")
    read = RecordedFormat().read(Piece(content=file.read_bytes(), first_line=1), {})

    assert not read.rejects
    (event,) = read.events.to_dicts()
    said = {name: value for name, value in event.items() if value not in (None, 0)}
    assert said == {
        "request_id": "chatcmpl-1",
        "started_at": started,
        "ended_at": started + dt.timedelta(seconds=2),
        "provider": "azure_openai",
        "provider_model_id": "gpt-5.4-mini",
        "service_tier": "standard",
        "operation": "chat",
        "status": "success",
        "uncached_input": 776,
        "cache_read": 1024,
        "output": 310,
        "tenant_id": "acme",
        "user_id": "u-7",
        "task": "summarize",
        "conversation_id": "c-42",
        "tags": '{"team": "käse"}',
        "reported_cost": Decimal("0.1"),
        "reported_currency": "USD",
        "log_line": 1,
        "x_genai_account_id": "sub-1",
    }


def test_the_names_in_a_line_are_those_of_the_events(folder: Path, lines: Lines) -> None:
    record_llm_cost(
        **{  # type: ignore[arg-type] # every label at once
            **dict.fromkeys(
                ("account_id", "sub_account_id", "resource_id", "api_key_id", "region_id", "geography"), "x"
            ),
            **dict.fromkeys(("input_audio_tokens", "output_image_tokens", "images", "characters", "web_searches"), 1),
            "provider": "gemini",
            "model": "m",
            "input_tokens": 9,
            "output_tokens": 9,
            "tags": {"a": "b"},
        }
    )
    flush()

    assert set(lines(folder)[0]) <= set(EVENT_COLUMNS)


@pytest.mark.parametrize("provider", ["openai", "azure_openai", "anthropic", "aws_bedrock", "gemini", "gcp_vertex"])
@pytest.mark.parametrize("model", ["gpt-5", "claude-sonnet-4-6"])
def test_input_is_counted_as_prices_count_it(provider: str, model: str) -> None:
    assert includes_cache(provider, model) == ("cache_read" in token_counts(provider, model).inside_input)


def test_a_block_attributes_what_is_recorded_in_it_until_an_inner_one_or_an_argument_says_otherwise(
    folder: Path, lines: Lines
) -> None:
    with attributed(tenant_id="acme", user_id="u-1", tags={"a": "1", "b": "1"}):
        with attributed(user_id="u-2", task="t", tags={"b": "2"}):
            record_llm_cost(provider="openai", model="inner")
            record_llm_cost(provider="openai", model="argument", user_id="u-3")
        record_llm_cost(provider="openai", model="outer")
    record_llm_cost(provider="openai", model="none")
    flush()

    found = {line["provider_model_id"]: line for line in lines(folder)}
    assert {name: (line.get("tenant_id"), line.get("user_id"), line.get("task")) for name, line in found.items()} == {
        "inner": ("acme", "u-2", "t"),
        "argument": ("acme", "u-3", "t"),
        "outer": ("acme", "u-1", None),
        "none": (None, None, None),
    }
    assert found["inner"]["tags"] == '{"a": "1", "b": "2"}'


def test_tasks_of_asyncio_and_threads_do_not_see_each_others_attribution(folder: Path, lines: Lines) -> None:
    async def one(name: str) -> None:
        with attributed(tenant_id=name):
            await asyncio.sleep(0)
            record_llm_cost(provider="openai", model=f"task {name}")

    async def all_tasks() -> None:
        await asyncio.gather(*(one(str(number)) for number in range(10)))

    asyncio.run(all_tasks())
    with attributed(tenant_id="outer"):
        context = contextvars.copy_context()
        bare = threading.Thread(target=record_llm_cost, kwargs={"provider": "openai", "model": "thread None"})
        taken = threading.Thread(
            target=context.run, args=(record_llm_cost,), kwargs={"provider": "openai", "model": "thread outer"}
        )
        for thread in (bare, taken):
            thread.start()
            thread.join()
    flush()

    found = lines(folder)
    assert len(found) == 12
    assert all(line["provider_model_id"].split()[1] == str(line.get("tenant_id")) for line in found)


def test_every_request_of_many_threads_is_written_once(folder: Path, lines: Lines) -> None:
    def record(thread: int) -> None:
        for number in range(300):
            record_llm_cost(provider="openai", model="gpt-5", input_tokens=1, request_id=f"{thread}-{number}")

    threads = [threading.Thread(target=record, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert flush()

    assert len({line["request_id"] for line in lines(folder)}) == len(lines(folder)) == 8 * 300
    assert (stats().recorded, stats().written, stats().dropped) == (2400, 2400, {})


def test_two_requests_without_an_id_are_two(folder: Path, lines: Lines) -> None:
    for _ in range(2):
        record_llm_cost(provider="openai", model="gpt-5", input_tokens=1, started_at=1793520000)
    flush()

    first, second = lines(folder)
    assert first["request_id"] != second["request_id"]
    assert first | {"request_id": ""} == second | {"request_id": ""}


def test_what_cannot_be_meant_is_dropped_and_counted_with_one_warning_for_each_reason(
    folder: Path, caplog: pytest.LogCaptureFixture, lines: Lines
) -> None:
    with caplog.at_level(logging.WARNING, "genai_finops.record"):
        for wrong in (-1, 1.5, "many", True, 10**40, object()):
            record_llm_cost(provider="openai", model="gpt-5", input_tokens=wrong)  # type: ignore[arg-type]
        record_llm_cost(provider="openai", model="gpt-5", tags=object())  # type: ignore[arg-type]
        flush()

    assert lines(folder) == []
    assert stats().dropped == {"invalid": 6, "unreadable": 1}
    assert stats().recorded == 7
    assert len(caplog.records) == 2


def test_labels_of_any_type_are_kept_or_left_out_and_never_harm_the_request(folder: Path, lines: Lines) -> None:
    class Task(StrEnum):
        TRIAGE = "triage"

    tenant = uuid.uuid4()
    record_llm_cost(
        provider="openai",
        model="gpt-5",
        input_tokens=7,
        tenant_id=tenant,  # type: ignore[arg-type]
        user_id=42,  # type: ignore[arg-type]
        task=Task.TRIAGE,
        conversation_id="half \ud83d of a pair",
        api_key_id=["secret"],  # type: ignore[arg-type]
        resource_id="long" * 10_000,
        started_at="yesterday",
        reported_cost=float("nan"),
        tags={"ok": "yes", "object": object()},  # type: ignore[dict-item]
    )
    flush()

    (line,) = lines(folder)
    assert (line["tenant_id"], line["user_id"], line["task"]) == (str(tenant), "42", "triage")
    assert line["conversation_id"] == "half ? of a pair"
    assert (line["uncached_input"], line["tags"]) == (7, '{"ok": "yes"}')
    assert stats().mended == {
        f"{name}_left_out": 1 for name in ("api_key_id", "resource_id", "started_at", "reported_cost", "tags")
    }


def test_an_answer_from_a_cache_costs_nothing(folder: Path, lines: Lines) -> None:
    record_llm_cost(provider="openai", model="gpt-5", input_tokens=7, is_cache_hit=True, reported_cost="0.02")
    flush()

    (line,) = lines(folder)
    assert (line["is_cache_hit"], line["reported_cost"], line["uncached_input"]) == (True, "0", 7)
    assert stats().cache_hits == 1


class _Hostile:
    def __getattribute__(self, _: str) -> object:
        raise RecursionError


class _Endless(dict[str, object]):
    def get(self, *_: object) -> object:
        raise MemoryError


@pytest.mark.parametrize("kind", [_Hostile, _Endless])
def test_an_answer_that_raises_is_counted_and_the_caller_goes_on(folder: Path, kind: type[object]) -> None:
    record_response(kind())

    assert stats().dropped == {"unreadable": 1}


def test_the_import_brings_nothing_heavy() -> None:
    heavy = ("polars", "dagster", "dbt", "duckdb", "pydantic", "httpx", "opentelemetry", "urllib.request", "logging")
    script = f"import sys, genai_finops.record; print([name for name in {heavy!r} if name in sys.modules])"

    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-5", "openai"),
        ("claude-sonnet-4-6", "anthropic"),
        ("azure/gpt-5", "azure_openai"),
        ("unheard-of", "openai"),
    ],
)
def test_the_model_tells_who_billed_an_answer_in_the_shape_that_many_use(
    folder: Path, lines: Lines, model: str, provider: str
) -> None:
    record_response({"model": model, "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}})
    flush()

    assert lines(folder)[0]["provider"] == provider
