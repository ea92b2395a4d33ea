"""Usage objects of real answers, as recorded by others: the classes of each add up to the provider's own total.

They are other people's data: they are read from GENAI_FINOPS_TEST_DATA and are not part of this repository.
"""

import itertools
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from genai_finops.record import default
from genai_finops.record.calls import record_response
from genai_finops.record.event import TOKEN_METERS, Event
from genai_finops.record.event_reading import event_of
from genai_finops.record.given import Given

if "GENAI_FINOPS_TEST_DATA" not in os.environ:
    pytest.skip("GENAI_FINOPS_TEST_DATA names no folder with payloads/", allow_module_level=True)

PAYLOADS = Path(os.environ["GENAI_FINOPS_TEST_DATA"]) / "payloads"


class _Taken:
    """Stands where the recorder is, and keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[Given] = []
        self.dropped: Counter[str] = Counter()

    def record(self, given: Given) -> None:
        self.given.append(given)

    def drop(self, reason: str) -> None:
        self.dropped[reason] += 1


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> _Taken:
    """What the functions of the package take."""
    found = _Taken()
    monkeypatch.setattr(default.shared, "recorder", found)
    return found


def _answer(recorded: dict[str, Any]) -> dict[str, Any]:
    """The answer around a usage object, which is all that was kept of it."""
    endpoint = recorded["endpoint"]
    kind = {"type": "message"} if "messages" in endpoint or "/invoke" in endpoint else {}
    if "responses" in endpoint:
        kind = {"object": "response"}
    return {"id": "1", "model": recorded["response_model"], recorded["usage_field"]: recorded["usage"], **kind}


def _total(usage: dict[str, Any]) -> int:
    """As the provider itself adds up; Anthropic does not, and bills iterations where it lists them."""
    for name in ("total_tokens", "totalTokens", "totalTokenCount"):
        if name in usage:
            return int(usage[name])
    names = (
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "promptTokenCount",
    )
    return sum(part.get(name, 0) for part in usage.get("iterations") or [usage] for name in names)


@pytest.mark.parametrize("provider", ["anthropic", "aws_bedrock", "azure_openai", "gcp_vertex", "gemini", "openai"])
def test_every_recorded_answer_adds_up_to_its_own_total(taken: _Taken, provider: str) -> None:
    answers = [json.loads(line) for line in (PAYLOADS / provider / "response_usage.jsonl").read_text().splitlines()]
    ids, mended = itertools.count(), Counter[str]()
    for recorded in answers:
        taken.given.clear()
        record_response(_answer(recorded), model=recorded["model"])
        events: list[Event] = [event_of(given, new_id=lambda: str(next(ids)), mended=mended) for given in taken.given]

        assert sum(event.get(meter, 0) for event in events for meter in TOKEN_METERS) == _total(recorded["usage"])
        assert all(event["provider"] is not None for event in events)
    assert not taken.dropped
    assert not mended
