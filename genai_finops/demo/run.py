"""The demo's steps: simulator, control database, Dagster runs, comparison."""

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import dagster as dg

from genai_finops.defs.automation import consolidation_job, extraction_job
from genai_finops.defs.home import prepare_dagster_home
from genai_finops.defs.ingestion import landing_key
from genai_finops.defs.partitions import range_tags
from genai_finops.demo.attribution import AttributionComparison, compare_attribution
from genai_finops.demo.budgets import BudgetDemo, show_budgets
from genai_finops.demo.comparison import ProviderComparison, compare
from genai_finops.demo.list_snapshots import replay_snapshots
from genai_finops.demo.organisations import add_demo_organisations, refuse_foreign_home
from genai_finops.demo.request_logs import LogsRead, read_demo_logs, write_demo_logs
from genai_finops.demo.reserved_capacity import CapacityComparison, compare_capacity
from genai_finops.errors import FinopsError
from genai_finops.ingest.plan import provider_configs, provider_flows
from genai_finops.settings import Settings, load_settings
from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.running import DEFAULT_NOW, Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario
from genai_finops.warehouse.duckdb import open_duckdb

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

ALL_DAYS = len(Scenario().days)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusTotals:
    """The FOCUS table of the demo's days beside the costs that it was made from."""

    rows: int
    cost: Decimal
    #: The part of cost that is marked as estimated.
    estimated_cost: Decimal
    priced_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What the demo found."""

    comparisons: tuple[ProviderComparison, ...]
    capacity: tuple[CapacityComparison, ...]
    focus: FocusTotals
    attribution: AttributionComparison
    logs: LogsRead
    budgets: BudgetDemo
    seconds: Mapping[str, float]

    @property
    def is_exact(self) -> bool:
        found = [*(one.is_exact for one in self.comparisons), *(one.is_exact for one in self.capacity)]
        found += [self.attribution.is_exact, self.budgets.is_as_expected]
        return self.focus.cost == self.focus.priced_cost and all(found)


class Stopwatch:
    """Announces each step, and remembers how long it took."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._say(f"... {name}")
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
        self._say(f"    done in {self.seconds[name]:.1f} s")


def run_demo(say: Say, *, now: dt.datetime, days: int = ALL_DAYS) -> DemoResult:
    """Run everything once, over the last days of the usual scenario. Raises FinopsError when a step fails."""
    watch = Stopwatch(say)
    last_day = Scenario().last_day
    scenario = Scenario(first_day=last_day - dt.timedelta(days=days - 1))
    with running_simulator(scenario=scenario, now=midnight(scenario.first_day)) as simulator:
        _point_providers_at(simulator)
        settings = load_settings()
        refuse_foreign_home(settings, simulator.scenario.orgs)
        targets = [target for target in provider_flows(provider_configs(settings)) if target[0] in PROVIDERS]
        first, last = simulator.scenario.first_day, simulator.scenario.last_day
        with watch.step(f"add {len(simulator.scenario.orgs)} organisations with encrypted credentials"):
            add_demo_organisations(settings, simulator, [name for name, _ in targets], first_day=first, now=now)
        with watch.step("read the providers' lists three times a day: what is deployed, reserved, deleted"):
            replay_snapshots(settings, simulator, until=DEFAULT_NOW)
        _point_providers_at(simulator)
        with watch.step("load the Dagster definitions"):
            from genai_finops.definitions import defs  # noqa: PLC0415 - reads the settings made above

            os.environ["DAGSTER_HOME"] = str(prepare_dagster_home(settings))
        with dg.DagsterInstance.get() as instance:
            for provider, flow in targets:
                with watch.step(f"Dagster: extract {provider} {flow} usage, {first} to {last}"):
                    _execute(
                        defs, extraction_job.name, instance, range_tags(first, last), [landing_key(provider, flow)]
                    )
            with watch.step("write request logs in eight formats, with planted gaps"):
                logs = write_demo_logs(settings, simulator, now=now)
            with watch.step("read the request logs as they arrive"):
                read = read_demo_logs(load_settings(), logs, now=now)
            with watch.step("Dagster: prices, unified usage and costs, attribution, FOCUS 1.3, export"):
                _execute(defs, consolidation_job.name, instance, range_tags(first, last), None)
        with watch.step("compare with the simulator's truth"):
            comparisons, capacity, focus = _compare(settings, simulator.truth())
        with (
            watch.step("compare who caused it with the simulator's truth"),
            open_duckdb(settings.warehouse_path) as warehouse,
        ):
            final_until = last - dt.timedelta(days=scenario.restatement_days - 1)
            attribution = compare_attribution(
                warehouse, simulator.attribution_truth(), (f"{first}", f"{last}"), final_until=f"{final_until}"
            )
        with watch.step("evaluate budgets day by day, alert a webhook, and replay it"):
            budgets = show_budgets(load_settings(), simulator, first=first, last=last)
    return DemoResult(
        comparisons=comparisons,
        capacity=capacity,
        focus=focus,
        attribution=attribution,
        logs=read,
        budgets=budgets,
        seconds=watch.seconds,
    )


def _point_providers_at(simulator: Simulator) -> None:
    os.environ.update(simulator.environment())


def _execute(
    defs: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    tags: Mapping[str, str],
    selection: list[dg.AssetKey] | None,
) -> None:
    result = defs.resolve_job_def(job).execute_in_process(
        instance=instance, tags=dict(tags), asset_selection=selection, run_config=_QUIET, raise_on_error=False
    )
    if not result.success:
        reasons = [
            event.step_failure_data.error.message.strip()
            for event in result.all_events
            if event.is_step_failure and event.step_failure_data.error
        ]
        raise FinopsError(
            f"Dagster run {result.run_id} of job {job} failed: {'; '.join(reasons)}",
            remedy="See it in the Dagster UI: make dev.",
        )


def _compare(
    settings: Settings, truth: Mapping[str, Any]
) -> tuple[tuple[ProviderComparison, ...], tuple[CapacityComparison, ...], FocusTotals]:
    with open_duckdb(settings.warehouse_path) as warehouse:
        comparisons = tuple(compare(warehouse, truth))
        capacity = compare_capacity(warehouse, truth)
        [(rows, cost, estimated)] = warehouse.rows(
            "select count(*), coalesce(sum(ListCost), 0), "
            "coalesce(sum(case when x_IsEstimated then ListCost end), 0) from cost_data_standard_1_3 "
            "where x_IngestionDate >= ? and x_IngestionDate <= ?",
            (truth["from"], truth["to"]),
        )
        [(priced,)] = warehouse.rows(
            "select coalesce(sum(list_cost), 0) from genai_costs_daily_unified "
            "where usage_date >= ? and usage_date <= ?",
            (truth["from"], truth["to"]),
        )
    return comparisons, capacity, FocusTotals(rows=rows, cost=cost, estimated_cost=estimated, priced_cost=priced)
