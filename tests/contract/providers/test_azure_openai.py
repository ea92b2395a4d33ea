"""What Azure's metrics and lists mean: the traps of the wire, each by its name."""

import datetime as dt
import json
import logging
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.providers.base import MalformedPageError, TransientProviderError, Window
from genai_finops.providers.http import page_of

from .azure_answers import (
    HOUR,
    NEWER,
    OLDER,
    Subscription,
    account,
    definition,
    deployment,
    id_of,
    metric,
    only,
    path_of,
    rows_of,
    series,
    source_over,
    state,
)

CHAT = {"modeldeploymentname": "chat", "modelversion": "2025-04-14"}
NEWER_DEFINITIONS = tuple(definition(name) for name in NEWER)
ALL_DEFINITIONS = tuple(definition(name) for name in (*OLDER, *NEWER, "TotalTokens"))


def prompts(*found: dict[str, Any], **more: Any) -> Subscription:
    """A subscription with these series of prompt tokens."""
    return Subscription(metrics={"ProcessedPromptTokens": metric("ProcessedPromptTokens", *found)}, **more)


def test_an_hour_of_a_deployment_is_a_row_of_that_hour():
    row = only(prompts(series(18233.0, **CHAT)))
    assert (row.period_start, row.period_end) == (
        dt.datetime(2026, 10, 1, 9, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 1, 10, tzinfo=dt.UTC),
    )


def test_a_total_that_is_written_as_a_float_becomes_a_whole_quantity():
    assert str(only(prompts(series(18233.0, **CHAT))).quantity) == "18233"


def test_a_total_with_a_fraction_is_refused_for_tokens_are_whole():
    with pytest.raises(MalformedPageError, match="whole number"):
        rows_of(prompts(series(18233.5, **CHAT)))


@pytest.mark.parametrize("point", [{"timeStamp": HOUR}, {"timeStamp": HOUR, "total": 0.0}], ids=["no-key", "zero"])
def test_a_point_without_data_is_no_row(point):
    assert rows_of(prompts({**series(**CHAT), "data": [point]})) == []


def test_dimension_names_are_read_whatever_their_case():
    row = only(prompts(series(ModelDeploymentName="chat", ModelVersion="2025-04-14")))
    assert row.resource_name == "chat"


def test_ids_are_joined_in_lower_case_whatever_the_list_and_the_metric_write():
    subscription = prompts(series(modeldeploymentname="CHAT"), deployments=[deployment("Chat")])
    row = only(subscription)
    assert (row.resource_id, row.resource_name, row.provider_model_id) == (
        id_of("AOAI", "chat"),
        "Chat",
        "gpt-4.1-2025-04-14",
    )


def test_the_cognitive_services_account_is_the_sub_account():
    row = only(prompts(series(**CHAT)))
    assert (row.sub_account_id, row.sub_account_name, row.sub_account_type) == (
        path_of("AOAI").lower(),
        "AOAI",
        "Cognitive Services account",
    )


@pytest.mark.parametrize("location", ["eastus", "East US"])
def test_a_region_is_its_id_although_some_answers_have_its_display_name(location):
    assert only(prompts(series(**CHAT), accounts=[account(location=location)])).region_id == "eastus"


def test_a_deployment_that_azure_names_empty_is_a_visible_row_without_a_model():
    row = only(prompts(series(modeldeploymentname="__Empty", modelversion="__Empty")))
    assert (row.provider_model_id, row.resource_id, row.resource_name) == (None, id_of("AOAI", "__empty"), "__Empty")


def test_a_deployment_in_no_list_is_a_visible_row_and_its_model_is_not_guessed_from_its_name(caplog):
    row = only(prompts(series(modeldeploymentname="gpt-4o")))
    assert (row.provider_model_id, row.resource_id, row.quantity) == (None, id_of("AOAI", "gpt-4o"), Decimal(100))
    assert "gpt-4o: in no list" in caplog.text


def test_the_geography_of_a_deployment_in_no_list_is_not_taken_for_global():
    assert only(prompts(series(modeldeploymentname="gone"))).geography == "unknown"


def test_a_deployment_that_was_deleted_is_resolved_by_its_stored_state():
    known = state("retired", first="2026-09-20T06:00:00+00:00", model="gpt-4o-2024-08-06", sku="DataZoneStandard")
    row = only(prompts(series(modeldeploymentname="retired"), deployments=[]), known_resources=[known])
    assert (row.provider_model_id, row.geography) == ("gpt-4o-2024-08-06", "data_zone_us")


