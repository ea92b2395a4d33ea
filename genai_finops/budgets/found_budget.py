"""What one look finds of a budget."""

from dataclasses import dataclass, field

from genai_finops.alerts.alert import Alert
from genai_finops.budgets.alert_memory import Telling
from genai_finops.budgets.evaluation import BudgetState
from genai_finops.budgets.stored_budget import StoredBudget
from genai_finops.errors import FinopsError


@dataclass(slots=True)
class FoundBudget:
    """A budget, how it stands, and what is to be told; or why nothing could be found."""

    stored: StoredBudget
    present: BudgetState | None = None
    settling: tuple[BudgetState, ...] = ()
    telling: Telling = field(default_factory=Telling)
    #: That it is evaluated again, after it had failed.
    recovery: Alert | None = None
    failure: str | None = None

    @property
    def states(self) -> tuple[BudgetState, ...]:
        """All that are looked at, the earliest first."""
        return self.settling if self.present is None else (*self.settling, self.present)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return self.telling.alerts if self.recovery is None else (self.recovery, *self.telling.alerts)


class Failing:
    """What goes wrong within `with` is the failure of this budget, and of no other."""

    def __init__(self, found: FoundBudget) -> None:
        self._found = found

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        self._found.failure = reason_of(error)
        return True


def reason_of(error: Exception) -> str:
    """Why a budget failed, in a line."""
    return error.message if isinstance(error, FinopsError) else f"{type(error).__name__}: {error}"
