"""`genai-finops alert channel`: where alerts are sent to. Secrets never come as arguments."""

from pathlib import Path
from typing import Any

import click

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_kinds import KINDS, check_channel
from genai_finops.alerts.testing import send_test
from genai_finops.cli.alert.entered_secret import entered_secret
from genai_finops.cli.context import (
    control_reading,
    control_writing,
    current_settings,
    json_option,
    print_rows,
    update_option,
    utc_now,
)
from genai_finops.cli.errors import FinopsGroup
from genai_finops.control.alert_channels import add_channel, find_channel, get_channel, list_channels, remove_channel
from genai_finops.control.alert_models import AlertChannel
from genai_finops.errors import FinopsError


@click.group(cls=FinopsGroup)
def command() -> None:
    """Where alerts are sent to. OWNER is an organisation, or '*' for the platform."""


@command.command()
@click.argument("owner")
@click.argument("name")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="May be repeated; `kinds` lists them.")
@click.option("--secret-stdin", is_flag=True, help="Read the secret from standard input and encrypt it.")
@click.option("--secret-file", type=click.Path(path_type=Path), help="Read the secret from a file and encrypt it.")
@click.option("--reference", help="Where the secret is kept: env:NAME or file:/PATH.")
@click.option("--allow-private", is_flag=True, help="It may reach private networks and this machine.")
@click.option("--allow-plain", is_flag=True, help="It may send without encryption.")
@update_option
def add(
    *,
    owner: str,
    name: str,
    kind: str,
    options: tuple[str, ...],
    secret_stdin: bool,
    secret_file: Path | None,
    reference: str | None,
    allow_private: bool,
    allow_plain: bool,
    update: bool,
) -> None:
    """Add the channel NAME of KIND. On a terminal the secret is asked for, without showing it.

    \b
      genai-finops alert channel add acme ops slack --secret-stdin
      genai-finops alert channel add '*' oncall pagerduty --reference env:PAGERDUTY_KEY
      genai-finops alert channel add acme mail smtp --option host=smtp.example.com --option from=finops@example.com \\
        --option to=cfo@example.com --option user=finops --secret-file /run/secrets/smtp
    """
    if [secret_stdin, secret_file is not None, reference is not None].count(True) > 1:
        raise click.UsageError("Give one of --secret-stdin, --secret-file and --reference.")
    settings = current_settings()
    secret = entered_secret(from_stdin=secret_stdin, path=secret_file)
    values = _options(options)
    with control_writing() as session:
        stored = find_channel(session, owner=owner, name=name)
        check_channel(
            kind,
            values,
            secret=None if secret is None else secret.reveal(),
            # Without a word about the secret, an update leaves it as it is.
            has_reference=reference is not None or (update and stored is not None),
            guard=Guard(allow_private=allow_private, allow_plain=allow_plain),
        )
        change = add_channel(
            session,
            settings,
            owner=owner,
            name=name,
            kind=kind,
            options=values,
            secret=secret,
            reference=reference,
            allow_private=allow_private,
            allow_plain=allow_plain,
            update=update,
            now=utc_now(),
            actor=settings.actor,
        )
    click.echo(f"alert channel {owner}/{name}: {change}")
    if change != "unchanged":
        click.echo(f"Try it: genai-finops alert channel test {_quoted(owner)} {name}")


@command.command(name="list")
@click.argument("owner", required=False)
@json_option
def list_(owner: str | None, as_json: bool) -> None:
    """List the channels of OWNER, or all. Secrets are never shown."""
    with control_reading() as session:
        rows = [_shown(row, as_json=as_json) for row in list_channels(session, owner)]
    print_rows(rows, as_json=as_json, empty="No channels. Add one: genai-finops alert channel add --help.")


@command.command()
@click.argument("owner")
@click.argument("name")
@json_option
def show(owner: str, name: str, as_json: bool) -> None:
    """Show the channel NAME of OWNER, without its secret."""
    with control_reading() as session:
        shown = _shown(get_channel(session, owner=owner, name=name), as_json=as_json)
    print_rows([shown], as_json=as_json, empty="")


@command.command()
@click.argument("owner")
@click.argument("name")
def remove(owner: str, name: str) -> None:
    """Delete the channel NAME of OWNER and its routes, and give up what it has not sent."""
    with control_writing() as session:
        routes, given_up = remove_channel(
            session, owner=owner, name=name, now=utc_now(), actor=current_settings().actor
        )
    click.echo(f"alert channel {owner}/{name}: removed, with {routes} routes; {given_up} deliveries given up")


@command.command()
@click.argument("owner")
@click.argument("name")
def test(owner: str, name: str) -> None:
    """Send a test to the channel NAME of OWNER, now, past routes and quiet hours."""
    remark = send_test(current_settings(), owner=owner, name=name, now=utc_now())
    click.echo(f"alert channel {owner}/{name}: the test was accepted{f' ({remark})' if remark else ''}")


@command.command()
@json_option
def kinds(as_json: bool) -> None:
    """List the kinds of channels, their options and what their secret is."""
    rows = [
        {"kind": name, "option": option, "required": required, "default": default, "description": description}
        for name, kind in sorted(KINDS.items())
        for option, required, default, description in [
            ("(secret)", kind.shape.secret.is_required, None, kind.shape.secret.description),
            *((key, spec.is_required, spec.default, spec.description) for key, spec in kind.shape.options.items()),
        ]
    ]
    print_rows(rows, as_json=as_json, empty="")


def _options(texts: tuple[str, ...]) -> dict[str, str]:
    options: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or name in options:
            raise FinopsError(
                f"--option {name!r} has no value or is given twice", remedy="Write each once, as --option NAME=VALUE."
            )
        options[name] = value
    return options


def _shown(row: AlertChannel, *, as_json: bool) -> dict[str, Any]:
    secret = "encrypted" if row.ciphertext is not None else row.reference
    options = dict(row.options) if as_json else " ".join(f"{name}={value}" for name, value in row.options.items())
    return {
        "owner": row.owner,
        "channel": row.name,
        "kind": row.kind,
        "options": options,
        "secret": secret,
        "allow_private": row.allow_private,
        "allow_plain": row.allow_plain,
        "created_at": row.created_at,
    }


def _quoted(owner: str) -> str:
    return f"'{owner}'" if owner == "*" else owner