def test_hours_before_a_change_from_standard_to_provisioned_stay_pay_as_you_go():
    known = state("chat", first="2026-09-20T06:00:00+00:00")
    provisioned = deployment(
        "chat", sku="GlobalProvisionedManaged", systemData={"lastModifiedAt": "2026-10-01T14:30:00Z"}
    )
    hours = [series(10.0 + hour, at=f"2026-10-01T{hour:02d}:00:00Z", **CHAT) for hour in (13, 14, 15)]
    rows = rows_of(prompts(*hours, deployments=[provisioned]), known_resources=[known])
    assert [row.period_start.hour for row in rows] == [13, 14]


def test_the_model_of_an_hour_is_that_of_the_state_at_its_start():
    known = state("chat", first="2026-09-20T06:00:00+00:00", model="gpt-4o-2024-08-06")
    upgraded = deployment("chat", systemData={"lastModifiedAt": "2026-10-01T12:00:00.1234567Z"})
    hours = [series(at=f"2026-10-01T{hour}:00:00Z", modeldeploymentname="chat") for hour in (12, 13)]
    rows = rows_of(prompts(*hours, deployments=[upgraded]), known_resources=[known])
    assert [row.provider_model_id for row in rows] == ["gpt-4o-2024-08-06", "gpt-4.1-2025-04-14"]


def test_a_version_that_the_metric_names_wins_over_the_one_that_is_deployed_now():
    row = only(
        prompts(
            series(modeldeploymentname="chat", modelversion="2024-11-20"),
            deployments=[deployment("chat", model="gpt-4o", version="2025-03-01")],
        )
    )
    assert row.provider_model_id == "gpt-4o-2024-11-20"


def test_a_version_that_is_no_date_is_no_part_of_the_models_id():
    subscription = prompts(
        series(modeldeploymentname="embed", modelversion="1"),
        deployments=[deployment("embed", model="text-embedding-3-small", version="1")],
    )
    assert only(subscription).provider_model_id == "text-embedding-3-small"


@pytest.mark.parametrize(
    ("sku", "location", "tier", "geography"),
    [
        ("Standard", "eastus", "standard", "regional"),
        ("GlobalStandard", "eastus", "standard", "global"),
        ("DataZoneStandard", "eastus2", "standard", "data_zone_us"),
        ("DataZoneStandard", "swedencentral", "standard", "data_zone_eu"),
        ("DataZoneStandard", "atlantis", "standard", "unknown"),
        ("GlobalBatch", "eastus", "batch", "global"),
        ("DataZoneBatch", "francecentral", "batch", "data_zone_eu"),
        ("DeveloperTier", "eastus", "standard", "unknown"),
    ],
)
def test_a_pay_as_you_go_sku_says_tier_and_geography(sku, location, tier, geography):
    subscription = prompts(
        series(**CHAT), accounts=[account(location=location)], deployments=[deployment("chat", sku=sku)]
    )
    row = only(subscription)
    assert (row.service_tier, row.geography, row.provider_service_tier, row.meter) == (tier, geography, sku, "input")


@pytest.mark.parametrize("sku", ["ProvisionedManaged", "DataZoneProvisionedManaged", "GlobalProvisionedManaged"])
def test_tokens_of_provisioned_deployments_are_not_read_as_pay_as_you_go(sku):
    assert rows_of(prompts(series(**CHAT), deployments=[deployment("chat", sku=sku)])) == []


def test_tokens_of_a_sku_that_is_not_documented_are_visible_and_not_priced():
    row = only(prompts(series(**CHAT), deployments=[deployment("chat", sku="GlobalPlatinum")]))
    assert (row.meter, row.variant, row.provider_service_tier) == (
        "unmapped",
        "ProcessedPromptTokens",
        "GlobalPlatinum",
    )


@pytest.mark.parametrize(
    ("model", "meter"),
    [
        pytest.param("gpt-4.1", "input", id="cached-share-unknown"),
        pytest.param("text-embedding-3-large", "embedding_input", id="embedding"),
        pytest.param("claude-opus-5", "uncached_input", id="anthropic"),
    ],
)
def test_the_model_says_what_its_input_tokens_are(model, meter):
    subscription = prompts(series(modeldeploymentname="chat"), deployments=[deployment("chat", model=model)])
    assert only(subscription).meter == meter


def test_input_beside_cache_metrics_is_uncached_although_the_deployment_is_in_no_list():
    metrics = {
        "InputTokens": metric("InputTokens", series(7.0, modeldeploymentname="gone")),
        "cacheReadInputTokens": metric("cacheReadInputTokens", series(90.0, modeldeploymentname="gone")),
    }
    rows = rows_of(Subscription(definitions=NEWER_DEFINITIONS, metrics=metrics))
    assert {row.meter for row in rows} == {"uncached_input", "cache_read"}


