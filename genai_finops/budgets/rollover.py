"""What is left of earlier periods and added to a later one."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, localcontext

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.day_shares import EXACT, spend_in
from genai_finops.budgets.periods import ROLLOVER_PERIODS, Period, earlier_periods


def carried_into(budget: Budget, spend: Mapping[dt.date, Decimal], period: Period, *, now: dt.datetime) -> Decimal:
    """What was carried into the period; 0 for a budget that does not roll over.

    Each earlier period since `valid_from`, at most ROLLOVER_PERIODS back, passes on what it did not spend of its
    amount and of what was carried into it, at most `rollover_limit`. What was overspent is no debt: a period has at
    least its amount. All of it by the budget as it is now and the spend as it is known now.
    """
    carried = Decimal(0)
    if not budget.is_rolling_over:
        return carried
    for earlier in earlier_periods(budget, period, ROLLOVER_PERIODS):
        spent = spend_in(spend, earlier, budget.measure, now=now)
        with localcontext(EXACT):
            left = max(budget.amount + carried - spent, Decimal(0))
        carried = left if budget.rollover_limit is None else min(left, budget.rollover_limit)
    return carried
