"""Brings the price book of the lake up to date: each source by itself, so that one that fails keeps what it said."""

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from genai_finops.errors import FinopsError
from genai_finops.ingest.price_sources import (
    LITELLM,
    PRICE_LISTS,
    Answer,
    PriceSource,
    configured_sources,
    packaged_sources,
)
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.price_book import price_book_lock, read_price_rows, write_price_rows, write_price_sentinels
from genai_finops.pricing.sources.statement import SkippedPrice
from genai_finops.providers.base import ProviderError
from genai_finops.schemas.table import Table
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
            # A source that could not be read has failed for each of its tables, for one reason.
            reasons = dict.fromkeys(f"{outcome.source}: {outcome.error}" for outcome in self.failed)
            failed, asked = ({one.source for one in outcomes} for outcomes in (self.failed, self.outcomes))
            raise FinopsError(
                f"{len(failed)} of {len(asked)} sources of prices failed and keep what they said before: "
                + "; ".join(reasons),
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
    return RefreshReport(
        outcomes=tuple(outcome for source in sources for outcome in _refreshed(files, source, now, clock))
    )


def _refreshed(
    files: LakeFiles, source: PriceSource, now: dt.datetime, clock: Callable[[], float]
) -> Iterator[SourceOutcome]:
    """One outcome for each table of the source: a table that refuses what was read leaves the others alone."""
    began = clock()
    try:
        answers = source.read(now)
    except (FinopsError, ProviderError) as failure:
        for table in source.tables:
            yield replace(_failed(source, table, failure), seconds=clock() - began)
        return
    for table, answer in zip(source.tables, answers, strict=True):
        try:
            outcome = _revised(files, source, table, answer)
        except FinopsError as failure:
            outcome = _failed(source, table, failure)
        ended = clock()
        yield replace(outcome, seconds=ended - began)
        began = ended


def _failed(source: PriceSource, table: Table, failure: Exception) -> SourceOutcome:
    return SourceOutcome(source=source.file, table=table.name, error=str(failure))


def _revised(files: LakeFiles, source: PriceSource, table: Table, answer: Answer) -> SourceOutcome:
    with price_book_lock(files, timeout_seconds=_LOCK_TIMEOUT_SECONDS):
        revision = answer.revise(read_price_rows(files, table, source.file))
        write_price_rows(files, table, source.file, revision.frame)
    return SourceOutcome(
        source=source.file,
        table=table.name,
        version=answer.version,
        opened=revision.opened,
        closed=revision.closed,
        unchanged=revision.unchanged,
        skipped=answer.skipped,
    )