def test_cache_writes_keep_their_lifetimes():
    metrics = {
        name: metric(name, series(float(number), modeldeploymentname="claude"))
        for number, name in enumerate(("ephemeral5mInputTokens", "ephemeral1hInputTokens"), start=5)
    }
    rows = rows_of(Subscription(definitions=NEWER_DEFINITIONS, metrics=metrics))
    assert {row.meter: row.quantity for row in rows} == {"cache_write_5m": Decimal(5), "cache_write_1h": Decimal(6)}


def test_the_older_and_the_newer_names_of_the_same_tokens_are_never_added():
    metrics = {name: metric(name, series(100.0, **CHAT)) for name in ("ProcessedPromptTokens", "InputTokens")}
    metrics["TotalTokens"] = metric("TotalTokens", series(100.0))
    row = only(Subscription(definitions=ALL_DEFINITIONS, metrics=metrics))
    assert row.quantity == Decimal(100)


@pytest.mark.parametrize("name", ["TokenTransaction", "TotalTokens"])
def test_a_metric_that_adds_up_others_is_never_added(name):
    content = {"value": [metric("ProcessedPromptTokens", series(**CHAT)), metric(name, series(150.0, **CHAT))]}
    assert [row.quantity for row in rows_of_page(content)] == [Decimal(100)]


def rows_of_page(content: Any, window: Window | None = None) -> list[Any]:
    """The rows of one answer that no list came with."""
    page = page_of(json.dumps(content).encode(), source="metrics", request={"account": path_of("AOAI").lower()})
    with source_over(Subscription()) as source:
        day = dt.date(2026, 10, 1)
        return list(source.normalise([page], window or Window.of_days(day, day)))


def test_as_many_series_as_were_asked_for_are_an_error_because_more_may_have_been_cut_off():
    found = [series(modeldeploymentname=f"d{number}") for number in range(3)]
    with pytest.raises(MalformedPageError, match=r"3 series, as many as were asked for.*top_series"):
        rows_of(prompts(*found), options={"top_series": 3})


def test_a_metric_that_azure_could_not_read_is_an_error_although_the_status_is_200():
    failed = metric("GeneratedTokens", errorCode="InternalError", errorMessage="back end")
    with pytest.raises(TransientProviderError, match=r"GeneratedTokens.*InternalError.*back end"):
        rows_of(Subscription(metrics={"GeneratedTokens": failed}))


def test_points_of_another_grain_than_asked_for_are_refused():
    widened = Subscription(change=lambda _, content: {**content, "interval": "P1D"})
    with pytest.raises(MalformedPageError, match=r"interval.*P1D.*PT1H"):
        rows_of(widened)


def test_a_point_that_is_no_full_hour_is_refused():
    with pytest.raises(MalformedPageError, match="no full hour"):
        rows_of(prompts(series(at="2026-10-01T09:30:00Z", **CHAT)))


def test_a_point_that_comes_twice_is_refused_rather_than_added():
    with pytest.raises(MalformedPageError, match="comes twice"):
        rows_of(prompts(series(**CHAT), series(**CHAT)))


def test_a_metric_that_comes_twice_is_refused():
    twice = [metric("ProcessedPromptTokens"), metric("ProcessedPromptTokens")]
    with pytest.raises(MalformedPageError, match="ProcessedPromptTokens comes twice"):
        rows_of_page({"value": twice})


def test_a_metric_that_was_asked_for_and_is_missing_is_an_error():
    lacking = Subscription(change=lambda _, content: {**content, "value": content["value"][1:]})
    with pytest.raises(MalformedPageError, match="ProcessedPromptTokens was asked for"):
        rows_of(lacking)


def test_a_metric_that_nobody_asked_for_is_refused_for_it_may_be_usage():
    with pytest.raises(MalformedPageError, match="HologramTokens"):
        rows_of_page({"value": [metric("HologramTokens", series(**CHAT))]})


def test_an_account_without_an_answer_is_an_error():
    two = Subscription(accounts=[account(), account("Other")], deployments=[])
    with source_over(two) as source:
        pages = list(source.fetch(Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 1))))
        kept = [
            page for page in pages if page.source != "metrics" or page.request["account"] != path_of("AOAI").lower()
        ]
        window = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 1))
        with pytest.raises(MalformedPageError, match=r"no answer for .*aoai"):
            list(source.normalise(kept, window))


def with_total(total: float, summed: float = 100_000.0) -> Subscription:
    return Subscription(
        definitions=tuple(definition(name) for name in OLDER),
        metrics={
            "TokenTransaction": metric("TokenTransaction", series(total)),
            "ProcessedPromptTokens": metric("ProcessedPromptTokens", series(summed, **CHAT)),
        },
    )


