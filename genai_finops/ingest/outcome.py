"""What became of each partition of an ingest."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
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
    """All outcomes of one ingest and the HTTP requests it took."""

    outcomes: tuple[PartitionOutcome, ...]
    http_requests: int

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
        """The outcomes of one day; the requests of the whole."""
        return IngestReport(
            outcomes=tuple(outcome for outcome in self.outcomes if outcome.day == day),
            http_requests=self.http_requests,
        )


def joined(reports: Iterable[IngestReport]) -> IngestReport:
    """Several reports as one."""
    collected = tuple(reports)
    return IngestReport(
        outcomes=tuple(outcome for report in collected for outcome in report.outcomes),
        http_requests=sum(report.http_requests for report in collected),
    )


def failure_summary(report: IngestReport) -> str:
    """One line per credential and reason, with the days it concerns."""
    days: dict[tuple[str, str, str, str, str | None], list[dt.date]] = {}
    for outcome in report.failed:
        key = (outcome.provider, outcome.flow, outcome.org, outcome.credential, outcome.reason)
        days.setdefault(key, []).append(outcome.day)
    return "\n".join(
        f"{provider}.{flow} {org}/{credential} {min(found)} to {max(found)} ({len(found)} days): {reason}"
        for (provider, flow, org, credential, reason), found in days.items()
    )
