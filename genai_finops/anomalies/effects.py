"""The effects that a change of cost is split into, and how a product's change is shared among its factors."""

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Literal, get_args

Effect = Literal[
    "volume",
    "model_mix",
    "token_length",
    "tier",
    "cache_rate",
    "placement",
    "price",
    "commitment_used",
    "commitment_unused",
    "commitment_purchase",
    "capacity_volume",
    "capacity_price",
    "infrastructure_volume",
    "infrastructure_price",
    "unpriced",
    "other",
    "rounding",
]

#: In the order that they are shown.
EFFECTS: tuple[Effect, ...] = get_args(Effect)

#: More digits than any product of shares, quantities and prices needs to be right in its 18th decimal.
EXACT = Context(prec=60)


def shared_change(before: Sequence[Decimal], after: Sequence[Decimal]) -> list[Decimal]:
    """What each factor does to the change of their product: its Shapley value, the mean over all orders of replacing.

    Of a product this is (after_i - before_i) times the integral over t in [0, 1] of the other factors at
    before_j + t (after_j - before_j). The parts add up to the change, swapped sides give the negated parts, and a
    factor that did not change has none.
    """
    steps = [EXACT.subtract(new, old) for old, new in zip(before, after, strict=True)]
    return [
        Decimal() if not step else EXACT.multiply(step, _mean_of_others(before, steps, number))
        for number, step in enumerate(steps)
    ]


def _mean_of_others(before: Sequence[Decimal], steps: Sequence[Decimal], without: int) -> Decimal:
    polynomial = [Decimal(1)]
    for number, (start, step) in enumerate(zip(before, steps, strict=True)):
        if number == without:
            continue
        raised = [Decimal(), *(EXACT.multiply(step, value) for value in polynomial)] if step else []
        polynomial = [EXACT.multiply(start, value) for value in polynomial]
        for power, value in enumerate(raised):
            if power < len(polynomial):
                polynomial[power] = EXACT.add(polynomial[power], value)
            else:
                polynomial.append(value)
    total = Decimal()
    for power, value in enumerate(polynomial):
        total = EXACT.add(total, EXACT.divide(value, Decimal(power + 1)))
    return total
