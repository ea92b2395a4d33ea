"""`genai-finops credential`: what the accounts are read with. Secrets never come as arguments."""

import sys
from pathlib import Path

import click

from genai_finops.cli.context import (
    control_engine,
    control_reading,
    control_writing,
    current_settings,
    json_option,
    print_rows,
    update_option,
    utc_now,
)
from genai_finops.cli.errors import FinopsGroup
from genai_finops.control.credentials import add_credential, list_credentials, remove_credential
from genai_finops.control.rotation import rotate_master_key
from genai_finops.control.secret import Secret
from genai_finops.errors import FinopsError
from genai_finops.ingest.acceptance import refuse_malformed_secret


@click.group(cls=FinopsGroup)
def credential() -> None:
    """Add, list and remove credentials, and change the key that encrypts them."""


@credential.command()
@click.argument("org")
@click.argument("provider")
@click.option("--id", "credential_id", help="Id of the credential.  [default: ORG-PROVIDER]")
@click.option("--account", "account_id", help="Account at the provider.  [default: the only one]")
@click.option("--name", help="Display name.  [default: the id]")
@click.option("--secret-stdin", is_flag=True, help="Read the secret from standard input and encrypt it.")
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path),
    help="Read the secret from a file, such as a JSON key, and encrypt it.",
)
@click.option("--reference", help="Where the secret is kept: env:NAME or file:/PATH.")
@click.option("--enabled/--disabled", "is_enabled", default=None, help="Whether it is fetched with.")
@update_option
def add(
    *,
    org: str,
    provider: str,
    credential_id: str | None,
    account_id: str | None,
    name: str | None,
    secret_stdin: bool,
    secret_file: Path | None,
    reference: str | None,
    is_enabled: bool | None,
    update: bool,
) -> None:
    """Add a credential of ORG at PROVIDER: a secret from standard input or a file, or a reference to one.

    On a terminal the secret is asked for, as one line and without showing it; several lines come through a pipe or from
    a file. Adding the same again changes nothing.
    """
    if [secret_stdin, secret_file is not None, reference is not None].count(True) != 1:
        raise click.UsageError("Give one of --secret-stdin, --secret-file and --reference.")
    secret = None if reference is not None else _read_secret(secret_file)
    if secret is not None:
        refuse_malformed_secret(current_settings(), provider, secret.reveal())
    with control_writing() as session:
        credential_id, change = add_credential(
            session,
            current_settings(),
            org_slug=org,
            provider=provider,
            credential_id=credential_id,
            account_id=account_id,
            name=name,
            secret=secret,
            reference=reference,
            is_enabled=is_enabled,
            update=update,
            now=utc_now(),
            actor=current_settings().actor,
        )
    click.echo(f"credential {org}/{credential_id}: {change}")


@credential.command("list")
@click.argument("org", required=False)
@json_option
def list_(org: str | None, as_json: bool) -> None:
    """List the credentials of ORG, or of all organisations. Secrets are never shown."""
    with control_reading() as session:
        rows = [
            {
                "org": row.org_slug,
                "credential": row.credential_id,
                "provider": row.provider,
                "account_id": row.account_id,
                "name": row.name,
                "kind": row.kind,
                "key_id": row.key_id,
                "reference": row.reference,
                "is_enabled": row.is_enabled,
                "created_at": row.created_at,
                "rotated_at": row.rotated_at,
            }
            for row in list_credentials(session, org)
        ]
    print_rows(
        rows, as_json=as_json, empty="No credentials. Add one: genai-finops credential add ORG PROVIDER --secret-stdin."
    )


@credential.command()
@click.argument("org")
@click.argument("credential_id")
def remove(org: str, credential_id: str) -> None:
    """Delete the credential CREDENTIAL_ID of ORG. What was fetched with it stays."""
    with control_writing() as session:
        remove_credential(
            session, org_slug=org, credential_id=credential_id, now=utc_now(), actor=current_settings().actor
        )
    click.echo(f"credential {org}/{credential_id}: removed")


@credential.command("rotate-key")
def rotate_key() -> None:
    """Encrypt all credentials with a new master key.

    With the key file, a new key is generated. With GENAI_FINOPS_MASTER_KEY, put the new key before the old one,
    separated by a comma; once this command has ended, the old one can go.
    """
    settings = current_settings()
    with control_engine() as engine:
        count = rotate_master_key(engine, settings, now=utc_now(), actor=settings.actor)
    click.echo(f"{count} credentials encrypted with the current master key")


def _read_secret(path: Path | None) -> Secret:
    if path is not None:
        text = _read_file(path)
    elif sys.stdin.isatty():
        text = str(click.prompt("Secret", hide_input=True))
    else:
        text = sys.stdin.read()
    # Line breaks within it belong to it: key files are JSON over several lines.
    return Secret.of(text.strip())


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        # Not chained: a decoding error carries the bytes.
        raise FinopsError(
            f"The secret file {path} cannot be read ({type(error).__name__})",
            remedy="Give a UTF-8 text file that you may read.",
        ) from None
