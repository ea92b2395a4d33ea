"""What made the most of a scope's spend."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.budget_spend import WantedSpend
from genai_finops.warehouse.spend_rows import key_column, key_of, spend_relation

#: The first that names at least two parts of more than half of the spend is told of; else the one that names the most.
_DIMENSIONS = ("org", "tenant", "model", "task", "user", "sub_account", "provider", "flow")
_CLEAR_SHARE = Decimal("0.5")
_CLEAR_PARTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendDriver:
    """One of the largest parts of what was spent."""

    #: As in `model gpt-5.1`, `tenant initech` or `provider openai`.
    name: str
    amount: Decimal


def top_drivers(
    warehouse: ReadOnlyWarehouse, wanted: Sequence[WantedSpend], count: int = 3
) -> list[tuple[SpendDriver, ...]]:
    """The largest parts of the spend of each of `wanted`, the largest first, at most `count`.

    They are the values of one dimension that the scope leaves open: the organisations of a platform, the tenants of an
    organisation, the models of a tenant, as far as they are known. One query for each of `wanted`: for those that
    alert. Raises FinopsError where the table was never built.
    """
    return [_drivers(warehouse, one, count) for one in wanted]


def _drivers(warehouse: ReadOnlyWarehouse, wanted: WantedSpend, count: int) -> tuple[SpendDriver, ...]:
    parts = _parts(warehouse, wanted)
    named = {
        dimension: sum((amount for value, amount in found if value is not None), Decimal())
        for dimension, found in parts.items()
    }
    clear = [dimension for dimension, found in parts.items() if _is_clear(found, named[dimension])]
    chosen = clear[0] if clear else max(named, key=lambda dimension: named[dimension], default=None)
    if chosen is None:
        return ()
    largest = sorted(
        ((amount, value) for value, amount in parts[chosen] if value is not None and amount > 0),
        key=lambda part: (-part[0], part[1]),
    )
    return tuple(SpendDriver(name=f"{chosen} {value}", amount=amount) for amount, value in largest[:count])


def _is_clear(parts: Sequence[tuple[str | None, Decimal]], named: Decimal) -> bool:
    total = sum((amount for _, amount in parts), Decimal())
    return len([value for value, _ in parts if value is not None]) >= _CLEAR_PARTS and named > total * _CLEAR_SHARE


def _parts(warehouse: ReadOnlyWarehouse, wanted: WantedSpend) -> dict[str, list[tuple[str | None, Decimal]]]:
    shape = wanted.scope.shape
    relation, relation_parameters = spend_relation(warehouse, wanted.scope)
    conditions, values = ["x_ingestion_date >= ?", "x_ingestion_date < ?"], [wanted.since, wanted.until]
    parameters: list[object] = [*relation_parameters, *values]
    if wanted.currency is not None:
        conditions.append("currency = ?")
        parameters.append(wanted.currency)
    for dimension in shape:
        value = key_of(wanted.scope, dimension)
        is_path = dimension == "hierarchy"
        column = key_column(dimension)
        conditions.append(f"strpos(concat({column}, '/'), ?) > 0" if is_path else f"{column} = ?")
        parameters.append(f"/{value}/" if is_path else value)
    # Elsewhere than in one organisation, tenants of one name have nothing to do with each other.
    within = ("tenant", "task", "user", "sub_account") if "org" not in shape else ()
    open_dimensions = [name for name in _DIMENSIONS if name not in shape and name not in within]
    selects = [
        f"select '{dimension}' as dimension, {key_column(dimension)} as part, sum({wanted.measure}) as amount "  # noqa: S608 - names of this package
        f"from {relation} where {' and '.join(conditions)} group by {key_column(dimension)}"
        for dimension in open_dimensions
    ]
    found: defaultdict[str, list[tuple[str | None, Decimal]]] = defaultdict(list)
    for dimension, part, amount in warehouse.rows(" union all ".join(selects), parameters * len(selects)):
        if amount is not None:
            found[dimension].append((part, Decimal(amount)))
    return {dimension: found[dimension] for dimension in open_dimensions if dimension in found}