@pytest.mark.parametrize("lost", [None, series(1000.0, **CHAT)], ids=["everything", "nine-tenths"])
def test_a_split_that_falls_short_of_the_accounts_total_is_an_error(lost):
    found = [lost] if lost else []
    subscription = with_total(10_000.0)
    subscription.metrics = {
        **subscription.metrics,
        "ProcessedPromptTokens": metric("ProcessedPromptTokens", *found),
    }
    with pytest.raises(MalformedPageError, match="2026-10-01, the account's total is 10000; series are missing"):
        rows_of(subscription)


@pytest.mark.parametrize("total", [100_400.0, 90_000.0], ids=["metrics-are-no-bill", "more-came-in-between"])
def test_a_small_or_later_difference_from_the_total_is_reported_and_kept(total, caplog):
    rows = rows_of(with_total(total))
    assert [row.quantity for row in rows] == [Decimal(100_000)]
    assert "kept as they are" in caplog.text


@pytest.mark.parametrize("total", [17.0, 107.0], ids=["without-the-cache", "with-the-cache"])
def test_the_total_of_claude_may_hold_what_the_cache_took_part_in_or_not(total, caplog):
    metrics = {
        "InputTokens": metric("InputTokens", series(7.0, modeldeploymentname="claude")),
        "OutputTokens": metric("OutputTokens", series(10.0, modeldeploymentname="claude")),
        "cacheReadInputTokens": metric("cacheReadInputTokens", series(90.0, modeldeploymentname="claude")),
        "TotalTokens": metric("TotalTokens", series(total)),
    }
    definitions = (*NEWER_DEFINITIONS, definition("TotalTokens"))
    assert len(rows_of(Subscription(definitions=definitions, metrics=metrics))) == 3
    assert "total" not in caplog.text


def test_provisioned_tokens_are_part_of_the_control_total():
    subscription = with_total(100_000.0)
    subscription.deployments = [deployment("chat", sku="ProvisionedManaged")]
    assert rows_of(subscription) == []


def test_other_kinds_of_cognitive_services_accounts_are_left_alone():
    subscription = Subscription(accounts=[account("speech", kind="SpeechServices")])
    assert rows_of(subscription) == []
    assert subscription.requests("/metrics") == []


def test_a_page_of_another_source_is_refused():
    page = page_of(b"{}", source="invoices", request={})
    with source_over(Subscription()) as source, pytest.raises(MalformedPageError, match="invoices"):
        source.normalise([page], Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 1)))


def test_deployments_are_resources_with_sku_capacity_model_and_dates():
    listed = deployment(
        "Chat",
        tags={"team": "search"},
        systemData={"createdAt": "2026-09-01T08:00:00Z", "lastModifiedAt": "2026-09-02T10:00:00.5000000Z"},
    )
    with source_over(Subscription(deployments=[listed])) as source:
        day = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 1))
        [resource] = source.resources(list(source.fetch(day)))
    assert resource.resource_id == id_of("AOAI", "chat")
    assert (resource.sku_name, resource.capacity, resource.region_id) == ("GlobalStandard", Decimal(10), "eastus")
    assert (resource.provider_model_id, resource.tags) == ("gpt-4.1-2025-04-14", {"team": "search"})
    assert resource.created_at == dt.datetime(2026, 9, 1, 8, tzinfo=dt.UTC)
    assert resource.modified_at == dt.datetime(2026, 9, 2, 10, 0, 0, 500_000, tzinfo=dt.UTC)


@pytest.fixture
def recorded() -> Any:
    """A recorded answer of Azure Monitor, read where it lies: it may not be copied."""
    folder = os.environ.get("GENAI_FINOPS_TEST_DATA")
    path = Path(folder or "/nonexistent") / "payloads" / "azure_openai" / "monitor_metrics.json"
    if not path.is_file():
        pytest.skip("GENAI_FINOPS_TEST_DATA names no folder with payloads/azure_openai/monitor_metrics.json")
    return json.loads(path.read_text())


def test_a_recorded_answer_parses_to_the_values_in_it(recorded):
    day = dt.date(2026, 5, 20)
    rows = rows_of_page(recorded, Window.of_days(day, day))
    assert {(row.meter, row.quantity, row.resource_name, row.provider_model_id) for row in rows} == {
        ("input", Decimal(1000), "my-gpt4o", "gpt-4o"),
        ("output", Decimal(500), "my-gpt4o", "gpt-4o"),
    }


def test_an_unknown_field_of_a_recorded_answer_is_reported(recorded, caplog):
    caplog.set_level(logging.WARNING)
    recorded["value"][0]["timeseries"][0]["annotation"] = "new"
    day = dt.date(2026, 5, 20)
    assert len(rows_of_page(recorded, Window.of_days(day, day))) == 2
    assert "unknown_field=annotation" in caplog.text
