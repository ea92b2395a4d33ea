"""Rates a file of cases into another: one JSON object per line, set by set, through the engine.

In:  {"id", "provider", "model", "date", "service_tier"?, "geography"?, "context_tokens"?, "variant"?, "org"?,
      "account"?, "meters": {"uncached_input": 1000, ...}}. Meters are disjoint. A field that is not known is refused,
      because a misspelt one would be priced as if it had not been there.
Out: {"id", "status": "priced" | "unpriced" | "refused", "total", "currency", "lines": [{"meter", "quantity", "unit",
      "unit_price", "cost", "rate_source", "valid_from"}], "reason"?, "lower_bound"?, "upper_bound"?}, one line for each
      line, in their order. Decimals are texts without exponent; quantity times unit_price is cost. Lines are those of
      meters whose cost is exact. A total is given where all of it is: an estimate is unpriced, with its bounds.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from genai_finops.errors import FinopsError
from genai_finops.pricing.case_answers import answers
from genai_finops.pricing.case_pricing import priced_meters
from genai_finops.pricing.case_reading import read_cases
from genai_finops.pricing.rating_engine import RatingEngine

#: Bytes of the file that are rated at once: some 150,000 cases.
_CHUNK_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedFile:
    """How many cases a file had, by status."""

    priced: int
    unpriced: int
    refused: int


def rate_file(engine: RatingEngine, source: Path, target: Path) -> RatedFile:
    """Rate every line of a file into another, which is written aside and renamed when it is complete.

    Raises FinopsError where both are one file, or one cannot be read or written.
    """
    if source.resolve() == target.resolve():
        raise FinopsError(f"{source} would be rated into itself", remedy="Name another file for the results")
    aside = target.with_name(f".{target.name}.{os.getpid()}.aside")
    counts = dict.fromkeys(("priced", "unpriced", "refused"), 0)
    try:
        with source.open("rb") as cases, aside.open("wb") as results:
            while lines := cases.readlines(_CHUNK_BYTES):
                rated = rate_lines(engine, lines)
                for status, count in rated["status"].value_counts().iter_rows():
                    counts[status] += count
                # No answer has a line break in it, and none is to be quoted.
                rated.select("line").write_csv(results, include_header=False, quote_style="never")
        aside.replace(target)
    except OSError as failure:
        raise FinopsError(
            f"{failure.filename}: {failure.strerror}",
            remedy="Name a file that can be read, and another one in a folder that can be written",
        ) from failure
    finally:
        aside.unlink(missing_ok=True)
    return RatedFile(**counts)


def rate_lines(engine: RatingEngine, lines: list[bytes]) -> pl.DataFrame:
    """The answers to some lines, in their order: status and line."""
    read = read_cases(engine, list(_texts(lines)))
    return answers(engine, read.cases, priced_meters(engine, read))


def _texts(lines: list[bytes]) -> Iterator[str | None]:
    for line in lines:
        try:
            yield line.decode()
        except UnicodeDecodeError:
            yield None
