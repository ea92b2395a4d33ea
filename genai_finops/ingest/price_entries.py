"""What organisations and the platform entered: the control database keeps its history, and the book takes it over."""

import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.pricing.book import check_overlaps
from genai_finops.pricing.capacity_book import check_capacity_overlaps
from genai_finops.pricing.knowledge import Revision, believed
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import validate

_SUBJECT = "entered prices"


def revise_entries(known: pl.DataFrame, entries: pl.DataFrame) -> Revision:
    """All entries in place of those that the book knew; both of the shape of `genai_price_book`.

    Raises FinopsError where the control database has forgotten what the book knows, because a build as known at an
    earlier moment would change, and where entries that hold overlap; InvalidFrameError for one that the table refuses.
    """
    validate(PRICE_BOOK, entries, subject=_SUBJECT)
    check_overlaps(believed(entries), subject=_SUBJECT)
    return _replaced(PRICE_BOOK, known, entries)


def revise_capacity_entries(known: pl.DataFrame, entries: pl.DataFrame) -> Revision:
    """The same for entered prices of capacity, of the shape of `genai_capacity_price_book`."""
    validate(CAPACITY_PRICE_BOOK, entries, subject=_SUBJECT)
    check_capacity_overlaps(believed(entries), subject=_SUBJECT)
    return _replaced(CAPACITY_PRICE_BOOK, known, entries)


def _replaced(table: Table, known: pl.DataFrame, entries: pl.DataFrame) -> Revision:
    identity = [name for name in known.columns if name != "known_to"]
    before, now = believed(known), believed(entries)
    forgotten = pl.concat(
        [
            before.join(entries, on=identity, how="anti", nulls_equal=True),
            known.filter(pl.col("known_to").is_not_null()).join(
                entries, on=known.columns, how="anti", nulls_equal=True
            ),
        ]
    )
    if forgotten.height:
        raise FinopsError(
            f"the control database no longer has {forgotten.height} entered prices that the price book knows, the "
            f"first of source {forgotten['source'][0]} for {forgotten['provider'][0]}, known since "
            f"{forgotten['known_from'][0]}",
            remedy="Restore the control database that belongs to this lake; what was once known is never forgotten",
        )
    unchanged = before.join(now, on=identity, how="semi", nulls_equal=True).height
    return Revision(
        frame=entries.select(known.columns).sort(table.grain, nulls_last=True),
        opened=now.height - unchanged,
        closed=before.height - unchanged,
        unchanged=unchanged,
    )
