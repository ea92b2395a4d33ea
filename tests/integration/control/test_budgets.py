"""Budgets in the control database: what comes back, what is written down, and what is never used again."""

import dataclasses
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from genai_finops.budgets.budget import Budget, Threshold
from genai_finops.budgets.stored_budget import columns_of, load_budgets, read_budgets, stored_budget
from genai_finops.control.budget_models import BudgetStateRow
from genai_finops.control.budget_store import (
    add_budget,
    budget_states,
    budget_version,
    get_budget,
    list_budgets,
    remove_budget,
    set_budget,
)
from genai_finops.control.database import reading, writing
from genai_finops.control.models import AuditEntry
from genai_finops.errors import FinopsError
from genai_finops.warehouse.spend_scope import SpendScope

BUDGET = Budget(
    owner="acme",
    name="web",
    scope=SpendScope.of({"org": "acme", "tenant": "web, or so", "tag": "team=a=b"}),
    period="weekly",
    time_zone="America/New_York",
    measure="effective_cost",
    amount=Decimal("1234567.000000001"),
    currency="USD",
    valid_from=dt.date(2026, 10, 1),
    valid_to=dt.date(2027, 1, 1),
    is_rolling_over=True,
    rollover_limit=Decimal("0.1"),
    thresholds=(
        Threshold(share=Decimal("0.755"), kind="actual", severity="warning"),
        Threshold(share=Decimal(1), kind="actual", severity="exceeded", actions=("block",)),
    ),
    when_unknown="block",
    remind_after=dt.timedelta(hours=12),
    cool_down=dt.timedelta(0),
    late_after=dt.timedelta(days=2),
    description="Web",
)


def add(engine: Engine, now: dt.datetime, **changes: Any) -> int:
    with writing(engine) as session:
        return add_budget(session, columns_of(dataclasses.replace(BUDGET, **changes)), now=now, actor="tester").id


def test_a_budget_comes_back_as_it_was_entered(engine: Engine, now: dt.datetime) -> None:
    add(engine, now)
    with reading(engine) as session:
        assert [stored.budget for stored in load_budgets(session)] == [BUDGET]


def test_a_name_of_an_owner_is_given_once(engine: Engine, now: dt.datetime) -> None:
    add(engine, now)
    with pytest.raises(FinopsError, match="acme/web exists already"):
        add(engine, now)


def test_two_owners_may_use_one_name(engine: Engine, now: dt.datetime) -> None:
    add(engine, now)
    add(engine, now, owner="globex", scope=SpendScope.of({"org": "globex"}))
    with reading(engine) as session:
        assert [row.owner for row in list_budgets(session)] == ["acme", "globex"]


def test_the_budgets_of_an_owner_are_listed_without_those_of_others(engine: Engine, now: dt.datetime) -> None:
    add(engine, now)
    with reading(engine) as session:
        assert load_budgets(session, "globex") == []


def test_a_change_is_written_down_with_what_was_before(engine: Engine, now: dt.datetime) -> None:
    add(engine, now)
    with writing(engine) as session:
        _, changed = set_budget(
            session, "acme", "web", {"amount": Decimal(7), "period": "weekly"}, now=now, actor="ann"
        )
    with reading(engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "budget.set")).one()
    assert changed == ["amount"]
    assert (entry.actor, entry.org_slug, entry.subject) == ("ann", "acme", "acme/web")
    assert json.loads(entry.detail) == {"amount": {"before": "1234567.000000001", "after": "7"}}


def test_the_version_moves_with_every_change_and_with_nothing_else(engine: Engine, now: dt.datetime) -> None:
    versions = []
    add(engine, now)
    for amount in (1, 2, 2):
        with writing(engine) as session:
            set_budget(session, "acme", "web", {"amount": Decimal(amount)}, now=now, actor="tester")
            versions.append(budget_version(session))
    with writing(engine) as session:
        remove_budget(session, "acme", "web", now=now, actor="tester")
        versions.append(budget_version(session))
    assert versions == [2, 3, 3, 4]


def test_a_removed_budget_takes_its_state_with_it_and_its_id_is_not_used_again(
    engine: Engine, now: dt.datetime
) -> None:
    removed = add(engine, now)
    with writing(engine) as session:
        session.add(
            BudgetStateRow(
                budget_id=removed,
                status="failed",
                failure="broken",
                evaluated_at=now,
                known_changes=[],
                data_as_of={},
                uncounted={},
                is_late=False,
                is_blocked=False,
                crossed={},
            )
        )
    with writing(engine) as session:
        remove_budget(session, "acme", "web", now=now, actor="tester")
    with reading(engine) as session:
        assert budget_states(session) == {}
    assert add(engine, now) > removed


def test_a_budget_that_is_not_there_is_named(engine: Engine) -> None:
    with reading(engine) as session, pytest.raises(FinopsError, match="acme/none does not exist"):
        get_budget(session, "acme", "none")


def test_a_budget_that_cannot_be_read_does_not_hide_the_others(engine: Engine, now: dt.datetime) -> None:
    broken = add(engine, now, name="broken")
    add(engine, now)
    with writing(engine) as session:
        session.execute(text("UPDATE budgets SET scope = '{\"colour\": \"red\"}' WHERE name = 'broken'"))
    with reading(engine) as session:
        read, unreadable = read_budgets(list_budgets(session))
    assert [stored.budget.name for stored in read] == ["web"]
    assert list(unreadable) == [broken]


@pytest.mark.parametrize(
    ("column", "value"),
    [("valid_to", "'2026-10-01'"), ("currency", "NULL"), ("period", "'custom', valid_to = NULL")],
)
def test_the_database_itself_refuses_what_no_budget_can_be(
    column: str, value: str, engine: Engine, now: dt.datetime
) -> None:
    add(engine, now)
    with pytest.raises(FinopsError, match=r"IntegrityError|CheckViolation"), writing(engine) as session:
        session.execute(text(f"UPDATE budgets SET {column} = {value}"))  # noqa: S608 - values of ours


def test_a_row_says_the_same_budget_again(engine: Engine, now: dt.datetime) -> None:
    add(engine, now)
    with reading(engine) as session:
        assert columns_of(stored_budget(get_budget(session, "acme", "web")).budget) == columns_of(BUDGET)
