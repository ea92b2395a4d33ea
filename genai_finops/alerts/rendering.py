"""An alert as e-mail shows it: HTML, and the same as text."""

from decimal import Decimal
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from genai_finops.alerts.sending import Outgoing
from genai_finops.alerts.wording import worded

COLOURS = {"info": "#2f6fab", "warning": "#b7791f", "critical": "#c05621", "exceeded": "#b91c1c"}
RECOVERED_COLOUR = "#2f855a"


def colour_of(outgoing: Outgoing) -> str:
    """As `#2f6fab`, by severity."""
    return RECOVERED_COLOUR if outgoing.alert.kind == "recovery" else COLOURS[outgoing.alert.severity]


def html_body(outgoing: Outgoing) -> str:
    """One page without scripts and without anything from elsewhere."""
    share = outgoing.alert.share
    used = None if share is None else int(min(max(share * 100, Decimal(1)), Decimal(100)))
    return (
        _environment()
        .get_template("alert.html.j2")
        .render(words=worded(outgoing), colour=colour_of(outgoing), used=used, alert_id=outgoing.alert.alert_id)
    )


def text_body(outgoing: Outgoing) -> str:
    """The same in plain text."""
    return _environment().get_template("alert.txt.j2").render(words=worded(outgoing))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("genai_finops.alerts"),
        # Names in the plain text stay as they are.
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
