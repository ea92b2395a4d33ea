"""Pay-as-you-go cost as a product: requests, share of the model, tokens of a request, tier, cache, place, price."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from genai_finops.anomalies.effects import EXACT, Effect, shared_change
from genai_finops.schemas.meters import METERS
from genai_finops.warehouse.explained_costs import CostLine

#: In the order of the tree: each is the share of a branch in the one above, and the price stands at the end.
FACTORS: tuple[Effect, ...] = ("volume", "model_mix", "token_length", "tier", "cache_rate", "placement", "price")

Requests = tuple[Mapping[tuple[str, str], Decimal], Mapping[tuple[str, str], Decimal]]
_Branch = tuple[Hashable, ...]


@dataclass(slots=True)
class Leaf:
    """Quantity and cost of one price, before and after."""

    quantity: list[Decimal] = field(default_factory=lambda: [Decimal(), Decimal()])
    cost: list[Decimal] = field(default_factory=lambda: [Decimal(), Decimal()])
    _line: CostLine | None = None

    @property
    def line(self) -> CostLine:
        """One of its lines: they differ in nothing but the amounts."""
        assert self._line is not None  # noqa: S101 - a leaf is made by adding a line
        return self._line

    def add(self, side: int, line: CostLine) -> None:
        self.quantity[side] = EXACT.add(self.quantity[side], line.quantity)
        self.cost[side] = EXACT.add(self.cost[side], line.cost)
        self._line = line

    def copy(self) -> "Leaf":
        return Leaf([*self.quantity], [*self.cost], self._line)

    def prices(self) -> tuple[Decimal, Decimal]:
        """Mean prices; where there was no quantity, that of the other side: what was not there had no other price."""
        before, after = (
            EXACT.divide(cost, quantity) if quantity else None
            for cost, quantity in zip(self.cost, self.quantity, strict=True)
        )
        found = before if before is not None else after
        assert found is not None  # noqa: S101 - one side has a quantity
        return found if before is None else before, found if after is None else after


def token_effects(leaves: Mapping[Hashable, Leaf], requests: Requests) -> Iterator[tuple[Effect, str, Decimal]]:
    """Effect, `provider model` and amount, of each leaf and factor."""
    counted = _counted_providers(leaves.values(), requests)
    paths = {key: _path(leaf.line, counted) for key, leaf in leaves.items()}
    sums: tuple[defaultdict[_Branch, Decimal], defaultdict[_Branch, Decimal]] = (
        defaultdict(Decimal),
        defaultdict(Decimal),
    )
    for key, leaf in leaves.items():
        for depth in range(1, len(paths[key]) + 1):
            for side in (0, 1):
                branch = paths[key][:depth]
                sums[side][branch] = EXACT.add(sums[side][branch], leaf.quantity[side])
    activity = _activity(paths, sums, requests)
    for key, leaf in leaves.items():
        factors = [*_shares(paths[key], sums, activity), leaf.prices()]
        amounts = shared_change([before for before, _ in factors], [after for _, after in factors])
        name = f"{leaf.line.provider} {leaf.line.model or leaf.line.meter}"
        yield from ((effect, name, amount) for effect, amount in zip(FACTORS, amounts, strict=True) if amount)


def _counted_providers(leaves: Iterable[Leaf], requests: Requests) -> set[str]:
    """Providers of which every model with tokens has requests, in both periods."""
    seen, lacking = set(), set()
    for leaf in leaves:
        line = leaf.line
        if not _is_token(line.meter):
            continue
        seen.add(line.provider)
        if any(
            leaf.quantity[side] and (line.model is None or not requests[side].get((line.provider, line.model)))
            for side in (0, 1)
        ):
            lacking.add(line.provider)
    return seen - lacking


def _path(line: CostLine, counted: set[str]) -> _Branch:
    """Unit of activity, model, direction of the tokens, tier, class of the cache, place."""
    if not _is_token(line.meter):
        # Searches, characters, seconds: what is counted is what happens.
        return line.meter, (line.provider, line.model), None, line.tier, None, line.place
    unit = "request" if line.provider in counted else "token"
    meter = METERS[line.meter or ""]
    direction = (meter.token_direction or meter.name, meter.modality)
    # `input` says not how much of it was cached: it is a class of its own.
    kind = meter.name if meter.token_direction is None else meter.token_cache_action or meter.name
    return unit, (line.provider, line.model), direction, line.tier, (kind, meter.name), line.place


def _activity(
    paths: Mapping[Hashable, _Branch],
    sums: tuple[Mapping[_Branch, Decimal], Mapping[_Branch, Decimal]],
    requests: Requests,
) -> tuple[dict[_Branch, Decimal], dict[_Branch, Decimal]]:
    """Requests, or the quantity itself, by model and in all."""
    found: tuple[dict[_Branch, Decimal], dict[_Branch, Decimal]] = ({}, {})
    for side in (0, 1):
        for branch in {path[:2] for path in paths.values()}:
            if branch[0] == "request":
                provider, model = cast("tuple[str, str]", branch[1])
                count = requests[side].get((provider, model), Decimal())
                # A model that was asked and charged nothing is no part of the mix.
                found[side][branch] = count if sums[side][branch] else Decimal()
            else:
                found[side][branch] = sums[side][branch]
            found[side][branch[:1]] = EXACT.add(found[side].get(branch[:1], Decimal()), found[side][branch])
    return found


def _shares(
    path: _Branch,
    sums: tuple[Mapping[_Branch, Decimal], Mapping[_Branch, Decimal]],
    activity: tuple[Mapping[_Branch, Decimal], Mapping[_Branch, Decimal]],
) -> Iterator[tuple[Decimal, Decimal]]:
    """All factors but the price, before and after."""
    yield activity[0][path[:1]], activity[1][path[:1]]
    yield _ratios(activity, path[:2], activity, path[:1])
    yield _ratios(sums, path[:3], activity, path[:2])
    for depth in range(4, len(path) + 1):
        yield _ratios(sums, path[:depth], sums, path[: depth - 1])


def _ratios(
    parts: tuple[Mapping[_Branch, Decimal], Mapping[_Branch, Decimal]],
    part: _Branch,
    wholes: tuple[Mapping[_Branch, Decimal], Mapping[_Branch, Decimal]],
    whole: _Branch,
) -> tuple[Decimal, Decimal]:
    """Where one side has no whole, nothing is known of its parts: they are as on the other, and did not change."""
    before, after = (
        EXACT.divide(parts[side][part], wholes[side][whole]) if wholes[side][whole] else None for side in (0, 1)
    )
    found = before if before is not None else after
    assert found is not None  # noqa: S101 - one side has a quantity
    return found if before is None else before, found if after is None else after


def _is_token(meter: str | None) -> bool:
    return meter in METERS and METERS[meter].kind == "tokens"
