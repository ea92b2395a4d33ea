"""Whether requests may be made, and what they reserve, on a real control database."""

import datetime as dt
import sqlite3
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.budgets.budget import Threshold
from genai_finops.control.database import writing
from genai_finops.control.models import HierarchyEntity
from genai_finops.control.organisations import add_organisation
from genai_finops.errors import FinopsError
from genai_finops.quotas.gate import QuotaGate
from genai_finops.quotas.request_amount import RequestAmount
from genai_finops.settings import Settings
from genai_finops.warehouse.spend_scope import SpendScope

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
Ask = Callable[..., Any]


def dollars(cost: str, currency: str = "USD") -> RequestAmount:
    return RequestAmount(cost=Decimal(cost), currency=currency)


def test_a_request_that_fills_the_budget_exactly_passes_and_the_next_does_not(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate()
    assert [ask(gate, cost).outcome for cost in ("60", "40", "0.000001")] == ["allow", "allow", "block"]


def test_a_decision_names_the_data_it_used(budgets: Any, ask: Ask) -> None:
    budgets.add(thresholds=(Threshold(share=Decimal("0.9"), kind="actual", severity="critical", actions=("block",)),))
    budgets.tick("30")
    gate = budgets.gate()
    ask(gate, "12.5")
    (answer,) = ask(gate, "50").budgets
    assert (answer.budget, answer.spend, answer.reserved, answer.available, answer.bound, answer.estimated) == (
        *("acme/monthly", Decimal(30), Decimal("12.5"), Decimal(100), Decimal(90)),
        Decimal(50),
    )
    assert (answer.evaluated_at, answer.data_as_of) == (NOW, {"openai": NOW - dt.timedelta(hours=6)})
    assert answer.why == "47.5 USD of 90 USD are left, the request takes 50 USD"


def test_a_budget_without_a_threshold_that_blocks_never_blocks(budgets: Any, ask: Ask) -> None:
    budgets.add(thresholds=(Threshold(share=Decimal(1), kind="actual", severity="exceeded"),))
    budgets.tick("1000")
    decision = ask(budgets.gate())
    assert (decision.outcome, decision.budgets, decision.reservation_id) == ("allow", (), None)


@pytest.mark.parametrize(
    ("scope", "is_seen"),
    [
        ({}, True),
        ({"provider": "openai", "model": "gpt-4o"}, True),
        ({"org": "acme", "tenant": "initrode"}, True),
        ({"org": "acme", "tenant": "hooli"}, False),
        ({"org": "acme", "task": "search"}, False),
        ({"org": "globex"}, False),
        ({"flow": "commitment"}, False),
        ({"org": "acme", "tag": "team=search"}, True),
        ({"org": "acme", "tag": "team=ads"}, False),
    ],
)
def test_a_budget_matters_when_every_dimension_of_its_scope_matches(
    budgets: Any, ask: Ask, scope: dict[str, str], is_seen: bool
) -> None:
    budgets.add(scope=SpendScope.of(scope))
    budgets.tick("100")
    decision = ask(budgets.gate(), model="openai/gpt-4o-2024-08-06", tenant="initrode", tags=("a=b", "team=search"))
    assert decision.is_allowed is not is_seen


@pytest.mark.parametrize("entity", ["TEAM-7", "/ACME/DEPT-1/TEAM-7"])
def test_a_request_of_a_team_counts_for_the_department_above_it(budgets: Any, ask: Ask, entity: str) -> None:
    with writing(budgets.engine) as session:
        add_organisation(session, slug="acme", name="Acme", now=NOW, actor="tester")
        session.flush()
        session.add(HierarchyEntity(org_slug="acme", entity_id="DEPT-1", name="Engineering", level_code="DEPT"))
        session.flush()
        session.add(
            HierarchyEntity(
                org_slug="acme", entity_id="TEAM-7", name="Search", level_code="TEAM", parent_entity_id="DEPT-1"
            )
        )
    budgets.add(scope=SpendScope.of({"org": "acme", "hierarchy": "DEPT-1"}))
    budgets.tick("100")
    assert ask(budgets.gate(), hierarchy=entity).outcome == "block"


def test_every_matching_budget_must_have_room_and_a_refusal_reserves_nothing(budgets: Any, ask: Ask) -> None:
    budgets.add()
    budgets.tick("0")
    budgets.add(name="small", scope=SpendScope.of({"org": "acme", "user": "ann"}), amount=Decimal(5))
    budgets.tick("0", name="small", available="5")
    gate = budgets.gate()
    assert ask(gate, "6", user="ann").outcome == "block"
    assert ask(gate, "100", user="bob").outcome == "allow"


def test_tokens_are_held_against_a_budget_of_tokens(budgets: Any, ask: Ask) -> None:
    budgets.add(measure="tokens", currency=None, amount=Decimal(1000))
    budgets.tick("400", available="1000")
    gate = budgets.gate()
    assert [ask(gate, "1", tokens=tokens).outcome for tokens in ("500", "101", "100")] == ["allow", "block", "allow"]


def test_a_budget_in_another_currency_does_not_count_the_request(budgets: Any, ask: Ask) -> None:
    budgets.add(currency="EUR")
    budgets.tick("100")
    decision = ask(budgets.gate(), "5", currency="USD")
    assert (decision.outcome, [answer.verdict for answer in decision.budgets]) == ("allow", ["other_currency"])


def test_what_a_released_request_held_is_free_again(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate()
    first = ask(gate, "100")
    gate.release(first.reservation_id, now=NOW)
    assert ask(gate, "100").outcome == "allow"


def test_a_request_settled_for_less_leaves_the_rest(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate()
    gate.settle(ask(gate, "100").reservation_id, dollars("30"), now=NOW)
    assert [ask(gate, cost).outcome for cost in ("70.01", "70")] == ["block", "allow"]


def test_a_request_settled_twice_counts_once(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate()
    reservation = ask(gate, "50").reservation_id
    assert [gate.settle(reservation, dollars("50"), now=NOW) for _ in range(2)] == ["settled", "repeated"]
    assert ask(gate, "50").outcome == "allow"


def test_a_cost_in_another_currency_than_the_estimate_is_not_settled(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate()
    reservation = ask(gate, "50").reservation_id
    with pytest.raises(FinopsError, match="estimated in USD, and settled in EUR"):
        gate.settle(reservation, dollars("50", "EUR"), now=NOW)


def test_an_expired_reservation_counts_no_longer_and_its_late_settlement_does(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate(expiry=10 * MINUTE)
    reservation = ask(gate, "100").reservation_id
    assert ask(gate, "1", now=NOW + 9 * MINUTE).outcome == "block"
    assert ask(gate, "1", now=NOW + 10 * MINUTE).outcome == "allow"
    gate.settle(reservation, dollars("100"), now=NOW + 20 * MINUTE)
    assert ask(gate, "1", now=NOW + 21 * MINUTE).outcome == "block"


def test_a_settled_amount_counts_until_the_spend_includes_it_and_then_no_more(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate()
    gate.settle(ask(gate, "60").reservation_id, dollars("60"), now=NOW)
    later = NOW + 30 * MINUTE
    one_budget.tick("0", now=later, data_as_of={"openai": NOW - MINUTE, "anthropic": later})
    assert ask(gate, "50", now=later).outcome == "block"
    one_budget.tick("60", now=later, data_as_of={"openai": NOW + 10 * MINUTE})
    (answer,) = ask(gate, "40", now=later).budgets
    assert (answer.verdict, answer.spend, answer.settled) == ("room", Decimal(60), Decimal(0))


def test_a_spend_that_is_read_anew_with_less_data_takes_settlements_back(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate()
    gate.settle(ask(gate, "60").reservation_id, dollars("60"), now=NOW)
    later = NOW + 30 * MINUTE
    one_budget.tick("60", now=later, data_as_of={"openai": later})
    ask(gate, "1", now=later)
    one_budget.tick("0", now=later, data_as_of={"openai": NOW - MINUTE})
    assert ask(gate, "50", now=later).outcome == "block"


def test_of_a_period_that_began_after_the_tick_nothing_is_spent_yet(budgets: Any, ask: Ask) -> None:
    night = dt.datetime(2026, 11, 30, 23, 58, tzinfo=dt.UTC)
    budgets.add()
    budgets.tick("95", now=night)
    gate = budgets.gate()
    settled = ask(gate, "5", now=night).reservation_id
    gate.settle(settled, dollars("5"), now=night)
    assert ask(gate, "1", now=night).outcome == "block"
    (answer,) = ask(gate, "100", now=night + 4 * MINUTE).budgets
    assert (answer.verdict, answer.spend, answer.settled) == ("room", Decimal(0), Decimal(0))


@pytest.mark.parametrize("when_unknown", ["allow", "block"])
@pytest.mark.parametrize(
    ("state", "why"),
    [
        (None, "it has never been evaluated"),
        ({"failure": "the warehouse is gone"}, "it could not be evaluated: the warehouse is gone"),
        ({"now": NOW - dt.timedelta(hours=2)}, "it was last evaluated at 2026-11-05 04:00Z"),
    ],
)
def test_a_budget_whose_spend_is_not_known_answers_as_it_was_told_to(
    budgets: Any, ask: Ask, when_unknown: str, state: dict[str, Any] | None, why: str
) -> None:
    budgets.add(when_unknown=when_unknown)
    if state is not None:
        budgets.tick("0", **state)
    decision = ask(budgets.gate())
    assert (decision.outcome, [answer.verdict for answer in decision.budgets]) == (when_unknown, ["unknown"])
    assert why in decision.why


def test_a_request_that_does_not_say_its_cost_is_unknown_to_a_budget_of_money(budgets: Any, ask: Ask) -> None:
    budgets.add(when_unknown="block")
    budgets.tick("0")
    assert ask(budgets.gate(), None, tokens="10").outcome == "block"


def test_a_gate_that_runs_notices_new_and_removed_budgets(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate()
    assert ask(gate, "1").outcome == "allow"
    one_budget.add(name="strict", amount=Decimal(1))
    one_budget.tick("1", name="strict", available="1")
    assert ask(gate, "1").outcome == "block"


@pytest.mark.parametrize(("when_unknown", "outcome"), [("allow", "allow"), ("block", "block")])
def test_while_the_database_is_locked_each_budget_answers_as_for_unknown_spend(
    budgets: Any, ask: Ask, when_unknown: str, outcome: str
) -> None:
    budgets.add(when_unknown=when_unknown)
    budgets.tick("0")
    gate = budgets.gate(wait=dt.timedelta(milliseconds=50))
    ask(gate, "1")
    with sqlite3.connect(budgets.settings.home / "control.db", isolation_level=None) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        decision = ask(gate, "1")
        waited = time.monotonic() - started
    holder.close()
    assert (decision.outcome, decision.is_checked, decision.reservation_id) == (outcome, False, None)
    assert waited < 5
    assert ask(gate, "1").is_checked


@pytest.mark.parametrize("default", ["allow", "block"])
def test_without_a_database_and_without_known_budgets_the_caller_decides(
    tmp_path: Any, ask: Ask, default: Any, budgets: Any
) -> None:
    (tmp_path / "folder.db").mkdir()
    settings = Settings.from_environment({"GENAI_FINOPS_CONTROL_URL": f"sqlite:///{tmp_path}/folder.db"}, tmp_path)
    budgets.settings = settings
    decision = ask(budgets.gate(when_unreachable=default))
    assert (decision.outcome, decision.is_checked) == (default, False)


def test_a_dry_run_reserves_nothing(one_budget: Any, ask: Ask) -> None:
    gate = one_budget.gate()
    assert [ask(gate, "100", is_reserving=False).outcome for _ in range(2)] == ["allow", "allow"]


def test_an_absurd_amount_is_refused(one_budget: Any, ask: Ask) -> None:
    gate: QuotaGate = one_budget.gate()
    for cost in ("-1", "NaN", "1e30"):
        with pytest.raises(FinopsError, match="cost is"):
            ask(gate, cost)
