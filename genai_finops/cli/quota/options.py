"""What the commands of quotas share: amounts, tokens to price, the process's time."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.errors import FinopsError
from genai_finops.quotas.estimate import COUNTS, CostEstimator
from genai_finops.quotas.request_amount import RequestAmount

Command = TypeVar("Command", bound=Callable[..., Any])


class _Number(click.ParamType[Decimal]):
    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            return Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is no number", param, ctx)


def amount_options(command: Command) -> Command:
    """--cost, --currency, --tokens, and the counts that the price book can price instead."""
    options = (
        click.option("--cost", type=_Number(), help="What it costs."),
        click.option("--currency", default="USD", show_default=True, help="Of the cost; ISO 4217."),
        click.option("--tokens", type=_Number(), help="What it takes in tokens."),
        click.option(
            "--usage",
            "counts",
            multiple=True,
            metavar="NAME=N",
            help=f"Tokens that the price book is to price: {', '.join(COUNTS)}. Repeatable.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def amount_from(
    dimensions: Mapping[str, str],
    *,
    cost: Decimal | None,
    currency: str,
    tokens: Decimal | None,
    counts: Sequence[str],
    is_upper_bound: bool,
    now: dt.datetime,
) -> RequestAmount:
    """The amount of these options. Raises FinopsError for counts that are malformed, or have no price and no --cost."""
    told = RequestAmount(cost=cost, currency=None if cost is None else currency, tokens=tokens)
    if not counts:
        return told
    estimator = CostEstimator(current_settings())
    return estimator.amount(dimensions, _counts(counts), fallback=told, is_upper_bound=is_upper_bound, now=now)


def process_time() -> dt.datetime:
    """What this process takes for the time."""
    return current_settings().simulated_now or utc_now()


def _counts(given: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for option in given:
        name, _, text = option.partition("=")
        if not (text.isascii() and text.isdigit()) or name in found:
            raise FinopsError(
                f"--usage {option} is no NAME=N, or given twice", remedy="Give one such as --usage input_tokens=1200."
            )
        found[name] = int(text)
    return found
