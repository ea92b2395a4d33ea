"""Advice in the control database: what stays of it when it is given again, decided on, and gone."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select

from genai_finops.control.advice_store import GivenAdvice, decide, get_advice, list_advice, replace_advice
from genai_finops.control.database import reading, writing
from genai_finops.control.models import AuditEntry
from genai_finops.errors import FinopsError

ONE = GivenAdvice(
    org_slug="acme",
    advice_id="a1b2",
    kind="batch",
    group_id="load",
    subject={"task": "nightly"},
    summary="task nightly",
    currency="USD",
    current_cost=Decimal(200),
    saving=Decimal(100),
    monthly_saving=Decimal("100.00"),
    first_day=dt.date(2026, 10, 6),
    last_day=dt.date(2026, 11, 4),
    confidence="medium",
    reasons="30 days of data",
    query_sql="select ?",
    query_parameters=[{"type": "decimal", "value": "100"}],
    baseline_method="unit_prices",
    baseline_requests=None,
    baseline_lines=[],
    target={},
    formula_version="1",
)
LESS = dataclasses.replace(ONE, saving=Decimal(50), monthly_saving=Decimal("50.00"))
DAY = dt.timedelta(days=1)


def given(engine: Engine, now: dt.datetime, *advice: GivenAdvice) -> tuple[int, int]:
    with writing(engine) as session:
        changes = replace_advice(session, advice, now=now)
    return changes.raised, changes.resolved


def test_advice_that_goes_and_comes_back_is_one_row_first_seen_once(engine: Engine, now: dt.datetime) -> None:
    told = [given(engine, now, ONE), given(engine, now + DAY), given(engine, now + 2 * DAY, LESS)]
    with reading(engine) as session:
        (row,) = list_advice(session)
    assert told == [(1, 0), (0, 1), (1, 0)]
    assert (row.first_seen_at, row.last_seen_at, row.resolved_at, row.saving) == (now, now + 2 * DAY, None, Decimal(50))


def test_what_was_dismissed_stays_so_when_it_is_given_again(engine: Engine, now: dt.datetime) -> None:
    given(engine, now, ONE)
    with writing(engine) as session:
        decide(session, get_advice(session, "a1"), "dismissed", now=now, actor="tester")
    assert given(engine, now + DAY, LESS) == (0, 0)
    with reading(engine) as session:
        assert (list_advice(session), get_advice(session, "a1b2").state) == ([], "dismissed")


def test_the_baseline_of_what_was_accepted_stays_as_it_was(engine: Engine, now: dt.datetime) -> None:
    given(engine, now, ONE)
    with writing(engine) as session:
        decide(session, get_advice(session, "a1"), "accepted", now=now, actor="tester")
    given(engine, now + DAY, LESS)
    given(engine, now + 2 * DAY)
    with reading(engine) as session:
        row = get_advice(session, "a1")
    assert (row.state, row.saving) == ("accepted", Decimal(100))


def test_a_decision_is_audited(engine: Engine, now: dt.datetime) -> None:
    given(engine, now, ONE)
    with writing(engine) as session:
        decide(session, get_advice(session, "a1"), "done", now=now, actor="ann", done_on=dt.date(2026, 11, 5))
    with reading(engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "advice.done")).one()
    assert (entry.actor, entry.org_slug, entry.subject) == ("ann", "acme", "a1b2")


@pytest.mark.parametrize("day", [dt.date(2026, 11, 4), dt.date(2026, 11, 6)])
def test_a_day_within_the_baseline_or_to_come_is_refused(engine: Engine, now: dt.datetime, day: dt.date) -> None:
    given(engine, now, ONE)
    with (
        pytest.raises(FinopsError, match=f"cannot be done since {day}"),
        writing(engine) as session,
    ):
        decide(session, get_advice(session, "a1"), "done", now=now, actor="ann", done_on=day)


def test_an_organisation_does_not_find_the_advice_of_another(engine: Engine, now: dt.datetime) -> None:
    given(engine, now, ONE)
    with pytest.raises(FinopsError, match="no advice 'a1' of organisation globex"), reading(engine) as session:
        get_advice(session, "a1", org="globex")


def test_a_beginning_that_two_have_is_refused(engine: Engine, now: dt.datetime) -> None:
    given(engine, now, ONE, dataclasses.replace(ONE, advice_id="a1c3"))
    with pytest.raises(FinopsError, match="More than one"), reading(engine) as session:
        get_advice(session, "a1")
