"""One provider, flow and window: from the provider's pages to landing files."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.ingest.outcome import IngestReport, PartitionOutcome
from genai_finops.ingest.usage_frame import Lineage, usage_frames
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_landing, write_landing_sentinel
from genai_finops.lake.raw_pages import store_raw_page
from genai_finops.providers.base import Page, ProviderError, TransientProviderError, UsageSource, Window
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables.usage import PAYG_USAGE_RAW

_log = logging.getLogger(__name__)

LANDING_TABLES: dict[str, Table] = {"payg": PAYG_USAGE_RAW}
_TOKEN_METERS = [meter.name for meter in METERS.values() if meter.kind == "tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCredential:
    """A credential to read with. `open_source` opens the secret as late as possible and builds the source."""

    org: str
    provider: str
    flow: str
    credential: str
    account_id: str
    #: Days that one series of requests may cover.
    window_days: int
    open_source: Callable[[], AbstractContextManager[UsageSource]]
    #: HTTP requests made so far through sources of this credential.
    count_requests: Callable[[], int]


def ingest_usage(
    files: LakeFiles, credentials: Sequence[SourceCredential], window: Window, *, now: dt.datetime, run_id: str
) -> IngestReport:
    """Replace every partition of the window, each for itself.

    A provider error or a bad value fails the days of that request series for that credential, keeps what was stored
    for them, and does not stop the others.
    """
    outcomes: list[PartitionOutcome] = []
    for flow in {credential.flow for credential in credentials}:
        write_landing_sentinel(files, LANDING_TABLES[flow])
    for credential in credentials:
        for series in window.split(credential.window_days):
            outcomes.extend(_ingest_series(files, credential, series, now=now, run_id=run_id))
    return IngestReport(
        outcomes=tuple(outcomes), http_requests=sum(credential.count_requests() for credential in credentials)
    )


def _ingest_series(
    files: LakeFiles, credential: SourceCredential, window: Window, *, now: dt.datetime, run_id: str
) -> list[PartitionOutcome]:
    table = LANDING_TABLES[credential.flow]
    lineage = Lineage(
        org=credential.org,
        provider=credential.provider,
        flow=credential.flow,
        credential=credential.credential,
        account_id=credential.account_id,
        run_id=run_id,
        ingested_at=now,
    )
    try:
        with credential.open_source() as source:
            pages = list(_stored(files, credential.provider, source.fetch(window)))
            frames = usage_frames(table, source.normalise(pages, window), window, lineage)
    except (ProviderError, FinopsError) as failure:
        _log.warning("%s %s failed: %s", lineage.pipeline_id, lineage.org, failure)
        return [_failed(credential, day, failure, str(failure)) for day in window.days]
    except Exception as failure:  # noqa: BLE001 - a defect in one provider's parser must not stop the other credentials
        _log.warning("%s %s failed unexpectedly", lineage.pipeline_id, lineage.org, exc_info=True)
        reason = f"unexpected {type(failure).__name__} in the code; the log has the trace, please report it"
        return [_failed(credential, day, failure, reason) for day in window.days]
    return [_landed(files, table, credential, day, frame) for day, frame in frames.items()]


def _stored(files: LakeFiles, provider: str, pages: Iterator[Page]) -> Iterator[Page]:
    # Kept before anything is parsed: a page that cannot be normalised is the one that someone will want to read.
    for page in pages:
        store_raw_page(files, provider, page)
        yield page


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
