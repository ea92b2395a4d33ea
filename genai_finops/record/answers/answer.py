"""What an answer says about its request, and how it is got out of objects of any kind."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from genai_finops.record.given import Counts

#: Reasons why an answer is not recorded.
NOT_AN_ANSWER = "unknown_answer"
#: A piece of a stream that does not tell of the usage, or not yet of all of it.
NOT_FINAL = "no_usage_yet"


class Unreadable(ValueError):  # noqa: N818 # no error of ours: the answer is counted and the caller goes on
    """Why an answer is not recorded; its text is one of the reasons above."""


class Answer(NamedTuple):
    """One billed call."""

    likely_provider: str | None = None
    model: str | None = None
    request_id: str | None = None
    operation: str | None = "chat"
    conversation_id: str | None = None
    #: Seconds since 1970, or a moment.
    created: object = None
    service_tier: str | None = None
    geography: str | None = None
    status: str = "success"
    counts: Counts = Counts()


def field(source: Any, *names: str) -> Any:
    """The first of the fields that an object or a mapping has; None without, and of nothing."""
    if source is None:
        return None
    if type(source) is dict or _is_mapping(type(source)):  # type: ignore[arg-type] # a type can be hashed
        for name in names:
            found = source.get(name)
            if found is not None:
                return found
        return None
    for name in names:
        found = getattr(source, name, None)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=256)
def _is_mapping(kind: type) -> bool:
    # Asked of each object of an answer, and slow to answer.
    return issubclass(kind, Mapping)


def count(source: Any, *names: str) -> int:
    """A number of tokens, 0 where the field is absent. Raises Unreadable for what is no count."""
    found = field(source, *names)
    if found is None:
        return 0
    # Mock objects have every field, and a truth value is an int.
    if type(found) is not int or found < 0:
        raise Unreadable(NOT_AN_ANSWER)
    return found


def text(source: Any, *names: str) -> str | None:
    """A name; None for what is none. An enumeration is its value."""
    found = field(source, *names)
    if found is not None and not isinstance(found, str):
        found = getattr(found, "value", None)
    # Members of an enumeration of texts are texts that print as something else.
    return str.__str__(found) if isinstance(found, str) else None
