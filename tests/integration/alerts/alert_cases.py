"""Alerts of the tests."""

import datetime as dt
from typing import Any

from genai_finops.alerts.alert import Alert

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
#: Signs the webhooks of the tests.
KEY = "whsec_" + "QUJD" * 11


def alert(alert_id: str = "a1", **values: Any) -> Alert:
    defaults: dict[str, Any] = {
        "owner": "acme",
        "kind": "threshold",
        "severity": "warning",
        "subject": "budget acme/monthly",
        "title": f"Budget monthly ({alert_id})",
        "message": "Three quarters are spent.",
        "raised_at": NOW,
    }
    return Alert(alert_id=alert_id, **{**defaults, **values})
