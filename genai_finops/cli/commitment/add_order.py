"""`genai-finops commitment add`: an order of reserved capacity that no interface lists."""

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.cli.entered_values import billing_currencies
from genai_finops.control.commitment_file import read_terms
from genai_finops.control.commitment_rules import APPLIES_TO
from genai_finops.control.commitments import commitment_terms, enter_commitment
from genai_finops.schemas.meters import CAPACITY_METERS
from genai_finops.schemas.tables.commitments import CAPACITY_SCOPES, PAYMENTS, PRICE_PERIODS, TERMS

_NEXT_STEP = "The next transform takes it into the register of commitments."


@click.command(name="add")
@click.argument("org")
@click.argument("provider")
@click.argument("id", metavar="ID")
@click.option("--meter", required=True, type=click.Choice(CAPACITY_METERS), help="Unit of capacity, by the hour.")
@click.option("--quantity", required=True, metavar="NUMBER", help="Units.")
@click.option("--term", required=True, type=click.Choice(TERMS), help="Length of the term.")
@click.option("--from", "starts_at", required=True, metavar="MOMENT", help="Start of the term: a UTC day, or a moment.")
@click.option("--to", "ends_at", metavar="MOMENT", help="End of the term, exclusive.  [default: by the calendar]")
@click.option("--payment", required=True, type=click.Choice(PAYMENTS), help="How it is paid.")
@click.option("--upfront-share", metavar="NUMBER", help="Share that is paid at once, with partial_upfront.")
@click.option("--price", metavar="NUMBER", help="Agreed price of one unit for --per.  [default: the price table's]")
@click.option("--per", "price_period", type=click.Choice(PRICE_PERIODS), help="What --price is for.")
@click.option("--currency", help="ISO 4217 code.  [default: that of the provider's price list]")
@click.option("--account", metavar="ACCOUNT_ID", help="Account at the provider.  [default: the only one]")
@click.option("--contract", help="Order or contract that it belongs to.  [default: ID]")
@click.option("--name", help="Display name.")
@click.option("--type", "type", help="Kind of commitment, in the provider's words.  [default: by provider and meter]")
@click.option("--model", help="Model that it is for, in any spelling of the provider.  [default: any]")
@click.option("--region", help="Region that it is for.  [default: any]")
@click.option("--scope", type=click.Choice(CAPACITY_SCOPES), help="Where the capacity serves.")
@click.option("--applies-to", type=click.Choice(APPLIES_TO), default="account", show_default=True)
@click.option("--resource", help="The one resource that it is for, as usage names it; with --applies-to resource.")
@click.option("--renewed/--not-renewed", "renewed", default=False, help="Whether it is renewed at the end of its term.")
@click.option("--tokens-per-minute", metavar="NUMBER", help="Weighted tokens per minute that one unit serves.")
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="METER[>TOKENS]=NUMBER",
    help="What a token of a meter weighs, for prompts above so many tokens; may be repeated.",
)
def command(*, org: str, account: str | None, weights: tuple[str, ...], renewed: bool, **options: str | None) -> None:
    """Enter the order ID of ORG at PROVIDER. Nothing is overwritten: an order that changes gets an id of its own.

    \b
    Ten GSU for a month, paid by the month at the price table's price:
      genai-finops commitment add acme gcp_vertex order-7 --meter gsu_hour --quantity 10 --model gemini-2.5-flash \\
        --region europe-west4 --term P1M --from 2026-10-01 --payment monthly
    \b
    Four units of OpenAI Scale Tier at an agreed price:
      genai-finops commitment add acme openai scale-1 --meter throughput_unit_hour --quantity 4 --model gpt-5 \\
        --term P1Y --from 2026-10-01 --payment monthly --price 3000 --per month --tokens-per-minute 30000 \\
        --weight uncached_input=1 --weight cache_read=0.1 --weight output=4
    """
    fields = {name: value for name, value in options.items() if value is not None}
    fields |= {"renewed": str(renewed).lower(), "weights": " ".join(weights)}
    settings = current_settings()
    currencies = billing_currencies(settings)
    terms = read_terms(fields, currencies)
    with control_writing() as session:
        row = enter_commitment(
            session,
            terms,
            org_slug=org,
            account_id=account,
            currencies=currencies,
            now=utc_now(),
            actor=settings.actor,
        )
        line = f"commitment {row.commitment_id} of {org}/{row.account_id}: entered\n  {commitment_terms(row).summary}"
    click.echo(f"{line}\n{_NEXT_STEP}")
