"""`genai-finops providers`: what is configured, and whether an organisation's accounts can be read."""

from collections import Counter

import click

from genai_finops.cli.check_results import print_results
from genai_finops.cli.context import control_reading, current_settings, json_option, print_rows
from genai_finops.cli.errors import FinopsGroup
from genai_finops.control.organisations import list_accounts
from genai_finops.doctor.probe import probe_organisation
from genai_finops.ingest.plan import provider_configs, session_options


@click.group(cls=FinopsGroup)
def providers() -> None:
    """List the providers, and check that they can be read."""


@providers.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the configured providers with their flows, address and number of accounts."""
    configs = provider_configs(current_settings())
    with control_reading() as session:
        accounts = Counter(row.provider for row in list_accounts(session) if row.is_enabled)
    print_rows(
        [
            {
                "provider": config.id,
                "name": config.name,
                "flows": list(config.flows) if as_json else " ".join(config.flows),
                "base_url": config.base_url,
                "accounts": accounts[config.id],
            }
            for config in configs.values()
        ],
        as_json=as_json,
        empty="No providers. GENAI_FINOPS_PROVIDER_CONFIGS must lead to a folder of <id>.yml files.",
    )


@providers.command()
@click.argument("provider")
@click.option("--org", required=True, help="Organisation whose credentials are tried.")
@click.option("--account", "account_id", help="Try only this account.  [default: all]")
@json_option
def probe(*, provider: str, org: str, account_id: str | None, as_json: bool) -> None:
    """Check configuration, credential, hosts, rights and clock of ORG's accounts at PROVIDER.

    One line for each check: ok, warning, failed or skipped, with the remedy where one is needed. The exit code is 1
    when a check failed. Nothing is stored.
    """
    settings = current_settings()
    results = probe_organisation(settings, provider, org=org, account_id=account_id, options=session_options(settings))
    print_results(results, as_json=as_json)
