"""`genai-finops budget`: what people enter, and what they are shown."""

import datetime as dt
import json
import shlex
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner, Result

from genai_finops.budgets.budget import Threshold
from genai_finops.budgets.stored_budget import load_budgets
from genai_finops.budgets.tick import tick
from genai_finops.cli.budget import budget
from genai_finops.control.database import open_database, reading

NOON = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)


def run(home: Any, line: str) -> Result:
    return CliRunner().invoke(budget, shlex.split(line), obj=home.settings)


def entered(home: Any) -> list[Any]:
    engine = open_database(home.settings)
    with reading(engine) as session:
        found = [stored.budget for stored in load_budgets(session)]
    engine.dispose()
    return found


def test_a_budget_of_an_organisation_is_within_it(home: Any) -> None:
    result = run(home, "add acme web --scope tenant=web --amount 40 --currency USD --period daily --block")
    assert result.exit_code == 0, result.output
    [found] = entered(home)
    assert str(found.scope) == "org=acme,tenant=web"
    assert [each.share for each in found.thresholds if "block" in each.actions] == [Decimal(1)]


def test_thresholds_are_taken_as_they_are_written(home: Any) -> None:
    run(home, "add acme web --amount 40 --threshold 80.5%=warning --threshold forecast:120%=critical:log")
    assert entered(home)[0].thresholds == (
        Threshold(share=Decimal("0.805"), kind="actual", severity="warning"),
        Threshold(share=Decimal("1.2"), kind="forecast", severity="critical", actions=("log",)),
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("add acme web --amount 40 --scope org=globex", "not that of its owner"),
        ("add acne web --amount 40", "'acne' is unknown. Did you mean acme?"),
        ("add acme web --amount 40 --threshold 80=warning", "cannot be read"),
        ("add acme web --amount 40 --late-after 1.5h", "--late-after is '1.5h'"),
        ("add acme web --amount 40 --scope task=a --scope task=b", "names a dimension twice"),
        ("add acme web", "has no amount"),
        ("set acme monthly --period weekly", "acme/monthly does not exist"),
    ],
)
def test_what_cannot_be_a_budget_is_refused_with_a_reason(line: str, reason: str, home: Any) -> None:
    result = run(home, line)
    assert (result.exit_code, reason in result.output, entered(home)) == (1, True, [])


def test_a_budget_that_may_never_bind_is_entered_and_doubted(home: Any) -> None:
    result = run(home, "add acme web --scope tenant=wbe --amount 40")
    assert "Doubtful: tenant 'wbe' of acme has spent nothing so far" in result.output
    assert len(entered(home)) == 1


def test_a_change_leaves_the_rest_as_it_was(home: Any) -> None:
    home.add(remind_after=dt.timedelta(hours=12), is_rolling_over=True, rollover_limit=Decimal(5))
    [before] = entered(home)
    run(home, "set acme monthly --amount 7 --remind-after never")
    [after] = entered(home)
    assert (after.amount, after.remind_after, after.rollover_limit, after.scope) == (7, None, 5, before.scope)


def test_the_status_tells_spend_share_and_until_when_data_is_known(home: Any) -> None:
    home.add()
    assert "not evaluated yet" in run(home, "status").output
    tick(home.settings, now=NOON)
    line = run(home, "status acme").output.splitlines()[1]
    assert [part in line for part in ("60.00 USD", "100.00 USD", "60.0 %", "info", "2026-11-05T00:00Z")] == [True] * 5


def test_the_status_as_json_keeps_every_digit(home: Any) -> None:
    home.spend([(dt.date(2026, 11, 2), "web", "0.000000000000000001")])
    home.add()
    tick(home.settings, now=NOON)
    [row] = json.loads(run(home, "status --json").output)
    assert (row["spend"], row["crossed"], row["is_blocked"]) == ("0.000000000000000001", {}, False)


def test_show_tells_what_was_entered_and_how_it_stands(home: Any) -> None:
    home.add()
    tick(home.settings, now=NOON)
    output = run(home, "show acme monthly").output
    assert [part in output for part in ("forecast:75%=warning:notify,log", "60.00 USD (60.0 %)")] == [True, True]


def test_a_replay_tells_what_would_have_been_told_and_blocked(home: Any) -> None:
    home.add()
    line = "replay acme monthly --from 2026-11-01 --to 2026-11-04 --amount 50 --threshold 100%=exceeded:notify,block"
    events = json.loads(run(home, f"{line} --json").output)
    assert [(event["what"], event["at"]) for event in events] == [
        ("alert", "2026-11-03T06:00:00Z"),
        ("blocked", "2026-11-03T06:00:00Z"),
    ]


def test_a_removed_budget_is_gone(home: Any) -> None:
    home.add()
    run(home, "remove acme monthly")
    assert entered(home) == []
