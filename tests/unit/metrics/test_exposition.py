"""Figures become Prometheus text: bounded, in their currency, and with nothing where nothing is known."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from genai_finops.metrics.exposition import MAX_BUDGETS, MAX_ORGS, prometheus_text
from genai_finops.metrics.figures import BudgetFigure, ControlFigures, PlatformFigures, WarehouseFigures
from genai_finops.warehouse.metric_totals import ProviderCost, ProviderDifference, ProviderPricing, ProviderTokens

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
EMPTY = ControlFigures(budgets=(), ticked_at=None, deliveries={}, failures={}, unrouted=0)


def budget(name: str, share: str | None, **values: Any) -> BudgetFigure:
    known = {"severity": None, "is_blocked": False, "status": "evaluated", **values}
    return BudgetFigure(owner="acme", name=name, share=None if share is None else Decimal(share), **known)


def warehouse(*costs: ProviderCost, **values: Any) -> WarehouseFigures:
    empty: dict[str, Any] = {"tokens": (), "pricing": (), "differences": (), "data_times": {}}
    return WarehouseFigures(read_at=NOW, costs={"month_to_date": costs}, **(empty | values))


def cost(org: str, amount: str, currency: str = "USD", provider: str = "openai") -> ProviderCost:
    return ProviderCost(org=org, provider=provider, currency=currency, cost=Decimal(amount))


def samples(figures: PlatformFigures) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by metric and label values, the labels in the order of their names."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(prometheus_text(figures).decode()):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def of(warehouse_figures: WarehouseFigures | None = None, control: ControlFigures = EMPTY) -> Any:
    return samples(PlatformFigures(now=NOW, warehouse=warehouse_figures, control=control))


def test_cost_of_providers_adds_up_to_the_cost_of_the_organisation() -> None:
    found = of(warehouse(cost("acme", "1.25"), cost("acme", "2.5", provider="gemini")))
    assert found["finops_total_cost_usd"] == {("acme", "month_to_date"): 3.75}
    assert found["finops_cost_by_provider_usd"] == {
        ("acme", "month_to_date", "gemini"): 2.5,
        ("acme", "month_to_date", "openai"): 1.25,
    }


def test_another_currency_is_never_part_of_a_cost_in_usd() -> None:
    found = of(warehouse(cost("acme", "1"), cost("acme", "7", currency="EUR")))
    assert found["finops_total_cost_usd"] == {("acme", "month_to_date"): 1.0}
    assert found["finops_cost"] == {("EUR", "acme", "month_to_date"): 7.0, ("USD", "acme", "month_to_date"): 1.0}


def test_the_dearest_organisations_have_a_label_and_the_rest_share_one() -> None:
    rows = [cost(f"org-{number:03}", str(number)) for number in range(1, MAX_ORGS + 3)]
    found = of(warehouse(*rows))["finops_total_cost_usd"]
    assert len(found) == MAX_ORGS + 1
    assert found["_other", "month_to_date"] == 1 + 2


def test_the_budgets_that_are_used_most_are_shown_and_the_others_are_counted() -> None:
    budgets = tuple(budget(f"b{number:04}", f"{number}") for number in range(MAX_BUDGETS + 2))
    found = of(control=ControlFigures(budgets=budgets, ticked_at=NOW, deliveries={}, failures={}, unrouted=0))
    assert len(found["finops_budget_percentage_used"]) == MAX_BUDGETS
    assert ("acme", "b0001") not in {(owner, name) for name, owner in found["finops_budget_percentage_used"]}
    assert found["finops_budgets_not_shown"] == {(): 2.0}


def test_a_budget_that_was_never_evaluated_has_no_share() -> None:
    control = ControlFigures(
        budgets=(budget("new", None, status="new"), budget("old", "0.755", severity="warning", is_blocked=True)),
        ticked_at=NOW - dt.timedelta(minutes=7),
        deliveries={("acme/hook", "dead"): 2},
        failures={"acme/hook": 5},
        unrouted=3,
    )
    found = of(control=control)
    assert found["finops_budget_percentage_used"] == {("old", "acme"): 75.5}
    assert found["finops_budget_alerts_active"] == {("acme", "warning"): 1.0}
    assert found["finops_budgets"] == {("evaluated",): 1.0, ("new",): 1.0}
    assert found["finops_budgets_blocked"] == {(): 1.0}
    assert found["finops_sensor_lag_seconds"] == {(): 420.0}
    assert found["finops_alert_deliveries"] == {("acme/hook", "dead"): 2.0}
    assert found["finops_alert_failures_total"] == {("acme/hook",): 5.0}
    assert found["finops_alerts_unrouted"] == {(): 3.0}


def test_without_a_tick_there_is_no_lag_rather_than_none_at_all() -> None:
    assert "finops_sensor_lag_seconds" not in of()


def test_an_unreadable_warehouse_has_no_cost_rather_than_none_at_all() -> None:
    found = of()
    assert found["finops_warehouse_readable"] == {(): 0.0}
    assert "finops_total_cost_usd" not in found


def test_operations_are_told_by_provider() -> None:
    found = of(
        warehouse(
            pricing=(ProviderPricing(provider="openai", rows=8, unpriced_rows=2, estimated_rows=1),),
            differences=(
                ProviderDifference(provider="openai", currency="USD", difference=Decimal("-0.5")),
                ProviderDifference(provider="openai", currency="EUR", difference=Decimal(9)),
            ),
            data_times={("acme", "openai"): NOW - dt.timedelta(hours=1)},
            tokens=(ProviderTokens(org="acme", provider="openai", tokens=Decimal(5)),),
        )
    )
    assert found["finops_unpriced_share"] == {("openai",): 0.25}
    assert found["finops_estimated_share"] == {("openai",): 0.125}
    assert found["finops_unexplained_difference_usd"] == {("openai",): -0.5}
    assert found["finops_data_age_seconds"] == {("acme", "openai"): 3600.0}
    assert found["finops_tokens_total"] == {("acme", "openai"): 5.0}


@pytest.mark.parametrize("name", ['a"b', "a\nb", "a\\b", "ünïcödé"])
def test_any_name_of_a_budget_can_be_read_back(name: str) -> None:
    control = ControlFigures(budgets=(budget(name, "1"),), ticked_at=None, deliveries={}, failures={}, unrouted=0)
    assert of(control=control)["finops_budget_percentage_used"] == {(name, "acme"): 100.0}
