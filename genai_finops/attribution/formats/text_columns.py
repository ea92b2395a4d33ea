"""Columns of texts, made numbers, amounts and times. What cannot be made one is null where the text is not."""

import datetime as dt

import polars as pl
import pyarrow as pa

from genai_finops.attribution.formats.column_mapping import Moment
from genai_finops.schemas.types import TYPES

_DATES = r"%Y-%m-%d"
#: The usual spellings of ISO 8601; others are read one by one. polars is fast at those of a fixed width.
_ISO = tuple(
    f"{_DATES}{between}%H:%M:%S{fraction}{zone}"
    for fraction, zones in ((".%3f", ("Z", "")), (".%6f", ("Z", "")), ("%.f", ("%#z", "")))
    for between in ("T", " ")
    for zone in zones
)
_UNIT_MICROSECONDS = {"s": 1_000_000, "ms": 1_000}
_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: Whole numbers up to here are the same as double.
_EXACT_DOUBLE = 2.0**53
_COST_SHIFT = {"whole": 0, "cent": 2, "micro": 6}
_COST_SCALE = 18
_COST_DIGITS = 38


def trimmed(texts: pl.Expr) -> pl.Expr:
    """Without blanks around; null where nothing is left."""
    bare = texts.str.strip_chars()
    return pl.when(bare != "").then(bare)


def is_structure(texts: pl.Expr) -> pl.Expr:
    """True for the JSON text of an object or list, where a plain text is wanted."""
    return (texts.str.starts_with("{") & texts.str.ends_with("}")) | (
        texts.str.starts_with("[") & texts.str.ends_with("]")
    )


def whole_numbers(texts: pl.Series) -> pl.Series:
    """Counts, also those written with a zero fraction or an exponent."""
    numbers = texts.cast(pl.Int64, strict=False)
    if numbers.null_count() == texts.null_count():
        return numbers
    doubles = texts.cast(pl.Float64, strict=False)
    is_whole = doubles.is_finite() & (doubles == doubles.floor()) & (doubles.abs() < _EXACT_DOUBLE)
    return pl.select(
        pl.coalesce(numbers, pl.when(is_whole).then(doubles).cast(pl.Int64, strict=False)).alias(texts.name)
    ).to_series()


def amounts(texts: pl.Series, unit: str) -> pl.Series:
    """Money in whole units of its currency, from texts to decimals without a binary fraction between.

    Digits after the 18th decimal are rounded half to even.
    """
    shift = _COST_SHIFT[unit]
    told = texts.cast(pl.Decimal(_COST_DIGITS, _COST_SCALE - shift), strict=False)
    if shift:
        # The same digits with the point further to the left: a division would round.
        told = pl.Series(texts.name, told.to_arrow().view(pa.decimal128(_COST_DIGITS, _COST_SCALE)))
    return told.cast(TYPES["cost"].polars)


def moments(texts: pl.Series, moment: Moment) -> pl.Series:
    """Times in UTC, to the microsecond; what is finer is cut off."""
    if moment.format == "iso":
        return _iso_moments(texts)
    if "%" in moment.format:
        return _in_utc(texts, moment.format)
    return _since(texts, moment)


def _since(texts: pl.Series, moment: Moment) -> pl.Series:
    # Decimals, because a time in seconds as double ends within the microsecond.
    numbers = texts.cast(pl.Decimal(38, 9), strict=False)
    if factor := _UNIT_MICROSECONDS.get(moment.format):
        numbers = numbers * factor
    whole = numbers.cast(pl.Int64, strict=False)
    microseconds = whole // 1000 if moment.format == "ns" else whole
    start = (moment.since - _EPOCH) // _MICROSECOND
    return (microseconds + start).cast(TYPES["timestamp"].polars).alias(texts.name)


def _iso_moments(texts: pl.Series) -> pl.Series:
    found = pl.Series(texts.name, [None] * texts.len(), dtype=TYPES["timestamp"].polars)
    for spelling in _likely_first(texts):
        open_rows = (found.is_null() & texts.is_not_null()).arg_true()
        if open_rows.is_empty():
            return found
        if open_rows.len() == texts.len():
            found = _in_utc(texts, spelling)
        else:
            found = found.scatter(open_rows, _in_utc(texts.gather(open_rows), spelling))
    rows = (found.is_null() & texts.is_not_null()).arg_true()
    for row in rows.to_list():
        found[row] = _one_iso_moment(texts[row])
    return found


def _likely_first(texts: pl.Series) -> list[str]:
    """The spellings, that of the first text before the others."""
    first = texts.drop_nulls().head(1)
    return sorted(_ISO, key=lambda spelling: first.is_empty() or _in_utc(first, spelling).null_count() > 0)


def _in_utc(texts: pl.Series, spelling: str) -> pl.Series:
    parsed = texts.str.to_datetime(spelling, time_unit="us", strict=False)
    zone = parsed.dtype.time_zone if isinstance(parsed.dtype, pl.Datetime) else None
    return parsed.dt.convert_time_zone("UTC") if zone else parsed.dt.replace_time_zone("UTC")


def _one_iso_moment(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
