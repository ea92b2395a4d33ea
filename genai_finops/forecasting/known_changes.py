"""What known changes do to a scope: by its share of what changes, and nothing to a scope that has none of it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.errors import FinopsError
from genai_finops.forecasting.forecast import KnownChange
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.budget_spend import SpendMeasure, WantedSpend, daily_spend
from genai_finops.warehouse.known_changes import WEIGHED_DAYS, ComingChange, coming_changes
from genai_finops.warehouse.spend_scope import SpendScope

_DAY = dt.timedelta(days=1)
#: A scope of one of these has a part of what is committed to, and nobody knows yet which.
_WHOLE = {"org", "provider", "account", "flow"}
_DECIMALS = Decimal("0.000001")
#: A price that moves a scope's spend by less is not worth a word.
_LEAST = Decimal("0.00005")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedScope:
    """A scope and measure for which changes are asked."""

    scope: SpendScope
    measure: SpendMeasure
    #: ISO 4217; None exactly for tokens, which no price changes.
    currency: str | None


def known_changes(
    warehouse: ReadOnlyWarehouse, wanted: Sequence[ChangedScope], *, today: dt.date, until: dt.date
) -> list[tuple[KnownChange, ...]]:
    """What will change each of `wanted` from a day in [today, until) on, in their order, the earliest first.

    Weighed by the spend of the last WEIGHED_DAYS days. Where nothing is scheduled, that is two queries for all.
    """
    coming = coming_changes(warehouse, today=today, until=until) if wanted else ()
    asked = [
        (place, change, narrowed)
        for change in coming
        for place, one in enumerate(wanted)
        if one.currency == change.currency and (narrowed := _narrowed(one.scope, change.part)) is not None
    ]
    if not asked:
        return [() for _ in wanted]
    questions = {(place, narrowed) for place, change, narrowed in asked if _follows(change, wanted[place].measure)}
    spent = _recent(warehouse, wanted, questions | {(place, wanted[place].scope) for place, _, _ in asked}, today)
    found: list[list[KnownChange]] = [[] for _ in wanted]
    factors: defaultdict[tuple[int, dt.date], list[tuple[str, Decimal]]] = defaultdict(list)
    for place, change, narrowed in asked:
        one = wanted[place]
        part, whole = spent.get((place, narrowed), Decimal(0)), spent[place, one.scope]
        growth = change.growth.get(one.measure, Decimal(0)) * part
        if change.is_price:
            if whole > 0 and growth:
                factors[place, change.day].append((change.reason, growth / whole))
            continue
        amount = growth / WEIGHED_DAYS
        if set(one.scope.shape) <= _WHOLE:
            amount += change.added.get(one.measure, Decimal(0))
        if amount.quantize(_DECIMALS):
            found[place].append(
                KnownChange(day=change.day, reason=change.reason, amount_per_day=amount.quantize(_DECIMALS))
            )
    for (place, day), shares in factors.items():
        moved = sum((share for _, share in shares), start=Decimal(0))
        if abs(moved) >= _LEAST:
            reason = shares[0][0] if len(shares) == 1 else f"prices of {len(shares)} models and accounts change"
            found[place].append(KnownChange(day=day, reason=reason, factor=(1 + moved).quantize(_DECIMALS)))
    return [tuple(sorted(each, key=lambda change: (change.day, change.reason))) for each in found]


def _follows(change: ComingChange, measure: SpendMeasure) -> bool:
    """Whether the change is a share of what is spent by this measure."""
    return measure in change.growth


def _narrowed(scope: SpendScope, part: Mapping[str, str]) -> SpendScope | None:
    """The scope within the part; None where they have nothing in common."""
    values = scope.as_mapping()
    if any(values.get(dimension, value) != value for dimension, value in part.items()):
        return None
    return SpendScope.of({**values, **part})


def _recent(
    warehouse: ReadOnlyWarehouse,
    wanted: Sequence[ChangedScope],
    asked: set[tuple[int, SpendScope]],
    today: dt.date,
) -> dict[tuple[int, SpendScope], Decimal]:
    keys = sorted(asked, key=lambda key: (key[0], key[1].values))
    questions = [
        WantedSpend(
            scope=scope,
            measure=wanted[place].measure,
            currency=wanted[place].currency,
            since=today - WEIGHED_DAYS * _DAY,
            until=today,
        )
        for place, scope in keys
    ]
    try:
        answers = daily_spend(warehouse, questions)
    except FinopsError:
        return defaultdict(Decimal)
    return defaultdict(
        Decimal,
        {key: sum(answer.values(), start=Decimal(0)) for key, answer in zip(keys, answers, strict=True)},
    )
