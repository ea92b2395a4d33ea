"""Which days are told as anomalies, of which scope, and what mutes them."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from genai_finops.anomalies.config import AnomalyMarks, load_anomaly_config
from genai_finops.anomalies.detection import DayCost, deviations, severity_of
from genai_finops.control.anomaly_store import Anomaly, list_anomalies, mute_again, record_anomalies
from genai_finops.control.database import open_database, reading, writing
from genai_finops.control.known_events import add_event
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

MARKS = load_anomaly_config(Path("configs/anomalies.yml")).marks
DAY = dt.date(2026, 10, 29)
NOW = dt.datetime(2026, 10, 30, 6, tzinfo=dt.UTC)


def costs(of_day: Callable[[dt.date, str], str], tenants: tuple[str, ...] = ("a", "b")) -> list[DayCost]:
    return [
        DayCost(
            day=day,
            org="acme",
            provider="openai",
            model="small" if tenant == "a" else "large",
            tenant=tenant,
            task="chat",
            currency="USD",
            cost=Decimal(of_day(day, tenant)),
        )
        for day in (DAY - dt.timedelta(days=number) for number in range(29))
        for tenant in tenants
    ]


def told(rows: list[DayCost], marks: AnomalyMarks = MARKS) -> list[tuple[str, str, Decimal]]:
    return [(str(one.scope), one.direction, one.difference) for one in deviations(rows, DAY, marks)]


def test_a_steady_series_has_no_anomaly() -> None:
    assert told(costs(lambda _, __: "100")) == []


def test_a_quiet_weekend_is_expected() -> None:
    saturday = DAY + dt.timedelta(days=2)
    rows = [
        DayCost(**{**{name: getattr(row, name) for name in DayCost.__slots__}, "day": row.day + dt.timedelta(days=2)})
        for row in costs(lambda day, _: "10" if (day + dt.timedelta(days=2)).weekday() >= 5 else "100")
    ]
    assert deviations(rows, saturday, MARKS) == ()


@pytest.mark.parametrize(("cost", "direction"), [("300", "up"), ("10", "down")])
def test_the_deepest_scope_that_carries_the_difference_is_told_alone(cost: str, direction: str) -> None:
    rows = costs(lambda day, tenant: cost if day == DAY and tenant == "a" else "100")
    assert told(rows) == [("org=acme,tenant=a,task=chat", direction, Decimal(cost) - 100)]


def test_what_no_part_carries_is_told_of_the_whole() -> None:
    tenants = ("a", "b", "c", "d")
    rows = costs(lambda day, _: "200" if day == DAY else "100", tenants)
    mixed = [
        DayCost(
            **{**{name: getattr(row, name) for name in DayCost.__slots__}, "model": row.tenant, "provider": row.tenant}
        )
        for row in rows
    ]
    assert told(mixed) == [("org=acme", "up", Decimal(400))]


def test_small_money_is_no_anomaly_however_many_deviations_it_is() -> None:
    assert told(costs(lambda day, _: "4" if day == DAY else "0.01")) == []


def test_too_few_days_are_not_judged() -> None:
    rows = [row for row in costs(lambda day, _: "900" if day == DAY else "100") if (DAY - row.day).days < 8]
    assert told(rows) == []


def test_severity_is_by_money() -> None:
    assert [severity_of(Decimal(amount), MARKS) for amount in ("49", "-50", "500")] == ["info", "warning", "critical"]


def test_names_that_no_scope_can_hold_count_above() -> None:
    rows = costs(lambda day, _: "300" if day == DAY else "100", (" ", "x" * 600))
    assert [scope for scope, _, _ in told(rows)] == ["org=acme,provider=openai,model=large"]


def test_hostile_names_are_told_apart() -> None:
    hostile = "a,task=chat"
    rows = costs(lambda day, tenant: "300" if day == DAY and tenant == hostile else "100", (hostile, "a\x00"))
    (one,) = deviations(rows, DAY, MARKS)
    assert one.scope.as_mapping()["tenant"] == hostile


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(Settings.from_environment({"GENAI_FINOPS_HOME": str(tmp_path)}, tmp_path))


def anomaly(tenant: str = "a\x00") -> Anomaly:
    return Anomaly(
        anomaly_id="1",
        org="acme",
        scope={"org": "acme", "tenant": tenant},
        usage_date=DAY,
        direction="up",
        severity="warning",
        currency="USD",
        actual=Decimal("300.000000000000000001"),
        expected=Decimal(100),
        allowed=Decimal(30),
        baseline_day=DAY - dt.timedelta(days=7),
        effects={"volume": Decimal("200.000000000000000001")},
        message="more",
    )


def test_found_again_it_is_not_new(engine: Engine) -> None:
    with writing(engine) as session:
        results = [record_anomalies(session, [anomaly()], [DAY], NOW) for _ in range(2)]
    assert results == [(1, 0), (0, 0)]


def test_restated_away_it_is_resolved_and_others_stay(engine: Engine) -> None:
    with writing(engine) as session:
        record_anomalies(session, [anomaly()], [DAY], NOW)
        others = record_anomalies(session, [], [DAY - dt.timedelta(days=1)], NOW)
        assert (others, record_anomalies(session, [], [DAY], NOW)) == ((0, 0), (0, 1))


def test_an_event_of_a_wider_scope_mutes_and_one_of_a_part_does_not(engine: Engine) -> None:
    names = {"part": {"org": "acme", "tenant": "a", "task": "chat"}, "launch": {"org": "acme", "tenant": "a"}}
    muted = []
    with writing(engine) as session:
        record_anomalies(session, [anomaly("a")], [DAY], NOW)
        for name, scope in names.items():
            add_event(session, owner="acme", name=name, scope=scope, first_day=DAY, last_day=DAY, actor="me", now=NOW)
            mute_again(session)
            muted.append(list_anomalies(session, include_all=True)[0].muted_by)
    with reading(engine) as session:
        assert (muted, list_anomalies(session)) == ([None, "launch"], [])


def test_an_organisation_has_no_event_of_another(engine: Engine) -> None:
    with writing(engine) as session, pytest.raises(FinopsError, match="scope of globex"):
        add_event(
            session,
            owner="acme",
            name="x",
            scope={"org": "globex"},
            first_day=DAY,
            last_day=DAY,
            actor="me",
            now=NOW,
        )
