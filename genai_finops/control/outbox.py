"""The outbox as who sends sees it: each step is a short transaction of its own, and none is open while it sends."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import Engine

from genai_finops.control.alert_channels import find_channel
from genai_finops.control.alert_models import AlertChannel
from genai_finops.control.alert_outbox import ClaimedDelivery, claim_due, give_back, note_failed, note_sent
from genai_finops.control.database import open_database, reading, writing
from genai_finops.settings import Settings


class Outbox:
    """Deliveries that one process sends. For several threads. Raises FinopsError when the database does not answer."""

    def __init__(self, engine: Engine, *, holder: str, now: dt.datetime) -> None:
        self._engine = engine
        self._holder = holder
        self._now = now

    @classmethod
    def open(cls, settings: Settings, *, holder: str, now: dt.datetime) -> "Outbox":
        """The outbox of these settings. Close it."""
        return cls(open_database(settings), holder=holder, now=now)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def claim(self, *, lease: dt.timedelta, per_channel: int) -> list[ClaimedDelivery]:
        """What is due, taken for so long."""
        with writing(self._engine) as session:
            return claim_due(session, holder=self._holder, now=self._now, lease=lease, per_channel=per_channel)

    def channel_of(self, delivery: ClaimedDelivery) -> AlertChannel | None:
        """Where the delivery goes to; None where the channel was removed."""
        with reading(self._engine) as session:
            return find_channel(session, owner=delivery.channel_owner, name=delivery.channel_name)

    def sent(self, delivery: ClaimedDelivery, remark: str | None) -> None:
        """It arrived."""
        with writing(self._engine) as session:
            note_sent(session, delivery, remark=remark, now=self._now)

    def failed(self, delivery: ClaimedDelivery, error: str, *, again_at: dt.datetime | None) -> bool:
        """It did not; None: it never will. Whether it is given up."""
        with writing(self._engine) as session:
            return note_failed(session, delivery, error, again_at=again_at, now=self._now)

    def give_back(self, claimed: Collection[ClaimedDelivery], *, not_before: dt.datetime | None) -> None:
        """They were not tried."""
        with writing(self._engine) as session:
            give_back(session, claimed, not_before=not_before)
