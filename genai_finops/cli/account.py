"""`genai-finops account`: the accounts that organisations have at providers."""

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
from genai_finops.control.organisations import add_account, list_accounts
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
@update_option
def add(
    *,
    org: str,
    provider: str,
    account_id: str,
    name: str,
    is_free_tier: bool | None,
    is_enabled: bool | None,
    update: bool,
) -> None:
    """Add the account that PROVIDER knows as ACCOUNT_ID to ORG. Adding it again changes nothing."""
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
            update=update,
            now=utc_now(),
            actor=current_settings().actor,
        )
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
            }
            for row in list_accounts(session, org)
        ]
    print_rows(
        rows,
        as_json=as_json,
        empty="No accounts. Add one: genai-finops account add ORG PROVIDER ACCOUNT_ID --name N.",
    )


def _warn_of_unknown_provider(provider: str, settings: Settings) -> None:
    # Not an error: a provider may come from an installed package. But a mistyped one would never be fetched.
    folders = [settings.provider_config_dir, *([settings.providers_path] if settings.providers_path else [])]
    known = sorted({path.stem for folder in folders for path in folder.glob("*.yml")})
    if known and provider not in known:
        click.echo(f"Warning: provider {provider!r} is not among the configured ones: {', '.join(known)}.", err=True)
