"""Reservations in the control database: what requests that are under way hold, and what was settled of late.

Everything here is called inside `reserving`, which lets one caller at a time check and reserve.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Engine, delete, or_, select
from sqlalchemy.orm import Session

from genai_finops.control import reservation_statements as statements
from genai_finops.control.database import QUOTA_LOCK, writing
from genai_finops.control.quota_models import QuotaReservation, QuotaSettlement
from genai_finops.errors import FinopsError

#: What is settled within one of these is added up, and counts until all of it is among the spend.
SETTLEMENT_WIDTH = dt.timedelta(minutes=5)
#: How long an ended or expired reservation is remembered, so that it can be settled late or twice.
REMEMBERED = dt.timedelta(days=2)
#: Settlements that the spend includes are kept for so long, in case the spend is found to include less again.
_KEPT = dt.timedelta(days=3)
#: A statement takes a limited number of values.
_AT_ONCE = 500

Ended = Literal["settled", "released", "repeated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """What of the settlements a budget's spend includes: everything before these moments."""

    #: Start of the period; earlier settlements belong to an earlier one.
    period_start: dt.datetime
    #: By provider, until when its data is complete.
    until: Mapping[str, dt.datetime] = field(default_factory=dict)

    def since(self, provider: str) -> dt.datetime:
        """From when on settlements of the provider are not yet among the spend.

        Of requests that named no provider, it is from when on any provider's are not.
        """
        known = self.until.get(provider) if provider else min(self.until.values(), default=None)
        return self.period_start if known is None else max(self.period_start, known)

    @property
    def digest(self) -> str:
        """Differs where anything does."""
        told = [self.period_start.isoformat(), *(f"{key}={moment}" for key, moment in sorted(self.until.items()))]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a budget's spend does not include yet."""

    #: By requests that are under way.
    held: Decimal = Decimal(0)
    #: By requests that have ended.
    settled: Decimal = Decimal(0)
    #: Nothing that is held expires earlier; None where nothing is.
    expires_from: dt.datetime | None = None
    #: Digest of what was taken to be among the spend.
    counted_since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What a reservation is to take of a budget, beside what others have taken."""

    budget_id: int
    amount: Decimal
    #: None for tokens.
    currency: str | None
    others: Taken


@contextmanager
def reserving(engine: Engine) -> Iterator[Session]:
    """A session in which a check and the reservation that relies on it cannot be parted, across all processes.

    On Postgres it waits for others of its kind only, not for writers of anything else.
    """
    with writing(engine, lock=QUOTA_LOCK) as session:
        yield session


def taken(session: Session, budgets: Mapping[int, Included], *, now: dt.datetime) -> dict[int, Taken]:
    """What the budgets' spend does not include yet, by budget. Holds that expired up to `now` no longer count."""
    found = {budget_id: Taken(counted_since=included.digest) for budget_id, included in budgets.items()}
    if not budgets:
        return found
    totals = _rows(session, statements.TOTALS, budget_ids=list(budgets))
    held = {row.budget_id: Taken(held=row.held, expires_from=row.expires_from) for row in totals}
    held = _without_expired(session, held, now)
    changed = []
    for row in totals:
        included = budgets[row.budget_id]
        settled = row.settled
        if row.counted_since != included.digest:
            _forget_settlements(session, row.budget_id, included)
            settled = _settled(session, row.budget_id, included)
            changed.append({"id": row.budget_id, "settled": settled, "counted_since": included.digest})
        found[row.budget_id] = replace(held[row.budget_id], settled=settled, counted_since=included.digest)
    if changed:
        session.connection().execute(statements.COUNT_SETTLED, changed)
    return found


def settled_amounts(session: Session, budgets: Mapping[int, Included]) -> dict[int, Decimal]:
    """What was settled and is not among the budgets' spend yet, by budget; nothing of those without any. Only reads."""
    ids = list(budgets)
    found = {}
    for start in range(0, len(ids), _AT_ONCE):
        for row in _rows(session, statements.TOTALS, budget_ids=ids[start : start + _AT_ONCE]):
            included = budgets[row.budget_id]
            is_current = row.counted_since == included.digest
            found[row.budget_id] = row.settled if is_current else _settled(session, row.budget_id, included)
    return found


