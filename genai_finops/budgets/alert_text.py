"""What alerts of budgets say, for readers who know what they spend and not how it is counted."""

import datetime as dt
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from genai_finops.budgets.budget import Budget, PeriodKind, Threshold
from genai_finops.budgets.evaluation import BudgetState
from genai_finops.budgets.periods import Period
from genai_finops.forecasting.forecast import PeriodForecast

#: Title and message.
Text = tuple[str, str]


def spent_text(budget: Budget, state: BudgetState, threshold: Threshold) -> Text:
    """That a share is spent."""
    period, available = period_text(budget, state.period), amount_text(state.available, state.currency)
    mark, left = share_text(threshold.share), state.available - state.spend
    spent = amount_text(state.spend, state.currency)
    sentences = [f"{spent} of {available} are spent in {period}; the mark is {mark}."]
    if left > 0:
        sentences.append(f"{amount_text(left, state.currency)} are left.")
    elif left < 0:
        sentences.append(f"That is {amount_text(-left, state.currency)} too much.")
    if "block" in threshold.actions and not state.is_over:
        sentences.append("Further requests are refused until the period ends.")
    return f"{budget.key}: {share_text(state.share)} of {available} spent in {period}", _message(sentences, state)


def expected_text(budget: Budget, state: BudgetState, forecast: PeriodForecast, threshold: Threshold) -> Text:
    """That a share is forecast to be spent."""
    period, available = period_text(budget, state.period), amount_text(state.available, state.currency)
    low, high = (amount_text(bound, state.currency) for bound in (forecast.lower_80, forecast.upper_80))
    about = amount_text(forecast.total, state.currency)
    sentences = [
        f"About {about} of {available} will be spent by the end of {period}, at least {share_text(threshold.share)}.",
        f"With 80 % probability it is between {low} and {high}.",
        f"{amount_text(state.spend, state.currency)} are spent so far.",
    ]
    if forecast.exhaustion_day is not None:
        sentences.append(f"The budget would be used up on {_day_text(forecast.exhaustion_day)}.")
    expected = share_text(forecast.total / state.available)
    return f"{budget.key}: {expected} of {available} expected in {period}", _message(sentences, state)


def recovered_text(budget: Budget, state: BudgetState, threshold: Threshold) -> Text:
    """That a share is no longer spent, or no longer forecast."""
    period, available = period_text(budget, state.period), amount_text(state.available, state.currency)
    mark, spent = share_text(threshold.share), amount_text(state.spend, state.currency)
    if threshold.kind == "actual":
        sentences = [
            f"{spent} of {available} are spent in {period}, less than {mark}.",
            "The amount was raised, or figures of a provider were corrected.",
        ]
        return f"{budget.key}: below {mark} of {available} again in {period}", _message(sentences, state)
    sentences = [f"{spent} of {available} are spent so far."]
    if state.forecast is not None:
        about = amount_text(state.forecast.total, state.currency)
        sentences.insert(0, f"About {about} will be spent by the end of {period}, less than {mark}.")
    return f"{budget.key}: less than {mark} of {available} expected again in {period}", _message(sentences, state)


def late_text(budget: Budget, provider: str, provider_as_of: dt.datetime) -> Text:
    """That a provider's data is late."""
    message = (
        f"{provider} has told nothing of the time after {_moment_text(provider_as_of)}. What was spent there since is "
        f"counted only as far as logs of requests tell of it."
    )
    return f"{budget.key}: data of {provider} is late", message


def current_text(budget: Budget, provider: str, provider_as_of: dt.datetime) -> Text:
    """That a provider's data is no longer late."""
    return (
        f"{budget.key}: data of {provider} is up to date again",
        f"Everything at {provider} before {_moment_text(provider_as_of)} is known.",
    )


def period_text(budget: Budget, period: Period) -> str:
    """As in `October 2026`, with the days that a cut period has; days are those of the budget's time zone."""
    return _period_text(budget.period, budget.time_zone, period)


@lru_cache(maxsize=4_096)
def _period_text(kind: PeriodKind, zone_name: str, period: Period) -> str:
    zone = ZoneInfo(zone_name)
    first = period.start.astimezone(zone).date()
    last = (period.end - dt.timedelta.resolution).astimezone(zone).date()
    if first == last:
        return _day_text(first)
    days = f"{_day_text(first)} to {_day_text(last)}"
    following = last + dt.timedelta(days=1)
    if first.day != 1 or following.day != 1:
        return days
    months = (following.year - first.year) * 12 + following.month - first.month
    match kind, months:
        case "monthly", 1:
            return f"{first:%B %Y}"
        case "quarterly", 3:
            return f"Q{first.month // 3 + 1} {first.year}"
        case "yearly", 12:
            return f"{first.year}"
        case _:
            return days


def amount_text(amount: Decimal, currency: str | None) -> str:
    """Cents, and more digits of what is less than 1."""
    if currency is None:
        return f"{amount:,.0f} tokens"
    text = f"{amount:,.2f}" if abs(amount) >= 1 or not amount else f"{amount:.6f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2} {currency}"


def share_text(share: Decimal) -> str:
    """Percent, rounded down: what is not reached is not shown as reached."""
    percent = (share * 100).quantize(Decimal("0.1"), ROUND_FLOOR)
    return f"{percent:,f}".removesuffix(".0") + " %"


def _message(sentences: list[str], state: BudgetState) -> str:
    notes = []
    if state.carried:
        notes.append(f"{amount_text(state.carried, state.currency)} of the budget are left over from before.")
    if state.uncounted:
        others = " and ".join(amount_text(amount, currency) for currency, amount in state.uncounted.items())
        notes.append(f"{others} in other currencies are not counted.")
    if state.late:
        notes.append(f"Data of {' and '.join(state.late)} is late: more may have been spent.")
    if state.known_until is not None:
        notes.append(f"Everything before {_moment_text(state.known_until)} is counted.")
    return " ".join([*sentences, *notes])


def _day_text(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _moment_text(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
