"""The imported catalogue and the alias rules as validated frames, for the lake."""

import dataclasses

import polars as pl

from genai_finops.pricing.aliases import AliasRules, read_alias_rules
from genai_finops.pricing.catalogue import Catalogue, read_catalogue
from genai_finops.pricing.catalogue_map import EARLIEST, SOURCE
from genai_finops.schemas.tables.pricing import MODEL_ALIAS_RULES, PRICE_CATALOGUE
from genai_finops.schemas.validation import empty_frame, validate

#: The catalogue is in US dollars throughout.
_CURRENCY = "USD"


def price_catalogue_frame(catalogue: Catalogue | None = None) -> pl.DataFrame:
    """The rates of the catalogue (the installed one by default), shape of `genai_price_catalogue`.

    Raises InvalidFrameError when a rate breaks the table's constraints.
    """
    catalogue = catalogue or read_catalogue()
    rows = [
        {
            **dataclasses.asdict(rate),
            "variant": None,
            "currency": _CURRENCY,
            "source": SOURCE,
            "source_version": catalogue.version,
        }
        for rate in catalogue.rates
    ]
    frame = pl.DataFrame(rows, schema=empty_frame(PRICE_CATALOGUE).schema)
    return validate(PRICE_CATALOGUE, frame, subject=f"{SOURCE} {catalogue.version}")


def alias_rules_frame(rules: AliasRules | None = None) -> pl.DataFrame:
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
        }
        for rule in rules.rules
    ]
    frame = pl.DataFrame(rows, schema=empty_frame(MODEL_ALIAS_RULES).schema)
    return validate(MODEL_ALIAS_RULES, frame, subject=f"alias rules of {SOURCE} {rules.version}")
