"""The statements of reservations, made once: to put one together takes longer than to run it."""

from sqlalchemy import BindParameter, bindparam, func, insert, select, text, update

from genai_finops.control.column_types import ExactDecimal, UtcDateTime
from genai_finops.control.quota_models import QuotaHold, QuotaReservation, QuotaSettlement, QuotaTotal

_reservations = QuotaReservation.metadata.tables[QuotaReservation.__tablename__]
_holds = QuotaReservation.metadata.tables[QuotaHold.__tablename__]
_settlements = QuotaReservation.metadata.tables[QuotaSettlement.__tablename__]
_totals = QuotaReservation.metadata.tables[QuotaTotal.__tablename__]

_budget_ids: BindParameter[list[int]] = bindparam("budget_ids", expanding=True)
_until = bindparam("until", type_=UtcDateTime)
_old = select(_reservations.c.reservation_id).where(_reservations.c.expires_at < _until)

TOTALS = select(_totals).where(_totals.c.budget_id.in_(_budget_ids))
#: Settlements follow holds: where nothing was held before, nothing is settled.
SET_HELD = text(
    "INSERT INTO quota_totals (budget_id, held, expires_from, settled, counted_since)"
    " VALUES (:budget_id, :held, :expires_from, '0', :counted_since)"
    " ON CONFLICT (budget_id) DO UPDATE SET held = excluded.held, expires_from = excluded.expires_from"
).bindparams(bindparam("held", type_=ExactDecimal), bindparam("expires_from", type_=UtcDateTime))
SET_TOTALS = (
    update(_totals)
    .where(_totals.c.budget_id == bindparam("id"))
    .values(held=bindparam("held"), settled=bindparam("settled"))
)
COUNT_SETTLED = (
    update(_totals)
    .where(_totals.c.budget_id == bindparam("id"))
    .values(settled=bindparam("settled"), counted_since=bindparam("counted_since"))
)

_due = (
    _holds.c.budget_id.in_(_budget_ids),
    _holds.c.is_counted.is_(True),
    _holds.c.expires_at <= bindparam("now", type_=UtcDateTime),
)
EXPIRED = select(_holds.c.budget_id, _holds.c.amount).where(*_due)
EXPIRE = update(_holds).where(*_due).values(is_counted=False)
NEXT_EXPIRIES = (
    select(_holds.c.budget_id, func.min(_holds.c.expires_at, type_=UtcDateTime()).label("expires_at"))
    .where(_holds.c.budget_id.in_(_budget_ids), _holds.c.is_counted.is_(True))
    .group_by(_holds.c.budget_id)
)

ADD_RESERVATION = insert(_reservations)
ADD_HOLD = insert(_holds)
RESERVATION = select(_reservations.c.outcome, _reservations.c.scope, _reservations.c.currency).where(
    _reservations.c.reservation_id == bindparam("reservation_id")
)
HOLDS = select(_holds).where(_holds.c.reservation_id == bindparam("reservation_id"))
UNCOUNT_HOLDS = update(_holds).where(_holds.c.reservation_id == bindparam("id")).values(is_counted=False)
END_RESERVATION = (
    update(_reservations)
    .where(_reservations.c.reservation_id == bindparam("id"))
    .values(
        outcome=bindparam("outcome"),
        ended_at=bindparam("now"),
        actual_cost=bindparam("cost"),
        actual_tokens=bindparam("tokens"),
    )
)
COUNTED_UNTIL = select(_holds.c.budget_id, _holds.c.amount).where(
    _holds.c.reservation_id.in_(_old), _holds.c.is_counted.is_(True)
)
FORGET_HOLDS = _holds.delete().where(_holds.c.reservation_id.in_(_old))
FORGET_RESERVATIONS = _reservations.delete().where(_reservations.c.expires_at < _until)

SETTLEMENTS = select(_settlements.c.settled_from, _settlements.c.provider, _settlements.c.amount).where(
    _settlements.c.budget_id == bindparam("budget_id"), _settlements.c.settled_from > bindparam("after")
)
SETTLED_AT = select(_settlements.c.budget_id, _settlements.c.amount).where(
    _settlements.c.budget_id.in_(_budget_ids),
    _settlements.c.settled_from == bindparam("settled_from"),
    _settlements.c.provider == bindparam("provider"),
)
SET_SETTLEMENT = text(
    "INSERT INTO quota_settlements (budget_id, settled_from, provider, amount)"
    " VALUES (:budget_id, :settled_from, :provider, :amount)"
    " ON CONFLICT (budget_id, settled_from, provider) DO UPDATE SET amount = excluded.amount"
).bindparams(bindparam("settled_from", type_=UtcDateTime), bindparam("amount", type_=ExactDecimal))
