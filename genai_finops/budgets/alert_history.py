"""What the alert log knows of budgets, as far as it decides what is still to be told."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from genai_finops.budgets.alert_memory import KnownAlert, LoggedAlert, known_alerts
from genai_finops.budgets.periods import SETTLING
from genai_finops.control.alert_history import budget_alert_rows

#: Periods that settle are looked at for so long after their end; a day more for clocks that differ.
_LOOKED_BACK = SETTLING + dt.timedelta(days=1)
#: Data that has been late for longer than that is told of anew.
_LATE_LOOKED_BACK = dt.timedelta(days=100)


def alerts_by_subject(session: Any, *, now: dt.datetime) -> Mapping[str, Mapping[str, KnownAlert]]:
    """Of each subject (`budget owner/name`) the alerts of periods that are still looked at and of late data, by id."""
    rows: defaultdict[str, list[LoggedAlert]] = defaultdict(list)
    for row in budget_alert_rows(session, period_ends_after=now - _LOOKED_BACK, told_after=now - _LATE_LOOKED_BACK):
        rows[row.subject].append(row)
    return {subject: known_alerts(of_subject) for subject, of_subject in rows.items()}
