"""One provider, flow and window: from the provider's pages to landing files."""

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.ingest.outcome import IngestReport, PartitionOutcome
from genai_finops.ingest.resource_states import ListedAccount, keep_listed, known_states
from genai_finops.ingest.side_by_side import Checkpoint, side_by_side
from genai_finops.ingest.usage_frame import Lineage, usage_frames
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_landing, write_landing_sentinel, write_resource_states_sentinel
from genai_finops.lake.raw_pages import store_raw_page
from genai_finops.providers.base import (
    Page,
    ProviderError,
    ResourceState,
    TransientProviderError,
    UsageSource,
    Window,
)
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables.usage import COMMITMENT_USAGE_RAW, INFRASTRUCTURE_USAGE_RAW, PAYG_USAGE_RAW

_log = logging.getLogger(__name__)

LANDING_TABLES: dict[str, Table] = {
    "payg": PAYG_USAGE_RAW,
    "commitment": COMMITMENT_USAGE_RAW,
    "infrastructure": INFRASTRUCTURE_USAGE_RAW,
}
_TOKEN_METERS = [meter.name for meter in METERS.values() if meter.kind == "tokens"]


class OpenSource(Protocol):
    """Opens the secret, as late as possible, and builds the source."""

    def __call__(self, known_resources: Sequence[ResourceState]) -> AbstractContextManager[UsageSource]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCredential:
    """A credential to read with."""

    org: str
    provider: str
    flow: str
    credential: str
    account_id: str
    #: Days that one series of requests may cover.
    window_days: int
    open_source: OpenSource
    #: How many credentials of the provider may be read at once.
    concurrency: int = 1
    #: When it is read, where that is not the time of the run: simulated providers have a time of their own.
    listed_at: dt.datetime | None = None

    @property
    def listed_account(self) -> ListedAccount:
        """Whose resources it lists."""
        return ListedAccount(
            org=self.org, provider=self.provider, credential=self.credential, account_id=self.account_id
        )


@dataclass(slots=True)
class _CredentialOutcomes:
    """What became of the days of one credential, and the HTTP requests it took."""

    outcomes: list[PartitionOutcome] = field(default_factory=list)
    requests: int = 0
    retries: int = 0


def ingest_usage(
    files: LakeFiles,
    credentials: Sequence[SourceCredential],
    window: Window,
    *,
    now: dt.datetime,
    run_id: str,
    clock: Callable[[], float] = time.monotonic,
) -> IngestReport:
    """Replace every partition of the window, each for itself. The credentials are those of one provider and flow.

    A provider error or a bad value fails the days of that request series for that credential, keeps what was stored
    for them, and does not stop the others. Outcomes come in the order of the credentials, whichever ended first.
    `clock` gives monotonic seconds.
    """
    started = clock()
    for flow in {credential.flow for credential in credentials}:
        write_landing_sentinel(files, LANDING_TABLES[flow])
    write_resource_states_sentinel(files)

    def moment() -> dt.datetime:
        return now + dt.timedelta(seconds=clock() - started)

    def ingest(credential: SourceCredential, checkpoint: Checkpoint) -> _CredentialOutcomes:
        found = _CredentialOutcomes()
        for series in window.split(credential.window_days):
            lineage = _lineage(credential, run_id=run_id, ingested_at=credential.listed_at or now)
            _ingest_series(files, credential, series, lineage, found, moment=moment, checkpoint=checkpoint)
        return found

    workers = min((credential.concurrency for credential in credentials), default=1)
    found = side_by_side(ingest, credentials, workers=workers)
    return IngestReport(
        outcomes=tuple(outcome for one in found for outcome in one.outcomes),
        http_requests=sum(one.requests for one in found),
        http_retries=sum(one.retries for one in found),
        seconds=clock() - started,
    )


def _lineage(credential: SourceCredential, *, run_id: str, ingested_at: dt.datetime) -> Lineage:
    return Lineage(
        org=credential.org,
        provider=credential.provider,
        flow=credential.flow,
        credential=credential.credential,
        account_id=credential.account_id,
        run_id=run_id,
        ingested_at=ingested_at,
    )


def _ingest_series(
    files: LakeFiles,
    credential: SourceCredential,
    window: Window,
    lineage: Lineage,
    found: _CredentialOutcomes,
    *,
    moment: Callable[[], dt.datetime],
    checkpoint: Checkpoint,
) -> None:
    table = LANDING_TABLES[credential.flow]
    try:
        checkpoint()
        with (
            credential.open_source(known_states(files, credential.listed_account)) as source,
            _counted(source, found),
        ):
            pages = list(_stored(files, credential.provider, source.fetch(window), checkpoint))
            # Before normalise, so that usage that cannot be understood costs no observation of what is there today.
            keep_listed(
                files,
                credential.listed_account,
                source.resources(pages),
                at=credential.listed_at or moment(),
                complete=source.listed_types(pages),
            )
            frames = usage_frames(table, source.normalise(pages, window), window, lineage)
    except (ProviderError, FinopsError) as failure:
        _log.warning("%s %s failed: %s", lineage.pipeline_id, lineage.org, failure)
        found.outcomes += [_failed(credential, day, failure, str(failure)) for day in window.days]
        return
    except Exception as failure:  # noqa: BLE001 - a defect in one provider's parser must not stop the other credentials
        _log.warning("%s %s failed unexpectedly", lineage.pipeline_id, lineage.org, exc_info=True)
        reason = f"unexpected {type(failure).__name__} in the code; the log has the trace, please report it"
        found.outcomes += [_failed(credential, day, failure, reason) for day in window.days]
        return
    for day, frame in frames.items():
        checkpoint()
        found.outcomes.append(_landed(files, table, credential, day, frame))


@contextmanager
def _counted(source: UsageSource, found: _CredentialOutcomes) -> Iterator[None]:
    """Adds what the source has asked, however the reading ends."""
    try:
        yield
    finally:
        found.requests += source.requests_made
        found.retries += source.repeats_made


def _stored(files: LakeFiles, provider: str, pages: Iterator[Page], checkpoint: Checkpoint) -> Iterator[Page]:
    # Kept before anything is parsed: a page that cannot be normalised is the one that someone will want to read.
    for page in pages:
        store_raw_page(files, provider, page)
        yield page
        checkpoint()


def _landed(
    files: LakeFiles, table: Table, credential: SourceCredential, day: dt.date, frame: pl.DataFrame
) -> PartitionOutcome:
    write_landing(
        files,
        table,
        frame,
        day=day,
        provider=credential.provider,
        org=credential.org,
        credential=credential.credential,
    )
    return PartitionOutcome(
        provider=credential.provider,
        flow=credential.flow,
        org=credential.org,
        credential=credential.credential,
        day=day,
        status="complete" if frame.height else "empty",
        rows=frame.height,
        tokens=_total(frame, _TOKEN_METERS),
        requests=_total(frame, ["request"]),
    )


def _total(frame: pl.DataFrame, meters: list[str]) -> Decimal:
    # Summed in Python: polars Decimal sums are exact too, but widen the type differently from release to release.
    return sum(frame.filter(pl.col("meter").is_in(meters))["quantity"].to_list(), Decimal(0))


def _failed(credential: SourceCredential, day: dt.date, failure: Exception, reason: str) -> PartitionOutcome:
    return PartitionOutcome(
        provider=credential.provider,
        flow=credential.flow,
        org=credential.org,
        credential=credential.credential,
        day=day,
        status="failed",
        reason=reason,
        is_worth_retrying=isinstance(failure, TransientProviderError),
    )
