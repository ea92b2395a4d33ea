"""Alerts of budgets that are still looked at, with only the columns that decide what is still to be told."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from genai_finops.control.alert_models import AlertRecord

_OF_PERIODS = ("threshold", "forecast", "recovery")
_OF_DATA = ("data_late", "recovery")


def budget_alert_rows(session: Session, *, period_ends_after: dt.datetime, told_after: dt.datetime) -> Sequence[Any]:
    """Alerts of periods that end after a moment, alerts of late data told after another, and what takes both back."""
    table = AlertRecord
    return session.execute(
        select(
            table.alert_id,
            table.kind,
            table.subject,
            table.recovers,
            table.raised_at,
            table.last_told_at,
            table.is_sent,
            table.figures,
        ).where(
            table.subject.like("budget %"),
            or_(
                and_(table.kind.in_(_OF_PERIODS), table.period_end > period_ends_after),
                and_(table.kind.in_(_OF_DATA), table.period_end.is_(None), table.last_told_at > told_after),
            ),
        )
    ).all()
