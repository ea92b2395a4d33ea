"""Column types of the control database: what SQLite and Postgres would keep differently."""

import datetime as dt
import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A moment in UTC. SQLite keeps no zone, so that other zones are refused rather than bent."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.utcoffset() != dt.timedelta(0):
            raise ValueError(f"{value!r} is not in UTC")
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)


class TextMapping(TypeDecorator[dict[str, str]]):
    """A mapping of text to text as JSON, keys sorted, so that equal mappings are equal texts."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _text_of(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, str] | None:  # noqa: ARG002
        return None if value is None else dict(_parsed(value))


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal as text without exponent and trailing zeros, because numbers of SQLite are binary."""

    impl = String(64)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError(f"{value} is not a number")
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value)


class TextMappings(TypeDecorator[list[dict[str, str]]]):
    """Mappings of text to text as JSON, in their order, keys sorted."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[dict[str, str]] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _text_of(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[dict[str, str]] | None:  # noqa: ARG002
        return None if value is None else [dict(mapping) for mapping in _parsed(value)]


# Thousands of rows have the same few texts. What it gives is copied before anybody can change it.
@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    return json.loads(text)


def _text_of(value: dict[str, str] | list[dict[str, str]]) -> str:
    # Most are empty, and the encoder is dear.
    return json.dumps(value, sort_keys=True) if value else "{}" if isinstance(value, dict) else "[]"