def reserve(
    session: Session,
    reservation_id: str,
    holds: Sequence[Hold],
    *,
    scope: Mapping[str, str],
    cost: Decimal | None,
    currency: str | None,
    tokens: Decimal | None,
    now: dt.datetime,
    expires_at: dt.datetime,
) -> None:
    """Holds the amounts until the reservation is settled, released or expires.

    Whether it may is for callers to say, by what `taken` found in this session.
    """
    connection = session.connection()
    reservation = {
        "reservation_id": reservation_id,
        "scope": dict(scope),
        "estimated_cost": cost,
        "currency": None if cost is None else currency,
        "estimated_tokens": tokens,
        "made_at": now,
        "expires_at": expires_at,
    }
    connection.execute(statements.ADD_RESERVATION, reservation)
    common = {"reservation_id": reservation_id, "expires_at": expires_at, "is_counted": True}
    if holds:
        connection.execute(
            statements.ADD_HOLD,
            [
                {"budget_id": hold.budget_id, "amount": hold.amount, "currency": hold.currency, **common}
                for hold in holds
            ],
        )
        connection.execute(
            statements.SET_HELD,
            [
                {
                    "budget_id": hold.budget_id,
                    "held": hold.others.held + hold.amount,
                    "expires_from": min(hold.others.expires_from or expires_at, expires_at),
                    "counted_since": hold.others.counted_since,
                }
                for hold in holds
            ],
        )


def settle(
    session: Session,
    reservation_id: str,
    *,
    cost: Decimal | None,
    currency: str | None,
    tokens: Decimal | None,
    now: dt.datetime,
) -> Ended:
    """Says what a request really took; a second time changes nothing and is `repeated`.

    It may come after the reservation has expired or was released: what was spent counts from then on. Of what is not
    said, cost or tokens, the estimate counts. Raises FinopsError for an unknown reservation, and for a cost in another
    currency than the estimate's.
    """
    row = _found(session, reservation_id)
    if row.outcome == "settled":
        return "repeated"
    if cost is not None and row.currency not in {None, currency}:
        raise FinopsError(
            f"Reservation {reservation_id} was estimated in {row.currency}, and settled in {currency}",
            remedy=f"Give the cost in {row.currency}.",
        )
    holds = _rows(session, statements.HOLDS, reservation_id=reservation_id)
    amounts = {hold.budget_id: _taken_of(hold, cost=cost, currency=currency, tokens=tokens) for hold in holds}
    _add_settlements(session, amounts, provider=row.scope.get("provider", ""), now=now)
    _end(session, reservation_id, holds, amounts, outcome="settled", now=now, actual_cost=cost, actual_tokens=tokens)
    return "settled"


def release(session: Session, reservation_id: str, *, now: dt.datetime) -> Ended:
    """Says that a request took nothing; of one that has ended already it changes nothing and is `repeated`.

    Raises FinopsError for an unknown reservation.
    """
    if _found(session, reservation_id).outcome is not None:
        return "repeated"
    holds = _rows(session, statements.HOLDS, reservation_id=reservation_id)
    _end(session, reservation_id, holds, {}, outcome="released", now=now)
    return "released"


def open_reservations(session: Session, *, now: dt.datetime) -> Sequence[QuotaReservation]:
    """Those that are under way, the oldest first."""
    columns = QuotaReservation
    return session.scalars(
        select(columns)
        .where(columns.outcome.is_(None), columns.expires_at > now)
        .order_by(columns.made_at, columns.reservation_id)
    ).all()


def forget(session: Session, *, now: dt.datetime) -> int:
    """Deletes reservations that ended or expired long ago; gives how many."""
    long_ago = now - REMEMBERED
    # A budget that nobody checks any more may still count what is deleted.
    expired = _rows(session, statements.COUNTED_UNTIL, until=long_ago)
    _change_totals(session, _by_budget((hold.budget_id, -hold.amount) for hold in expired), {})
    session.connection().execute(statements.FORGET_HOLDS, {"until": long_ago})
    return session.connection().execute(statements.FORGET_RESERVATIONS, {"until": long_ago}).rowcount


def _rows(session: Session, statement: Any, **values: Any) -> Sequence[Any]:
    # Past the ORM, whose sessions take longer to prepare a statement than the database to answer it.
    return session.connection().execute(statement, values).all()


