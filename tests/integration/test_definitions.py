"""The definitions as production loads them: what is there, when it runs, and for which days."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.test_utils import create_run_for_test

from genai_finops.defs.automation import EXTRACTION_TAG, consolidation_schedule, extraction_schedule, refresh_range
from genai_finops.schemas.register import TABLES

REFERENCE = (
    "genai_attribution_rules",
    *("genai_capacity_throughput", "genai_commitments"),
    *("genai_hierarchy_assignments", "genai_hierarchy_entities", "genai_meters"),
    *("genai_organisations", "genai_provider_accounts", "genai_providers"),
)
PROVIDERS = ("anthropic", "aws_bedrock", "azure_openai", "gcp_vertex", "gemini", "openai")
PRICE_BOOK = {
    f"prices/{name}"
    for name in ("genai_capacity_price_book", "genai_model_alias_rules", "genai_price_book", "genai_price_factors")
}
#: Built with the usage of their days.
PRICES_OF_DAYS = {"warehouse/genai_price_gaps"}
#: Providers of reserved capacity and of accelerators.
CLOUDS = ("aws_bedrock", "azure_openai", "gcp_vertex")
INGESTED = {
    "ingest_payg": {f"landing/{provider}/payg_usage" for provider in PROVIDERS},
    "ingest_commitment": {f"landing/{provider}/commitment_usage" for provider in CLOUDS},
    "ingest_infrastructure": {f"landing/{provider}/infrastructure_usage" for provider in CLOUDS},
}
LANDED = set().union(*INGESTED.values())
SNAPSHOT = {"resources/genai_provider_resource_states"}
GROUPS = {
    **INGESTED,
    "resources": SNAPSHOT,
    "reference": {f"reference/{name}" for name in REFERENCE},
    "prices": PRICE_BOOK
    | {
        f"warehouse/{name}"
        for name in (
            *("genai_billing_skus", "genai_default_prices", "genai_list_prices", "genai_payg_pricing"),
            *("genai_price_factors", "genai_subscription_plans", "int_pricing__alias_rules"),
            *("genai_price_changes", "genai_price_differences"),
            *("genai_capacity_prices", "genai_capacity_throughput"),
            *("genai_commitment_pricing", "genai_infrastructure_pricing"),
            *("genai_repricing_queue", "int_repricing__models", "int_repricing__stored_costs"),
        )
    }
    | PRICES_OF_DAYS
    | {"prices/repriced_costs"},
    "flows": {
        f"warehouse/{name}"
        for name in (
            *("genai_payg_usage_raw", "genai_payg_costs_daily"),
            *("genai_commitment_usage_raw", "genai_commitment_costs_daily"),
            *("genai_commitment_utilization_hourly", "genai_commitment_utilization_daily"),
            *("genai_infrastructure_usage_raw", "genai_infrastructure_costs_daily", "genai_commitment_advice"),
            *("int_commitment__priced_commitments", "int_commitment__payment_periods"),
            *("int_commitment__hourly_coverage", "int_commitment__hourly_load", "int_commitment__tokens_as_payg"),
        )
    },
    "unified": {
        "warehouse/genai_usage_daily_unified",
        "warehouse/genai_costs_daily_unified",
        "warehouse/genai_unpriced_usage",
        "warehouse/genai_provider_resources",
    },
    "focus": {
        "warehouse/cost_data_standard_1_3",
        "warehouse/contract_commitment_1_3",
        "warehouse/cost_data_standard_1_3_allocated",
        *("focus/cost_and_usage", "focus/allocated_cost_and_usage"),
    },
    "advice": {"advice/advice"},
    "open_day": {"open_day/usage", "open_day/spend"},
    "request_logs": {"landing/request_logs", "retention/events_in_lake", "retention/events_in_warehouse"},
    "attribution": {
        f"warehouse/{name}"
        for name in (
            *("genai_usage_events", "genai_cost_attribution_daily", "genai_attribution_coverage_daily"),
            "genai_budget_spend_daily",
            *(f"genai_{dimension}_costs_daily" for dimension in ("tenant", "user", "task", "conversation")),
            *("int_events__prices", "int_events__counted", "int_attribution__evidence", "int_attribution__charges"),
            *(f"int_attribution__matched_by_{scope}" for scope in ("api_key", "resource", "sub_account", "account")),
            *(f"int_attribution__{kind}_parts" for kind in ("usage", "capacity", "cost")),
            *("int_attribution__parts", "int_attribution__allocated_charges"),
        )
    },
}
#: Resources are remembered from all lists together, whatever the days that are read.
WITHOUT_DAYS = (
    GROUPS["reference"]
    | GROUPS["prices"]
    | SNAPSHOT
    | GROUPS["request_logs"]
    | GROUPS["open_day"]
    | GROUPS["advice"]
    | {"warehouse/genai_provider_resources", "warehouse/contract_commitment_1_3"}
    | {"warehouse/int_commitment__priced_commitments", "warehouse/int_commitment__payment_periods"}
) - PRICES_OF_DAYS
BY_DAY = set().union(*GROUPS.values()) - WITHOUT_DAYS
BUILT_BY_DBT = [table for table in TABLES.values() if table.model_folder is not None]
#: On 2026-11-05, by provider and flow: the first of the days that it may restate.
FIRST_READ_AGAIN = {
    ("anthropic", "payg"): "2026-11-02",
    ("aws_bedrock", "commitment"): "2026-11-02",
    ("aws_bedrock", "infrastructure"): "2026-10-31",
    ("aws_bedrock", "payg"): "2026-11-02",
    ("azure_openai", "commitment"): "2026-11-03",
    ("azure_openai", "infrastructure"): "2026-10-31",
    ("azure_openai", "payg"): "2026-11-03",
    ("gcp_vertex", "commitment"): "2026-11-03",
    ("gcp_vertex", "infrastructure"): "2026-11-03",
    ("gcp_vertex", "payg"): "2026-11-03",
    ("gemini", "payg"): "2026-10-29",
    ("openai", "payg"): "2026-11-02",
}
TICK = dt.datetime(2026, 11, 5, 2, tzinfo=dt.UTC)

Graph = Any


@pytest.fixture(scope="session")
def graph(definitions: dg.Definitions) -> Graph:
    return definitions.resolve_asset_graph()


def names(keys: Any) -> set[str]:
    return {key.to_user_string() for key in keys}


def checks_of(graph: Graph, asset: str) -> set[str]:
    return {key.name for key in graph.asset_check_keys if key.asset_key.to_user_string() == asset}


def node(graph: Graph, asset: str) -> Any:
    return graph.get(dg.AssetKey(asset.split("/")))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A schedule opens its instance anew, which an ephemeral one does not allow."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as found:
        yield found


def at(moment: dt.datetime, instance: dg.DagsterInstance) -> dg.ScheduleEvaluationContext:
    return dg.build_schedule_context(instance=instance, scheduled_execution_time=moment)


def test_every_asset_is_in_its_group(graph: Graph) -> None:
    found: dict[str, set[str]] = {}
    for key in graph.materializable_asset_keys:
        found.setdefault(graph.get(key).group_name, set()).add(key.to_user_string())
    assert found == GROUPS


def test_nothing_is_read_that_no_asset_makes(graph: Graph) -> None:
    assert names(graph.get_all_asset_keys()) == names(graph.materializable_asset_keys)


def test_every_asset_says_what_it_is(graph: Graph) -> None:
    assert [name for name in names(graph.materializable_asset_keys) if not node(graph, name).description] == []


def test_usage_flows_from_every_provider_to_the_export(graph: Graph) -> None:
    export = dg.AssetKey(["focus", "cost_and_usage"])
    ancestors = graph.upstream_key_iterator(export)
    costs = {name for name in GROUPS["flows"] if name.endswith(("_usage_raw", "_costs_daily"))}
    assert LANDED | costs <= names(ancestors)


def test_the_price_table_is_built_from_the_price_book(graph: Graph) -> None:
    ancestors = graph.upstream_key_iterator(dg.AssetKey(["warehouse", "genai_payg_pricing"]))
    assert names(ancestors) >= PRICE_BOOK - {"prices/genai_capacity_price_book"}


@pytest.mark.parametrize("asset", sorted(PRICE_BOOK))
def test_a_source_of_prices_that_fails_is_shown_as_a_check(graph: Graph, asset: str) -> None:
    assert checks_of(graph, asset) == {"sources_answer"}


def test_resources_are_remembered_from_the_lists_of_every_provider(graph: Graph) -> None:
    assert names(node(graph, "warehouse/genai_provider_resources").parent_keys) == LANDED | SNAPSHOT


def test_commitments_are_registered_from_what_the_snapshots_kept(graph: Graph) -> None:
    assert names(node(graph, "reference/genai_commitments").parent_keys) == SNAPSHOT


@pytest.mark.parametrize("asset", sorted(BY_DAY))
def test_what_has_days_is_partitioned_by_utc_days_and_takes_a_range_as_one_run(graph: Graph, asset: str) -> None:
    partitions = node(graph, asset).partitions_def
    assert isinstance(partitions, dg.DailyPartitionsDefinition)
    assert (partitions.timezone, partitions.start.date(), partitions.end_offset) == ("UTC", dt.date(2024, 12, 1), 0)
    assert node(graph, asset).backfill_policy == dg.BackfillPolicy.single_run()


@pytest.mark.parametrize("asset", sorted(WITHOUT_DAYS))
def test_what_has_no_days_has_no_partitions(graph: Graph, asset: str) -> None:
    assert node(graph, asset).partitions_def is None


@pytest.mark.parametrize("asset", sorted(LANDED))
def test_each_provider_has_a_pool_of_its_own(graph: Graph, asset: str) -> None:
    assert node(graph, asset).pools == {f"provider_{asset.split('/')[1]}"}


@pytest.mark.parametrize("group", ["prices", "flows", "unified"])
def test_one_pool_holds_the_only_writer_of_the_warehouse(graph: Graph, group: str) -> None:
    built_by_dbt = {name for name in GROUPS[group] if name.startswith("warehouse/")}
    assert {frozenset(node(graph, name).pools) for name in built_by_dbt} == {frozenset({"warehouse_writer"})}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_permanent_errors_are_told_apart_by_a_bounded_retry_policy(definitions: dg.Definitions, provider: str) -> None:
    asset = definitions.resolve_assets_def(dg.AssetKey(["landing", provider, "payg_usage"]))
    assert isinstance(asset.node_def, dg.OpDefinition)
    policy = asset.node_def.retry_policy
    assert policy is not None
    assert (policy.max_retries, policy.backoff, policy.jitter) == (2, dg.Backoff.EXPONENTIAL, dg.Jitter.FULL)


@pytest.mark.parametrize("asset", sorted(LANDED))
def test_landing_is_checked_for_its_totals_and_its_freshness(graph: Graph, asset: str) -> None:
    assert checks_of(graph, asset) == {"stored_rows_match_metadata", "freshness_check"}


@pytest.mark.parametrize(
    ("asset", "check"),
    [
        ("warehouse/genai_usage_daily_unified", "assert_usage_is_conserved"),
        ("warehouse/genai_costs_daily_unified", "assert_unified_costs_conserve_money"),
        ("warehouse/genai_costs_daily_unified", "unpriced_share"),
        ("warehouse/genai_payg_costs_daily", "assert_every_billable_usage_row_has_one_cost_row"),
        ("warehouse/genai_payg_pricing", "prices_of_one_key_do_not_overlap"),
        ("warehouse/cost_data_standard_1_3", "assert_focus_prices_times_quantities_are_costs"),
        ("warehouse/genai_budget_spend_daily", "assert_budget_spend_conserves_focus"),
    ],
)
def test_the_checks_that_guard_the_numbers_are_there(graph: Graph, asset: str, check: str) -> None:
    assert check in checks_of(graph, asset)


@pytest.mark.parametrize("table", BUILT_BY_DBT, ids=lambda table: table.name)
def test_every_table_is_checked_for_its_grain_and_its_values(graph: Graph, table: Any) -> None:
    wanted = {f"{table.name}_grain_is_unique", f"{table.name}_values_are_allowed"}
    assert wanted <= checks_of(graph, f"warehouse/{table.name}")


@pytest.mark.parametrize("table", BUILT_BY_DBT, ids=lambda table: table.name)
def test_every_column_is_described_in_the_asset(graph: Graph, table: Any) -> None:
    schema = node(graph, f"warehouse/{table.name}").metadata["dagster/column_schema"]
    found = {column.name: re.sub(r"\s+", " ", column.description or "") for column in schema.columns}
    assert found == {column.name: re.sub(r"\s+", " ", column.description) for column in table.columns}


def test_the_jobs_divide_the_assets_between_them(definitions: dg.Definitions) -> None:
    selected = {
        name: names(definitions.resolve_job_def(name).asset_layer.selected_asset_keys)
        for name in ("extract_usage", "consolidate", "refresh_prices", "snapshot_resources", "open_day")
    }
    assert selected["extract_usage"] == LANDED
    assert selected["snapshot_resources"] == SNAPSHOT
    assert selected["refresh_prices"] == PRICE_BOOK
    assert selected["open_day"] == GROUPS["open_day"]
    on_request = {"focus/allocated_cost_and_usage"}
    logs_and_today = GROUPS["request_logs"] | GROUPS["open_day"] | GROUPS["advice"]
    assert selected["consolidate"] == set().union(*GROUPS.values()) - LANDED - SNAPSHOT - on_request - logs_and_today


def test_every_schedule_has_its_hour_in_utc(
    definitions: dg.Definitions,
) -> None:
    found = {
        schedule.name: (schedule.job_name, schedule.cron_schedule, schedule.execution_timezone)  # type: ignore[union-attr]
        for schedule in definitions.schedules or ()
    }
    assert found == {
        "extraction_schedule": ("extract_usage", "0 2 * * *", "UTC"),
        "snapshot_schedule": ("snapshot_resources", "0 * * * *", "UTC"),
        "price_schedule": ("refresh_prices", "0 4 * * 1", "UTC"),
        "consolidation_schedule": ("consolidate", "*/15 6-11 * * *", "UTC"),
        "open_day_schedule": ("open_day", "*/15 * * * *", "UTC"),
        "retention_schedule": ("retain_events", "0 1 * * 0", "UTC"),
    }


@pytest.mark.parametrize(
    ("refresh_days", "first"),
    [(3, dt.date(2026, 11, 2)), (1, dt.date(2026, 11, 4)), (0, dt.date(2026, 11, 4))],
)
def test_the_closed_days_that_a_provider_may_restate_are_read_again(refresh_days: int, first: dt.date) -> None:
    assert refresh_range(dt.date(2026, 11, 5), refresh_days) == (first, dt.date(2026, 11, 4))


def test_extraction_asks_for_one_run_per_provider_and_flow_over_its_refresh_days(instance: dg.DagsterInstance) -> None:
    requests: Any = extraction_schedule(at(TICK, instance))
    assert [
        (
            request.run_key,
            names(request.asset_selection),
            request.tags["dagster/asset_partition_range_start"],
            request.tags["dagster/asset_partition_range_end"],
            request.tags[EXTRACTION_TAG],
        )
        for request in sorted(requests, key=lambda request: request.run_key)
    ] == [
        (
            f"extract-{provider}-{flow}-2026-11-05",
            {f"landing/{provider}/{flow}_usage"},
            first,
            "2026-11-04",
            "2026-11-05",
        )
        for (provider, flow), first in sorted(FIRST_READ_AGAIN.items())
    ]


@pytest.mark.parametrize("status", ["QUEUED", "NOT_STARTED", "STARTING", "STARTED"])
def test_consolidation_waits_for_an_extraction_that_has_not_ended(instance: dg.DagsterInstance, status: str) -> None:
    location = RegisteredCodeLocationOrigin(location_name="genai_finops")
    repository = RemoteRepositoryOrigin(code_location_origin=location, repository_name="__repository__")
    run = create_run_for_test(
        instance,
        job_name="extract_usage",
        status=dg.DagsterRunStatus[status],
        tags={EXTRACTION_TAG: "2026-11-05"},
        remote_job_origin=RemoteJobOrigin(repository_origin=repository, job_name="extract_usage"),
    )
    answer = consolidation_schedule(at(TICK.replace(hour=6), instance))
    assert isinstance(answer, dg.SkipReason)
    assert run.run_id in (answer.skip_message or "")


def extractions_ended(
    instance: dg.DagsterInstance, count: int = len(FIRST_READ_AGAIN), status: str = "SUCCESS", day: int = 5
) -> None:
    """Runs of the extraction schedule of a day that are over; there is one for each provider and flow."""
    for _ in range(count):
        create_run_for_test(
            instance,
            job_name="extract_usage",
            status=dg.DagsterRunStatus[status],
            tags={EXTRACTION_TAG: f"2026-11-0{day}"},
        )


@pytest.mark.parametrize("status", ["SUCCESS", "FAILURE", "CANCELED"])
def test_consolidation_runs_once_the_extractions_have_ended_well_or_not(
    instance: dg.DagsterInstance, status: str
) -> None:
    extractions_ended(instance, status=status)
    request = consolidation_schedule(at(TICK.replace(hour=6), instance))
    assert isinstance(request, dg.RunRequest)
    assert request.tags["dagster/asset_partition_range_start"] == min(FIRST_READ_AGAIN.values())
    assert request.tags["dagster/asset_partition_range_end"] == "2026-11-04"


def test_consolidation_waits_for_an_extraction_that_has_not_started(instance: dg.DagsterInstance) -> None:
    extractions_ended(instance, count=len(FIRST_READ_AGAIN) - 1)
    extractions_ended(instance, day=4)
    answer = consolidation_schedule(at(TICK.replace(hour=6), instance))
    assert isinstance(answer, dg.SkipReason)
    assert f"1 of {len(FIRST_READ_AGAIN)} extractions" in (answer.skip_message or "")


def test_consolidation_waits_for_a_missing_extraction_for_three_hours_only(instance: dg.DagsterInstance) -> None:
    assert isinstance(consolidation_schedule(at(TICK.replace(hour=9), instance)), dg.RunRequest)


def test_consolidation_does_not_wait_for_other_runs(instance: dg.DagsterInstance) -> None:
    extractions_ended(instance)
    create_run_for_test(instance, job_name="consolidate", status=dg.DagsterRunStatus.STARTED)
    assert isinstance(consolidation_schedule(at(TICK.replace(hour=6), instance)), dg.RunRequest)


def test_consolidation_has_one_run_key_a_day(instance: dg.DagsterInstance) -> None:
    extractions_ended(instance, day=5)
    extractions_ended(instance, day=6)
    moments = [TICK.replace(hour=6), TICK.replace(hour=11, minute=45), TICK.replace(day=6, hour=6)]
    requests: list[Any] = [consolidation_schedule(at(moment, instance)) for moment in moments]
    assert [request.run_key for request in requests] == [
        "consolidate-2026-11-05",
        "consolidate-2026-11-05",
        "consolidate-2026-11-06",
    ]
