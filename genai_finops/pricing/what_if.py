"""Rates that someone supposes: read from a file, and put before all that the price book says."""

import csv
import dataclasses
import datetime as dt
import io
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.pricing.book import check_overlaps
from genai_finops.pricing.knowledge import since
from genai_finops.pricing.rate_rules import check_rates, vars_of
from genai_finops.pricing.rating_engine import RatingTables
from genai_finops.pricing.sources.statement import StatedRate
from genai_finops.schemas.tables.pricing import PRICE_BOOK, PRICED_TIERS, RATED_METERS
from genai_finops.schemas.validation import empty_frame

SOURCE = "what_if"
#: Fields of a row of the file. `from` and `to` are UTC days, both inclusive; without them the rate holds for all days.
FIELDS = (
    *("provider", "model", "meter", "tier", "geography", "unit_price", "discount_percentage"),
    *("from", "to", "org", "account"),
)
_NUMBERS = ("unit_price", "discount_percentage")
_DAYS = ("from", "to")
#: All of them before the sources of the book; what is for fewer comes first, as in the book.
_ACCOUNT, _ORGANISATION, _EVERYONE = 1, 2, 3

Row = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SupposedRate:
    """A rate and the line of the file that says it."""

    line: int
    rate: StatedRate


def read_rates(text: str, *, is_jsonl: bool, tables: RatingTables, now: dt.datetime) -> tuple[SupposedRate, ...]:
    """The rates of a file: CSV with a header, or one JSON object a line; the fields are FIELDS.

    A unit_price is for one pricing unit of the meter, in the currency in which the provider bills, and needs a meter;
    its tier is standard and its geography global where it names none. A discount_percentage is taken off the list
    price, and holds for all models, meters, tiers and geographies that it does not narrow down.

    Raises FinopsError that names the line, the field and the value of the first row that cannot be meant so.
    """
    rows = list(_json_rows(text) if is_jsonl else _csv_rows(text))
    if not rows:
        raise FinopsError("the file has no rates", remedy=f"Write one row for each rate: {', '.join(FIELDS)}")
    return tuple(SupposedRate(line=line, rate=_rate(row, line, tables, now)) for line, row in rows)


def with_rates(tables: RatingTables, rates: tuple[SupposedRate, ...], *, now: dt.datetime) -> RatingTables:
    """The tables with these rates before all others. Allowances and volume tiers go on to apply.

    Raises FinopsError where two of the rates hold for the same usage and day.
    """
    rows = [
        {
            **vars_of(supposed.rate),
            "source": SOURCE,
            "source_version": now.date().isoformat(),
            "source_reference": reference(supposed.line),
            "retrieved_at": now,
            "priority": _priority(supposed.rate),
        }
        for supposed in rates
    ]
    schema = empty_frame(PRICE_BOOK).schema
    frame = since(pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema), now)
    check_overlaps(frame, subject="the supposed rates")
    return dataclasses.replace(tables, prices=pl.concat([tables.prices, frame]))


def reference(line: int) -> str:
    """How the price table names the line that a rate comes from."""
    return f"line {line}"


def _priority(rate: StatedRate) -> int:
    if rate.x_genai_account_id is not None:
        return _ACCOUNT
    return _EVERYONE if rate.x_org_slug is None else _ORGANISATION


def _csv_rows(text: str) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(io.StringIO(text))
    for field in reader.fieldnames or ():
        if field not in FIELDS:
            raise _refused(1, field, field, "is no field of a rate", f"Use {', '.join(FIELDS)}")
    for row in reader:
        if None in row:
            raise _refused(
                reader.line_num, "row", row[None], "is more than the header names", "Quote values that hold a comma"
            )
        yield reader.line_num, {field: value for field, value in row.items() if value}


def _json_rows(text: str) -> Iterator[tuple[int, Row]]:
    for line, written in enumerate(text.splitlines(), start=1):
        if not written.strip():
            continue
        try:
            row = json.loads(written, parse_float=Decimal, parse_int=Decimal)
        except ValueError as error:
            raise _refused(line, "row", written, "is not JSON", "Write one JSON object a line") from error
        if not isinstance(row, dict):
            raise _refused(line, "row", written, "is no JSON object", "Write one JSON object a line")
        for field in row:
            if field not in FIELDS:
                raise _refused(line, field, row[field], "is no field of a rate", f"Use {', '.join(FIELDS)}")
        yield line, {field: value for field, value in row.items() if value is not None}


def _rate(row: Row, line: int, tables: RatingTables, now: dt.datetime) -> StatedRate:
    values = {field: _value(field, row[field], line) for field in row}
    currencies = dict(tables.providers.select("provider", "currency").iter_rows())
    _check_names(values, line, tables, currencies)
    is_price = "unit_price" in values
    # What would be refused as a rate of the book is refused here, with the line.
    rate = StatedRate(
        provider=values["provider"],
        model_id=values.get("model"),
        meter=values.get("meter"),
        service_tier=values.get("tier", "standard" if is_price else None),
        geography=values.get("geography", "global" if is_price else None),
        x_org_slug=values.get("org"),
        x_genai_account_id=values.get("account"),
        pricing_type="negotiated",
        currency=currencies[values["provider"]],
        unit_price=values.get("unit_price"),
        discount_percentage=values.get("discount_percentage"),
        valid_from=values.get("from", dt.date.min),
        valid_to=None if values.get("to", dt.date.max) == dt.date.max else values["to"] + dt.timedelta(days=1),
        is_custom=True,
    )
    check_rates((rate,), source=f"line {line}", today=now.date())
    return rate


def _check_names(values: Row, line: int, tables: RatingTables, currencies: Mapping[str, str]) -> None:
    accounts = tables.accounts
    known = {
        "provider": [*currencies],
        "meter": RATED_METERS,
        "tier": PRICED_TIERS,
        "org": accounts["x_org_slug"].unique().sort().to_list(),
        "account": accounts.filter(pl.col("x_org_slug") == values.get("org", ""))["account_id"].sort().to_list(),
    }
    if "provider" not in values:
        raise _refused(line, "provider", None, "is missing", f"Use one of {', '.join(currencies)}")
    if values.get("to", dt.date.max) < values.get("from", dt.date.min):
        raise _refused(line, "to", str(values["to"]), f"is before {values['from']}", "Give the earlier day as from")
    if "account" in values and "org" not in values:
        raise _refused(line, "org", None, "is missing beside an account", "Name the organisation of the account")
    for field, names in known.items():
        if field in values and values[field] not in names:
            raise _refused(line, field, values[field], "is not known", f"Use one of {', '.join(names) or 'none'}")


def _value(field: str, value: object, line: int) -> Any:
    try:
        if field in _NUMBERS:
            return Decimal(str(value))
        if field in _DAYS:
            return dt.date.fromisoformat(str(value))
    except (InvalidOperation, ValueError) as error:
        wanted = "a day, such as 2026-10-01" if field in _DAYS else "a decimal number, such as 2.5"
        raise _refused(line, field, value, "cannot be read", f"Write {wanted}") from error
    if not isinstance(value, str) or not value.strip():
        raise _refused(line, field, value, "is no text", "Write it in quotes, or leave the field out")
    return value.strip()


def _refused(line: int, field: str, value: object, reason: str, remedy: str) -> FinopsError:
    return FinopsError(f"line {line}: {field} {value!r} {reason}", remedy=remedy)
