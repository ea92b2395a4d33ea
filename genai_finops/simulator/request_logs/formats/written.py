"""What a writer of logs is given and what it gives back."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from genai_finops.simulator.request_logs.requests import LoggedRequest

#: In each prompt and answer that is written: whoever keeps content keeps this word.
CONTENT_MARKER = "xyzzymarker"

_AUDIO = ("uncached_input_audio", "input_audio")
_CACHED = ("cache_read", "cache_read_audio")
_WRITTEN = ("cache_write", "cache_write_5m", "cache_write_1h")


class Written(NamedTuple):
    """One request as its log tells of it, which need not be what is true."""

    request: LoggedRequest
    provider: str
    account_id: str
    started_at: dt.datetime
    ended_at: dt.datetime
    tenant_id: str | None
    meters: Mapping[str, int]

    @property
    def model(self) -> str:
        """The model that answered, as the provider spells it."""
        return self.request.stream.model or ""

    @property
    def tier(self) -> str:
        """Canonical service tier."""
        return self.request.stream.plan.service_tier

    @property
    def prompt_tokens(self) -> int:
        """All input, cached and written to the cache included."""
        return sum(
            count
            for meter, count in self.meters.items()
            if meter.startswith(("uncached_input", "input", "cache_", "embedding_input"))
        )

    @property
    def cached_tokens(self) -> int:
        """Part of the input that was read from the cache."""
        return sum(self.meters.get(meter, 0) for meter in _CACHED)

    @property
    def cache_write_tokens(self) -> int:
        """Part of the input that was written to the cache."""
        return sum(self.meters.get(meter, 0) for meter in _WRITTEN)

    @property
    def audio_tokens(self) -> int:
        """Part of the input that is sound and was not cached."""
        return sum(self.meters.get(meter, 0) for meter in _AUDIO)

    @property
    def completion_tokens(self) -> int:
        """All output."""
        return self.meters.get("output", 0) + self.meters.get("output_audio", 0)

    @property
    def is_embedding(self) -> bool:
        """Whether the model gives vectors rather than answers."""
        return "embedding_input" in self.meters

    def count(self, meter: str) -> int:
        """Of one meter, 0 without."""
        return self.meters.get(meter, 0)

    def prompt(self) -> str:
        """What was asked; never to be kept."""
        return f"{CONTENT_MARKER} asked by {self.tenant_id} in {self.request.consumer.conversation_id}"

    def answer(self) -> str:
        """What was answered; never to be kept."""
        return f"{CONTENT_MARKER} answered to {self.request.consumer.user_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWriter:
    """One way to write requests."""

    #: What the platform calls the format.
    format: str
    suffix: str
    #: Meters that the format can tell of.
    expresses: frozenset[str]
    #: One request as JSON-able object, or as the cells of a table.
    record: Callable[[Written], Any]
    #: First line of the file.
    header: str | None = None
    #: lines of JSON, one JSON array, or lines of comma-separated cells.
    layout: str = "lines"
    #: Whether a record names API key, deployment, sub-account and account itself.
    has_identity: bool = True
    #: Options of the format in the configuration of a source.
    options: Mapping[str, Any] | None = None


def iso(moment: dt.datetime) -> str:
    """A UTC time with milliseconds and Z."""
    return f"{moment.isoformat(timespec='milliseconds')[:-6]}Z"
