"""Request logs that others recorded load complete: rows and token sums are those of a plain count of the file.

They are other people's data: they are read from GENAI_FINOPS_TEST_DATA and are not part of this repository.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.log_format import Piece, PieceEvents
from genai_finops.schemas.tables.events import INPUT_METERS

if "GENAI_FINOPS_TEST_DATA" not in os.environ:
    pytest.skip("GENAI_FINOPS_TEST_DATA names no folder with payloads/request_logs/", allow_module_level=True)

LOGS = Path(os.environ["GENAI_FINOPS_TEST_DATA"]) / "payloads" / "request_logs"
LANGFUSE = sorted(LOGS.glob("langfuse_*.json"))
SPANS = sorted([*LOGS.glob("otel_*.json"), *LOGS.glob("openinference_*.json")])


def read(name: str, content: bytes) -> PieceEvents:
    told = FORMATS[name].read(Piece(content=content, first_line=1), {})
    assert list(told.rejects) == []
    return told


def sums(told: PieceEvents) -> tuple[int, int, int]:
    events = told.events
    return events.height, int(events.select(INPUT_METERS).sum_horizontal().sum()), int(events["output"].sum())


@pytest.mark.parametrize("file", LANGFUSE, ids=[file.stem for file in LANGFUSE])
def test_an_export_of_langfuse_loads_complete(file: Path) -> None:
    document = json.loads(file.read_text())
    generations = [each for each in document["observations"] if each["type"] == "GENERATION"]
    around = {each["parentObservationId"] for each in generations if each["usageDetails"]}
    counted = [each["usageDetails"] for each in generations if each["id"] not in around]

    told = read("langfuse", file.read_bytes())

    assert sums(told) == (
        len(counted),
        sum(usage.get("input", 0) for usage in counted),
        sum(usage.get("output", 0) for usage in counted),
    )
    assert told.events.height + told.skipped == len(document["observations"]) + 1
    assert all(usage.get("total", 0) == usage.get("input", 0) + usage.get("output", 0) for usage in counted)


@pytest.mark.parametrize("file", SPANS, ids=[file.stem for file in SPANS])
def test_the_recorded_attributes_of_a_span_are_read_as_an_event(file: Path) -> None:
    values: dict[str, Any] = json.loads(file.read_text())
    attributes = [
        {"key": key, "value": {"intValue" if isinstance(value, int) else "stringValue": value}}
        for key, value in values.items()
        if isinstance(value, int | str)
    ]
    span = {"startTimeUnixNano": "1793520000000000000", "attributes": attributes}

    told = read("otlp", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode())

    assert sums(told) == (1, 97, 52)
    assert told.events.select("provider", "provider_model_id").row(0) == ("openai", "gpt-4-0613")
    assert not any("Paris" in str(value) for value in told.events.row(0))


def test_the_trace_of_a_coding_agent_loads_complete() -> None:
    told = read("otlp", (LOGS / "otlp_claude_code.json").read_bytes())

    assert sums(told) == (1, 187, 53)
    assert told.events["conversation_id"].to_list() == ["ses_dogfood_claude_code_0001"]


def test_the_session_of_a_coding_agent_loads_complete() -> None:
    file = LOGS / "claude_code_session_alpha.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    usages = [line["message"]["usage"] for line in lines]

    told = read("coding_agent", file.read_bytes())

    assert sums(told) == (
        len(lines),
        sum(count for usage in usages for name, count in usage.items() if "input_tokens" in name),
        sum(usage["output_tokens"] for usage in usages),
    )
    assert float(told.events["reported_cost"].sum()) == pytest.approx(sum(line["costUSD"] for line in lines))
