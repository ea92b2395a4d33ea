"""A signed JSON webhook, as the Standard Webhooks specification 1.0 has it (standardwebhooks.com)."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_options import checked_url
from genai_finops.alerts.guarded_http import post
from genai_finops.alerts.sending import ChannelKind, ChannelShape, OptionKind, Options, Outgoing, SecretKind
from genai_finops.errors import FinopsError
from genai_finops.providers.redaction import Redactor

_PREFIX = "whsec_"
#: As the specification asks for.
_KEY_BYTES = range(24, 65)


@dataclass(frozen=True, slots=True)
class WebhookSender:
    url: str
    guard: Guard
    #: All of them sign, so that a receiver may change over from one to the other.
    keys: tuple[bytes, ...] = field(repr=False)
    redactor: Redactor

    def send(self, outgoing: Outgoing) -> str | None:
        content = json.dumps(payload_of(outgoing), ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = int(outgoing.now.timestamp())
        post(
            self.url,
            content=content,
            headers={
                "Content-Type": "application/json",
                "webhook-id": outgoing.delivery_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": " ".join(
                    signature(outgoing.delivery_id, timestamp, content, k) for k in self.keys
                ),
            },
            guard=self.guard,
            redactor=self.redactor,
            now=outgoing.now,
        )
        return None


def signature(message_id: str, timestamp: int, content: bytes, key: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body, with dots between them."""
    signed = f"{message_id}.{timestamp}.".encode() + content
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")


def payload_of(outgoing: Outgoing) -> dict[str, Any]:
    """The body: amounts as text, because a JSON number would not keep them."""
    alert = outgoing.alert
    return {
        "type": f"alert.{alert.kind}",
        "timestamp": _moment(alert.raised_at),
        "data": {
            "delivery_id": outgoing.delivery_id,
            "attempt": outgoing.attempt,
            "may_be_repeat": outgoing.may_be_repeat,
            "is_reminder": outgoing.is_reminder,
            "alert_id": alert.alert_id,
            "owner": alert.owner,
            "kind": alert.kind,
            "severity": alert.severity,
            "subject": alert.subject,
            "title": alert.title,
            "message": alert.message,
            "currency": alert.currency,
            "spend": _number(alert.spend),
            "amount": _number(alert.amount),
            "share": None if alert.share is None else f"{alert.share:.6f}",
            "forecast": _number(alert.forecast),
            "threshold": _number(alert.threshold),
            "period_start": _moment(alert.period_start),
            "period_end": _moment(alert.period_end),
            "data_as_of": _moment(alert.data_as_of),
            "drivers": [{"name": driver.name, "amount": _number(driver.amount)} for driver in alert.drivers],
            "link": alert.link,
            "recovers": alert.recovers,
            "figures": dict(alert.figures),
        },
    }


def make(options: Options, secret: str | None, guard: Guard) -> WebhookSender:
    url = checked_url("url", options["url"], guard)
    if "?" in url:
        raise FinopsError(
            "Option url of the channel has a query, which may hold a secret",
            remedy="Leave it out: the signature proves who sends.",
        )
    keys = tuple(_key(text) for text in (secret or "").split())
    if secret is not None and not keys:
        raise FinopsError("The signing secret is empty", remedy="Make one: it is whsec_ and base64 of 24 to 64 bytes.")
    return WebhookSender(url, guard, keys, Redactor((secret or "").split()))


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if len(key) not in _KEY_BYTES:
        raise FinopsError(
            "The signing secret is not base64 of 24 to 64 bytes",
            remedy='Make one: python -c \'import base64, secrets; print("whsec_" + '
            "base64.b64encode(secrets.token_bytes(32)).decode())'.",
        )
    return key


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _moment(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


KIND = ChannelKind(
    shape=ChannelShape(
        name="webhook",
        description="Signed JSON to any address",
        options={"url": OptionKind(description="Where it is posted to", is_required=True)},
        secret=SecretKind(description="Signing secret: whsec_ and base64; two with a blank between them both sign"),
    ),
    make=make,
)
