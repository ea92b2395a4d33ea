"""The smallest unit of each currency, and the one rounding of a statement."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal

#: ISO 4217: decimals of currencies that have not two.
_DECIMALS: Mapping[str, int] = {
    **dict.fromkeys(
        (
            *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
            *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_USUAL = 2
#: Digits that no amount of money reaches: the default 28 would round what a table of 18 decimals holds.
_EXACT = Context(prec=100)


def decimals_of(currency: str) -> int:
    """Decimals of the currency's minor unit."""
    return _DECIMALS.get(currency, _USUAL)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount in whole minor units, halves away from zero: what invoices do, and the same for a credit note."""
    return amount.quantize(Decimal(1).scaleb(-decimals_of(currency)), rounding=ROUND_HALF_UP, context=_EXACT)
