"""Commitments that the providers' lists name, from the states in which they were seen."""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_finops.providers.base import ResourceState
from genai_finops.providers.commitments import COMMITMENT, CapacityCommitment

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedState:
    """A state of a resource, and whose list showed it."""

    org: str
    provider: str
    credential: str
    account_id: str
    state: ResourceState


def listed_commitments(states: Iterable[ListedState]) -> list[dict[str, Any]]:
    """Rows of `genai_commitments`, at least one for each commitment among the states; other resources are passed over.

    The newest words hold, and the first and last observation over all credentials and words. A commitment that no list
    shows any more has stopped at the first list without it, unless its term was over by then; one that was gone before
    its term began was never bought, and has no row.

    A quantity that shrinks within the term is a part that stopped: it gets a row of its own, `<commitment_id>#1` and so
    on, that ended where the smaller quantity was first seen. A quantity that grows is refused: how more units are paid
    within a term no list says. The units that were bought first stay, and the log says what to enter.
    """
    found: defaultdict[tuple[str, str, str], list[ListedState]] = defaultdict(list)
    for listed in states:
        if listed.state.resource.resource_type == COMMITMENT:
            found[listed.org, listed.provider, listed.state.resource.resource_id].append(listed)
    return [row for key in sorted(found) for row in _rows(found[key])]


def _rows(states: Sequence[ListedState]) -> Iterator[dict[str, Any]]:
    ordered = sorted(states, key=lambda listed: (listed.state.first_observed_at, listed.credential))
    newest = max(ordered, key=lambda listed: (listed.state.last_observed_at, listed.credential))
    subject = f"commitment {newest.state.resource.resource_id} of {newest.org} at {newest.provider}"
    try:
        commitment = CapacityCommitment.of_resource(newest.state.resource)
    except (KeyError, ValueError) as error:
        _log.warning("%s cannot be read (%s) and is left out; read its list again", subject, error)
        return
    ended_at = _ended_at(commitment, ordered)
    if ended_at is not None and ended_at <= commitment.starts_at:
        _log.warning("%s was gone on %s, before its term began: it has no cost", subject, ended_at.isoformat())
        return
    observed = {
        "first_observed_at": min(listed.state.first_observed_at for listed in ordered),
        "last_observed_at": max(listed.state.last_observed_at for listed in ordered),
    }
    until = ended_at or commitment.ends_at
    kept, stopped = _parts(commitment, ordered, until, subject)
    yield {**_row(newest, commitment), **observed, "quantity": kept, "ended_at": ended_at}
    for number, (quantity, moment) in enumerate(stopped, start=1):
        part = f"{commitment.commitment_id}#{number}"
        yield {**_row(newest, commitment), **observed, "commitment_id": part, "quantity": quantity, "ended_at": moment}


def _ended_at(commitment: CapacityCommitment, states: Sequence[ListedState]) -> dt.datetime | None:
    """When it stopped before the end of its term; None where it did not."""
    last_of_each: dict[str, ResourceState] = {listed.credential: listed.state for listed in states}
    missed = [state.missed_at for state in last_of_each.values()]
    gone = [moment for moment in missed if moment is not None]
    moments = [commitment.ended_at]
    if len(gone) == len(missed):
        moments.append(max(gone))
    ends = [moment for moment in moments if moment is not None and moment < commitment.ends_at]
    return min(ends, default=None)


def _parts(
    commitment: CapacityCommitment, states: Sequence[ListedState], until: dt.datetime, subject: str
) -> tuple[Decimal, list[tuple[Decimal, dt.datetime]]]:
    """The quantity at the end of the term, and what stopped before with when."""
    quantity: Decimal | None = None
    stopped: list[tuple[Decimal, dt.datetime]] = []
    for listed in states:
        found, moment = listed.state.resource.capacity or Decimal(0), listed.state.first_observed_at
        if quantity is None or moment <= commitment.starts_at:
            quantity = found
        elif found > quantity:
            _log.warning(
                "%s grew from %s to %s units by %s: %s stay; enter the added units as an order of their own: "
                "genai-finops commitment add",
                *(subject, f"{quantity:f}", f"{found:f}", moment.isoformat(), f"{quantity:f}"),
            )
        elif found < quantity and moment < until:
            stopped.append((quantity - found, moment))
            quantity = found
    return quantity or Decimal(0), stopped


def _row(listed: ListedState, commitment: CapacityCommitment) -> dict[str, Any]:
    return {
        "x_org_slug": listed.org,
        "provider": listed.provider,
        "commitment_id": commitment.commitment_id,
        "account_id": listed.account_id,
        "x_credential_id": listed.credential,
        "contract_id": commitment.contract_id,
        "commitment_name": commitment.name,
        "commitment_type": commitment.commitment_type,
        "meter": commitment.meter,
        "scope": commitment.scope,
        "applies_to": commitment.applies_to,
        "resource_id": commitment.covered_resource_id,
        "provider_model_id": commitment.provider_model_id,
        "region_id": commitment.region_id,
        "term": commitment.term,
        "starts_at": commitment.starts_at,
        "ends_at": commitment.ends_at,
        "payment": commitment.payment,
        "upfront_share": None,
        "agreed_unit_price": commitment.agreed_unit_price,
        "agreed_price_period": commitment.agreed_price_period,
        "currency": commitment.currency,
        "is_renewed": commitment.is_renewed,
    }
