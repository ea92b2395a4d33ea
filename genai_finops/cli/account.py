"""`genai-finops account`: the accounts that organisations have at providers."""

from collections.abc import Sequence

import click

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
from genai_finops.control.organisations import add_account, choose_account, list_accounts
from genai_finops.errors import FinopsError
from genai_finops.ingest.acceptance import refuse_unreadable_account
from genai_finops.settings import Settings


@click.group(cls=FinopsGroup)
def account() -> None:
    """Add and list the accounts at providers."""


@account.command()
@click.argument("org")
@click.argument("provider")
@click.argument("account_id")
@click.option("--name", required=True, help="Display name.")
@click.option("--free-tier/--paid-tier", "is_free_tier", default=None, help="The provider's tier.  [default: paid]")
@click.option("--enabled/--disabled", "is_enabled", default=None, help="Whether its usage is fetched.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="What the provider's source must know, such as regions=us-east-1,eu-west-1; may be repeated. No secrets.",
)
@click.option("--no-options", is_flag=True, help="With --update: remove all stored options.")
@update_option
def add(
    *,
    org: str,
    provider: str,
    account_id: str,
    name: str,
    is_free_tier: bool | None,
    is_enabled: bool | None,
    options: tuple[str, ...],
    no_options: bool,
    update: bool,
) -> None:
    """Add the account that PROVIDER knows as ACCOUNT_ID to ORG. Adding it again changes nothing.

    Options that are given replace all the stored ones.
    """
    if options and no_options:
        raise click.UsageError("Give either --option or --no-options.")
    _warn_of_unknown_provider(provider, current_settings())
    with control_writing() as session:
        change = add_account(
            session,
            org_slug=org,
            provider=provider,
            account_id=account_id,
            name=name,
            is_free_tier=is_free_tier,
            is_enabled=is_enabled,
            options=_parse_options(options) if options or no_options else None,
            update=update,
            now=utc_now(),
            actor=current_settings().actor,
        )
        stored = choose_account(session, org_slug=org, provider=provider, account_id=account_id.strip())
        # What cannot be read later is not stored: raising here rolls the change back.
        refuse_unreadable_account(current_settings(), provider, stored.account_id, stored.options)
    click.echo(f"account {account_id} of {org} at {provider}: {change}")


@account.command("list")
@click.argument("org", required=False)
@json_option
def list_(org: str | None, as_json: bool) -> None:
    """List the accounts of ORG, or of all organisations."""
    with control_reading() as session:
        rows = [
            {
                "org": row.org_slug,
                "provider": row.provider,
                "account_id": row.account_id,
                "name": row.name,
                "is_free_tier": row.is_free_tier,
                "is_enabled": row.is_enabled,
                "options": row.options if as_json else _shown_options(row.options),
            }
            for row in list_accounts(session, org)
        ]
    print_rows(
        rows,
        as_json=as_json,
        empty="No accounts. Add one: genai-finops account add ORG PROVIDER ACCOUNT_ID --name N.",
    )


def _parse_options(texts: Sequence[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        # A text without a key may be a secret in the wrong place: it is not repeated.
        if not separator:
            raise FinopsError("An --option is not KEY=VALUE", remedy="Write it as in --option regions=us-east-1.")
        if key in options:
            raise FinopsError(f"Option {key!r} is given twice", remedy="Give it once; separate values with commas.")
        options[key] = value
    return options


def _shown_options(options: dict[str, str]) -> str | None:
    return " ".join(f"{key}={value}" for key, value in options.items()) or None


def _warn_of_unknown_provider(provider: str, settings: Settings) -> None:
    # Not an error: a provider may come from an installed package. But a mistyped one would never be fetched.
    folders = [settings.provider_config_dir, *([settings.providers_path] if settings.providers_path else [])]
    known = sorted({path.stem for folder in folders for path in folder.glob("*.yml")})
    if known and provider not in known:
        click.echo(f"Warning: provider {provider!r} is not among the configured ones: {', '.join(known)}.", err=True)
