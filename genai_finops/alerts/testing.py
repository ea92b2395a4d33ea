"""Trying out a channel: one alert that says so, sent at once and kept nowhere."""

import datetime as dt
import hashlib
from decimal import Decimal

from genai_finops.alerts.alert import Alert, Driver
from genai_finops.alerts.channel_kinds import open_channel
from genai_finops.alerts.send_error import SendError
from genai_finops.alerts.sending import Outgoing
from genai_finops.control.alert_channels import get_channel, shown_owner
from genai_finops.control.database import open_database, reading
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings


def send_test(settings: Settings, *, owner: str, name: str, now: dt.datetime) -> str | None:
    """Sends a test to the channel; gives what it remarks. Raises FinopsError when it does not arrive."""
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            row = get_channel(session, owner=owner, name=name)
    finally:
        engine.dispose()
    alert_id = hashlib.sha256(f"test\x00{owner}\x00{name}\x00{now.isoformat()}".encode()).hexdigest()
    outgoing = Outgoing(
        delivery_id=alert_id, attempt=1, is_reminder=False, alert=_alert(alert_id, owner, name, now), now=now
    )
    try:
        return open_channel(row, settings).send(outgoing)
    except SendError as error:
        raise FinopsError(
            f"The test of channel {shown_owner(owner)}/{name} did not arrive: {error}",
            remedy="Correct the channel with genai-finops alert channel add ... --update, and test it again.",
        ) from None


def _alert(alert_id: str, owner: str, name: str, now: dt.datetime) -> Alert:
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Alert(
        alert_id=alert_id,
        owner=owner,
        kind="test",
        severity="info",
        subject=f"channel {name}",
        title=f"Test of the channel {name}",
        message="This is how alerts look here. The figures are made up, and there is nothing to do.",
        raised_at=now,
        currency="USD",
        spend=Decimal("812.40"),
        amount=Decimal(1000),
        forecast=Decimal("1204.00"),
        threshold=Decimal("0.75"),
        period_start=start,
        period_end=(start + dt.timedelta(days=32)).replace(day=1),
        data_as_of=now,
        drivers=(
            Driver(name="model example-large", amount=Decimal("500.10")),
            Driver(name="model example-small", amount=Decimal("212.30")),
            Driver(name="tenant example", amount=Decimal("100.00")),
        ),
    )
