"""What `prices explain` reads from its options: meters as NAME=N, days and moments in UTC."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import click

from genai_finops.errors import FinopsError


class UtcMoment(click.ParamType[dt.datetime]):
    """A moment with its offset, or a day, which is its midnight in UTC."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        if isinstance(value, dt.datetime):
            return value
        try:
            moment = dt.datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no moment such as 2026-10-01T00:00:00+00:00", param, ctx)
        if moment.tzinfo is None and "T" in str(value):
            self.fail(f"{value!r} has no offset: write 2026-10-01T00:00:00+00:00 or a day", param, ctx)
        return moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)


class UtcDay(click.ParamType[dt.date]):
    """A UTC day such as 2026-10-31."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day such as 2026-10-31", param, ctx)


known_at_option = click.option(
    "--known-at", type=UtcMoment(), help="Price with what the book knew at this moment; by default with all it knows."
)


def quantities(given: Sequence[str]) -> dict[str, int | Decimal]:
    """The meters of options NAME=N. Raises FinopsError for one that is malformed or given twice."""
    found: dict[str, int | Decimal] = {}
    for option in given:
        meter, equals, text = option.partition("=")
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not equals or not number.is_finite():
            raise FinopsError(f"--meter {option} is no NAME=NUMBER", remedy="Give one such as --meter web_search=3")
        if meter in found:
            raise FinopsError(f"--meter {meter} is given twice", remedy="Give it once")
        found[meter] = int(number) if number == number.to_integral_value() else number
    return found
