"""Brings the price book of the lake up to date: each source by itself, so that one that fails keeps what it said."""

import datetime as dt
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from genai_finops.errors import FinopsError
from genai_finops.ingest.price_sources import (
    LITELLM,
    PRICE_LISTS,
    PriceSource,
    configured_sources,
    packaged_sources,
)
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.price_book import price_book_lock, read_price_rows, write_price_rows, write_price_sentinels
from genai_finops.pricing.sources.statement import SkippedPrice
from genai_finops.providers.base import ProviderError
from genai_finops.settings import Settings

#: Reading and writing the files of one source takes seconds.
_LOCK_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOutcome:
    """What became of one source of one table. A failed one keeps the rows that it had."""

    source: str
    table: str
    version: str | None = None
    #: Rows that are believed from now on, until now, and as before.
    opened: int = 0
    closed: int = 0
    unchanged: int = 0
    skipped: tuple[SkippedPrice, ...] = ()
    error: str | None = None
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """Rows that are believed now; 0 for a failed source, whose rows were not looked at."""
        return self.opened + self.unchanged

    def __str__(self) -> str:
        subject = f"{self.source} -> {self.table}"
        if self.error is not None:
            return f"{subject}: failed, and keeps what it said before ({self.error})"
        counts = f"{self.opened} opened, {self.closed} closed, {self.unchanged} unchanged"
        skipped = f", {len(self.skipped)} prices skipped" if self.skipped else ""
        return f"{subject}: {self.version or 'no version'}, {counts}{skipped}, {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshReport:
    """All outcomes of one refresh."""

    outcomes: tuple[SourceOutcome, ...]

    @property
    def failed(self) -> tuple[SourceOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.error is not None)

    def of_table(self, table: str) -> tuple[SourceOutcome, ...]:
        """The outcomes of one table's sources."""
        return tuple(outcome for outcome in self.outcomes if outcome.table == table)

    def raise_failures(self) -> None:
        """Raise FinopsError when a source has failed."""
        if self.failed:
            raise FinopsError(
                f"{len(self.failed)} of {len(self.outcomes)} sources of prices failed and keep what they said before: "
                + "; ".join(f"{outcome.source}: {outcome.error}" for outcome in self.failed),
                remedy="Mend the reasons and refresh again: genai-finops prices refresh",
            )


def refresh_packaged(
    files: LakeFiles, settings: Settings, now: dt.datetime, *, clock: Callable[[], float] = time.monotonic
) -> RefreshReport:
    """Bring the book up to date with all that needs no network: catalogue, alias rules, seeds, and what was entered.

    Also makes sure that every table of the book has a file. A source that fails is an outcome.
    """
    return _refresh(files, packaged_sources(settings), now, clock)


def refresh_all(
    files: LakeFiles,
    settings: Settings,
    now: dt.datetime,
    sources: Collection[str] | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> RefreshReport:
    """Bring the book up to date with the sources of these names; without names, with all that these settings call for.

    Raises FinopsError for a name that is none or that these settings do not call for, and for settings that cannot be
    used. A source that fails is an outcome.
    """
    available = (*packaged_sources(settings), *configured_sources(settings))
    return _refresh(files, _chosen(available, sources), now, clock)


def _chosen(available: Sequence[PriceSource], names: Collection[str] | None) -> Sequence[PriceSource]:
    if names is None:
        return available
    known = list(dict.fromkeys(source.name for source in available))
    for name in names:
        if name not in known:
            raise FinopsError(
                f"There is no source of prices {name!r} here (there are: {', '.join(known)})", remedy=_how_to_add(name)
            )
    return [source for source in available if source.name in names]


def _how_to_add(name: str) -> str:
    if name in PRICE_LISTS:
        providers, _ = PRICE_LISTS[name]
        return f"It is read where an enabled account of {' or '.join(providers)} is registered, with a price list."
    if name == LITELLM:
        return "It is read where GENAI_FINOPS_LITELLM_PRICES names a file."
    return "Choose one of these."


def _refresh(
    files: LakeFiles, sources: Sequence[PriceSource], now: dt.datetime, clock: Callable[[], float]
) -> RefreshReport:
    write_price_sentinels(files)
    return RefreshReport(outcomes=tuple(_refreshed(files, source, now, clock) for source in sources))


def _refreshed(files: LakeFiles, source: PriceSource, now: dt.datetime, clock: Callable[[], float]) -> SourceOutcome:
    began = clock()
    try:
        answer = source.read(now)
        with price_book_lock(files, timeout_seconds=_LOCK_TIMEOUT_SECONDS):
            revision = answer.revise(read_price_rows(files, source.table, source.file))
            write_price_rows(files, source.table, source.file, revision.frame)
    except (FinopsError, ProviderError) as failure:
        return SourceOutcome(source=source.file, table=source.table.name, error=str(failure), seconds=clock() - began)
    return SourceOutcome(
        source=source.file,
        table=source.table.name,
        version=answer.version,
        opened=revision.opened,
        closed=revision.closed,
        unchanged=revision.unchanged,
        skipped=answer.skipped,
        seconds=clock() - began,
    )
