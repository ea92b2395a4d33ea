"""Fields of the answers of Bedrock's control plane."""

import datetime as dt

from genai_finops.providers.records import Record


def text_of(record: Record, name: str) -> str:
    """A required text. Raises MalformedPageError where it is null, empty or missing."""
    value = record.text(name)
    if value is None:
        record.fail(f"field {name} is null")
    return value


def moment_of(record: Record, name: str) -> dt.datetime | None:
    """A moment in UTC, or None where the field is missing or null. Raises MalformedPageError for what is none."""
    value = record.content.get(name)
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(str(value))
    except ValueError:
        record.fail(f"field {name} is {value!r}, not a date and time")
    if moment.utcoffset() is None:
        record.fail(f"field {name} is {value!r}, without a time zone")
    return moment.astimezone(dt.UTC)
