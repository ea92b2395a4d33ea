"""What a request is expected to take, or took."""

import dataclasses
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.budgets.budget import Budget
from genai_finops.errors import FinopsError

_MOST = Decimal(10) ** 15
_DECIMALS = Decimal("1e-12")
_CURRENCY_LETTERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAmount:
    """Cost, tokens or both. `checked` refuses what cannot be meant."""

    cost: Decimal | None = None
    currency: str | None = None
    tokens: Decimal | None = None

    def of(self, budget: Budget) -> Decimal | None:
        """In what the budget counts; None where that is not said."""
        return self.tokens if budget.measure == "tokens" else self.cost

    def checked(self, *, is_needed: bool = True) -> "RequestAmount":
        """The amounts to twelve decimals, which is below what a token costs anywhere.

        Raises FinopsError for no amount where one is needed, an absurd one, and a cost without a currency.
        """
        if is_needed and self.cost is None and self.tokens is None:
            raise FinopsError("The request says neither its cost nor its tokens", remedy="Give one of them, or both.")
        if self.cost is not None and not _is_currency(self.currency):
            raise FinopsError(
                f"The cost {self.cost} is in the currency {self.currency!r}", remedy="Give its ISO 4217 code: USD."
            )
        return dataclasses.replace(
            self,
            cost=_checked("cost", self.cost),
            tokens=_checked("tokens", self.tokens),
            currency=None if self.cost is None else self.currency,
        )


def _checked(name: str, value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    if not value.is_finite() or value < 0 or value > _MOST:
        raise FinopsError(f"The request's {name} is {value}", remedy=f"Give a number from 0 to {_MOST}.")
    return value.quantize(_DECIMALS)


def _is_currency(text: str | None) -> bool:
    return text is not None and len(text) == _CURRENCY_LETTERS and text.isascii() and text.isupper() and text.isalpha()
