"""What a budget may be, one bad value per rule."""

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.budgets.budget import Budget, Threshold
from genai_finops.budgets.budget_rules import check_budget
from genai_finops.budgets.reachable import Account, Known, check_reachable
from genai_finops.control.alert_content import PLATFORM
from genai_finops.control.hierarchy import Assignment, Entity
from genai_finops.errors import FinopsError
from genai_finops.warehouse.spend_scope import SpendScope

TODAY = dt.date(2026, 11, 5)
BUDGET = Budget(
    owner="acme",
    name="monthly",
    scope=SpendScope.of({"org": "acme"}),
    period="monthly",
    time_zone="Europe/Berlin",
    measure="effective_cost",
    amount=Decimal(500),
    currency="USD",
    valid_from=dt.date(2026, 11, 1),
)
KNOWN = Known(
    flows={"openai": ("payg",), "gcp_vertex": ("payg", "commitment")},
    currencies={"openai": "USD", "gcp_vertex": "USD"},
    organisations={"acme": True, "idle": False},
    accounts=[
        Account(provider="openai", account_id="org-1", is_enabled=True),
        Account(provider="gcp_vertex", account_id="p-1", is_enabled=False),
    ],
    entities={
        "DEPT-1": Entity(entity_id="DEPT-1", name="One", level_code="DEPT"),
        "TEAM-1": Entity(entity_id="TEAM-1", name="Team", level_code="TEAM", parent_entity_id="DEPT-1"),
        "DEPT-2": Entity(entity_id="DEPT-2", name="Two", level_code="DEPT"),
        "DEPT-3": Entity(entity_id="DEPT-3", name="Three", level_code="DEPT"),
    },
    assignments=[
        Assignment(
            provider="openai", scope="account", scope_id="org-1", entity_id="TEAM-1", valid_from=dt.date(2026, 1, 1)
        ),
        Assignment(
            provider="openai",
            scope="sub_account",
            scope_id="p",
            entity_id="DEPT-3",
            valid_from=dt.date(2026, 1, 1),
            valid_to=dt.date(2026, 11, 5),
        ),
    ],
    models={"gpt-5.1"},
)


def threshold(share: str, **values: Any) -> Threshold:
    return Threshold(**{"share": Decimal(share), "kind": "actual", "severity": "info", **values})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"owner": "Acme"}, "is not a slug"),
        ({"name": "two words"}, "is not a slug"),
        ({"scope": SpendScope.of({"org": "globex"})}, "not that of its owner"),
        ({"scope": SpendScope()}, "not that of its owner"),
        ({"scope": SpendScope.of({"org": "acme", "tag": "team=a"}), "measure": "billed_cost"}, "their bill is not"),
        ({"period": "hourly"}, "'hourly' is unknown"),
        ({"time_zone": "Europe/Bonn"}, "'Europe/Bonn' does not exist"),
        ({"time_zone": "../../etc/passwd"}, "does not exist"),
        ({"measure": "requests"}, "'requests' is unknown"),
        ({"amount": Decimal(0)}, "Amount 0"),
        ({"amount": Decimal(-1)}, "is negative"),
        ({"amount": Decimal("NaN")}, "no number"),
        ({"amount": Decimal("0.0000000001")}, "more than 9 decimals"),
        ({"measure": "tokens", "currency": None, "amount": Decimal("1.5")}, "more than 0 decimals"),
        ({"measure": "tokens"}, "has the currency USD"),
        ({"currency": None}, "its currency is missing"),
        ({"currency": "usd"}, "its currency is usd"),
        ({"period": "custom"}, "without an end"),
        ({"valid_to": dt.date(2026, 11, 1)}, "ends before 2026-11-01"),
        ({"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2026, 11, 3)}, "ended before 2026-11-03"),
        ({"period": "custom", "valid_to": dt.date(2026, 12, 1), "is_rolling_over": True}, "one period only"),
        ({"rollover_limit": Decimal(5)}, "nothing does"),
        ({"is_rolling_over": True, "rollover_limit": Decimal(0)}, "Limit 0"),
        ({"thresholds": ()}, "has 0 thresholds"),
        ({"thresholds": (threshold("0.5"), threshold("0.5"))}, "0.5 follows 0.5"),
        ({"thresholds": (threshold("0.9"), threshold("0.5"))}, "0.5 follows 0.9"),
        ({"thresholds": (threshold("0"),)}, "Threshold 0 is no share"),
        ({"thresholds": (threshold("10.01"),)}, "no share"),
        ({"thresholds": (threshold("0.5", severity="fatal"),)}, "'fatal' is unknown"),
        ({"thresholds": (threshold("0.5", actions=()),)}, "has no action"),
        ({"thresholds": (threshold("0.5", actions=("mail",)),)}, "'mail' is unknown"),
        ({"thresholds": (threshold("1", kind="forecast", actions=("block",)),)}, "blocks by forecast"),
        ({"when_unknown": "ask"}, "'ask' is unknown"),
        ({"remind_after": dt.timedelta(minutes=4)}, "Time between reminders is 0:04:00"),
        ({"late_after": dt.timedelta(0)}, "Age of late data is 0:00:00"),
        ({"cool_down": -dt.timedelta(minutes=5)}, "Cool-down is"),
        ({"description": "a\x00b"}, "not printable"),
    ],
)
def test_a_budget_that_breaks_a_rule_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(FinopsError, match=reason):
        check_budget(dataclasses.replace(BUDGET, **changes), today=TODAY)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"owner": PLATFORM, "scope": SpendScope()},
        {"owner": PLATFORM},
        {"measure": "tokens", "currency": None},
        {"period": "custom", "valid_to": dt.date(2026, 11, 5)},
        {"thresholds": (threshold("0.5", kind="forecast"), threshold("0.5", actions=("block",)))},
    ],
)
def test_a_budget_that_keeps_the_rules_is_taken_as_it_is(changes: dict[str, Any]) -> None:
    budget = dataclasses.replace(BUDGET, **changes)
    assert check_budget(budget, today=TODAY) == budget


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ({"org": "acne"}, "organisation 'acne' is unknown"),
        ({"org": "acme", "provider": "opnai"}, "'opnai' is unknown"),
        ({"org": "acme", "provider": "openai", "flow": "commitment"}, "flow 'commitment' is unknown"),
        ({"org": "acme", "flow": "infrastructure"}, "flow 'infrastructure' is unknown"),
        ({"org": "acme", "model": "gpt-5.2"}, "'gpt-5.2' is unknown"),
        ({"org": "acme", "account": "org-9"}, "account of acme 'org-9' is unknown"),
        ({"org": "acme", "provider": "openai", "account": "p-1"}, "account of acme 'p-1' is unknown"),
        ({"org": "acme", "hierarchy": "DEPT-9"}, "no entity 'DEPT-9'"),
    ],
)
def test_a_budget_that_nothing_can_be_spent_from_is_refused(scope: dict[str, str], reason: str) -> None:
    with pytest.raises(FinopsError, match=reason):
        check_reachable(dataclasses.replace(BUDGET, scope=SpendScope.of(scope)), KNOWN, today=TODAY)


