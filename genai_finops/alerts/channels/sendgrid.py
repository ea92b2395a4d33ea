"""E-mail by SendGrid's API v3."""

import json
from dataclasses import dataclass, field
from typing import Any

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_options import checked_key, checked_url, mail_address, mail_addresses
from genai_finops.alerts.guarded_http import post
from genai_finops.alerts.rendering import html_body, text_body
from genai_finops.alerts.sending import ChannelKind, ChannelShape, OptionKind, Options, Outgoing, SecretKind
from genai_finops.alerts.wording import worded
from genai_finops.providers.redaction import Redactor


@dataclass(frozen=True, slots=True)
class SendGridSender:
    base_url: str
    guard: Guard
    sender: str
    to: tuple[str, ...]
    api_key: str = field(repr=False)

    def send(self, outgoing: Outgoing) -> str | None:
        post(
            f"{self.base_url}/v3/mail/send",
            content=json.dumps(self.mail_of(outgoing)).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.api_key}"},
            guard=self.guard,
            redactor=Redactor([self.api_key]),
            now=outgoing.now,
        )
        return None

    def mail_of(self, outgoing: Outgoing) -> dict[str, Any]:
        return {
            "personalizations": [{"to": [{"email": address} for address in self.to]}],
            "from": {"email": self.sender, "name": "genai-finops"},
            "subject": worded(outgoing).subject,
            # Plain text has to come first.
            "content": [
                {"type": "text/plain", "value": text_body(outgoing)},
                {"type": "text/html", "value": html_body(outgoing)},
            ],
            "headers": {
                "X-Genai-Finops-Alert": outgoing.alert.alert_id,
                "X-Genai-Finops-Delivery": outgoing.delivery_id,
                "X-Genai-Finops-Attempt": str(outgoing.attempt),
            },
            # Links lead where they say, and nobody is told who opened them.
            "tracking_settings": {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}},
        }


def make(options: Options, secret: str | None, guard: Guard) -> SendGridSender:
    return SendGridSender(
        checked_url("base_url", options["base_url"], guard),
        guard,
        mail_address("from", options["from"]),
        tuple(mail_addresses("to", options["to"])),
        checked_key(secret, "The API key"),
    )


KIND = ChannelKind(
    shape=ChannelShape(
        name="sendgrid",
        description="E-mail by SendGrid",
        options={
            "from": OptionKind(description="Address of a verified sender", is_required=True),
            "to": OptionKind(description="Addresses, with commas between them", is_required=True),
            "base_url": OptionKind(
                description="https://api.eu.sendgrid.com in the EU", default="https://api.sendgrid.com"
            ),
        },
        secret=SecretKind(description="API key that may send mail"),
    ),
    make=make,
)
