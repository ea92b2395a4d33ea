"""What an alert says. It is described beside the log that keeps it, which knows nothing of this package."""

from genai_finops.control.alert_content import Alert, AlertKind, AlertSeverity, Driver

__all__ = ["Alert", "AlertKind", "AlertSeverity", "Driver"]
