"""Lines of a file of cases become checked cases, their meters, and refusals that name field and value.

Numbers are never read by way of a binary float: what is no plain whole number is read from its text by the strict
parser.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.pricing.requests import COUNTED_TWICE
from genai_finops.schemas.meters import METERS

FIELDS = (
    *("id", "provider", "model", "date", "service_tier", "geography", "context_tokens"),
    *("variant", "org", "account"),
)
_TEXTS = ("provider", "model", "date", "service_tier", "geography", "variant", "org", "account")
_OPTIONAL = ("service_tier", "geography", "variant", "org", "account")
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_WHOLE = r"^[0-9]{1,18}$"
#: What the engine's parser forgives: a comma too many, NaN and infinity.
_FORGIVEN = r",\s*[}\]]|[:\[,]\s*[-+]?(?:[nN][aA][nN]|[iI][nN][fF])"
#: More digits than any quantity has.
_TOO_MANY_DIGITS = 40
_METERS = pl.DataFrame(
    [
        {
            "meter": meter.name,
            "meter_number": number,
            "token_direction": meter.token_direction,
            # A quantity in pricing units has 6 decimals.
            "decimals": {1: 6, 1000: 3, 1_000_000: 0}[meter.pricing_block],
        }
        for number, meter in enumerate(METERS.values())
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCases:
    """`cases`: case_row, id (JSON), the fields, and refusal, which is null for a case that can be rated. `meters`:
    one row for each meter of those: case_row, meter, meter_number, token_direction, quantity; in the order of the
    file.
    """

    cases: pl.DataFrame
    meters: pl.DataFrame


def read_cases(engine: RatingEngine, lines: Sequence[str | None]) -> ReadCases:
    """The cases of some lines; a line that is None was no text."""
    frame = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("case_row")
    read = engine.read_json(frame, fields=FIELDS, object_field="meters")
    cases = _exactly(read.with_columns(frame["line"]))
    checked = _with_texts(cases).with_columns(refusal=_refusal(engine.providers))
    meters = _meters(checked)
    refused = _refused_meters(meters)
    checked = checked.join(refused, on="case_row", how="left", maintain_order="left").with_columns(
        refusal=pl.coalesce("refusal", "meter_refusal")
    )
    if refused.height:
        meters = meters.join(refused, on="case_row", how="anti", maintain_order="left")
    columns = ["case_row", "id", *_TEXTS[:2], "usage_date", *_TEXTS[3:], "context_tokens", "refusal"]
    return ReadCases(
        cases=checked.select(columns),
        meters=meters.select("case_row", "meter", "meter_number", "token_direction", "quantity"),
    )


def _exactly(read: pl.DataFrame) -> pl.DataFrame:
    """The cases, those with other numbers than whole ones and those that were forgiven something as the strict parser
    reads them.
    """
    is_doubtful = pl.col("is_object") & (
        ~pl.col("inner_values").list.eval(pl.element().str.contains(_WHOLE)).list.all()
        | pl.col("line").str.contains(_FORGIVEN)
    )
    doubtful = read.filter(is_doubtful)
    if not doubtful.height:
        return read
    exact = [_exact_quantities(line) for line in doubtful["line"]]
    corrected = pl.DataFrame(
        {"case_row": doubtful["case_row"], "is_strict": [values is not None for values in exact], "exact": exact},
        schema_overrides={"exact": pl.List(pl.String)},
    )
    return read.join(corrected, on="case_row", how="left", maintain_order="left").with_columns(
        is_object=pl.col("is_object") & pl.col("is_strict").fill_null(value=True),
        inner_values=pl.coalesce("exact", "inner_values"),
    )


def _exact_quantities(line: str) -> list[str] | None:
    """The quantities of a line in their order, written out; None where the line is no JSON."""
    try:
        fields = json.loads(
            line, parse_float=_Number, parse_int=_Number, parse_constant=_refuse_constant, object_pairs_hook=list
        )
    except (ValueError, RecursionError):
        return None
    meters = next((value for field, value in fields if field == "meters"), None)
    return [_written_out(pair[1]) for pair in meters] if isinstance(meters, list) else []


class _Number(str):
    """A number as it stands in the line."""

    __slots__ = ()


def _written_out(value: Any) -> str:
    if not isinstance(value, _Number):
        return json.dumps(value)
    number = Decimal(value)
    if abs(number.adjusted()) > _TOO_MANY_DIGITS:
        return str(value)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _with_texts(cases: pl.DataFrame) -> pl.DataFrame:
    """The fields that are texts without their quotes, null where a field is none; what the line says stays in
    `<field>_said`.
    """
    said = cases.with_columns(pl.col(name).alias(f"{name}_said") for name in (*_TEXTS, "context_tokens"))
    read = said.with_columns(
        pl.when(pl.col(name).str.starts_with('"')).then(pl.col(name).str.strip_prefix('"').str.strip_suffix('"'))
        for name in _TEXTS
    )
    for name in _TEXTS:
        is_escaped = read[name].str.contains("\\", literal=True)
        if is_escaped.any():
            texts = pl.Series([_unescaped(text) for text in read.filter(is_escaped)[f"{name}_said"]], dtype=pl.String)
            read = read.with_columns(read[name].scatter(is_escaped.arg_true(), texts))
    return read.with_columns(
        usage_date=pl.col("date").str.to_date("%Y-%m-%d", strict=False),
        context_tokens=pl.col("context_tokens").cast(pl.Int64, strict=False),
    )


def _unescaped(text: str) -> str | None:
    """A JSON text without its escapes; None for half a surrogate pair, which is no character."""
    value = str(json.loads(text))
    return value if value.isprintable() or value.encode("utf-8", "ignore").decode() == value else None


def _refusal(providers: frozenset[str]) -> pl.Expr:
    """The first reason to refuse a case; null where there is none."""

    def said(name: str, problem: str) -> pl.Expr:
        return pl.format(f"{name} is {{}}, {problem}", pl.col(f"{name}_said").fill_null("missing"))

    def is_given(name: str) -> pl.Expr:
        return pl.col(f"{name}_said").is_not_null()

    names = pl.col("names")
    allowed = [*FIELDS, "meters"]
    checks: list[tuple[pl.Expr, pl.Expr]] = [
        (pl.col("line").is_null(), pl.lit("the line is not UTF-8")),
        (~pl.col("is_object"), pl.lit("the line is no JSON object")),
        (names.list.n_unique() < names.list.len(), pl.lit("a field is given twice")),
        (
            names.list.set_difference(allowed).list.len() > 0,
            pl.format("there is no field {}", names.list.set_difference(allowed).list.first()),
        ),
        (~pl.col("id").str.contains(r'^["0-9-]').fill_null(value=False), pl.lit("id is no text")),
        (~pl.col("provider").is_in(list(providers)).fill_null(value=False), said("provider", "which is no provider")),
        ((pl.col("model").str.len_bytes() == 0).fill_null(value=True), said("model", "which is no model")),
        (
            ~pl.col("date").str.contains(_DAY).fill_null(value=False) | pl.col("usage_date").is_null(),
            said("date", "which is no day such as 2026-10-31"),
        ),
        *((is_given(name) & pl.col(name).is_null(), said(name, "which is no text")) for name in _OPTIONAL),
        (
            is_given("context_tokens") & ~pl.col("context_tokens_said").str.contains(_WHOLE),
            said("context_tokens", "which is no count"),
        ),
        (
            ~pl.col("meters").str.starts_with("{").fill_null(value=False),
            pl.format("meters is {}, which is no object of quantities", pl.col("meters").fill_null("missing")),
        ),
        (pl.col("inner_names").list.len() == 0, pl.lit("meters is empty")),
        (pl.col("inner_names").list.n_unique() < pl.col("inner_names").list.len(), pl.lit("a meter is given twice")),
    ]
    return pl.coalesce([pl.when(condition).then(reason) for condition, reason in checks])


def _meters(cases: pl.DataFrame) -> pl.DataFrame:
    """One row for each meter of the cases that are not refused yet, with the reason to refuse it."""
    pairs = (
        cases.filter(pl.col("refusal").is_null())
        .select("case_row", meter="inner_names", text="inner_values")
        .explode("meter", "text")
        .join(_METERS, on="meter", how="left", maintain_order="left")
    )
    text = pl.col("text")
    is_number = text.str.contains(r"^-?[0-9]+(\.[0-9]+)?$")
    decimals = (
        pl.when(text.str.contains(".", literal=True)).then(text.str.split(".").list.last().str.len_bytes()).otherwise(0)
    )
    digits = text.str.split(".").list.first().str.strip_chars_start("0").str.len_bytes()
    reasons = [
        (pl.col("meter_number").is_null(), pl.format("there is no meter {}", "meter")),
        (~is_number, pl.format("{} is {}, which is no number", "meter", "text")),
        (text.str.contains(r"^-.*[1-9]"), pl.format("{} is {}, which is below 0", "meter", "text")),
        (
            (decimals > pl.col("decimals")) | (digits > 20),  # noqa: PLR2004 - digits of decimal(26,6) before its point
            pl.format("{} is {}, which is finer or larger than it is metered", "meter", "text"),
        ),
    ]
    plain = text.str.contains(_WHOLE)
    if pairs.select((plain & pl.col("meter_number").is_not_null()).all()).item():
        return pairs.with_columns(quantity=text.cast(pl.Decimal(26, 6)), refusal=pl.lit(None, pl.String))
    return pairs.with_columns(
        refusal=pl.coalesce([pl.when(condition).then(reason) for condition, reason in reasons]),
    ).with_columns(quantity=pl.when(pl.col("refusal").is_null()).then(text).cast(pl.Decimal(26, 6)))


def _refused_meters(meters: pl.DataFrame) -> pl.DataFrame:
    """case_row and meter_refusal of the cases that a meter refuses."""
    found = [meters.filter(pl.col("refusal").is_not_null()).select("case_row", meter_refusal="refusal")]
    used = meters.filter(pl.col("meter").is_in([*COUNTED_TWICE]), pl.col("quantity") > 0)
    if used.height:
        parts = pl.DataFrame(
            [(whole, part) for whole, parts in COUNTED_TWICE.items() for part in parts],
            schema=["meter", "part"],
            orient="row",
        )
        pairs = used.join(parts, on="meter").join(
            meters.filter(pl.col("quantity") > 0), left_on=["case_row", "part"], right_on=["case_row", "meter"]
        )
        found.append(
            pairs.select("case_row", meter_refusal=pl.format("{} and {} count the same tokens twice", "meter", "part"))
        )
    return pl.concat(found).unique("case_row", keep="first", maintain_order=True)
