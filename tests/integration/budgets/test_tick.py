"""What a tick finds, stores and raises; what it survives; and when it does next to nothing."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from sqlalchemy import text

from genai_finops.budgets import tick_findings, tick_storing
from genai_finops.budgets.tick import tick
from genai_finops.control import budget_watch
from genai_finops.control.alert_log import list_alerts
from genai_finops.control.budget_models import BudgetStateRow
from genai_finops.control.budget_store import budget_states, budget_version, remove_budget, set_budget
from genai_finops.control.database import open_database, reading, writing
from genai_finops.warehouse.spend_scope import SpendScope

NOON = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(minutes=5)


def states(home: Any) -> dict[int, BudgetStateRow]:
    engine = open_database(home.settings)
    with reading(engine) as session:
        found = budget_states(session)
    engine.dispose()
    return found


def alerts(home: Any) -> Sequence[tuple[str, str, Decimal | None, bool]]:
    engine = open_database(home.settings)
    with reading(engine) as session:
        found = [(row.kind, row.subject, row.threshold, row.is_sent) for row in list_alerts(session)]
    engine.dispose()
    return sorted(found, key=str)


def write(home: Any, statement: str) -> None:
    engine = open_database(home.settings)
    with writing(engine) as session:
        session.execute(text(statement))
    engine.dispose()


def version(home: Any) -> int:
    engine = open_database(home.settings)
    with reading(engine) as session:
        found = budget_version(session)
    engine.dispose()
    return found


def test_a_tick_stores_how_a_budget_stands(home: Any) -> None:
    budget = home.add()
    tick(home.settings, now=NOON)
    state = states(home)[budget]
    assert (state.status, state.spend, state.available, state.crossed) == (
        "evaluated",
        Decimal(60),
        Decimal(100),
        {"actual 0.5": "info"},
    )
    assert state.data_as_of == {"openai": "2026-11-05T00:00:00+00:00"}


def test_an_alert_names_the_largest_parts_and_links_to_the_budget(home: Any) -> None:
    home.spend([(dt.date(2026, 11, 2), "web", "40"), (dt.date(2026, 11, 3), "batch", "20")])
    home.add()
    settings = type(home.settings).from_environment(
        {"GENAI_FINOPS_HOME": str(home.settings.home), "GENAI_FINOPS_BASE_URL": "https://finops.example/"},
        home.settings.home,
    )
    [alert] = tick(settings, now=NOON).raised
    assert [(driver.name, driver.amount) for driver in alert.drivers] == [
        ("tenant web", Decimal(40)),
        ("tenant batch", Decimal(20)),
    ]
    assert alert.link == "https://finops.example/budgets/acme/monthly"


def test_a_second_tick_raises_nothing_again(home: Any) -> None:
    home.add()
    assert len(tick(home.settings, now=NOON).raised) == 1
    home.spend([(dt.date(2026, 11, 2), "web", "61")])
    again = tick(home.settings, now=LATER)
    assert (again.evaluated, again.raised) == (1, ())


def test_a_tick_that_has_nothing_new_reads_no_spend(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home.add()
    tick(home.settings, now=NOON)
    monkeypatch.setattr(tick_findings, "read_spend", None)
    before = version(home)
    assert tick(home.settings, now=LATER).is_unchanged
    assert version(home) == before


@pytest.mark.parametrize("change", ["data", "budget", "midnight"])
def test_a_tick_looks_again_when_something_moved(change: str, home: Any) -> None:
    home.add()
    tick(home.settings, now=NOON)
    now = LATER
    if change == "data":
        home.spend([(dt.date(2026, 11, 2), "web", "80")])
    elif change == "budget":
        engine = open_database(home.settings)
        with writing(engine) as session:
            set_budget(session, "acme", "monthly", {"amount": Decimal(75)}, now=NOON, actor="tester")
        engine.dispose()
    else:
        now = dt.datetime(2026, 11, 6, tzinfo=dt.UTC)
    assert not tick(home.settings, now=now).is_unchanged


def test_figures_of_others_are_not_counted(home: Any) -> None:
    home.spend([(dt.date(2026, 11, 2), "web", "60"), (dt.date(2026, 11, 2), "batch", "30")])
    budget = home.add(scope=SpendScope.of({"org": "acme", "tenant": "batch"}))
    tick(home.settings, now=NOON)
    assert states(home)[budget].spend == Decimal(30)


def test_spend_in_another_currency_is_told_apart(home: Any) -> None:
    budget = home.add()
    with duckdb.connect(str(home.settings.warehouse_path)) as connection:
        connection.execute(
            "insert into genai_budget_spend_daily by name"
            " select * replace ('EUR' as currency, 7 as effective_cost) from genai_budget_spend_daily"
        )
    tick(home.settings, now=NOON)
    state = states(home)[budget]
    assert (state.spend, Decimal(state.uncounted["EUR"])) == (Decimal(60), Decimal(7))


def test_what_a_log_dates_into_the_future_is_not_spent_yet(home: Any) -> None:
    home.spend([(dt.date(2026, 11, 2), "web", "1"), (dt.date(2026, 11, 6), "web", "99")])
    budget = home.add()
    tick(home.settings, now=NOON)
    assert states(home)[budget].spend == Decimal(1)


def test_a_provider_that_is_late_is_told_of_once_for_all_budgets_of_an_owner(home: Any) -> None:
    home.add("one", amount=Decimal(1000))
    home.add("two", amount=Decimal(1000))
    late = tick(home.settings, now=dt.datetime(2026, 11, 6, 13, tzinfo=dt.UTC)).raised
    assert sorted((alert.kind, alert.is_sent) for alert in late) == [("data_late", False), ("data_late", True)]


def test_late_data_is_told_of_though_nothing_was_built_since(home: Any) -> None:
    home.add(amount=Decimal(1000))
    tick(home.settings, now=dt.datetime(2026, 11, 6, 11, 55, tzinfo=dt.UTC))
    assert [alert.kind for alert in tick(home.settings, now=dt.datetime(2026, 11, 6, 12, 5, tzinfo=dt.UTC)).raised] == [
        "data_late"
    ]


def test_without_a_warehouse_nothing_is_evaluated_and_that_is_said(home: Any) -> None:
    budget = home.add()
    tick(home.settings, now=NOON)
    home.settings.warehouse_path.unlink()
    result = tick(home.settings, now=LATER)
    assert result.skipped is not None
    assert "does not exist" in result.skipped
    assert states(home)[budget].spend == Decimal(60)


def test_while_a_build_writes_nothing_is_evaluated_and_that_is_said(home: Any) -> None:
    home.add()
    writer = home.process(
        "import duckdb\nheld = duckdb.connect(str(settings.warehouse_path))\nprint('held', flush=True)\ninput()"
    )
    assert writer.stdout.readline() == "held\n"
    result = tick(home.settings, now=NOON)
    writer.communicate("\n", timeout=10)
    assert result.skipped is not None
    assert "cannot be read" in result.skipped


def test_a_warehouse_that_was_never_built_is_said(home: Any) -> None:
    home.add()
    with duckdb.connect(str(home.settings.warehouse_path)) as connection:
        connection.execute("drop table genai_budget_spend_daily")
    assert "genai_budget_spend_daily" in (tick(home.settings, now=NOON).skipped or "")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE budgets SET time_zone = 'Mars/Base' WHERE name = 'broken'",
        "UPDATE budgets SET scope = '{\"colour\": \"red\"}' WHERE name = 'broken'",
        'UPDATE budgets SET scope = \'{"org": "acme", "tag": "team=a"}\' WHERE name = \'broken\'',
    ],
    ids=["evaluation", "row", "query"],
)
def test_a_broken_budget_is_told_of_and_silences_no_other(statement: str, home: Any) -> None:
    broken, good = home.add("broken"), home.add("good")
    write(home, statement)
    result = tick(home.settings, now=NOON)
    assert list(result.failed) == ["acme/broken"]
    found = states(home)
    assert (found[broken].status, found[good].status) == ("failed", "evaluated")
    assert alerts(home) == [
        ("budget_failed", "budget acme/broken", None, True),
        ("threshold", "budget acme/good", Decimal("0.5"), True),
    ]


def test_a_broken_budget_is_told_of_once_a_failure_and_when_it_is_well_again(home: Any) -> None:
    home.add("broken", amount=Decimal(1000))
    for zone, now in (("Mars", NOON), ("Mars", NOON + dt.timedelta(hours=2)), ("UTC", NOON + dt.timedelta(hours=4))):
        write(home, f"UPDATE budgets SET time_zone = '{zone}'")  # noqa: S608 - names of ours
        write(home, "UPDATE budget_watch SET budgets_version = budgets_version + 1")
        tick(home.settings, now=now)
    assert [kind for kind, *_ in alerts(home)] == ["budget_failed", "recovery"]


def test_a_budget_that_cannot_be_stored_silences_no_other(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home.add("broken")
    home.add("good")
    put = budget_watch.put_states

    def put_all_but_broken(session: Any, found: Any, *, now: dt.datetime) -> int:
        if any(state.get("spend") is not None and state["budget_id"] == 1 for state in found):
            raise TypeError("broken")
        return put(session, found, now=now)

    monkeypatch.setattr(tick_storing, "put_states", put_all_but_broken)
    result = tick(home.settings, now=NOON)
    assert (list(result.failed), [alert.subject for alert in result.raised]) == (
        ["acme/broken"],
        ["budget acme/good", "budget acme/broken"],
    )


def test_a_budget_that_was_removed_meanwhile_is_left_out(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home.add()
    put = budget_watch.put_states

    def put_after_removal(session: Any, found: Any, *, now: dt.datetime) -> int:
        remove_budget(session, "acme", "monthly", now=now, actor="tester")
        return put(session, found, now=now)

    monkeypatch.setattr(tick_storing, "put_states", put_after_removal)
    result = tick(home.settings, now=NOON)
    assert (result.failed, states(home)) == ({}, {})


def test_a_tick_of_a_slower_daemon_does_not_overwrite_a_later_one(home: Any) -> None:
    budget = home.add()
    tick(home.settings, now=LATER)
    home.spend([(dt.date(2026, 11, 2), "web", "10")])
    tick(home.settings, now=NOON)
    assert states(home)[budget].spend == Decimal(60)


@pytest.mark.parametrize(
    ("validity", "status"),
    [
        ({"valid_from": dt.date(2026, 12, 1)}, "waiting"),
        ({"valid_from": dt.date(2026, 10, 1), "valid_to": dt.date(2026, 10, 20)}, "over"),
    ],
)
def test_a_budget_outside_its_validity_is_neither_evaluated_nor_failed(
    validity: dict[str, dt.date], status: str, home: Any
) -> None:
    budget = home.add(**validity)
    assert tick(home.settings, now=NOON).failed == {}
    state = states(home)[budget]
    assert (state.status, state.spend) == (status, None)
