"""Why a scope cost more or less in one period than in another: the change, split into effects that add up to it."""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from genai_finops.anomalies.effects import EFFECTS, EXACT, Effect, shared_change
from genai_finops.anomalies.token_tree import Leaf, token_effects
from genai_finops.warehouse.explained_costs import CostLine, PeriodCosts

_LAST_DECIMAL = Decimal("1e-18")
_ROLES: Mapping[str, Effect] = {
    "used": "commitment_used",
    "unused": "commitment_unused",
    "purchase": "commitment_purchase",
    "other": "other",
}
_CAPACITY: Mapping[str, tuple[Effect, Effect]] = {
    "commitment": ("capacity_volume", "capacity_price"),
    "infrastructure": ("infrastructure_volume", "infrastructure_price"),
}

Parts = defaultdict[tuple[Effect, str], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The change of the cost of one currency. `effects` add up to `after - before` to the last decimal."""

    currency: str
    before: Decimal
    after: Decimal
    #: In the order of EFFECTS, those that are zero left out.
    effects: dict[Effect, Decimal]
    #: By effect, `provider model` and its part, the largest first.
    behind: dict[Effect, tuple[tuple[str, Decimal], ...]]
    #: Models that cost something in one of the periods only.
    new_models: tuple[str, ...]
    ended_models: tuple[str, ...]
    #: Models with usage that neither period has a price of: their cost is unknown, and no part of the change.
    unpriced_models: tuple[str, ...]

    @property
    def change(self) -> Decimal:
        return EXACT.subtract(self.after, self.before)


def explain(before: PeriodCosts, after: PeriodCosts) -> tuple[Explanation, ...]:
    """The change from one period to the other, by currency; currencies are never added together."""
    currencies = sorted({line.currency for line in (*before.lines, *after.lines)})
    return tuple(_explain(before, after, currency) for currency in currencies)


def _explain(before: PeriodCosts, after: PeriodCosts, currency: str) -> Explanation:
    leaves: defaultdict[Hashable, Leaf] = defaultdict(Leaf)
    unpriced: defaultdict[Hashable, list[Decimal]] = defaultdict(lambda: [Decimal(), Decimal()])
    parts: Parts = defaultdict(Decimal)
    totals = [Decimal(), Decimal()]
    names: tuple[set[str], set[str]] = (set(), set())
    for side, period in enumerate((before, after)):
        for line in period.lines:
            if line.currency != currency:
                continue
            totals[side] = EXACT.add(totals[side], line.cost)
            if line.cost:
                names[side].add(_name(line))
            key = (line.flow, line.provider, line.model, line.meter, line.tier, line.place)
            if line.role == "unpriced" and not line.cost:
                unpriced[key][side] = EXACT.add(unpriced[key][side], line.quantity)
            elif line.role == "usage" and line.quantity > 0:
                leaves[key].add(side, line)
            else:
                effect = _ROLES.get(line.role, "other")
                signed = line.cost if side else -line.cost
                parts[effect, _name(line)] = EXACT.add(parts[effect, _name(line)], signed)
    never_priced = _price_unpriced(unpriced, leaves, parts)
    _capacity_effects(leaves, parts)
    requests = (before.requests, after.requests)
    for effect, name, amount in token_effects(
        {key: leaf for key, leaf in leaves.items() if leaf.line.flow not in _CAPACITY}, requests
    ):
        parts[effect, name] = EXACT.add(parts[effect, name], amount)
    return _told(currency, totals, parts, names, never_priced)


def _price_unpriced(
    unpriced: Mapping[Hashable, list[Decimal]], leaves: Mapping[Hashable, Leaf], parts: Parts
) -> tuple[str, ...]:
    """Values unpriced quantities at the other period's price of the same; what that adds is the effect `unpriced`."""
    unknown = set()
    for key, quantities in unpriced.items():
        leaf = leaves.get(key)
        priced = leaf.copy() if leaf else None
        for side, quantity in enumerate(quantities):
            if not quantity:
                continue
            if leaf is None or priced is None or not priced.quantity[1 - side]:
                unknown.add(f"{key[1]} {key[2] or key[3]}")  # type: ignore[index]
                continue
            price = EXACT.divide(priced.cost[1 - side], priced.quantity[1 - side])
            value = EXACT.multiply(quantity, price)
            leaf.quantity[side] = EXACT.add(leaf.quantity[side], quantity)
            leaf.cost[side] = EXACT.add(leaf.cost[side], value)
            name = _name(leaf.line)
            parts["unpriced", name] = EXACT.add(parts["unpriced", name], -value if side else value)
    return tuple(sorted(unknown))


def _capacity_effects(leaves: Mapping[Hashable, Leaf], parts: Parts) -> None:
    """Hours of capacity and machines have a quantity and a price, and nothing between the two."""
    for leaf in leaves.values():
        effects = _CAPACITY.get(leaf.line.flow)
        if effects is None:
            continue
        prices = leaf.prices()
        amounts = shared_change((leaf.quantity[0], prices[0]), (leaf.quantity[1], prices[1]))
        for effect, amount in zip(effects, amounts, strict=True):
            parts[effect, _name(leaf.line)] = EXACT.add(parts[effect, _name(leaf.line)], amount)


def _told(
    currency: str, totals: list[Decimal], parts: Parts, names: tuple[set[str], set[str]], never_priced: tuple[str, ...]
) -> Explanation:
    sums: defaultdict[Effect, Decimal] = defaultdict(Decimal)
    behind: defaultdict[Effect, list[tuple[str, Decimal]]] = defaultdict(list)
    for (effect, name), amount in sorted(parts.items()):
        sums[effect] = EXACT.add(sums[effect], amount)
        if rounded := _rounded(amount):
            behind[effect].append((name, rounded))
    effects = {effect: _rounded(amount) for effect, amount in sums.items()}
    change = EXACT.subtract(totals[1], totals[0])
    for amount in effects.values():
        change = EXACT.subtract(change, amount)
    effects["rounding"] = change
    return Explanation(
        currency=currency,
        before=totals[0],
        after=totals[1],
        effects={effect: effects[effect] for effect in EFFECTS if effects.get(effect)},
        behind={effect: tuple(sorted(found, key=_largest_first)) for effect, found in behind.items()},
        new_models=tuple(sorted(names[1] - names[0])),
        ended_models=tuple(sorted(names[0] - names[1])),
        unpriced_models=never_priced,
    )


def _largest_first(named: tuple[str, Decimal]) -> tuple[Decimal, str]:
    return -abs(named[1]), named[0]


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_LAST_DECIMAL, rounding=ROUND_HALF_EVEN, context=EXACT)


def _name(line: CostLine) -> str:
    return f"{line.provider} {line.model or line.meter or line.flow}"
