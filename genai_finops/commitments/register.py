"""All commitments of all organisations as one table: those that the providers list, and those that were entered."""

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from genai_finops.commitments.listed import ListedState, listed_commitments
from genai_finops.control.commitment_rules import CommitmentTerms
from genai_finops.schemas.tables.commitments import COMMITMENTS
from genai_finops.schemas.validation import empty_frame

_log = logging.getLogger(__name__)
#: Credential of an order that no list names.
CONFIGURED = "configured"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredCommitment:
    """An order as it was entered, and since when it is known."""

    org: str
    account_id: str
    terms: CommitmentTerms
    first_entered_at: dt.datetime
    entered_at: dt.datetime


def commitments_frame(states: Iterable[ListedState], entered: Iterable[EnteredCommitment]) -> pl.DataFrame:
    """The table `genai_commitments`, ordered by its grain. See `listed_commitments` for what lists decide.

    Where an order was entered under the id of a commitment that a list names, the list holds, and the log says so.
    """
    rows = listed_commitments(states)
    listed = {_key(row) for row in rows}
    for order in entered:
        row = _entered_row(order)
        if _key(row) in listed:
            _log.warning(
                "commitment %s of %s at %s is listed by the provider: what was entered of it is not used; remove it, "
                "and enter its price with genai-finops commitment price set",
                *(row["commitment_id"], order.org, row["provider"]),
            )
        else:
            rows.append(row)
    schema = empty_frame(COMMITMENTS).schema
    return pl.DataFrame(rows, schema=schema, orient="row").sort(COMMITMENTS.grain)


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["x_org_slug"], row["provider"], row["commitment_id"].lower()


def _entered_row(order: EnteredCommitment) -> dict[str, Any]:
    terms = order.terms
    ends_at = terms.last_moment
    return {
        "x_org_slug": order.org,
        "provider": terms.provider,
        "commitment_id": terms.commitment_id,
        "account_id": order.account_id,
        "x_credential_id": CONFIGURED,
        "contract_id": terms.contract_id or terms.commitment_id,
        "commitment_name": terms.name,
        "commitment_type": terms.commitment_type,
        "meter": terms.meter,
        "scope": terms.scope,
        "applies_to": terms.applies_to,
        "resource_id": terms.resource_id,
        "provider_model_id": terms.model,
        "region_id": terms.region,
        "quantity": terms.quantity,
        "term": terms.term,
        "starts_at": terms.starts_at,
        "ends_at": ends_at,
        "ended_at": None if terms.ended_at is None or terms.ended_at >= ends_at else terms.ended_at,
        "payment": terms.payment,
        "upfront_share": terms.upfront_share,
        "agreed_unit_price": terms.agreed_unit_price,
        "agreed_price_period": terms.agreed_price_period,
        "currency": terms.currency,
        "is_renewed": terms.is_renewed,
        "first_observed_at": order.first_entered_at,
        "last_observed_at": order.entered_at,
    }
