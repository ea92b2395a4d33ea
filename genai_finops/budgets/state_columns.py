"""How a budget stands, as the control database keeps it."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from genai_finops.budgets.budget import Threshold
from genai_finops.budgets.evaluation import BudgetState
from genai_finops.budgets.periods import Standing
from genai_finops.control.budget_models import BudgetStateRow, StateStatus
from genai_finops.forecasting.forecast import KnownChange, PeriodForecast

_STATUS: dict[Standing, StateStatus] = {"running": "evaluated", "waiting": "waiting", "over": "over"}
_INTERVALS = ("lower_80", "upper_80", "lower_95", "upper_95")


def state_columns(budget_id: int, state: BudgetState | None, *, standing: Standing, now: dt.datetime) -> dict[str, Any]:
    """The columns of `budget_states` for what was found; `state` is None outside the validity of the budget."""
    common = {"budget_id": budget_id, "status": _STATUS[standing], "failure": None, "evaluated_at": now}
    if state is None:
        return {**common, **_NOTHING}
    return {
        **common,
        "period_start": state.period.start,
        "period_end": state.period.end,
        "available": _plain(state.available),
        "carried": _plain(state.carried),
        "spend": _plain(state.spend),
        **_forecast_columns(state.forecast),
        "data_as_of": {provider: moment.isoformat() for provider, moment in sorted(state.data_as_of.items())},
        "uncounted": {currency: f"{amount:f}" for currency, amount in state.uncounted.items()},
        "is_late": state.is_late,
        "is_blocked": state.is_blocked,
        "crossed": {crossed_name(threshold): threshold.severity for threshold in state.crossed},
    }


def failure_columns(budget_id: int, failure: str, *, now: dt.datetime) -> dict[str, Any]:
    """The columns of a budget that could not be evaluated: its former figures stay."""
    return {"budget_id": budget_id, "status": "failed", "failure": failure, "evaluated_at": now}


def crossed_name(threshold: Threshold) -> str:
    """As in `actual 0.75`."""
    return f"{threshold.kind} {threshold.share.normalize():f}"


def stored_forecast(row: BudgetStateRow) -> PeriodForecast | None:
    """The forecast that the row keeps; None without one."""
    if row.forecast is None or row.forecast_method is None:
        return None
    intervals: dict[str, Any] = {name: getattr(row, f"forecast_{name}") for name in _INTERVALS}
    return PeriodForecast(
        total=row.forecast,
        **intervals,
        exhaustion_day=row.exhaustion_day,
        method=row.forecast_method,
        backtest_error=row.backtest_error,
        history_days=row.history_days or 0,
        changes=tuple(_change(texts) for texts in row.known_changes),
    )


def _forecast_columns(forecast: PeriodForecast | None) -> dict[str, Any]:
    if forecast is None:
        return _NO_FORECAST
    return {
        "forecast": _plain(forecast.total),
        **{f"forecast_{name}": _plain(getattr(forecast, name)) for name in _INTERVALS},
        "exhaustion_day": forecast.exhaustion_day,
        "forecast_method": forecast.method,
        "backtest_error": None if forecast.backtest_error is None else _plain(forecast.backtest_error),
        "history_days": forecast.history_days,
        "known_changes": [
            {
                "day": change.day.isoformat(),
                "reason": change.reason,
                "factor": f"{change.factor:f}",
                "amount_per_day": f"{change.amount_per_day:f}",
            }
            for change in forecast.changes
        ],
    }


def _change(texts: Mapping[str, str]) -> KnownChange:
    return KnownChange(
        day=dt.date.fromisoformat(texts["day"]),
        reason=texts["reason"],
        factor=Decimal(texts["factor"]),
        amount_per_day=Decimal(texts["amount_per_day"]),
    )


def _plain(amount: Decimal) -> Decimal:
    # The column keeps 64 characters, and no exponent.
    return Decimal(f"{amount:f}")


_NO_FORECAST: dict[str, Any] = {
    **dict.fromkeys(
        (
            "forecast",
            *(f"forecast_{name}" for name in _INTERVALS),
            "exhaustion_day",
            "forecast_method",
            "backtest_error",
            "history_days",
        )
    ),
    "known_changes": [],
}
_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("period_start", "period_end", "available", "carried", "spend")),
    **_NO_FORECAST,
    "data_as_of": {},
    "uncounted": {},
    "is_late": False,
    "is_blocked": False,
    "crossed": {},
}
