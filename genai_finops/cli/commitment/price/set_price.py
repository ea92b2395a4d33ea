"""`genai-finops commitment price set`: an own price of capacity or of an accelerator."""

import datetime as dt
from decimal import Decimal

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.cli.entered_values import billing_currencies, day_after, number
from genai_finops.control.capacity_price_rules import CapacityPriceTerms
from genai_finops.control.capacity_prices import capacity_price_terms, enter_capacity_price
from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.model_resolution import recognised_model
from genai_finops.schemas.meters import ACCELERATOR_METERS, CAPACITY_METERS
from genai_finops.schemas.tables.capacity_prices import PURCHASE_OPTIONS
from genai_finops.schemas.tables.commitments import CAPACITY_SCOPES, PAYMENTS, PRICE_PERIODS, TERMS

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(name="set")
@click.argument("org")
@click.argument("provider")
@click.option("--meter", required=True, type=click.Choice((*CAPACITY_METERS, *ACCELERATOR_METERS)), help="Unit.")
@click.option("--price", required=True, type=number, metavar="NUMBER", help="Price of one unit for --per.")
@click.option(
    "--per",
    "price_period",
    type=click.Choice(PRICE_PERIODS),
    default="hour",
    show_default=True,
    help="What --price is for.",
)
@click.option("--account", metavar="ACCOUNT_ID", help="Account that the price is for.  [default: all of ORG]")
@click.option("--model", help="Model, in any spelling of the provider.  [default: any]")
@click.option("--variant", help="Accelerator or machine type.")
@click.option("--workload", help="Kind of work: training, prediction, pipeline, compute.  [default: any]")
@click.option("--scope", type=click.Choice(CAPACITY_SCOPES), help="Where the capacity serves.  [default: anywhere]")
@click.option("--region", help="Region.  [default: all]")
@click.option(
    "--purchase-option", type=click.Choice(PURCHASE_OPTIONS), help="[default: commitment with --term, else on_demand]"
)
@click.option("--term", type=click.Choice(TERMS), help="Term of the commitment.")
@click.option("--payment", type=click.Choice(PAYMENTS), help="How the commitment is paid.  [default: in any way]")
@click.option("--currency", help="ISO 4217 code.  [default: that of the provider's price list]")
@click.option("--from", "first", type=_DAY, metavar="YYYY-MM-DD", help="First UTC day.  [default: today]")
@click.option("--to", "last", type=_DAY, metavar="YYYY-MM-DD", help="Last UTC day, inclusive.  [default: open]")
@click.option("--note", help="What is to be known of the price.")
def command(
    *,
    org: str,
    provider: str,
    account: str | None,
    price: Decimal,
    model: str | None,
    purchase_option: str | None,
    term: str | None,
    currency: str | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
    price_period: str,
    **options: str | None,
) -> None:
    """Enter what ORG, or one of its accounts, pays PROVIDER for capacity or an accelerator. Nothing is overwritten.

    \b
    A PTU for a month under a reservation:
      genai-finops commitment price set acme azure_openai --meter ptu_hour --scope global --term P1M --per month \\
        --price 221
    \b
    An hour of an H100, without a commitment:
      genai-finops commitment price set acme gcp_vertex --meter gpu_hour --variant nvidia_h100_80gb --price 8.50
    """
    settings = current_settings()
    now = utc_now()
    currencies = billing_currencies(settings)
    recognised = None if model is None else recognised_model(read_alias_rules(), provider, model)
    terms = CapacityPriceTerms(
        provider=provider,
        model=recognised or model,
        purchase_option=purchase_option or ("on_demand" if term is None else "commitment"),
        term=term,
        price_period=price_period,
        unit_price=price,
        currency=currency or currencies.get(provider, ""),
        valid_from=now.date() if first is None else first.date(),
        valid_to=None if last is None else day_after(last.date()),
        **options,  # type: ignore[arg-type]
    )
    with control_writing() as session:
        row = enter_capacity_price(
            session,
            terms,
            org_slug=org,
            account_id=account,
            currencies=currencies,
            now=now,
            actor=settings.actor,
        )
        owner = f"{org}/{account}" if account else org
        line = f"capacity price {row.id} of {owner}: entered\n  {capacity_price_terms(row).summary}"
    click.echo(line)
    if model is not None and recognised is None:
        click.echo(
            f"Warning: no rule recognises the model {model!r} of {provider}: the price is for just this name.", err=True
        )
