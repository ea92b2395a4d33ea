"""Values that several commands take when something is entered."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from genai_finops.errors import FinopsError
from genai_finops.providers.config import load_provider_configs
from genai_finops.settings import Settings


def number(text: str) -> Decimal:
    """A decimal number, exactly as it was typed; a type of click's options."""
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise click.BadParameter(f"{text!r} is not a number.") from error


def day_after(day: dt.date) -> dt.date:
    """The first day after the last one that was given. Raises FinopsError for the last day of all."""
    if day == dt.date.max:
        raise FinopsError(f"--to {day} has no day after it", remedy="Leave it out: the price is then open")
    return day + dt.timedelta(days=1)


def as_texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Decimals as strings: a JSON number would not keep them."""
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in values.items()}


def billing_currencies(settings: Settings) -> dict[str, str]:
    """The currency that each configured provider bills in."""
    configs = load_provider_configs(settings.provider_config_dir, settings.environ)
    return {provider: config.service.currency for provider, config in configs.items()}
