"""PagerDuty's Events API v2: an incident for each alert, which its recovery resolves."""

import json
from dataclasses import dataclass, field
from typing import Any

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_options import checked_key, checked_url
from genai_finops.alerts.guarded_http import post
from genai_finops.alerts.sending import ChannelKind, ChannelShape, OptionKind, Options, Outgoing, SecretKind
from genai_finops.alerts.wording import worded
from genai_finops.providers.redaction import Redactor

_SEVERITIES = {"info": "info", "warning": "warning", "critical": "error", "exceeded": "critical"}
_LONGEST_SUMMARY = 1024


@dataclass(frozen=True, slots=True)
class PagerDutySender:
    base_url: str
    guard: Guard
    routing_key: str = field(repr=False)

    def send(self, outgoing: Outgoing) -> str | None:
        post(
            f"{self.base_url}/v2/enqueue",
            content=json.dumps({"routing_key": self.routing_key, **event_of(outgoing)}).encode(),
            headers={"Content-Type": "application/json"},
            guard=self.guard,
            redactor=Redactor([self.routing_key]),
            now=outgoing.now,
        )
        return None


def event_of(outgoing: Outgoing) -> dict[str, Any]:
    """The event without its routing key. A repeat or reminder has the key of the first: PagerDuty joins them."""
    alert, words = outgoing.alert, worded(outgoing)
    if alert.kind == "recovery" and alert.recovers is not None:
        return {"event_action": "resolve", "dedup_key": alert.recovers}
    payload = {
        "summary": words.subject[:_LONGEST_SUMMARY],
        "source": words.facts[1][1] or "genai-finops",
        "severity": _SEVERITIES[alert.severity],
        "timestamp": alert.raised_at.isoformat(),
        "component": "genai-finops",
        "group": alert.owner,
        "class": alert.kind,
        "custom_details": {
            "message": words.message,
            **dict(words.facts),
            **{f"part {place}": f"{name}: {amount}" for place, (name, amount, _) in enumerate(words.drivers, 1)},
            "delivery_id": outgoing.delivery_id,
            "attempt": outgoing.attempt,
        },
    }
    links = {"links": [{"href": words.link, "text": "Open"}]} if words.link else {}
    return {
        "event_action": "trigger",
        "dedup_key": alert.alert_id,
        "client": "genai-finops",
        "payload": payload,
        **links,
    }


def make(options: Options, secret: str | None, guard: Guard) -> PagerDutySender:
    base_url = checked_url("base_url", options["base_url"], guard)
    return PagerDutySender(base_url, guard, checked_key(secret, "The integration key"))


KIND = ChannelKind(
    shape=ChannelShape(
        name="pagerduty",
        description="Events API v2 of PagerDuty",
        options={
            "base_url": OptionKind(
                description="https://events.eu.pagerduty.com in the EU", default="https://events.pagerduty.com"
            )
        },
        secret=SecretKind(description="Integration key of the service"),
    ),
    make=make,
)
