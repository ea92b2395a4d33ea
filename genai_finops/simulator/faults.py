"""Faults on demand: which requests go wrong, and how."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: Answers instead of the provider's.
STATUS_FAULTS = {
    "unauthorized": 401,
    "forbidden": 403,
    "rate_limited": 429,
    "server_error": 500,
    "unavailable": 503,
    "overloaded": 529,
}
#: The answer is right, but does not arrive as it should.
TRANSPORT_FAULTS = ("timeout", "disconnect", "truncated_body", "not_json")
#: The answer arrives, but its content is wrong.
PAGE_FAULTS = (
    "repeated_page_token",
    "endless_pages",
    "has_more_without_next_page",
    "missing_field",
    "unknown_field",
    "unknown_usage_field",
    "unknown_model",
    "unknown_tier",
    "negative_quantity",
    "wrong_type",
    "bad_identity",
    "empty",
    "short_list_pages",
    "dropped_page",
    "dropped_region",
    "dropped_namespace",
)
KINDS = (*STATUS_FAULTS, *TRANSPORT_FAULTS, *PAGE_FAULTS)
FAULT_HEADER = "x-sim-fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to go wrong. Options by kind: `retry_after` and `status` of the status faults, `seconds` of timeout,
    `field` of missing_field."""

    kind: str
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known are {', '.join(KINDS)}")


@dataclass(slots=True, kw_only=True)
class _Rule:
    fault: Fault
    provider: str
    org: str | None
    path_prefix: str | None
    times: int | None
    after: int

    def concerns(self, provider: str, org: str | None, path: str) -> bool:
        return (
            self.provider == provider
            and self.org in {None, org}
            and (self.path_prefix is None or self.path_prefix in path)
        )

    def fires(self) -> bool:
        if self.after:
            self.after -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


def parse_fault(header: str) -> Fault:
    """The fault that `kind;key=value;...` describes. Raises ValueError for anything else."""
    kind, *options = (part.strip() for part in header.split(";"))
    pairs = [option.partition("=") for option in options if option]
    return Fault(kind=kind, options={key: value for key, _, value in pairs})


class FaultBoard:
    """The faults in force, oldest first. May be used from several threads."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(
        self,
        fault: Fault,
        *,
        provider: str,
        org: str | None = None,
        path_prefix: str | None = None,
        times: int | None = None,
        after: int = 0,
    ) -> None:
        """Lets matching requests of the provider go wrong.

        `org` None: everyone's. `path_prefix`: a part of the path, for example `usage/embeddings`. The first `after`
        matching requests go well, then `times` of them (None: all) go wrong.
        """
        with self._lock:
            rule = _Rule(fault=fault, provider=provider, org=org, path_prefix=path_prefix, times=times, after=after)
            self._rules.append(rule)

    def clear(self) -> None:
        """All requests go well again."""
        with self._lock:
            self._rules.clear()

    def due(self, provider: str, org: str | None, path: str) -> Fault | None:
        """The fault of this request. The first rule that fires wins; those after it do not count the request."""
        with self._lock:
            matching: Iterable[_Rule] = (rule for rule in self._rules if rule.concerns(provider, org, path))
            return next((rule.fault for rule in matching if rule.fires()), None)
