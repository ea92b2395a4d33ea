"""`genai-finops forecast` over a small warehouse."""

import dataclasses
import datetime as dt
import json
import shlex
from typing import Any

from click.testing import CliRunner, Result

from genai_finops.cli.forecast import forecast

NOON = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)
TODAY = NOON.date()
TWO_WEEKS = [(TODAY - dt.timedelta(days=back), "web", "10") for back in range(1, 15)]


def run(home: Any, line: str) -> Result:
    return CliRunner().invoke(
        forecast, shlex.split(line), obj=dataclasses.replace(home.settings, simulated_now=NOON), catch_exceptions=True
    )


def test_budget_is_forecast_to_the_end_of_its_period(home: Any) -> None:
    home.spend(TWO_WEEKS)
    home.read_until(TODAY - dt.timedelta(days=1))
    home.add()

    told = json.loads(run(home, "acme monthly --json").output)

    # Ten a day, four days of November known: used up on the tenth.
    assert (told["spend"], told["forecast"], told["exhaustion_day"]) == ("40", "300", "2026-11-10")
    assert (told["history_days"], told["backtest_error"]) == (14, "0")


def test_scope_is_forecast_over_days_from_today(home: Any) -> None:
    home.spend(TWO_WEEKS)
    home.read_until(TODAY - dt.timedelta(days=1))

    told = run(home, "acme --scope tenant=web --days 3")

    assert "30.00 USD" in told.output
    assert "used up" not in told.output


def test_scope_that_never_spent_is_refused_and_not_forecast_as_nothing(home: Any) -> None:
    told = run(home, "acme --scope tenant=nobody --days 3")

    assert told.exit_code != 0
    assert "fewer than 3 days" in str(told.exception)