def _without_expired(session: Session, budgets: dict[int, Taken], now: dt.datetime) -> dict[int, Taken]:
    due = [key for key, each in budgets.items() if each.expires_from is not None and each.expires_from <= now]
    if not due:
        return budgets
    expired = _by_budget(
        (hold.budget_id, hold.amount) for hold in _rows(session, statements.EXPIRED, budget_ids=due, now=now)
    )
    session.connection().execute(statements.EXPIRE, {"budget_ids": due, "now": now})
    next_ones = dict(_rows(session, statements.NEXT_EXPIRIES, budget_ids=due))
    left = {
        key: Taken(held=budgets[key].held - expired.get(key, Decimal(0)), expires_from=next_ones.get(key))
        for key in due
    }
    session.connection().execute(
        statements.SET_HELD,
        [
            {"budget_id": key, "held": each.held, "expires_from": each.expires_from, "counted_since": ""}
            for key, each in left.items()
        ],
    )
    return budgets | left


def _settled(session: Session, budget_id: int, included: Included) -> Decimal:
    rows = _rows(session, statements.SETTLEMENTS, budget_id=budget_id, after=included.period_start - SETTLEMENT_WIDTH)
    return sum(
        (row.amount for row in rows if row.settled_from + SETTLEMENT_WIDTH > included.since(row.provider)), Decimal(0)
    )


def _forget_settlements(session: Session, budget_id: int, included: Included) -> None:
    table = QuotaSettlement
    outdated = [
        (table.provider == provider) & (table.settled_from < included.since(provider) - _KEPT)
        for provider in ("", *included.until)
    ]
    of_earlier_period = table.settled_from < included.period_start - _KEPT
    session.execute(delete(table).where(table.budget_id == budget_id, or_(of_earlier_period, *outdated)))


def _add_settlements(session: Session, amounts: Mapping[int, Decimal], *, provider: str, now: dt.datetime) -> None:
    if not amounts:
        return
    settled_from = now - (now - dt.datetime.min.replace(tzinfo=dt.UTC)) % SETTLEMENT_WIDTH
    key = {"settled_from": settled_from, "provider": provider}
    before = dict(_rows(session, statements.SETTLED_AT, budget_ids=list(amounts), **key))
    session.connection().execute(
        statements.SET_SETTLEMENT,
        [
            {"budget_id": budget_id, "amount": before.get(budget_id, Decimal(0)) + amount, **key}
            for budget_id, amount in amounts.items()
        ],
    )


def _end(
    session: Session,
    reservation_id: str,
    holds: Sequence[Any],
    settled: Mapping[int, Decimal],
    *,
    outcome: str,
    now: dt.datetime,
    actual_cost: Decimal | None = None,
    actual_tokens: Decimal | None = None,
) -> None:
    _change_totals(session, {hold.budget_id: -hold.amount for hold in holds if hold.is_counted}, settled)
    connection = session.connection()
    connection.execute(statements.UNCOUNT_HOLDS, {"id": reservation_id})
    connection.execute(
        statements.END_RESERVATION,
        {"id": reservation_id, "outcome": outcome, "now": now, "cost": actual_cost, "tokens": actual_tokens},
    )


def _change_totals(session: Session, held: Mapping[int, Decimal], settled: Mapping[int, Decimal]) -> None:
    changed = [*held, *(budget_id for budget_id in settled if budget_id not in held)]
    rows = {row.budget_id: row for row in _rows(session, statements.TOTALS, budget_ids=changed)} if changed else {}
    if rows:
        session.connection().execute(
            statements.SET_TOTALS,
            [
                {
                    "id": budget_id,
                    "held": row.held + held.get(budget_id, Decimal(0)),
                    "settled": row.settled + settled.get(budget_id, Decimal(0)),
                }
                for budget_id, row in rows.items()
            ],
        )


def _by_budget(amounts: Iterable[tuple[int, Decimal]]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for budget_id, amount in amounts:
        found[budget_id] = found.get(budget_id, Decimal(0)) + amount
    return found


def _found(session: Session, reservation_id: str) -> Any:
    rows = _rows(session, statements.RESERVATION, reservation_id=reservation_id)
    if not rows:
        raise FinopsError(
            f"There is no reservation {reservation_id!r}",
            remedy=f"Take the id that the check gave; it is forgotten {REMEMBERED.days} days after its expiry.",
        )
    return rows[0]


def _taken_of(hold: Any, *, cost: Decimal | None, currency: str | None, tokens: Decimal | None) -> Decimal:
    told = tokens if hold.currency is None else cost
    if told is None:
        return Decimal(hold.amount)
    # A budget counts its own currency only.
    return told if hold.currency in {None, currency} else Decimal(0)
