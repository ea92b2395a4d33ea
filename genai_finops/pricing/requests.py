"""What is asked for a price: one request to a provider, or what many alike ones add up to."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.errors import FinopsError
from genai_finops.providers.bedrock_models import geography_of
from genai_finops.schemas.meters import METERS

#: Digits that a quantity has before and after its point.
_QUANTITY_DIGITS = 20
_QUANTITY_STEP = Decimal(1).scaleb(-6)

#: Meters that add up others: given beside one of these, tokens would be counted twice.
COUNTED_TWICE: Mapping[str, tuple[str, ...]] = {
    "cache_write": ("cache_write_5m", "cache_write_1h"),
    **{
        f"input{suffix}": (f"uncached_input{suffix}", f"cache_read{suffix}")
        for suffix in ("", "_audio", "_image", "_video")
    },
}


class RequestError(FinopsError, ValueError):
    """A request that cannot be meant as it stands. Names the field, its value and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Whose prices are asked for, and on which UTC day. `model` is the provider's spelling.

    Prompts are longer than `context_above` tokens and at most `context_up_to` long; None where that is not known.
    """

    provider: str
    model: str | None
    date: dt.date
    service_tier: str = "standard"
    geography: str | None = None
    context_above: int | None = None
    context_up_to: int | None = None
    variant: str | None = None
    org: str | None = None
    account: str | None = None


def rated_geography(provider: str, model: str | None, geography: str | None) -> str | None:
    """The geography that decides the price.

    Bedrock says it with the model: `eu.anthropic.claude-...` is a profile of the EU. A model of Bedrock without such
    a prefix runs in a region, and without knowing which there is no price to choose: `regional_other`, of which no
    list has prices.
    """
    if geography is None and provider == "aws_bedrock" and model is not None:
        return geography_of(model, region="")
    return geography


def context_band(context_tokens: int | None, prompt_tokens: int) -> tuple[int | None, int | None]:
    """The lengths that the prompts may have: more than the first number, at most the second.

    With `context_tokens` it is known. Without it no prompt is longer than all prompts together; whether it is shorter
    nobody knows, because many short prompts add up to the same count.
    """
    if context_tokens is not None:
        return max(context_tokens, 1) - 1, max(context_tokens, 1)
    return None, max(prompt_tokens, 1)


def checked_quantity(meter: str, quantity: object) -> Decimal:
    """The quantity of a meter. Raises RequestError for a meter or a quantity that cannot be rated exactly."""
    known = METERS.get(meter)
    if known is None:
        raise RequestError(f"there is no meter {meter!r}", remedy=f"Choose one of: {', '.join(METERS)}")
    if isinstance(quantity, bool) or not isinstance(quantity, int | Decimal):
        raise RequestError(
            f"{meter} is {quantity!r}, which is no int and no Decimal",
            remedy="Give whole tokens as int and other quantities as Decimal; a float is not exact",
        )
    number = Decimal(quantity)
    if not number.is_finite() or number < 0:
        raise RequestError(f"{meter} is {quantity}", remedy="Give a quantity of 0 or more")
    if number.adjusted() >= _QUANTITY_DIGITS or number % (_QUANTITY_STEP * known.pricing_block) != 0:
        raise RequestError(
            f"{meter} is {quantity}, which is finer or larger than it is metered",
            remedy=f"Give a multiple of {(_QUANTITY_STEP * known.pricing_block).normalize():f} {known.consumed_unit}",
        )
    return number


def refuse_counted_twice(quantities: Mapping[str, Decimal]) -> None:
    """Raise RequestError where a meter and its parts are both given."""
    for whole, parts in COUNTED_TWICE.items():
        both = [part for part in parts if quantities.get(part)]
        if quantities.get(whole) and both:
            raise RequestError(
                f"{whole} {quantities[whole]} and {both[0]} {quantities[both[0]]} count the same tokens twice",
                remedy=f"Give either {whole} or its parts {', '.join(parts)}",
            )
