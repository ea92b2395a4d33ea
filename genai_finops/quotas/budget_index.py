"""The budgets that can block, by their scopes: which of ten thousand matter for a request, without asking each."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genai_finops.budgets.budget import Budget
from genai_finops.quotas.decision import block_share
from genai_finops.quotas.request_scope import RequestScope


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedBudget:
    """A budget, its id in the control database, and when it was last changed there."""

    budget_id: int
    budget: Budget
    changed_at: dt.datetime


class BudgetIndex:
    """Budgets as of one version of them; a newer version needs a new index."""

    def __init__(self, budgets: Iterable[IndexedBudget], *, version: int, unreadable: Sequence[str] = ()) -> None:
        self.version = version
        #: Stored budgets that no one can make sense of, and that therefore block nothing.
        self.unreadable = tuple(unreadable)
        found: defaultdict[tuple[str, ...], defaultdict[tuple[str, ...], list[IndexedBudget]]]
        found = defaultdict(lambda: defaultdict(list))
        self.budgets = tuple(each for each in budgets if block_share(each.budget) is not None)
        for each in self.budgets:
            scope = each.budget.scope
            found[scope.shape][tuple(value for _, value in scope.values)].append(each)
        self._by_shape = {shape: dict(by_values) for shape, by_values in found.items()}

    @property
    def has_hierarchy(self) -> bool:
        """Whether what is above an entity matters to any budget."""
        return any("hierarchy" in shape for shape in self._by_shape)

    def matching(self, scope: RequestScope) -> Sequence[IndexedBudget]:
        """The budgets that count the request, by id."""
        found = {
            each.budget_id: each
            for shape, by_values in self._by_shape.items()
            for values in scope.keys(shape)
            for each in by_values.get(values, ())
        }
        return [found[budget_id] for budget_id in sorted(found)]