@pytest.mark.parametrize(
    ("changes", "known", "doubt"),
    [
        ({"scope": SpendScope.of({"org": "idle"})}, {}, "organisation idle is disabled"),
        ({"scope": SpendScope.of({"org": "acme", "account": "p-1"})}, {}, "account p-1 is disabled"),
        ({"scope": SpendScope.of({"org": "acme", "hierarchy": "DEPT-2"})}, {}, "nothing is assigned to DEPT-2"),
        ({"scope": SpendScope.of({"org": "acme", "hierarchy": "DEPT-3"})}, {}, "nothing is assigned to DEPT-3"),
        ({"scope": SpendScope.of({"org": "acme", "tenant": "wbe"})}, {"seen": {"tenant": ()}}, "tenant 'wbe' of acme"),
        (
            {"scope": SpendScope.of({"org": "acme", "tenant": "a", "user": "b"})},
            {"seen": {"tenant": ("USD",), "user": ("USD",), "scope": ()}},
            "nothing so far is of org=acme,tenant=a,user=b",
        ),
        ({"currency": "EUR"}, {"seen": {"scope": ("USD", None)}}, "is in USD, and the budget counts EUR only"),
        (
            {"currency": "EUR", "scope": SpendScope.of({"org": "acme", "provider": "openai"})},
            {},
            "is in USD, and the budget counts EUR only",
        ),
        ({"scope": SpendScope.of({"org": "acme", "provider": "gcp_vertex"})}, {"accounts": []}, "no account at gcp"),
    ],
)
def test_a_budget_that_may_never_bind_is_doubted(changes: dict[str, Any], known: dict[str, Any], doubt: str) -> None:
    doubts = check_reachable(dataclasses.replace(BUDGET, **changes), dataclasses.replace(KNOWN, **known), today=TODAY)
    assert [doubt in told for told in doubts] == [True]


@pytest.mark.parametrize(
    "scope",
    [
        {"org": "acme", "provider": "gcp_vertex", "flow": "commitment"},
        {"org": "acme", "hierarchy": "DEPT-1"},
        {"org": "acme", "account": "org-1", "model": "gpt-5.1"},
    ],
)
def test_a_budget_that_can_bind_is_not_doubted(scope: dict[str, str]) -> None:
    assert check_reachable(dataclasses.replace(BUDGET, scope=SpendScope.of(scope)), KNOWN, today=TODAY) == ()
