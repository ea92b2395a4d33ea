"""An incoming webhook of Slack, with blocks. Its URL is the secret."""

import json
from dataclasses import dataclass, field
from typing import Any

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_options import secret_url
from genai_finops.alerts.guarded_http import post
from genai_finops.alerts.rendering import colour_of
from genai_finops.alerts.sending import ChannelKind, ChannelShape, Options, Outgoing, SecretKind
from genai_finops.alerts.wording import worded
from genai_finops.providers.redaction import Redactor

#: Limits of Slack's blocks: characters of a header, fields of a section.
_HEADER = 150
_FIELDS = 10


@dataclass(frozen=True, slots=True)
class SlackSender:
    url: str = field(repr=False)
    guard: Guard

    def send(self, outgoing: Outgoing) -> str | None:
        post(
            self.url,
            content=json.dumps(payload_of(outgoing)).encode(),
            headers={"Content-Type": "application/json"},
            guard=self.guard,
            redactor=Redactor([self.url, *self.url.split("/")[3:]]),
            now=outgoing.now,
        )
        return None


def payload_of(outgoing: Outgoing) -> dict[str, Any]:
    """Blocks of plain text, in which names neither mention nor link; `text` is what notifications show."""
    words = worded(outgoing)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(words.subject[:_HEADER])},
        {"type": "section", "text": _plain(words.message or words.title)},
        {"type": "section", "fields": [_plain(f"{label}\n{value}") for label, value in words.facts[:_FIELDS]]},
    ]
    if words.drivers:
        lines = [
            f"{place}. {name}: {amount}{f' ({share})' if share else ''}"
            for place, (name, amount, share) in enumerate(words.drivers, 1)
        ]
        blocks.append({"type": "section", "text": _plain("\n".join(["Largest parts:", *lines]))})
    if words.link:
        button = {"type": "button", "text": _plain("Open"), "url": words.link}
        blocks.append({"type": "actions", "elements": [button]})
    remark = f"{words.note} " if words.note else ""
    blocks.append({"type": "context", "elements": [_plain(f"{remark}Alert {outgoing.alert.alert_id}")]})
    return {"text": _escaped(words.subject), "attachments": [{"color": colour_of(outgoing), "blocks": blocks}]}


def make(options: Options, secret: str | None, guard: Guard) -> SlackSender:  # noqa: ARG001 - has no options
    return SlackSender("" if secret is None else secret_url(secret.strip(), guard), guard)


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    # Slack reads <!channel> and <https://...|text> in it.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


KIND = ChannelKind(
    shape=ChannelShape(
        name="slack",
        description="Incoming webhook of Slack",
        secret=SecretKind(description="URL of the incoming webhook"),
    ),
    make=make,
)
