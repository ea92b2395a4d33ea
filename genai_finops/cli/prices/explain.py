"""`genai-finops prices explain`: what one request costs, line by line, and why."""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import click
import polars as pl

from genai_finops.cli.context import current_settings, json_option, utc_now
from genai_finops.cli.prices.request_options import UtcDay, known_at_option, quantities
from genai_finops.pricing.calculate import CostLine, LlmCost, calculate_llm_cost
from genai_finops.pricing.open_book import open_book
from genai_finops.pricing.requests import rated_geography


@click.command(name="explain")
@click.option("--provider", required=True, help="Who bills: openai, anthropic, aws_bedrock, ...")
@click.option("--model", required=True, help="The model as the provider spells it.")
@click.option("--input-tokens", type=int, default=0, show_default=True, help="As the provider counts them.")
@click.option("--output-tokens", type=int, default=0, show_default=True, help="As the provider counts them.")
@click.option(
    "--meter",
    "meters",
    multiple=True,
    metavar="NAME=N",
    help="A further meter, such as cache_read=400; may be repeated.",
)
@click.option("--date", "day", required=True, type=UtcDay(), help="UTC day of the usage.")
@click.option("--tier", default="standard", show_default=True, help="Service tier.")
@click.option(
    "--geography", help="Where the price holds; by default the base price, on Bedrock what the model's id says."
)
@click.option("--context-tokens", type=int, help="Length of each prompt.")
@click.option("--variant", help="Image size, search context size.")
@click.option("--org", help="Organisation whose prices hold.")
@click.option("--account", help="Its account at the provider.")
@click.option(
    "--used-before",
    "earlier",
    multiple=True,
    metavar="NAME=N",
    help="Tokens that the account used earlier in the period; may be repeated.",
)
@known_at_option
@json_option
def command(
    *,
    provider: str,
    model: str,
    input_tokens: int,
    output_tokens: int,
    meters: Sequence[str],
    day: dt.date,
    tier: str,
    geography: str | None,
    context_tokens: int | None,
    variant: str | None,
    org: str | None,
    account: str | None,
    earlier: Sequence[str],
    known_at: dt.datetime | None,
    as_json: bool,
) -> None:
    """Say what one request costs, by which rates, and where they come from.

    Each meter is a line: its quantity, the price that holds, the source that says so and since when, and which other
    sources have a price that holds less.
    """
    # Before the book is opened, which takes seconds: a slip of the pen is told of at once.
    counted = quantities(meters)
    used_before = {name: int(number) for name, number in quantities(earlier).items()} if earlier else None
    engine = open_book(current_settings(), now=utc_now(), known_at=known_at)
    cost = calculate_llm_cost(
        provider,
        model,
        input_tokens,
        output_tokens,
        date=day,
        meters=counted,
        service_tier=tier,
        geography=geography,
        context_tokens=context_tokens,
        variant=variant,
        org=org,
        account=account,
        used_before=used_before,
        book=engine,
    )
    rivals = {
        line.meter: list(
            _rivals(
                engine.rates_of_all_sources(provider, model, line.meter, day),
                line,
                tier=tier,
                geography=rated_geography(provider, model, geography) or "global",
                org=org,
                account=account,
            )
        )
        for line in cost.lines
    }
    if as_json:
        shown = dataclasses.asdict(cost)
        for line in shown["lines"]:
            line["other_sources"] = rivals[line["meter"]]
        click.echo(json.dumps(shown, indent=2, default=_json_value))
        return
    for line in cost.lines:
        for text in _line_texts(line, cost.currency, rivals[line.meter]):
            click.echo(text)
    for text in _total_texts(cost):
        click.echo(text)


def _rivals(
    rates: pl.DataFrame, line: CostLine, *, tier: str, geography: str, org: str | None, account: str | None
) -> Iterator[dict[str, Any]]:
    """The rates of the line's tier and geography that do not decide its price, the best priority first."""
    wanted = (
        ("x_org_slug", org),
        ("x_genai_account_id", account),
        ("service_tier", tier),
        ("geography", geography),
    )
    for rate in rates.filter(
        pl.col(name).is_null() | (pl.col(name) == (value or "")) for name, value in wanted
    ).iter_rows(named=True):
        source = f"{rate['source']} {rate['source_version']}"
        if (source, rate["pricing_type"]) != (line.rate_source, line.pricing_type):
            yield {
                "source": source,
                "pricing_type": rate["pricing_type"],
                "geography": rate["geography"],
                "context_tokens_above": rate["context_tokens_above"],
                "unit_price": rate["unit_price"],
                "discount_percentage": rate["discount_percentage"],
                "free_tier_quantity": rate["free_tier_quantity"],
                "priority": rate["priority"],
                "valid_from": rate["valid_from"],
            }


def _line_texts(line: CostLine, currency: str | None, rivals: Sequence[dict[str, Any]]) -> Iterator[str]:
    price = (
        "no price" if line.quoted_price is None else f"{_text(line.quoted_price)} {currency} per {line.pricing_unit}"
    )
    amount = "unpriced" if line.cost is None else f"{_text(line.cost)} {currency}"
    yield f"{line.meter}: {_text(line.quantity)} {line.unit} at {price} = {amount}"
    if line.rate_source is not None:
        reference = f" ({line.source_reference})" if line.source_reference else ""
        yield f"    {line.pricing_type} price of {line.rate_source}{reference}, valid from {line.valid_from}"
    if line.discount is not None:
        yield f"    {_text(line.discount)} % off the list price"
    if line.free_quantity:
        yield f"    {_text(line.free_quantity)} {line.unit} of it are free by an allowance"
    if line.reason is not None:
        yield f"    {line.status}: {line.reason}"
    if line.status in {"estimated", "unpriced"}:
        yield f"    between {_bound(line.lower_bound)} and {_bound(line.upper_bound)} {currency}"
    for rival in rivals:
        value = next(
            f"{_text(rival[name])}{unit}"
            for name, unit in (
                ("unit_price", f" {currency}"),
                ("discount_percentage", " %"),
                ("free_tier_quantity", " free"),
            )
            if rival[name] is not None
        )
        place = ", ".join(
            filter(
                None,
                (
                    rival["geography"],
                    f"above {rival['context_tokens_above']}" if rival["context_tokens_above"] else None,
                ),
            )
        )
        origin = f"{rival['pricing_type']} of {rival['source']}"
        yield f"    also {origin} (precedence {rival['priority']}, {place or 'any'}): {value}"


def _total_texts(cost: LlmCost) -> Iterator[str]:
    bounds = f"between {_bound(cost.lower_bound)} and {_bound(cost.upper_bound)} {cost.currency}"
    if cost.total_cost is None:
        yield f"total: unpriced ({cost.reason}), {bounds}"
        return
    parts = [("input", cost.input_cost), ("output", cost.output_cost), ("other", cost.other_cost)]
    yield ", ".join(f"{name} {_text(part)}" for name, part in parts if part is not None)
    if cost.is_estimated:
        yield f"total: about {_text(cost.total_cost)} {cost.currency} ({cost.reason}), {bounds}"
    else:
        yield f"total: {_text(cost.total_cost)} {cost.currency}" + (f" ({cost.reason})" if cost.reason else "")


def _bound(amount: Decimal | None) -> str:
    return "an unknown amount" if amount is None else _text(amount)


def _text(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _json_value(value: object) -> str:
    if isinstance(value, Decimal):
        return _text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")
