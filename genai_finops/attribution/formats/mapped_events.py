"""Rows of texts as events, by a mapping of columns: whole columns at a time."""

from collections.abc import Callable, Mapping

import polars as pl

from genai_finops.attribution.formats.column_mapping import COLUMN_OF, ColumnMapping, Flag, Text
from genai_finops.attribution.formats.log_values import EARLIEST, LATEST
from genai_finops.attribution.formats.text_columns import amounts, is_structure, moments, trimmed, whole_numbers
from genai_finops.attribution.formats.token_columns import disjoint_columns
from genai_finops.attribution.log_format import EVENT_COLUMNS, PieceEvents, Reject
from genai_finops.attribution.provider_names import canonical_provider, endpoint_of
from genai_finops.attribution.service_tiers import canonical_tier
from genai_finops.schemas.tables.events import EVENT_METERS, EVENTS_RAW, INPUT_METERS
from genai_finops.schemas.types import TYPES

_TYPES = {column.name: TYPES[column.type].polars for column in EVENTS_RAW.columns}
_MOST_TOKENS = 10**12
_ENDED_BEFORE_START = "ended_before_start"


def mapped_events(
    raw: pl.DataFrame, mapping: ColumnMapping, rejects: list[Reject] | None = None, *, only_texts: bool = False
) -> PieceEvents:
    """The events of rows. `raw` has a column of texts for each of `mapping.fields()`, and `line`.

    `rejects` are those that were found before; what a row says wrongly adds to them, one Reject a row. `only_texts`
    says that whoever wrote the rows puts no object or list where a text belongs, so that `[draft]` is a name.
    """
    texts = raw.with_columns(trimmed(pl.col(name)) for name in raw.columns if name != "line")
    wanted = texts.filter(_is_wanted(mapping)) if mapping.only else texts
    rows = _Rows(wanted, mapping, only_texts=only_texts)
    return rows.result(rejects or [], skipped=texts.height - wanted.height)


def _is_wanted(mapping: ColumnMapping) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_in(values).fill_null(value=False) for name, values in mapping.only.items())


