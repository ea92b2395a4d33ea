"""What became of each partition of an ingest."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

Status = Literal["complete", "empty", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionOutcome:
    """One replace key. A failed one left what was stored before as it was."""

    provider: str
    flow: str
    org: str
    credential: str
    day: dt.date
    status: Status
    rows: int = 0
    #: Sum of the token meters.
    tokens: Decimal = Decimal(0)
    #: Sum of the meter `request`, where the provider counts requests.
    requests: Decimal = Decimal(0)
    reason: str | None = None
    #: False when repeating the ingest cannot help before someone changes something.
    is_worth_retrying: bool = False

    def __str__(self) -> str:
        subject = f"{self.provider}.{self.flow} {self.org}/{self.credential} {self.day.isoformat()}"
        if self.status == "failed":
            return f"{subject}: failed ({self.reason})"
        return f"{subject}: {self.status}" + (f", {self.rows} rows" if self.rows else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """All outcomes of one ingest, the HTTP requests it took, and how long it took."""

    outcomes: tuple[PartitionOutcome, ...]
    #: Repeats included.
    http_requests: int
    #: How many of them were repeats.
    http_retries: int
    seconds: float

    @property
    def failed(self) -> tuple[PartitionOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    @property
    def is_worth_retrying(self) -> bool:
        """True when something failed that may go well next time."""
        return any(outcome.is_worth_retrying for outcome in self.failed)

    @property
    def rows(self) -> int:
        return sum(outcome.rows for outcome in self.outcomes)

    @property
    def tokens(self) -> Decimal:
        return sum((outcome.tokens for outcome in self.outcomes), Decimal(0))

    @property
    def requests(self) -> Decimal:
        return sum((outcome.requests for outcome in self.outcomes), Decimal(0))

    def count(self, status: Status) -> int:
        return Counter(outcome.status for outcome in self.outcomes)[status]

    def of_day(self, day: dt.date) -> "IngestReport":
        """The outcomes of one day; requests and time of the whole."""
        return replace(self, outcomes=tuple(outcome for outcome in self.outcomes if outcome.day == day))


def joined(reports: Iterable[IngestReport]) -> IngestReport:
    """Several reports, made one after the other, as one."""
    collected = tuple(reports)
    return IngestReport(
        outcomes=tuple(outcome for report in collected for outcome in report.outcomes),
        http_requests=sum(report.http_requests for report in collected),
        http_retries=sum(report.http_retries for report in collected),
        seconds=sum(report.seconds for report in collected),
    )


def outcome_lines(report: IngestReport) -> Iterator[str]:
    """One line per partition; the days of one credential that failed for one reason share a line.

    Reasons that differ only in the provider's id of a request or in days are one; the first is shown.
    """
    failures = _failures(report)
    for outcome in report.outcomes:
        if outcome.status != "failed":
            yield str(outcome)
        elif group := failures.pop(_failure_of(outcome), None):
            yield str(outcome) if len(group) == 1 else f"{_subject_of(group)}: failed ({group[0].reason})"


def failure_summary(report: IngestReport) -> str:
    """One line per credential and reason, with the days it concerns."""
    return "\n".join(f"{_subject_of(group)}: {group[0].reason}" for group in _failures(report).values())


_Failure = tuple[str, str, str, str, str]
#: What tells two reports of one reason apart: the id of a request, and the days of a series.
_INCIDENTAL = re.compile(r" \(request [^()]*\)|\d{4}-\d{2}-\d{2}")


def _failure_of(outcome: PartitionOutcome) -> _Failure:
    reason = _INCIDENTAL.sub("", outcome.reason or "")
    return outcome.provider, outcome.flow, outcome.org, outcome.credential, reason


def _failures(report: IngestReport) -> dict[_Failure, list[PartitionOutcome]]:
    groups: dict[_Failure, list[PartitionOutcome]] = {}
    for outcome in report.failed:
        groups.setdefault(_failure_of(outcome), []).append(outcome)
    return groups


def _subject_of(group: Sequence[PartitionOutcome]) -> str:
    provider, flow, org, credential, _ = _failure_of(group[0])
    days = [outcome.day for outcome in group]
    return f"{provider}.{flow} {org}/{credential} {min(days)} to {max(days)} ({len(days)} days)"
