"""What is posted as OTLP and what is written as JSON lines are read as the same events."""

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.log_format import EVENT_COLUMNS, Piece
from genai_finops.record import default
from genai_finops.record.calls import record_llm_cost
from genai_finops.record.event import Event
from genai_finops.record.event_reading import event_of
from genai_finops.record.given import Given
from genai_finops.record.lines import line_of
from genai_finops.record.sinks.otlp_spans import trace_request

_COUNTS = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_5m_tokens",
    "cache_write_1h_tokens", "input_audio_tokens", "cache_read_audio_tokens", "input_image_tokens",
    "input_video_tokens", "output_audio_tokens", "output_image_tokens", "images", "characters", "web_searches",
)  # fmt: skip
_NAMES = (
    "tenant_id", "user_id", "task", "conversation_id", "request_id", "account_id", "sub_account_id", "resource_id",
    "api_key_id", "geography",
)  # fmt: skip
_EVERYTHING = {
    **{name: number for number, name in enumerate(_COUNTS, start=1)},
    **{name: f"the-{name}" for name in _NAMES},
    "provider": "anthropic",
    "model": "claude-sonnet-4-6",
    "input_tokens": 5000,
    "output_tokens": 500,
    "cache_read_tokens": 100,
    "cache_write_tokens": 100,
    "service_tier": "batch",
    "status": "failure",
    "is_cache_hit": True,
    "started_at": 1793520000,
    "ended_at": 1793520001.5,
    "region_id": "us-east-1",
    "tags": {"cost center": "ops", "env": "é"},
}
_text = st.one_of(
    st.sampled_from(["x", " x ", "[draft]", "{}", "null", "é", "\ud800", "a\x00b", '"', "\u2028"]), st.text(max_size=5)
)
_requests = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(
            ["openai", "azure", "anthropic", "bedrock", "gemini", "vertex_ai", "Mistral AI", "!", "Google"]
        ),
        "model": st.one_of(
            st.none(), _text, st.sampled_from(["gpt-5.4-mini", "azure/gpt-5", "us.anthropic.claude-sonnet-4-6"])
        ),
    },
    optional={
        **dict.fromkeys(_COUNTS, st.integers(0, 30)),
        **dict.fromkeys(_NAMES, _text),
        "region_id": st.sampled_from(["us-east-1", "global", "europe-west4"]),
        "operation": st.one_of(
            st.sampled_from([None, "embeddings", "Embeddings", "embed_content", "rerank", "invoke_agent"]), _text
        ),
        "service_tier": st.sampled_from(["priority", "default", "scale", "batch", "on_demand", "x"]),
        "status": st.sampled_from(["success", "failure"]),
        "is_cache_hit": st.booleans(),
        "input_includes_cache": st.booleans(),
        "started_at": st.just(1793520000),
        "ended_at": st.sampled_from([1793519999, 1793520000, 1793520001.5]),
        "reported_cost": st.sampled_from(["0", "0.1", 1e-18, "99999999999999999999.999999999999999999", 0.1 + 0.2]),
        "reported_currency": st.sampled_from(["USD", "EUR"]),
        "cost_type": _text,
        "tags": st.dictionaries(_text, _text, max_size=2),
    },
)


class _Taken:
    """Stands where the recorder is, and keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[Given] = []

    def record(self, given: Given) -> None:
        self.given.append(given)


def _recorded(monkeypatch: pytest.MonkeyPatch, requests: list[dict[str, Any]]) -> list[Event]:
    taken, ids = _Taken(), itertools.count()
    with monkeypatch.context() as patch:
        patch.setattr(default.shared, "recorder", taken)
        for request in requests:
            record_llm_cost(**request)
    return [event_of(given, new_id=lambda: f"id-{next(ids)}", mended=Counter()) for given in taken.given]


def _read(name: str, content: bytes, **options: Any) -> list[dict[str, Any]]:
    told = FORMATS[name].read(Piece(content=content, first_line=1), options)
    assert (list(told.rejects), told.skipped, dict(told.mended)) == ([], 0, {})
    return [
        {column: event[column] for column in EVENT_COLUMNS if column != "log_line"} for event in told.events.to_dicts()
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=st.lists(_requests, min_size=1, max_size=8))
def test_requests_are_the_same_events_by_either_way(
    monkeypatch: pytest.MonkeyPatch, requests: list[dict[str, Any]]
) -> None:
    events = _recorded(monkeypatch, requests)

    written = _read("recorded", b"".join(map(line_of, events)))
    # A source that says otherwise of its other spans.
    posted = _read("otlp", trace_request(events, service="bot"), input_includes_cache="no")

    assert len(written) == len(requests)
    assert posted == written


def test_no_column_of_a_recorded_request_is_lost_on_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    (event,) = events = _recorded(monkeypatch, [_EVERYTHING])

    (written,) = _read("recorded", line_of(event))
    (posted,) = _read("otlp", trace_request(events, service="bot"))

    assert posted == written
    # Of one request only: embeddings have no other tokens, and no provider of ours counts reasoning apart.
    assert {column for column, value in written.items() if value in (None, 0)} == {
        "embedding_input",
        "output_reasoning",
        "reported_cost",
    }
