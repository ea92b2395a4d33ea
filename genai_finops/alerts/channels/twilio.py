"""A text message by Twilio. One number a channel: a second one that fails would send the first a message again."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_options import checked_key, checked_url, matching
from genai_finops.alerts.guarded_http import post
from genai_finops.alerts.sending import ChannelKind, ChannelShape, OptionKind, Options, Outgoing, SecretKind
from genai_finops.alerts.wording import short_text
from genai_finops.providers.redaction import Redactor

#: Two segments of 153 characters, four where a name needs UCS-2.
_LONGEST = 300
_E164 = r"\+[1-9]\d{6,14}"


@dataclass(frozen=True, slots=True)
class TwilioSender:
    base_url: str
    guard: Guard
    account_sid: str
    #: Who logs in: the account itself, or a key of it.
    user: str
    sender: str
    to: str
    token: str = field(repr=False)

    def send(self, outgoing: Outgoing) -> str | None:
        is_service = self.sender.startswith("MG")
        form = {
            "To": self.to,
            "MessagingServiceSid" if is_service else "From": self.sender,
            "Body": short_text(outgoing, limit=_LONGEST),
        }
        post(
            f"{self.base_url}/2010-04-01/Accounts/{self.account_sid}/Messages.json",
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            guard=self.guard,
            redactor=Redactor([self.token]),
            now=outgoing.now,
            auth=(self.user, self.token),
        )
        return None


def make(options: Options, secret: str | None, guard: Guard) -> TwilioSender:
    account = matching("account_sid", options["account_sid"], r"AC[0-9a-fA-F]{32}", "It is AC and 32 hex digits.")
    user = options.get("key_sid", account)
    if user != account:
        matching("key_sid", user, r"SK[0-9a-fA-F]{32}", "It is SK and 32 hex digits.")
    sender = matching(
        "from",
        options["from"],
        rf"{_E164}|MG[0-9a-fA-F]{{32}}|(?=.*[A-Za-z])[A-Za-z0-9 ]{{1,11}}",
        "Give a number such as +4930123456, a messaging service (MG...) or a name of 11 letters and digits.",
    )
    to = matching("to", options["to"], _E164, "Give one number such as +4930123456; make a channel for each.")
    return TwilioSender(
        checked_url("base_url", options["base_url"], guard),
        guard,
        account,
        user,
        sender,
        to,
        checked_key(secret, "The token"),
    )


KIND = ChannelKind(
    shape=ChannelShape(
        name="twilio",
        description="Text message (SMS) by Twilio",
        options={
            "account_sid": OptionKind(description="AC...", is_required=True),
            "key_sid": OptionKind(description="SK..., where the secret is that of an API key"),
            "from": OptionKind(description="Number, messaging service (MG...) or name", is_required=True),
            "to": OptionKind(description="Number", is_required=True),
            "base_url": OptionKind(description="Twilio's address", default="https://api.twilio.com"),
        },
        secret=SecretKind(description="Auth token of the account, or secret of the API key"),
    ),
    make=make,
)
