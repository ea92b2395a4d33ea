"""The kinds of channels, and a channel as it is entered and as it is opened for sending."""

from collections.abc import Mapping

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channels import email_smtp, pagerduty, sendgrid, slack, teams, twilio, webhook
from genai_finops.alerts.sending import ChannelKind, Sender
from genai_finops.control.alert_channels import secret_of
from genai_finops.control.alert_models import AlertChannel
from genai_finops.control.checked_values import check_member
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

KINDS: Mapping[str, ChannelKind] = {
    module.KIND.shape.name: module.KIND for module in (email_smtp, pagerduty, sendgrid, slack, teams, twilio, webhook)
}


def check_channel(
    kind: str, options: Mapping[str, str], *, secret: str | None, has_reference: bool, guard: Guard
) -> None:
    """Raises FinopsError for a kind that does not exist, and for options or a secret that cannot be right.

    A secret that is kept elsewhere is not looked at: it need not be there where the channel is entered.
    """
    check_member(kind, "Kind of channel", tuple(KINDS))
    shape = KINDS[kind].shape
    for name, text in options.items():
        check_member(name, f"Option of {kind}", tuple(shape.options))
        if not text or not text.isprintable() or text != text.strip():
            raise FinopsError(f"Option {name} is empty, padded or not printable", remedy=f"Give {name} a value.")
    lacking = [name for name, option in shape.options.items() if option.is_required and name not in options]
    if lacking:
        raise FinopsError(
            f"A channel of kind {kind} lacks {', '.join(lacking)}", remedy=f"Add --option {lacking[0]}=VALUE."
        )
    if shape.secret.is_required and secret is None and not has_reference:
        raise FinopsError(
            f"A channel of kind {kind} needs a secret: {shape.secret.description}",
            remedy="Give it with --secret-stdin, --secret-file or --reference.",
        )
    KINDS[kind].make(_completed(kind, options), secret, guard)


def open_channel(row: AlertChannel, settings: Settings) -> Sender:
    """The channel, ready to send. Raises FinopsError when its secret cannot be had, or is no longer right."""
    kind = KINDS.get(row.kind)
    if kind is None:
        raise FinopsError(
            f"Channel {row.owner}/{row.name} is of kind {row.kind!r}", remedy="Install that release again."
        )
    secret = secret_of(row, settings)
    guard = Guard(allow_private=row.allow_private, allow_plain=row.allow_plain)
    return kind.make(_completed(row.kind, row.options), None if secret is None else secret.reveal(), guard)


def _completed(kind: str, options: Mapping[str, str]) -> dict[str, str]:
    defaults = {
        name: option.default for name, option in KINDS[kind].shape.options.items() if option.default is not None
    }
    return {**defaults, **options}
