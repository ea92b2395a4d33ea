"""What a unit of capacity serves by the contracts that were entered."""

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from genai_finops.commitments.register import EnteredCommitment
from genai_finops.control.commitment_rules import TokenWeight
from genai_finops.schemas.tables.commitments import CAPACITY_THROUGHPUT
from genai_finops.schemas.validation import empty_frame


def entered_throughput_frame(
    entered: Iterable[EnteredCommitment], canonical_model: Callable[[str, str], str]
) -> pl.DataFrame:
    """Rows of `genai_capacity_throughput` for each order with weights of its own, from the first day of its term.

    `canonical_model` gives the model of a provider's spelling. A weight holds up to the next length of prompt that has
    a weight for the same meter.
    """
    rows = [row for order in entered for row in _rows(order, canonical_model)]
    return pl.DataFrame(rows, schema=empty_frame(CAPACITY_THROUGHPUT).schema, orient="row")


def _rows(order: EnteredCommitment, canonical_model: Callable[[str, str], str]) -> list[dict[str, Any]]:
    terms = order.terms
    if terms.tokens_per_minute is None or terms.model is None:
        return []
    shared = {
        "provider": terms.provider,
        "meter": terms.meter,
        "scope": terms.scope,
        "model_id": canonical_model(terms.provider, terms.model),
        "x_org_slug": order.org,
        "commitment_id": terms.commitment_id,
        "tokens_per_minute": terms.tokens_per_minute,
        "minimum_units": None,
        "unit_step": None,
        "confidence": "confirmed",
        "valid_from": terms.starts_at.date(),
        "valid_to": None,
        "source": f"contract {terms.contract_id or terms.commitment_id}",
    }
    return [
        {
            **shared,
            "token_meter": entry.token_meter,
            "context_tokens_above": entry.context_tokens_above,
            "context_tokens_up_to": _next_band(entry, terms.weights),
            "weight": entry.weight,
        }
        for entry in terms.weights
    ]


def _next_band(entry: TokenWeight, weights: Iterable[TokenWeight]) -> int | None:
    return min(
        (
            other.context_tokens_above
            for other in weights
            if other.token_meter == entry.token_meter and other.context_tokens_above > entry.context_tokens_above
        ),
        default=None,
    )
