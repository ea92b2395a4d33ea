"""Statements and alias rules as validated frames, as if nothing had been known before."""

import dataclasses
import datetime as dt

import polars as pl

from genai_finops.pricing.aliases import AliasRules, read_alias_rules
from genai_finops.pricing.book import revise
from genai_finops.pricing.catalogue_map import EARLIEST, SOURCE
from genai_finops.pricing.sources.statement import Statement
from genai_finops.schemas.tables.pricing import MODEL_ALIAS_RULES, PRICE_BOOK
from genai_finops.schemas.validation import empty_frame, validate


def price_book_frame(*statements: Statement) -> pl.DataFrame:
    """A book that knows these statements and nothing else, shape of `genai_price_book`.

    Raises FinopsError as `revise` does.
    """
    book = empty_frame(PRICE_BOOK)
    for statement in statements:
        book = revise(book, statement)
    return book


def alias_rules_frame(known_from: dt.datetime, rules: AliasRules | None = None) -> pl.DataFrame:
    """The rules of the catalogue (the installed one by default), shape of `genai_model_alias_rules`.

    Raises InvalidFrameError when a rule breaks the table's constraints.
    """
    rules = rules or read_alias_rules()
    rows = [
        {
            **dataclasses.asdict(rule),
            "valid_from": EARLIEST,
            "valid_to": None,
            "source": SOURCE,
            "source_version": rules.version,
            "known_from": known_from,
            "known_to": None,
        }
        for rule in rules.rules
    ]
    frame = pl.DataFrame(rows, schema=empty_frame(MODEL_ALIAS_RULES).schema)
    return validate(MODEL_ALIAS_RULES, frame, subject=f"alias rules of {SOURCE} {rules.version}")
