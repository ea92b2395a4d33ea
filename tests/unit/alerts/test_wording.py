"""Figures as people read them, and names that do no harm in any channel."""

import dataclasses
import datetime as dt
import json
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

import pytest

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.alert import Alert, Driver
from genai_finops.alerts.channels import email_smtp, pagerduty, sendgrid, slack, teams
from genai_finops.alerts.rendering import html_body, text_body
from genai_finops.alerts.sending import Outgoing
from genai_finops.alerts.wording import short_text, shown_amount, shown_share, worded

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
HOSTILE = 'evil\r\nBcc: victim@example.com\u2028<script>alert(1)</script> <!channel> [x](http://evil) "&\u202egnp\x00'
BUDGET = Alert(
    alert_id="a" * 64,
    owner="acme",
    kind="threshold",
    severity="critical",
    subject="budget acme/monthly",
    title="Budget monthly is at 91 %",
    message="Spend of the month is close to its amount.",
    raised_at=NOW,
    currency="USD",
    spend=Decimal("1912.405"),
    amount=Decimal(2000),
    forecast=Decimal("2310.9"),
    threshold=Decimal("0.9"),
    period_start=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
    period_end=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
    data_as_of=NOW,
    drivers=tuple(Driver(name=f"model {name}", amount=Decimal(400)) for name in "abcd"),
    link="https://finops.example.com/budgets/acme/monthly",
)
HOSTILE_ALERT = dataclasses.replace(
    BUDGET,
    title=HOSTILE,
    message=HOSTILE,
    subject=HOSTILE,
    drivers=(Driver(name=HOSTILE, amount=Decimal(1)),),
    figures={HOSTILE: HOSTILE},
    link="javascript:alert(1)",
)


def outgoing(alert: Alert = BUDGET, attempt: int = 1) -> Outgoing:
    return Outgoing(delivery_id="d" * 64, attempt=attempt, is_reminder=False, alert=alert, now=NOW)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.found.add(tag)


def test_the_text_says_amount_share_forecast_three_drivers_data_time_and_link() -> None:
    assert text_body(outgoing()) == (
        "[CRITICAL] Budget monthly is at 91 %\n"
        "\n"
        "Spend of the month is close to its amount.\n"
        "\n"
        "Organisation: acme\n"
        "About: budget acme/monthly\n"
        "Spent: USD 1,912.41 of USD 2,000.00 (95.6 %)\n"
        "Threshold: 90 %\n"
        "Forecast to the end of the period: USD 2,310.90 (115.5 %)\n"
        "Period: 2026-11-01 00:00 UTC to 2026-12-01 00:00 UTC\n"
        "Data complete until: 2026-11-05 06:00 UTC\n"
        "Raised: 2026-11-05 06:00 UTC\n"
        "\n"
        "Largest parts:\n"
        "1. model a: USD 400.00 (20.9 %)\n"
        "2. model b: USD 400.00 (20.9 %)\n"
        "3. model c: USD 400.00 (20.9 %)\n"
        "\n"
        "https://finops.example.com/budgets/acme/monthly\n"
    )


def test_html_says_what_the_text_says() -> None:
    page = html_body(outgoing())
    said = [text for pair in worded(outgoing()).facts for text in pair] + ["model c", BUDGET.message, BUDGET.link]
    assert [text for text in said if str(text) not in page] == []


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (Decimal("1234567.895"), "USD", "USD 1,234,567.90"),
        (Decimal("1234.5"), "JPY", "JPY 1,235"),
        (Decimal(-3), "EUR", "EUR -3.00"),
        (Decimal("1234567.4"), None, "1,234,567 tokens"),
    ],
)
def test_amounts_have_a_currency_or_are_whole_tokens(amount: Decimal, currency: str | None, shown: str) -> None:
    assert shown_amount(amount, currency) == shown


def test_a_share_just_below_all_does_not_read_as_all() -> None:
    assert shown_share(Decimal("0.99999")) == "99.9 %"


def test_a_repeat_says_that_it_may_be_one() -> None:
    assert "may be a repeat" in text_body(outgoing(attempt=2))
    assert "may be a repeat" not in text_body(outgoing())


def test_a_text_message_is_cut_but_not_its_link() -> None:
    text = short_text(outgoing(dataclasses.replace(BUDGET, title="x" * 140)), limit=160)
    assert len(text) <= 160
    assert text.endswith(f"… {BUDGET.link}")


def test_hostile_names_put_no_tags_and_no_links_into_html() -> None:
    assert Tags(html_body(outgoing(HOSTILE_ALERT))).found <= Tags(html_body(outgoing())).found - {"a"}


def test_hostile_names_add_no_header_to_an_e_mail() -> None:
    options = {"host": "smtp.example.com", "security": "tls", "from": "finops@example.com", "to": "cfo@example.com"}
    mail = email_smtp.make(options, None, Guard()).mail_of(outgoing(HOSTILE_ALERT))
    parsed = message_from_bytes(mail.as_bytes(), policy=default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"].startswith("[CRITICAL] evil Bcc: victim@example.com <script>")


def test_hostile_names_neither_mention_nor_link_in_slack() -> None:
    payload = slack.payload_of(outgoing(HOSTILE_ALERT))
    assert "<!channel>" not in payload["text"]
    assert '"mrkdwn"' not in json.dumps(payload)


def test_hostile_names_are_no_markdown_in_teams() -> None:
    card = teams.payload_of(outgoing(HOSTILE_ALERT))["attachments"][0]["content"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert "actions" not in card


@pytest.mark.parametrize("kind", ["slack", "teams", "pagerduty", "sendgrid", "text"])
def test_no_channel_is_given_control_or_direction_characters(kind: str) -> None:
    make = sendgrid.make({"base_url": "https://api.example.com", "from": "a@b.c", "to": "d@e.f"}, None, Guard())
    given = {
        "slack": slack.payload_of,
        "teams": teams.payload_of,
        "pagerduty": pagerduty.event_of,
        "sendgrid": make.mail_of,
        "text": lambda sent: short_text(sent, limit=300),
    }[kind](outgoing(HOSTILE_ALERT))
    shown = json.dumps(given, ensure_ascii=False)
    assert [text for text in ("\u202e", "\u2028", "\\u0000", "\\r") if text in shown] == []


def test_slack_keeps_its_limits_whatever_the_names() -> None:
    long = dataclasses.replace(
        BUDGET, title="t" * 999, message="m" * 9999, figures={str(n): "v" * 999 for n in range(40)}
    )
    payload = slack.payload_of(outgoing(long))
    blocks = payload["attachments"][0]["blocks"]
    assert len(blocks[0]["text"]["text"]) <= 150
    assert len(blocks[1]["text"]["text"]) <= 3000
    assert len(blocks[2]["fields"]) <= 10


def test_a_recovery_resolves_the_incident_of_what_it_takes_back() -> None:
    recovery = dataclasses.replace(BUDGET, alert_id="b" * 64, kind="recovery", severity="info", recovers="a" * 64)
    events = [pagerduty.event_of(outgoing(alert)) for alert in (BUDGET, recovery)]
    assert [(event["event_action"], event["dedup_key"]) for event in events] == [
        ("trigger", "a" * 64),
        ("resolve", "a" * 64),
    ]