class _Rows:
    """The rows of one piece while they become events."""

    def __init__(self, texts: pl.DataFrame, mapping: ColumnMapping, *, only_texts: bool) -> None:
        self._texts = texts
        self._mapping = mapping
        self._only_texts = only_texts
        self._made: dict[str, pl.Series] = {"log_line": texts["line"]}
        #: What is wrong with which rows.
        self._faults: list[tuple[pl.Series, str]] = []
        self._mended: dict[str, pl.Series] = {}
        self._moments()
        self._columns()
        self._counts()
        self._cost()

    def result(self, rejects: list[Reject], *, skipped: int) -> PieceEvents:
        events = pl.DataFrame(self._made)
        fault = self._fault()
        is_event = fault.is_null()
        if not is_event.all():
            found = zip(self._texts["line"].filter(~is_event), fault.filter(~is_event), strict=True)
            rejects = sorted(
                [*rejects, *(Reject(line=line, reason=reason) for line, reason in found)], key=lambda one: one.line
            )
            events = events.filter(is_event)
        mended = {name: int((cases & is_event).sum()) for name, cases in self._mended.items()}
        return PieceEvents(
            events=self._in_shape(events),
            rejects=rejects,
            skipped=skipped,
            mended={name: count for name, count in mended.items() if count},
        )

    def _in_shape(self, events: pl.DataFrame) -> pl.DataFrame:
        operation = pl.col("operation") if "operation" in events.columns else pl.lit(None, pl.String)
        is_embedding = operation.str.to_lowercase().is_in(self._mapping.embedding_operations).fill_null(value=False)
        known = [name for name in INPUT_METERS if name in events.columns]
        embedded: list[pl.Expr] = []
        if self._mapping.tokens.fields() and events.select(is_embedding.any()).item():
            embedded = [
                pl.when(is_embedding).then(pl.sum_horizontal(known)).otherwise(0).alias("embedding_input"),
                *(pl.when(is_embedding).then(0).otherwise(pl.col(name)).alias(name) for name in known),
            ]
        events = events.with_columns(embedded)
        present = set(events.columns)
        return events.select(
            (pl.col(name) if name in present else pl.lit(_absent(name))).cast(_TYPES[name]).alias(name)
            for name in EVENT_COLUMNS
        )

    def _fault(self) -> pl.Series:
        cases = [
            pl.when(cases).then(pl.lit(reason)).alias(str(number))
            for number, (cases, reason) in enumerate(self._faults)
            if cases.any()
        ]
        if not cases:
            return pl.Series([None] * self._texts.height, dtype=pl.String)
        reasons = pl.concat_str(cases, separator="; ", ignore_nulls=True)
        return self._texts.select(pl.when(reasons != "").then(reasons).alias("fault")).to_series()

    def _wrong(self, cases: pl.Series, reason: str) -> None:
        self._faults.append((cases.fill_null(value=False), reason))

    def _moments(self) -> None:
        for name, moment in (("started_at", self._mapping.started_at), ("ended_at", self._mapping.ended_at)):
            if moment is None:
                continue
            told = self._texts[moment.field]
            found = moments(told, moment)
            if name == "started_at":
                self._wrong(told.is_null(), f"{moment.field} is missing")
            self._wrong(told.is_not_null() & found.is_null(), f"{moment.field} is no time as {moment.format}")
            self._wrong(
                (found < EARLIEST) | (found >= LATEST),
                f"{moment.field} is before {EARLIEST.year} or after {LATEST.year - 1}",
            )
            self._made[name] = found
        if "ended_at" in self._made:
            early = (self._made["ended_at"] < self._made["started_at"]).fill_null(value=False)
            self._mended[_ENDED_BEFORE_START] = early
            self._made["ended_at"] = pl.select(pl.when(~early).then(self._made["ended_at"])).to_series()

    def _columns(self) -> None:
        host = None
        for name, text in self._mapping.columns.items():
            values = self._column(text)
            if name == "host":
                host = values
            else:
                self._made[COLUMN_OF.get(name, name)] = values
        none = pl.Series([None] * self._texts.height, dtype=pl.String)
        if "provider" in self._made or host is not None:
            self._made["provider"] = _by_value(
                self._made.get("provider", none), none if host is None else host, _provider
            )
        if "service_tier" in self._made:
            self._made["service_tier"] = _by_value(
                self._made["service_tier"], self._made.get("provider", none), canonical_tier
            )
        if host is not None and "region_id" not in self._made:
            self._made["region_id"] = _by_value(host, none, lambda name, _: endpoint_of(name).region_id)
        self._flags()
        if self._mapping.tags:
            self._made["tags"] = self._tags()
        elif self._mapping.tags_object:
            self._made["tags"] = self._texts[self._mapping.tags_object]

    def _column(self, text: Text) -> pl.Series:
        if text.constant is not None:
            values = pl.Series([text.constant], dtype=pl.String).new_from_index(0, self._texts.height)
        else:
            values = self._texts.select(pl.coalesce(text.fields)).to_series()
            if not self._only_texts:
                self._wrong(
                    self._texts.select(is_structure(pl.coalesce(text.fields))).to_series(),
                    f"{', '.join(text.fields)} is an object or a list, not a text",
                )
        if text.values:
            values = values.replace(list(text.values), list(text.values.values()))
            values = pl.select(trimmed(pl.lit(values))).to_series()
        return values

    def _flags(self) -> None:
        failed = self._flag(self._mapping.failure)
        self._made["status"] = pl.select(
            pl.when(failed).then(pl.lit("failure")).otherwise(pl.lit("success"))
        ).to_series()
        self._made["is_cache_hit"] = self._flag(self._mapping.cache_hit)

    def _flag(self, flag: Flag | None) -> pl.Series:
        if flag is None:
            return pl.Series([False], dtype=pl.Boolean).new_from_index(0, self._texts.height)
        values = [value.lower() for value in flag.values]
        return self._texts[flag.field].str.to_lowercase().is_in(values).fill_null(value=False)

    def _tags(self) -> pl.Series:
        names = sorted(self._mapping.tags)
        kept = self._texts.select(pl.struct(names)).to_series()
        # Serialised by polars in the order of the names; labels that are null are left in as null.
        return pl.select(
            pl.when(~pl.all_horizontal(self._texts[name].is_null() for name in names)).then(kept.struct.json_encode())
        ).to_series()

    def _counts(self) -> None:
        tokens = self._mapping.tokens
        counted = {name: self._whole(field) for name, field in tokens.fields().items()}
        if counted:
            frame = pl.DataFrame(counted)
            classes = disjoint_columns(
                {name: pl.col(name) for name in counted}, input_includes_cache=bool(tokens.input_includes_cache)
            )
            for name, values in zip(
                classes, frame.select(expr.alias(name) for name, expr in classes.items()), strict=True
            ):
                if name.startswith("mended."):
                    self._mended[name.removeprefix("mended.")] = values
                else:
                    self._made[name] = values
        for meter, field in self._mapping.counts.items():
            self._made[meter] = self._whole(field)

    def _whole(self, field: str) -> pl.Series:
        told = self._texts[field]
        found = whole_numbers(told)
        self._wrong(told.is_not_null() & found.is_null(), f"{field} is not a count")
        self._wrong(found < 0, f"{field} is negative")
        self._wrong(found > _MOST_TOKENS, f"{field} is too large")
        # The rows with a fault go away; their counts must not overflow on the way.
        return found.fill_null(0).clip(0, _MOST_TOKENS)

    def _cost(self) -> None:
        cost = self._mapping.cost
        if cost is None:
            return
        told = self._texts[cost.field]
        found = amounts(told, cost.unit)
        self._wrong(told.is_not_null() & found.is_null(), f"{cost.field} is not an amount")
        self._wrong(found < 0, f"{cost.field} is negative")
        self._made["reported_cost"] = found
        if cost.currency_field is None:
            currency = pl.select(pl.when(found.is_not_null()).then(pl.lit(cost.currency))).to_series()
        else:
            named = self._texts[cost.currency_field].str.to_uppercase()
            self._wrong(
                found.is_not_null() & ~named.str.contains(r"^[A-Z]{3}$").fill_null(value=False),
                f"{cost.currency_field} names no currency",
            )
            currency = pl.select(pl.when(found.is_not_null()).then(named)).to_series()
        self._made["reported_currency"] = currency


def _absent(name: str) -> object:
    return 0 if name in EVENT_METERS else None


def _provider(spelled: str | None, host: str | None) -> str | None:
    return canonical_provider(spelled, host=host)


def _by_value(first: pl.Series, second: pl.Series, known: Callable[[str | None, str | None], str | None]) -> pl.Series:
    """The function of two texts, asked once for each pair that occurs."""
    pairs = pl.DataFrame({"first": first, "second": second})
    distinct = pairs.unique()
    answers: Mapping[str, list[str | None]] = {"answer": [known(a, b) for a, b in distinct.iter_rows()]}
    found = pairs.join(
        distinct.with_columns(pl.Series("answer", answers["answer"], dtype=pl.String)),
        on=["first", "second"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return found["answer"]
