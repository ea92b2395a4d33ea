"""What a span says in our own attributes, over what the conventions let it say."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson

from genai_finops.attribution.formats.event_rows import Consumer, Request
from genai_finops.attribution.formats.json_lines import parse
from genai_finops.attribution.formats.log_values import Defect, amount_of, count_of, kind_of, object_of, text_of
from genai_finops.attribution.formats.otlp_names import SLOTS, own_slot
from genai_finops.attribution.formats.own_names import (
    COST,
    CURRENCY,
    EMBEDDING_INPUT,
    IS_CACHE_HIT,
    OWN_COLUMNS,
    OWN_COUNTS,
    OWN_START,
    OWN_TEXTS,
    RECORDED,
    TAGS,
)
from genai_finops.attribution.token_classes import DisjointCounts
from genai_finops.schemas.columns import CURRENCY as CURRENCY_PATTERN

_FIRST = min(SLOTS[own_slot(column)] for column in OWN_COLUMNS)
_NOTHING = [None] * (len(SLOTS) - _FIRST)
#: What the columns are called in Request.
_FIELDS = {"x_genai_account_id": "account_id"}
_CURRENCY = re.compile(CURRENCY_PATTERN)
_FLAGS = {True: True, False: False, "true": True, "false": False}


class OwnColumns:
    """Our own attributes of one span. All methods raise Defect for a value that is none of its column."""

    __slots__ = ("_slots", "is_recorded")

    def __init__(self, slots: Sequence[Any]) -> None:
        self._slots = slots
        self.is_recorded = self._flag(RECORDED)

    @classmethod
    def of(cls, slots: Sequence[Any]) -> "OwnColumns | None":
        """None of a span that has none, as nearly all."""
        return None if slots[_FIRST:] == _NOTHING else cls(slots)

    def request(self, request: Request) -> Request:
        """The request with what the attributes say. Of a recorded span they alone say the operation."""
        said: dict[str, Any] = {
            _FIELDS.get(column, column): text
            for column in OWN_TEXTS
            if (text := text_of(OWN_START + column, self._value(column))) is not None
        }
        for column in OWN_COUNTS:
            said[column] = count_of(OWN_START + column, self._value(column))
        said["is_cache_hit"] = self._flag(IS_CACHE_HIT)
        currency = text_of(OWN_START + CURRENCY, self._value(CURRENCY))
        if currency is not None and self._value(COST) is not None:
            if _CURRENCY.fullmatch(currency) is None:
                raise Defect(f"{OWN_START}{CURRENCY} names no currency")
            said["reported_currency"] = currency
        if self.is_recorded:
            said.setdefault("operation", None)
            if request.ended_at == request.started_at:
                # A span has to end, and the recorder knows of no request that took no time.
                said["ended_at"] = None
        return request._replace(**said)

    def counts(self, counts: DisjointCounts) -> DisjointCounts:
        """The counts; as those of embeddings where the attributes say so."""
        return counts.as_embedding() if count_of(OWN_START + EMBEDDING_INPUT, self._value(EMBEDDING_INPUT)) else counts

    def consumer(self, consumer: Consumer) -> Consumer:
        """The consumer with the labels of the attributes; one of the same name that the source keeps is taken first."""
        told = self._value(TAGS)
        if told is None:
            return consumer
        name = OWN_START + TAGS
        labels = object_of(name, parse(told) if type(told) is str else told)
        if not all(type(label) is str for label in labels.values()):
            raise Defect(f"{name} has a label that is no text")
        if consumer.tags is None:
            return consumer._replace(tags=told if labels else None)
        merged = {**labels, **orjson.loads(consumer.tags)}
        return consumer._replace(tags=orjson.dumps(merged, option=orjson.OPT_SORT_KEYS).decode())

    def cost(self, otherwise: Decimal | None) -> Decimal | None:
        """The cost that the attributes claim."""
        own = amount_of(OWN_START + COST, self._value(COST))
        return otherwise if own is None else own

    def _value(self, column: str) -> Any:
        return self._slots[SLOTS[own_slot(column)]]

    def _flag(self, column: str) -> bool:
        value = self._value(column)
        if value is None:
            return False
        if type(value) not in {bool, str} or value not in _FLAGS:
            raise Defect(f"{OWN_START}{column} is {kind_of(value)}, not true or false")
        return _FLAGS[value]
