"""The list of what is blocked, as gateways read it."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from genai_finops.budgets.budget import Threshold
from genai_finops.quotas.block_list import block_list_path, write_block_list
from genai_finops.quotas.request_amount import RequestAmount
from genai_finops.warehouse.spend_scope import SpendScope

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def listed(budgets: Any, now: dt.datetime = NOW) -> list[dict[str, Any]]:
    write_block_list(budgets.settings, now)
    found: list[dict[str, Any]] = json.loads(block_list_path(budgets.settings).read_text())["blocked"]
    return found


def test_a_budget_is_listed_from_its_blocking_threshold_until_the_end_of_its_period(budgets: Any) -> None:
    budgets.add(
        scope=SpendScope.of({"org": "acme", "tenant": "initrode"}),
        thresholds=(Threshold(share=Decimal("0.9"), kind="actual", severity="critical", actions=("block",)),),
    )
    budgets.tick("89.99")
    assert listed(budgets) == []
    budgets.tick("90")
    (entry,) = listed(budgets)
    assert (entry["budget"], entry["scope"]) == ("acme/monthly", {"org": "acme", "tenant": "initrode"})
    assert (entry["spend"], entry["bound"], entry["reason"]) == ("90", "90", "90 USD of 90 USD are spent")
    assert (entry["since"], entry["until"]) == ("2026-11-05T06:00:00Z", "2026-12-01T00:00:00Z")
    assert entry["data_as_of"] == {"openai": "2026-11-05T00:00:00Z"}


def test_settled_amounts_block_before_the_spend_has_them_and_held_ones_do_not(
    one_budget: Any, ask: Callable[..., Any]
) -> None:
    gate = one_budget.gate()
    reservation = ask(gate, "100").reservation_id
    assert listed(one_budget) == []
    gate.settle(reservation, RequestAmount(cost=Decimal(100), currency="USD"), now=NOW)
    assert [entry["settled"] for entry in listed(one_budget)] == ["100"]


def test_a_budget_stays_listed_since_it_was_first_and_the_version_while_nothing_changes(budgets: Any) -> None:
    budgets.add()
    budgets.tick("100")
    first = write_block_list(budgets.settings, NOW)
    again = write_block_list(budgets.settings, NOW + MINUTE)
    assert (again.version, again.blocked[0]["since"]) == (first.version, "2026-11-05T06:00:00Z")
    budgets.tick("101", now=NOW + MINUTE)
    assert write_block_list(budgets.settings, NOW + MINUTE).version != first.version


def test_a_budget_of_unknown_spend_is_listed_where_it_blocks_then(budgets: Any) -> None:
    budgets.add(name="closed", when_unknown="block")
    budgets.add(name="open", when_unknown="allow")
    assert [entry["budget"] for entry in listed(budgets)] == ["acme/closed"]


def test_the_next_period_is_not_blocked_by_the_last_one(budgets: Any) -> None:
    night = dt.datetime(2026, 11, 30, 23, 58, tzinfo=dt.UTC)
    budgets.add()
    budgets.tick("100", now=night)
    assert len(listed(budgets, night)) == 1
    assert listed(budgets, night + 3 * MINUTE) == []


def test_writing_the_list_forgets_reservations_that_are_long_over(one_budget: Any, ask: Callable[..., Any]) -> None:
    gate = one_budget.gate()
    ask(gate, "60")
    days_later = NOW + dt.timedelta(days=3)
    one_budget.tick("0", now=days_later)
    write_block_list(one_budget.settings, days_later)
    (answer,) = ask(gate, "100", now=days_later).budgets
    assert (answer.verdict, answer.held) == ("room", Decimal(0))


def test_a_damaged_list_is_written_anew(budgets: Any) -> None:
    budgets.add()
    budgets.tick("100")
    path = block_list_path(budgets.settings)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert len(listed(budgets)) == 1
    assert [found.name for found in path.parent.iterdir()] == [path.name]
