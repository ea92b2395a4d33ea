"""Where a nested log names tenant, user, task and conversation: options of its format, with defaults."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import orjson

from genai_finops.attribution.formats.event_rows import Consumer
from genai_finops.attribution.formats.log_values import Defect, text_of
from genai_finops.errors import FinopsError

_DIMENSIONS = ("tenant_id", "user_id", "task", "conversation_id")
_KEEP = "tags"
_TAG_START = "tag:"
_METADATA_START = "metadata."


class Labels(Protocol):
    """What one record says about its consumer, beside its content."""

    def field(self, name: str) -> Any:
        """The value of a field or attribute; None without."""

    def metadata(self) -> Mapping[str, Any]:
        """Free labels that the application set, in the order of precedence."""

    def tag_list(self) -> Sequence[Any]:
        """Labels that are mere texts."""


class _Place(NamedTuple):
    kind: Literal["field", "metadata", "tag"]
    name: str
    spelled: str


class ConsumerPlaces(NamedTuple):
    """For each dimension the places to look at, in order; the first that holds something decides.

    A place is the name of a field, `metadata.<key>` of the application's labels, or `tag:<name>` for the rest of a tag
    `<name>:<value>`.
    """

    tenant_id: tuple[_Place, ...]
    user_id: tuple[_Place, ...]
    task: tuple[_Place, ...]
    conversation_id: tuple[_Place, ...]
    tags: tuple[_Place, ...]

    def fields(self) -> frozenset[str]:
        """Names of the fields that are looked at."""
        return frozenset(place.name for places in self for place in places if place.kind == "field")

    def consumer(self, labels: Labels) -> Consumer:
        """Who caused the request. Raises Defect for a name that is none."""
        return Consumer(
            _first(self.tenant_id, labels),
            _first(self.user_id, labels),
            _first(self.task, labels),
            _first(self.conversation_id, labels),
            _kept(self.tags, labels) if self.tags else None,
        )


def consumer_places(options: Mapping[str, Any], defaults: Mapping[str, Sequence[str]]) -> ConsumerPlaces:
    """The places of a source: its options over the format's defaults. Raises FinopsError."""
    return ConsumerPlaces(
        *(
            tuple(_place(name) for name in _names(key, options.get(key, defaults.get(key, ()))))
            for key in (*_DIMENSIONS, _KEEP)
        )
    )


def refuse_content(places: ConsumerPlaces, starts: tuple[str, ...]) -> None:
    """Raises FinopsError where an option names something that holds prompts or answers."""
    for name in places.fields():
        if name.startswith(starts):
            raise FinopsError(
                f"an option names {name!r}, which holds content", remedy="Name an attribute that holds a label."
            )


def only_fields(places: ConsumerPlaces, known: Sequence[str]) -> None:
    """Raises FinopsError where an option names a field that is not looked at."""
    for name in sorted(places.fields()):
        if name not in known:
            raise FinopsError(
                f"an option names the field {name!r}",
                remedy=f"Name one of {', '.join(known)}, or metadata.<key> or tag:<name>.",
            )


def check_option_names(format_name: str, options: Mapping[str, Any], *further: str) -> None:
    """Raises FinopsError for an option that the format does not have."""
    known = (*_DIMENSIONS, _KEEP, *further)
    for name in options:
        if name not in known:
            raise FinopsError(
                f"format {format_name} has no option {name!r}", remedy=f"Its options are {', '.join(known)}."
            )


def _names(key: str, value: Any) -> Sequence[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name.strip() for name in names):
        raise FinopsError(
            f"option {key} is {value!r}, not a list of names",
            remedy="Name the fields to look at, in order, such as [metadata.tenant_id, 'tag:tenant'].",
        )
    return names


def _place(spelled: str) -> _Place:
    if spelled.startswith(_TAG_START):
        return _Place("tag", spelled.removeprefix(_TAG_START), spelled)
    if spelled.startswith(_METADATA_START):
        return _Place("metadata", spelled.removeprefix(_METADATA_START), spelled)
    return _Place("field", spelled, spelled)


def _first(places: Sequence[_Place], labels: Labels) -> str | None:
    for place in places:
        found = labels.field(place.name) if place.kind == "field" else _beside(place, labels)
        if found is not None:
            text = found.strip() if type(found) is str else text_of(place.spelled, found)
            if text:
                return text
    return None


def _beside(place: _Place, labels: Labels) -> Any:
    if place.kind == "metadata":
        return labels.metadata().get(place.name)
    start = f"{place.name}:"
    return next(
        (tag.removeprefix(start) for tag in labels.tag_list() if isinstance(tag, str) and tag.startswith(start)), None
    )


def _kept(places: Sequence[_Place], labels: Labels) -> str | None:
    found = {place.spelled: text for place in places if (text := _first((place,), labels)) is not None}
    if not found:
        return None
    try:
        return orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        raise Defect("a label is no valid text") from None
