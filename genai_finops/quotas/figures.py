"""Figures as texts that lose nothing: a JSON number would be read as a float."""

from decimal import Decimal


def plain_figure(amount: Decimal) -> str:
    """Without exponent and trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
