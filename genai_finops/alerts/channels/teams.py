"""A workflow of Microsoft Teams that takes an adaptive card. Its URL is the secret."""

import json
from dataclasses import dataclass, field
from typing import Any

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_options import secret_url
from genai_finops.alerts.guarded_http import post
from genai_finops.alerts.sending import ChannelKind, ChannelShape, Options, Outgoing, SecretKind
from genai_finops.alerts.wording import worded
from genai_finops.providers.redaction import Redactor

_COLOURS = {"info": "Accent", "warning": "Warning", "critical": "Attention", "exceeded": "Attention"}


@dataclass(frozen=True, slots=True)
class TeamsSender:
    url: str = field(repr=False)
    guard: Guard

    def send(self, outgoing: Outgoing) -> str | None:
        post(
            self.url,
            content=json.dumps(payload_of(outgoing)).encode(),
            headers={"Content-Type": "application/json"},
            guard=self.guard,
            # The signature is in the query.
            redactor=Redactor(
                [self.url, *self.url.replace("?", "/").replace("&", "/").replace("=", "/").split("/")[3:]]
            ),
            now=outgoing.now,
        )
        return None


def payload_of(outgoing: Outgoing) -> dict[str, Any]:
    """A message with one card. All text is in runs, which know no Markdown: names neither link nor mention."""
    words = worded(outgoing)
    alert = outgoing.alert
    colour = "Good" if alert.kind == "recovery" else _COLOURS[alert.severity]
    body = [
        _text(words.subject, size="Large", weight="Bolder", color=colour),
        _text(words.message or words.title),
        *(_pair(label, value) for label, value in words.facts),
    ]
    if words.drivers:
        body.append(_text("Largest parts", weight="Bolder"))
        body += [_pair(name, f"{amount}{f' ({share})' if share else ''}") for name, amount, share in words.drivers]
    body.append(
        _text(f"{words.note} Alert {alert.alert_id}" if words.note else f"Alert {alert.alert_id}", size="Small")
    )
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if words.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": words.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def make(options: Options, secret: str | None, guard: Guard) -> TeamsSender:  # noqa: ARG001 - has no options
    return TeamsSender("" if secret is None else secret_url(secret.strip(), guard), guard)


def _text(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _pair(label: str, value: str) -> dict[str, Any]:
    runs = [{"type": "TextRun", "text": f"{label}: ", "weight": "Bolder"}, {"type": "TextRun", "text": value}]
    return {"type": "RichTextBlock", "inlines": runs}


KIND = ChannelKind(
    shape=ChannelShape(
        name="teams",
        description="Workflow of Microsoft Teams",
        secret=SecretKind(description="URL of the workflow"),
    ),
    make=make,
)
