"""What the providers list now, kept without reading usage: lists forget, and capacity is billed by the hour."""

import datetime as dt
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from genai_finops.errors import FinopsError
from genai_finops.ingest.resource_states import keep_listed, known_states
from genai_finops.ingest.side_by_side import Checkpoint, side_by_side
from genai_finops.ingest.usage import SourceCredential
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_resource_states_sentinel
from genai_finops.lake.raw_pages import store_raw_page
from genai_finops.providers.base import ProviderError, TransientProviderError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOutcome:
    """What became of the lists of one credential. A failed one left the stored states as they were."""

    provider: str
    flow: str
    org: str
    credential: str
    #: Resources that were listed.
    resources: int = 0
    #: None where the lists were kept.
    reason: str | None = None
    #: False when repeating the snapshot cannot help before someone changes something.
    is_worth_retrying: bool = False

    def __str__(self) -> str:
        subject = f"{self.provider}.{self.flow} {self.org}/{self.credential}"
        return f"{subject}: " + (f"{self.resources} resources" if self.reason is None else f"failed ({self.reason})")


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotReport:
    """The outcomes of one snapshot, by provider, organisation and credential."""

    outcomes: tuple[SnapshotOutcome, ...]

    @property
    def failed(self) -> tuple[SnapshotOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.reason is not None)

    @property
    def is_worth_retrying(self) -> bool:
        """True when something failed that may go well next time."""
        return any(outcome.is_worth_retrying for outcome in self.failed)

    @property
    def resources(self) -> int:
        return sum(outcome.resources for outcome in self.outcomes)


def snapshot_resources(
    files: LakeFiles,
    credentials: Sequence[SourceCredential],
    *,
    now: dt.datetime,
    clock: Callable[[], float] = time.monotonic,
) -> SnapshotReport:
    """Read the lists of every credential and keep what they say. `clock` gives monotonic seconds.

    A failure is an outcome and stops no other credential: what is not listed because of it is not missed.
    """
    started = clock()
    write_resource_states_sentinel(files)

    def moment() -> dt.datetime:
        return now + dt.timedelta(seconds=clock() - started)

    def keep(shared: tuple[SourceCredential, ...], checkpoint: Checkpoint) -> tuple[SnapshotOutcome, ...]:
        return tuple(_kept(files, credential, moment, checkpoint) for credential in shared)

    # The flows of one credential share a file of states: they are read one after the other.
    groups = [tuple(group) for _, group in groupby(sorted(credentials, key=_file_of), key=_file_of)]
    workers = min((credential.concurrency for credential in credentials), default=1)
    kept = side_by_side(keep, groups, workers=workers)
    return SnapshotReport(outcomes=tuple(outcome for outcomes in kept for outcome in outcomes))


def _kept(
    files: LakeFiles, credential: SourceCredential, moment: Callable[[], dt.datetime], checkpoint: Checkpoint
) -> SnapshotOutcome:
    outcome = SnapshotOutcome(
        provider=credential.provider, flow=credential.flow, org=credential.org, credential=credential.credential
    )
    listed = credential.listed_account
    try:
        checkpoint()
        with credential.open_source(known_states(files, listed)) as source:
            pages = []
            for page in source.fetch_lists():
                store_raw_page(files, credential.provider, page)
                pages.append(page)
                checkpoint()
            resources = tuple(source.resources(pages))
            keep_listed(files, listed, resources, at=moment(), complete=source.listed_types(pages))
    except (ProviderError, FinopsError) as failure:
        _log.warning("lists of %s failed: %s", listed, failure)
        is_worth_retrying = isinstance(failure, TransientProviderError)
        return replace(outcome, reason=str(failure), is_worth_retrying=is_worth_retrying)
    except Exception as failure:  # noqa: BLE001 - a defect in one provider's parser must not stop the other credentials
        _log.warning("lists of %s failed unexpectedly", listed, exc_info=True)
        reason = f"unexpected {type(failure).__name__} in the code; the log has the trace, please report it"
        return replace(outcome, reason=reason)
    return replace(outcome, resources=len(resources))


def _file_of(credential: SourceCredential) -> tuple[str, str, str]:
    return credential.provider, credential.org, credential.credential
