"""The dbt project as Dagster assets: prices and resources, which have no partitions, and what is built by day."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from genai_finops.defs.ingestion import landing_key
from genai_finops.defs.partitions import DAILY, FIRST_DAY, window_of
from genai_finops.defs.request_logs import REQUEST_LOGS_KEY
from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.snapshots import SNAPSHOT_KEY
from genai_finops.ingest.plan import provider_configs, provider_flows
from genai_finops.ingest.usage import LANDING_TABLES
from genai_finops.providers.base import Window
from genai_finops.schemas.tables.events import EVENTS_RAW
from genai_finops.settings import load_settings
from genai_finops.transform.manifest import manifest_path
from genai_finops.transform.result import TransformError, TransformResult
from genai_finops.transform.selection import ON_REQUEST, WITHOUT_DAYS

#: The writer of the warehouse: one at a time. The lock file of the build holds for processes outside Dagster too.
WRITER_POOL = "warehouse_writer"

_ANY_WINDOW = Window.of_days(dt.date.fromisoformat(FIRST_DAY), dt.date.fromisoformat(FIRST_DAY))


def warehouse_key(name: str) -> dg.AssetKey:
    """Key of a table that dbt builds."""
    return dg.AssetKey(["warehouse", name])


class PlatformTranslator(DagsterDbtTranslator):
    """How dbt's nodes appear in the asset graph."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return warehouse_key(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        name = dbt_resource_props["name"]
        is_price = dbt_resource_props["resource_type"] == "seed" or "pricing" in name or "_price_" in name
        return "prices" if is_price else str(dbt_resource_props["fqn"][1])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(deps=[dep for found in spec.deps for dep in _landing_deps(found)])


def _landing_deps(dep: dg.AssetDep) -> Iterator[dg.AssetDep]:
    """A landing source is what the providers' assets of its flow, or the request logs, land together; providers and
    snapshots keep resources."""
    source, table = dep.asset_key.path[0], dep.asset_key.path[-1]
    if source == "landing" and table == EVENTS_RAW.name:
        yield dg.AssetDep(REQUEST_LOGS_KEY)
    if source not in {"landing", "resources"}:
        yield dep
        return
    if source == "resources":
        yield dg.AssetDep(SNAPSHOT_KEY)
    for provider, flow in provider_flows(provider_configs(load_settings())):
        if source == "resources" or LANDING_TABLES[flow].name == table:
            yield dg.AssetDep(landing_key(provider, flow))


def asset_events(
    result: TransformResult,
    keys: set[dg.AssetKey],
    checks: set[dg.AssetCheckKey],
    extra_metadata: Mapping[str, Mapping[str, Any]],
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """The nodes of a dbt run as events of the assets and checks that are declared; extra_metadata is by node name."""
    for node in result.nodes:
        key = warehouse_key(node.name)
        if node.resource_type in {"model", "seed"} and node.ok and key in keys:
            metadata: dict[str, Any] = {
                "dbt_execution_seconds": round(node.seconds, 3),
                **extra_metadata.get(node.name, {}),
            }
            if node.rows is not None:
                metadata["rows_in_window"] = node.rows
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        for check in checks:
            if node.resource_type == "test" and check.name == node.name:
                yield dg.AssetCheckResult(
                    asset_key=check.asset_key,
                    check_name=check.name,
                    passed=node.ok and node.status != "warn",
                    severity=dg.AssetCheckSeverity.WARN if node.status == "warn" else dg.AssetCheckSeverity.ERROR,
                    metadata={
                        "failing_rows": node.failures or 0,
                        "message": node.message,
                        **extra_metadata.get(node.name, {}),
                    },
                )


def run_build(
    context: dg.AssetExecutionContext,
    platform: PlatformResource,
    *,
    window: Window | None = None,
    select: Sequence[str] = (),
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Build what is selected, else all that has days. What was built before a failure is recorded before it is raised.

    window are the run's days; None where what is selected has no days.
    """
    declared = set(context.selected_asset_keys), set(context.selected_asset_check_keys)
    try:
        # With any window what has no days shares the project that is parsed for the daily build.
        result = platform.build(window or _ANY_WINDOW, select=select, exclude=() if select else WITHOUT_DAYS)
    except TransformError as failure:
        yield from asset_events(failure.result, *declared, {})
        raise dg.Failure(str(failure), allow_retries=False) from failure
    extra = _cost_metadata(platform, window) if window else {}
    yield from asset_events(result, *declared, {**extra, **_findings(platform, result)})


def _findings(platform: PlatformResource, result: TransformResult) -> dict[str, dict[str, Any]]:
    """The rows that the checks of prices object to, as tables."""
    objecting = [node.name for node in result.nodes if node.status == "warn"]
    found = {name: platform.price_findings(name) for name in objecting}
    return {
        name: {"rows": dg.MetadataValue.table([dg.TableRecord(row) for row in rows])}
        for name, rows in found.items()
        if rows
    }


def _cost_metadata(platform: PlatformResource, window: Window) -> dict[str, dict[str, Any]]:
    totals = platform.cost_totals(window.days[0], window.days[-1])
    shown = {f"{total.provider} {total.currency}": str(total.list_cost) for total in totals}
    return {"genai_costs_daily_unified": {"window": f"{window.days[0]} to {window.days[-1]}", "list_cost": shown}}


def _assets_without_days(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=manifest,
        name="dbt_without_days",
        select=" ".join(WITHOUT_DAYS),
        dagster_dbt_translator=PlatformTranslator(),
        pool=WRITER_POOL,
    )
    def without_days(
        context: dg.AssetExecutionContext, platform: PlatformResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        yield from run_build(context, platform, select=WITHOUT_DAYS)

    return without_days


def _daily_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=manifest,
        name="dbt_daily",
        exclude=" ".join((*WITHOUT_DAYS, *ON_REQUEST)),
        partitions_def=DAILY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        dagster_dbt_translator=PlatformTranslator(),
        pool=WRITER_POOL,
    )
    def daily(
        context: dg.AssetExecutionContext, platform: PlatformResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        # A run of some of the tables builds no others: those of attribution are built again when logs come late.
        chosen = sorted(key.path[-1] for key in context.selected_asset_keys) if context.is_subset else ()
        yield from run_build(context, platform, window=window_of(context), select=chosen)

    return daily


def definitions() -> dg.Definitions:
    """Assets and checks of the dbt project."""
    manifest = json.loads(manifest_path(load_settings()).read_text())
    return dg.Definitions(assets=[_assets_without_days(manifest), _daily_assets(manifest)])
