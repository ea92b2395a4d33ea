"""`genai-finops forecast`: what a budget or a scope will have spent."""

import json
from decimal import Decimal
from typing import Any, get_args

import click

from genai_finops.budgets.budget import Budget, Measure
from genai_finops.budgets.live_forecast import LiveForecast, live_forecast, next_days
from genai_finops.budgets.stored_budget import stored_budget
from genai_finops.cli.budget.budget_options import scope_of
from genai_finops.cli.budget.budget_texts import plain, shown_amount
from genai_finops.cli.context import control_reading, current_settings, json_option, utc_now
from genai_finops.cli.entered_values import number
from genai_finops.control.alert_content import PLATFORM
from genai_finops.control.budget_store import get_budget
from genai_finops.control.organisations import get_organisation
from genai_finops.errors import FinopsError
from genai_finops.forecasting.forecast import KnownChange

_MAX_DAYS = 366


@click.command(name="forecast")
@click.argument("owner", required=False)
@click.argument("name", required=False)
@click.option("--scope", "scope", multiple=True, metavar="DIMENSION=VALUE", help="Without NAME; may be repeated.")
@click.option("--days", type=click.IntRange(1, _MAX_DAYS), help="UTC days, today included. Without NAME.")
@click.option("--measure", type=click.Choice(get_args(Measure)), default="effective_cost", show_default=True)
@click.option("--currency", metavar="CODE", help="ISO 4217.  [default: that of the organisation]")
@click.option("--amount", type=number, metavar="NUMBER", help="Say on which day so much is used up.")
@json_option
def forecast(
    *,
    owner: str | None,
    name: str | None,
    scope: tuple[str, ...],
    days: int | None,
    measure: Measure,
    currency: str | None,
    amount: Decimal | None,
    as_json: bool,
) -> None:
    """Forecast what the budget NAME of OWNER will have spent at the end of its period, or a scope in the next days.

    An estimate, with the intervals that hold it in 80 and 95 of 100 cases, the error that such forecasts had in the
    past of the same spend, and the changes of prices and commitments that are known already.

    \b
    genai-finops forecast acme production
    genai-finops forecast acme --scope provider=openai --days 30
    """
    settings = current_settings()
    now = settings.simulated_now or utc_now()
    if name is not None and owner is not None:
        if scope or days is not None:
            raise FinopsError("A budget has a scope and a period", remedy="Leave out --scope and --days, or NAME.")
        with control_reading() as session:
            budget = stored_budget(get_budget(session, owner, name)).budget
        has_amount = True
    else:
        if days is None:
            raise FinopsError("Neither a budget nor days are named", remedy="Give OWNER and NAME, or --days.")
        wanted = scope_of(owner or PLATFORM, scope)
        if measure != "tokens" and currency is None:
            currency = _currency_of(wanted.org)
        budget = next_days(
            wanted,
            days=days,
            measure=measure,
            currency=None if measure == "tokens" else currency,
            amount=amount,
            now=now,
        )
        has_amount = amount is not None
    found = live_forecast(settings, budget, now=now)
    if as_json:
        click.echo(json.dumps(_json(budget, found, has_amount=has_amount), indent=2))
        return
    for label, text in _lines(budget, found, has_amount=has_amount):
        click.echo(f"{label:<16}{text}")


def _currency_of(org: str | None) -> str:
    if org is None:
        raise FinopsError("The scope spans organisations", remedy="Give --currency; currencies are never added.")
    with control_reading() as session:
        return get_organisation(session, org).currency


def _lines(budget: Budget, found: LiveForecast, *, has_amount: bool) -> list[tuple[str, str | None]]:
    state, forecast = found.state, found.forecast

    def shown(amount: Decimal) -> str | None:
        return shown_amount(amount, budget.currency)

    error = "too little past to say" if forecast.backtest_error is None else f"{forecast.backtest_error * 100:.1f} %"
    known = state.known_until
    lines = [
        ("scope", f"{budget.scope}, {budget.measure}"),
        ("period", f"{state.period.start:%Y-%m-%dT%H:%MZ} to {state.period.end:%Y-%m-%dT%H:%MZ}"),
        ("data as of", "unknown" if known is None else f"{known:%Y-%m-%dT%H:%MZ}"),
        ("spent", shown(state.spend)),
        ("expected", shown(forecast.total)),
        ("80 % interval", f"{shown(forecast.lower_80)} to {shown(forecast.upper_80)}"),
        ("95 % interval", f"{shown(forecast.lower_95)} to {shown(forecast.upper_95)}"),
    ]
    if has_amount:
        used_up = forecast.exhaustion_day
        lines.append(("available", shown(state.available)))
        lines.append(("used up on", "not in this period" if used_up is None else used_up.isoformat()))
    lines += [
        ("method", f"{forecast.method}, {forecast.history_days} days of the past"),
        ("past error", error),
    ]
    return [*lines, *(("known change", _change(each)) for each in forecast.changes)]


def _change(change: KnownChange) -> str:
    parts = []
    if change.factor != 1:
        parts.append(f"{(change.factor - 1) * 100:+.2f} %")
    if change.amount_per_day:
        parts.append(f"{change.amount_per_day:+,.2f} a day")
    return f"{change.day}: {change.reason} ({', '.join(parts)})"


def _json(budget: Budget, found: LiveForecast, *, has_amount: bool) -> dict[str, Any]:
    state, forecast = found.state, found.forecast
    return {
        "scope": budget.scope.as_mapping(),
        "measure": budget.measure,
        "currency": budget.currency,
        "period_start": state.period.start.isoformat(),
        "period_end": state.period.end.isoformat(),
        "data_as_of": {provider: moment.isoformat() for provider, moment in sorted(state.data_as_of.items())},
        "spend": plain(state.spend),
        "forecast": plain(forecast.total),
        "forecast_80": [plain(forecast.lower_80), plain(forecast.upper_80)],
        "forecast_95": [plain(forecast.lower_95), plain(forecast.upper_95)],
        "available": plain(state.available) if has_amount else None,
        "exhaustion_day": forecast.exhaustion_day.isoformat() if has_amount and forecast.exhaustion_day else None,
        "method": forecast.method,
        "history_days": forecast.history_days,
        "backtest_error": plain(forecast.backtest_error),
        "known_changes": [
            {
                "day": change.day.isoformat(),
                "reason": change.reason,
                "factor": plain(change.factor),
                "amount_per_day": plain(change.amount_per_day),
            }
            for change in forecast.changes
        ],
    }
