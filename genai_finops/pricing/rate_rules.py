"""What makes a stated rate fit for the book. A rate that breaks a rule is refused with its source, never mended."""

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from genai_finops.errors import FinopsError
from genai_finops.pricing.sources.statement import StatedRate
from genai_finops.schemas.columns import CURRENCY
from genai_finops.schemas.types import TYPES

#: The columns of a value, exactly one of which is given, with the decimals and digits that its type holds.
_VALUES = {"unit_price": "rate", "discount_percentage": "ratio", "free_tier_quantity": "quantity"}
_WHOLE = Decimal(100)


def check_rates(rates: tuple[StatedRate, ...], *, source: str, today: dt.date) -> None:
    """Raise FinopsError that names the source, the first rate that breaks a rule, the rule, and the value.

    `today` is the UTC day on which rates without a first day begin.
    """
    for rate in rates:
        broken = next(_broken(rate, today), None)
        if broken is not None:
            raise FinopsError(
                f"{source}: {describe_rate(vars_of(rate))}: {broken}",
                remedy="Correct it at its source; all that the book knows of this source stays as it was",
            )


def vars_of(rate: StatedRate) -> dict[str, Any]:
    """The fields of a rate by name."""
    return {name: getattr(rate, name) for name in StatedRate.__dataclass_fields__}


def describe_rate(row: dict[str, Any]) -> str:
    """A rate for people, from its fields or from a row of the book."""
    subject = [row["provider"], row["model_id"] or "any model", row["meter"] or "any meter"]
    subject += [row["service_tier"] or "any tier", row["geography"] or "any geography"]
    subject += [row[name] for name in ("variant", "x_org_slug", "x_genai_account_id") if row[name]]
    if row["context_tokens_above"] or row["context_tokens_up_to"]:
        subject.append(f"prompts in ({row['context_tokens_above']}, {row['context_tokens_up_to'] or 'any'}]")
    if row["pricing_type"] != "standard":
        subject.append(row["pricing_type"])
    if row["volume_threshold_tokens"] is not None:
        subject.append(f"from {row['volume_threshold_tokens']} tokens on")
    values = [f"{name} {row[name]:f}" for name in _VALUES if row[name] is not None]
    return (
        f"{' '.join(subject)}: {', '.join(values) or 'no value'} {row['currency']} "
        f"from {row['valid_from'] or 'its first sight'} to {row['valid_to'] or 'open'}"
    )


def _broken(rate: StatedRate, today: dt.date) -> Iterator[str]:
    given = [name for name in _VALUES if getattr(rate, name) is not None]
    if len(given) != 1:
        yield f"exactly one of {', '.join(_VALUES)} is to be given, not {' and '.join(given) or 'none'}"
    yield from _unfit_type(rate, given)
    if rate.unit_price is not None:
        yield from (
            f"a price needs a {name}" for name in ("meter", "service_tier", "geography") if getattr(rate, name) is None
        )
    for name in given:
        yield from unfit_number(name, getattr(rate, name))
    if rate.discount_percentage is not None and rate.discount_percentage > _WHOLE:
        yield "discount_percentage takes off more than the whole price"
    if not re.fullmatch(CURRENCY, rate.currency):
        yield f"currency {rate.currency!r} is not three capitals"
    first = rate.valid_from or today
    if rate.valid_to is not None and rate.valid_to <= first:
        yield f"valid_to {rate.valid_to} is not after {first}"
    if rate.context_tokens_up_to is not None and rate.context_tokens_up_to <= rate.context_tokens_above:
        yield f"no prompt is longer than {rate.context_tokens_above} and at most {rate.context_tokens_up_to} tokens"


def _unfit_type(rate: StatedRate, given: list[str]) -> Iterator[str]:
    if rate.pricing_type == "standard" and rate.unit_price is None:
        yield "a standard rate is a unit_price"
    if (rate.pricing_type == "free_tier") != ("free_tier_quantity" in given):
        yield "free_tier_quantity and the pricing type free_tier go together"
    if (rate.free_tier_quantity is None) != (rate.free_tier_reset_frequency is None):
        yield "free_tier_quantity and free_tier_reset_frequency go together"
    if rate.free_tier_quantity is not None and rate.meter is None:
        yield "an allowance needs a meter"
    if rate.pricing_type == "volume_discount" and rate.volume_threshold_tokens is None:
        yield "a volume_discount needs volume_threshold_tokens"


def unfit_number(name: str, value: Decimal) -> Iterator[str]:
    """Why a value (unit_price, discount_percentage, free_tier_quantity) does not fit the type of its column."""
    kind: Any = TYPES[_VALUES[name]].polars  # type: ignore[index]
    if not value.is_finite():
        yield f"{name} {value} is no number"
        return
    if value < 0:
        yield f"{name} {value} is negative"
    if _decimals(value) > kind.scale:
        yield f"{name} {value} has more than {kind.scale} decimals, and nothing is rounded"
    if value and value.adjusted() >= kind.precision - kind.scale:
        yield f"{name} {value} has more than {kind.precision - kind.scale} digits before the point"


def _decimals(value: Decimal) -> int:
    """Decimals that are no trailing zeros; Decimal.normalize would round to the precision of the context."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - finite, as the caller has checked
    significant = len(str(int("".join(map(str, digits)))).rstrip("0"))
    return max(0, -exponent - (len(digits) - significant)) if significant else 0
