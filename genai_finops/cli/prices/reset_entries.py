"""`genai-finops prices reset`: the default prices and plans again, without touching an organisation's own."""

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.cli.prices.entry_texts import NEXT_STEP
from genai_finops.control.price_defaults import reset_to_defaults
from genai_finops.control.price_entries import terms_of
from genai_finops.ingest.organisation_defaults import read_organisation_defaults


@click.command(name="reset")
@click.option("--org", required=True, help="Organisation.")
def command(*, org: str) -> None:
    """Give an organisation the default prices and plans of this release again; what was entered for it stays.

    Defaults that were removed come back, those that changed are ended and added anew. A second reset changes nothing.

    \b
    Example:
      genai-finops prices reset --org acme
    """
    settings = current_settings()
    defaults = read_organisation_defaults(settings, utc_now())
    with control_writing() as session:
        outcome = reset_to_defaults(session, org, defaults, now=utc_now(), actor=settings.actor)
        ended = [f"ended price {row.id}: {terms_of(row).summary}" for row in outcome.ended_prices]
        added = [f"added price {row.id}: {terms_of(row).summary}" for row in outcome.added_prices]
        ended += [f"ended plan {row.subscription_id}: {row.plan_name}" for row in outcome.ended_plans]
        added += [f"added plan {row.subscription_id}: {row.plan_name}" for row in outcome.added_plans]
    for line in (*ended, *added):
        click.echo(line)
    click.echo(
        f"{org}: kept {len(outcome.own_prices)} own and {len(outcome.kept_prices)} default prices, "
        f"{len(outcome.own_plans)} own and {len(outcome.kept_plans)} default plans; "
        f"ended {len(ended)}, added {len(added)}"
    )
    click.echo(NEXT_STEP if ended or added else "Nothing changed.")
