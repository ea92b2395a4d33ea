"""`genai-finops prices set`: a price, a discount or an allowance that someone enters."""

import datetime as dt
from decimal import Decimal

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.cli.entered_values import billing_currencies, day_after, number
from genai_finops.cli.prices.entry_texts import NEXT_STEP, owner
from genai_finops.control.price_entries import enter_price
from genai_finops.control.price_rules import PriceTerms
from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.model_resolution import recognised_model
from genai_finops.schemas.tables.pricing import DISCOUNT_REASONS, PRICING_TYPES, RESET_FREQUENCIES

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(name="set", epilog="Without --org the price is the platform's: it holds for all organisations.")
@click.option("--provider", required=True, help="Provider that bills.")
@click.option("--model", help="Model in any spelling of the provider; without it a discount is for all models.")
@click.option("--meter", help="What is counted: uncached_input, output, web_search, ...")
@click.option("--tier", help="Service tier.  [default: standard for a price, else all]")
@click.option("--geography", help="Geography.  [default: global for a price, else all]")
@click.option("--above", type=int, default=0, metavar="TOKENS", help="Only prompts longer than this.")
@click.option("--up-to", type=int, metavar="TOKENS", help="Only prompts of at most this length.")
@click.option("--variant", help="Image size, search context size.")
@click.option("--org", help="Organisation that the price is for.")
@click.option("--account", metavar="ACCOUNT_ID", help="Account of --org at the provider that the price is for.")
@click.option(
    "--price",
    type=number,
    metavar="NUMBER",
    help="Price of one pricing unit of the meter: of 1000000 tokens, of 1000 searches.",
)
@click.option(
    "--discount-percentage", type=number, metavar="NUMBER", help="Percent off the list price, above 0 and at most 100."
)
@click.option(
    "--allowance",
    type=number,
    metavar="NUMBER",
    help="Free quantity per account, model and direction: tokens, not millions.",
)
@click.option("--reset", type=click.Choice(RESET_FREQUENCIES), help="When the allowance starts anew, in UTC.")
@click.option(
    "--type",
    "pricing_type",
    type=click.Choice(PRICING_TYPES),
    help="[default: free_tier with --allowance, volume_discount with --volume-threshold, negotiated with --org, else "
    "standard]",
)
@click.option("--volume-threshold", type=int, metavar="TOKENS", help="For what lies above so many tokens of the month.")
@click.option("--currency", help="ISO 4217 code.  [default: that of the provider's price list]")
@click.option("--from", "first", type=_DAY, metavar="YYYY-MM-DD", help="First UTC day.  [default: today]")
@click.option("--to", "last", type=_DAY, metavar="YYYY-MM-DD", help="Last UTC day, inclusive.  [default: open]")
@click.option("--reason", type=click.Choice(DISCOUNT_REASONS), help="Why there is a discount.")
def command(
    *,
    provider: str,
    model: str | None,
    meter: str | None,
    tier: str | None,
    geography: str | None,
    above: int,
    up_to: int | None,
    variant: str | None,
    org: str | None,
    account: str | None,
    price: Decimal | None,
    discount_percentage: Decimal | None,
    allowance: Decimal | None,
    reset: str | None,
    pricing_type: str | None,
    volume_threshold: int | None,
    currency: str | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
    reason: str | None,
) -> None:
    """Enter a price, a discount or an allowance. Nothing is overwritten: end an entry with `prices remove` first.

    \b
    A price of 2.50 USD for a million input tokens, for one organisation:
      genai-finops prices set --org acme --provider openai --model gpt-5 --meter uncached_input --price 2.50
    \b
    20 percent off everything of a provider, for one account:
      genai-finops prices set --org acme --account org-1 --provider openai --discount-percentage 20
    \b
    A million free input tokens a day:
      genai-finops prices set --org acme --provider openai --model gpt-5 --meter uncached_input \\
        --allowance 1000000 --reset daily
    """
    if [price, discount_percentage, allowance].count(None) != 2:  # noqa: PLR2004 - exactly one of three is given
        raise click.UsageError("Give exactly one of --price, --discount-percentage and --allowance.")
    now = utc_now()
    currencies = billing_currencies(current_settings())
    terms = PriceTerms(
        provider=provider,
        model=model,
        meter=meter,
        service_tier=tier or (None if price is None else "standard"),
        geography=geography or (None if price is None else "global"),
        context_tokens_above=above,
        context_tokens_up_to=up_to,
        variant=variant,
        pricing_type=pricing_type
        or _default_type(
            is_allowance=allowance is not None, is_volume=volume_threshold is not None, is_own=org is not None
        ),
        volume_threshold_tokens=volume_threshold,
        currency=currency or currencies.get(provider, ""),
        unit_price=price,
        discount_percentage=discount_percentage,
        discount_reason=reason,
        free_tier_quantity=allowance,
        free_tier_reset_frequency=reset,
        valid_from=now.date() if first is None else first.date(),
        valid_to=None if last is None else day_after(last.date()),
    )
    rules = read_alias_rules()
    with control_writing() as session:
        entry = enter_price(
            session,
            terms,
            org_slug=org,
            account_id=account,
            currencies=currencies,
            canonical_model=lambda named, spelling: recognised_model(rules, named, spelling) or spelling,
            now=utc_now(),
            actor=current_settings().actor,
        )
        line = f"price {entry.id} of {owner(entry)}: entered"
    click.echo(f"{line}\n  {terms.summary}")
    if model is not None:
        _tell_of_model(provider, model, recognised_model(rules, provider, model))
    click.echo(NEXT_STEP)


def _tell_of_model(provider: str, spelling: str, recognised: str | None) -> None:
    if recognised is None:
        # Not an error: deployments and fine-tuned models have names of their own. But a mistyped one has no usage.
        click.echo(
            f"Warning: no rule recognises the model {spelling!r} of {provider}: "
            "the price is for usage of just this name.",
            err=True,
        )
    elif recognised != spelling:
        click.echo(f"  {spelling} is {recognised}, under all its names")


def _default_type(*, is_allowance: bool, is_volume: bool, is_own: bool) -> str:
    if is_allowance:
        return "free_tier"
    if is_volume:
        return "volume_discount"
    return "negotiated" if is_own else "standard"
