"""An alert in words: figures as people read them, and names that can do no harm wherever they are put."""

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from urllib.parse import urlsplit

from genai_finops.alerts.alert import Alert
from genai_finops.alerts.sending import Outgoing
from genai_finops.attribution.minor_units import decimals_of, rounded
from genai_finops.control.alert_content import PLATFORM

_LONGEST_TITLE = 150
_LONGEST_TEXT = 1500
_LONGEST_NAME = 120
_SHOWN_DRIVERS = 3
_SHOWN_FIGURES = 12
_LABELS = {"recovery": "RECOVERED", "data_late": "DATA LATE", "test": "TEST"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What every channel says of an alert. Texts are single lines without control characters."""

    #: `WARNING`, `RECOVERED`, ...
    label: str
    title: str
    message: str
    #: Label and value.
    facts: Sequence[tuple[str, str]]
    #: The largest parts of what was spent: name, amount, share of the spend (None where there is no whole).
    drivers: Sequence[tuple[str, str, str | None]]
    link: str | None
    #: That this is a reminder, or may be a repeat.
    note: str | None

    @property
    def subject(self) -> str:
        """Label and title in one line."""
        return f"[{self.label}] {self.title}"


def worded(outgoing: Outgoing) -> Wording:
    """The alert in words."""
    alert = outgoing.alert
    return Wording(
        label=_LABELS.get(alert.kind, alert.severity.upper()),
        title=one_line(alert.title, _LONGEST_TITLE),
        message=one_line(alert.message, _LONGEST_TEXT),
        facts=_facts(alert),
        drivers=[
            (
                one_line(driver.name, _LONGEST_NAME),
                shown_amount(driver.amount, alert.currency),
                _part(driver.amount, alert),
            )
            for driver in alert.drivers[:_SHOWN_DRIVERS]
        ],
        link=alert.link if alert.link and _is_link(alert.link) else None,
        note=_note(outgoing),
    )


def short_text(outgoing: Outgoing, *, limit: int) -> str:
    """Subject, spend and link in so many characters at most; the link is never cut."""
    words = worded(outgoing)
    spent = dict(words.facts).get("Spent")
    text = f"{words.subject}. {spent}" if spent else words.subject
    link = f" {words.link}" if words.link and len(words.link) < limit // 2 else ""
    repeat = " (may be a repeat)" if outgoing.may_be_repeat else ""
    return one_line(text, limit - len(link) - len(repeat)) + repeat + link


def one_line(text: str, limit: int) -> str:
    """The text without control, format and direction characters, in one line of so many characters at most."""
    kept = (
        character if not unicodedata.category(character).startswith("C") else " " if character.isspace() else ""
        for character in text
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def shown_amount(amount: Decimal, currency: str | None) -> str:
    """`USD 1,234.50`, or `1,234 tokens` where there is no currency."""
    if currency is None:
        return f"{amount.quantize(Decimal(1), rounding=ROUND_HALF_UP):,} tokens"
    return f"{currency} {rounded(amount, currency):,.{decimals_of(currency)}f}"


def shown_share(share: Decimal) -> str:
    """`81.2 %`, cut and not rounded: what is not used up never reads as 100 %."""
    return f"{(share * 100).quantize(Decimal('0.1'), rounding=ROUND_DOWN):,} %"


def shown_moment(moment: dt.datetime) -> str:
    """`2026-11-05 06:00 UTC`."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _facts(alert: Alert) -> list[tuple[str, str]]:
    currency = alert.currency
    facts = [
        ("Organisation", "the platform" if alert.owner == PLATFORM else alert.owner),
        ("About", one_line(alert.subject, _LONGEST_NAME)),
    ]
    if alert.spend is not None:
        whole = ""
        if alert.amount is not None and alert.share is not None:
            whole = f" of {shown_amount(alert.amount, currency)} ({shown_share(alert.share)})"
        facts.append(("Spent", shown_amount(alert.spend, currency) + whole))
    if alert.threshold is not None:
        facts.append(("Threshold", f"{(alert.threshold * 100).normalize():f} %"))
    if alert.forecast is not None:
        part = f" ({shown_share(alert.forecast / alert.amount)})" if alert.amount else ""
        facts.append(("Forecast to the end of the period", shown_amount(alert.forecast, currency) + part))
    if alert.period_start is not None and alert.period_end is not None:
        facts.append(("Period", f"{shown_moment(alert.period_start)} to {shown_moment(alert.period_end)}"))
    if alert.data_as_of is not None:
        facts.append(("Data complete until", shown_moment(alert.data_as_of)))
    facts.append(("Raised", shown_moment(alert.raised_at)))
    facts += [
        (one_line(name.replace("_", " "), _LONGEST_NAME), one_line(text, _LONGEST_NAME))
        for name, text in list(alert.figures.items())[:_SHOWN_FIGURES]
    ]
    return facts


def _part(amount: Decimal, alert: Alert) -> str | None:
    return shown_share(amount / alert.spend) if alert.spend and alert.spend > 0 else None


def _note(outgoing: Outgoing) -> str | None:
    if outgoing.may_be_repeat:
        return (
            f"Attempt {outgoing.attempt}: this may be a repeat of what arrived before. Delivery {outgoing.delivery_id}"
        )
    return "This is a reminder: what it tells of still holds." if outgoing.is_reminder else None


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname) and text.isprintable() and " " not in text
