"""The sensors of budgets: what they show in Dagster, when they wait, and that sending never does."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest
from filelock import FileLock

from genai_finops.defs.budgets import CHECK, alert_sensor, budget_sensor, kept_budgets
from genai_finops.defs.resources import PlatformResource
from genai_finops.quotas.block_list import block_list_path


@pytest.fixture
def instance(home: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("GENAI_FINOPS_HOME", str(home.settings.home))
    monkeypatch.setenv("GENAI_FINOPS_SIMULATED_NOW", "2026-11-05T12:00:00Z")
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def look(sensor: Any, instance: dg.DagsterInstance) -> Any:
    return sensor(dg.build_sensor_context(instance=instance, resources={"platform": PlatformResource()}))


def check() -> Any:
    return kept_budgets(PlatformResource())


def test_a_look_shows_new_alerts_and_whether_budgets_are_kept(home: Any, instance: dg.DagsterInstance) -> None:
    home.add(amount=Decimal(50))
    observed, checked = look(budget_sensor, instance).asset_events
    assert observed.metadata["new_alerts"].value == 4
    assert (checked.check_name, checked.passed) == (CHECK, False)


def test_a_look_that_finds_nothing_new_shows_nothing(home: Any, instance: dg.DagsterInstance) -> None:
    home.add()
    look(budget_sensor, instance)
    assert isinstance(look(budget_sensor, instance), dg.SkipReason)


def test_while_a_build_holds_the_warehouse_budgets_wait_and_alerts_are_sent(
    home: Any, instance: dg.DagsterInstance
) -> None:
    home.add()
    with FileLock(home.settings.home / "warehouse.lock"):
        assert "another build has held" in look(budget_sensor, instance).skip_message
        assert look(alert_sensor, instance).skip_message.startswith("0 sent")


def test_every_look_leaves_a_block_list_for_gateways(home: Any, instance: dg.DagsterInstance) -> None:
    look(budget_sensor, instance)
    assert block_list_path(home.settings).exists()


def test_the_check_tells_of_a_budget_that_blocks(home: Any, instance: dg.DagsterInstance) -> None:
    home.add("kept", amount=Decimal(1000))
    look(budget_sensor, instance)
    assert check().passed
    home.add("spent", amount=Decimal(60), now=dt.datetime(2026, 11, 5, 13, tzinfo=dt.UTC))
    look(budget_sensor, instance)
    assert not check().passed


@pytest.mark.parametrize(("sensor", "seconds"), [(budget_sensor, 300), (alert_sensor, 60)])
def test_the_sensors_run_from_the_start(sensor: Any, seconds: int) -> None:
    assert (sensor.default_status, sensor.minimum_interval_seconds) == (dg.DefaultSensorStatus.RUNNING, seconds)
