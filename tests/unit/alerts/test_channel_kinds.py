"""What a user may enter for each kind of channel."""

import pytest

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_kinds import KINDS, check_channel
from genai_finops.errors import FinopsError

SID = "AC" + "0" * 32
KEY = "whsec_" + "QUJD" * 11
GOOD: dict[str, tuple[dict[str, str], str | None]] = {
    "smtp": ({"host": "smtp.example.com", "from": "a@example.com", "to": "b@example.com, c@example.com"}, None),
    "sendgrid": ({"from": "a@example.com", "to": "b@example.com"}, "SG.key"),
    "slack": ({}, "https://hooks.slack.com/services/T0/B0/secret"),
    "teams": ({}, "https://prod-1.westeurope.logic.azure.com/workflows/1/triggers/manual?sig=secret"),
    "pagerduty": ({}, "0123456789abcdef0123456789abcdef"),
    "twilio": ({"account_sid": SID, "from": "+4930123456", "to": "+4930654321"}, "token"),
    "webhook": ({"url": "https://example.com/alerts"}, KEY),
}
BAD = [
    ("smtp", {"host": "smtp.example.com/x"}, None),
    ("smtp", {"security": "none"}, None),
    ("smtp", {"security": "ssl"}, None),
    ("smtp", {"port": "0"}, None),
    ("smtp", {"to": "Someone <b@example.com>"}, None),
    ("smtp", {"to": "b@example.com,"}, None),
    ("smtp", {"from": "a@b\nBcc: c@example.com"}, None),
    ("smtp", {}, "password without user"),
    ("sendgrid", {"from": "nobody"}, "SG.key"),
    ("sendgrid", {"base_url": "http://api.sendgrid.com"}, "SG.key"),
    ("sendgrid", {}, "SG.key\nX: y"),
    ("slack", {"channel": "#ops"}, "https://hooks.slack.com/services/T0/B0/secret"),
    ("slack", {}, "http://hooks.slack.com/services/T0/B0/secret"),
    ("slack", {}, "https://10.0.0.1/services"),
    ("teams", {}, "workflow"),
    ("pagerduty", {}, "key with blanks"),
    ("pagerduty", {}, None),
    ("twilio", {"account_sid": "AC1"}, "token"),
    ("twilio", {"to": "+4930654321,+4930654322"}, "token"),
    ("twilio", {"to": "030654321"}, "token"),
    ("webhook", {"url": "https://example.com/?token=1"}, KEY),
    ("webhook", {}, "whsec_short"),
    ("webhook", {}, "whsec_" + "QUJD"),
]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_right_is_taken(kind: str) -> None:
    options, secret = GOOD[kind]
    check_channel(kind, options, secret=secret, has_reference=False, guard=Guard())


@pytest.mark.parametrize(("kind", "changed", "secret"), BAD)
def test_what_cannot_be_right_is_refused(kind: str, changed: dict[str, str], secret: str | None) -> None:
    with pytest.raises(FinopsError) as caught:
        check_channel(kind, {**GOOD[kind][0], **changed}, secret=secret, has_reference=False, guard=Guard())
    assert secret is None or secret not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "option"), [(kind, name) for kind in sorted(KINDS) for name in KINDS[kind].shape.options]
)
def test_an_option_that_is_left_out_is_required_or_not_as_it_says(kind: str, option: str) -> None:
    options, secret = GOOD[kind]
    rest = {name: value for name, value in options.items() if name != option}
    if KINDS[kind].shape.options[option].is_required:
        with pytest.raises(FinopsError, match=f"lacks {option}"):
            check_channel(kind, rest, secret=secret, has_reference=False, guard=Guard())
    else:
        check_channel(kind, rest, secret=secret, has_reference=False, guard=Guard())
