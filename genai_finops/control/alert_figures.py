"""How often alerts failed to reach their channels."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from genai_finops.control.alert_models import AlertAttempt, AlertDelivery


def failed_attempts(session: Session) -> Mapping[str, int]:
    """Attempts that failed, for now or for good, by channel (`owner/name`); 0 for channels that never failed."""
    columns = (AlertDelivery.channel_owner, AlertDelivery.channel_name)
    rows = session.execute(
        select(*columns, func.count(AlertAttempt.attempt))
        .outerjoin(
            AlertAttempt,
            (AlertAttempt.delivery_id == AlertDelivery.delivery_id) & (AlertAttempt.outcome.in_(["failed", "refused"])),
        )
        .group_by(*columns)
    )
    return {f"{owner}/{name}": count for owner, name, count in rows}
