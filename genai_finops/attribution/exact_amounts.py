"""Amounts without rounding errors: shares and percentages as fractions, lines with the 18 decimals of the tables."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

DECIMALS = 18


def as_amount(value: Fraction) -> Decimal:
    """The nearest number with 18 decimals, halves to even; exact for what the tables hold."""
    return Decimal(f"{round(value * 10**DECIMALS)}e-{DECIMALS}")


def exact_sum(amounts: Iterable[Decimal | int]) -> Fraction:
    """The sum without the 28 digits to which Python's decimals are added."""
    return sum(map(Fraction, amounts), start=Fraction(0))


def parts_of(whole: Decimal, weights: Iterable[Fraction]) -> list[Decimal]:
    """The whole in proportion to the weights, with 18 decimals each; they add up to it exactly.

    The weights are not negative and not all zero. The same order gives the same parts.
    """
    held = list(weights)
    total = sum(held, start=Fraction(0))
    parts = []
    told, reached = Fraction(0), Fraction(0)
    for weight in held:
        reached += weight
        until = Fraction(as_amount(Fraction(whole) * reached / total))
        parts.append(as_amount(until - told))
        told = until
    return parts
