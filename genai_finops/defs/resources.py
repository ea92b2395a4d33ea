"""Resources: configuration in, domain calls out. No logic of their own."""

import datetime as dt
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import dagster as dg

from genai_finops.alerts.dispatch import DispatchReport, dispatch_due
from genai_finops.anomalies.scan import Scan, scan_anomalies
from genai_finops.attribution.config import AttributionConfig, load_attribution_config
from genai_finops.attribution.evaluation import Evaluation, evaluate_attribution
from genai_finops.budgets.tick import TickResult, tick
from genai_finops.errors import FinopsError
from genai_finops.focus.completeness import landed_days
from genai_finops.focus.export import ExportResult, export_focus
from genai_finops.focus.window import DayWindow
from genai_finops.ingest.event_retention import RetentionReport, retain_events, stored_events
from genai_finops.ingest.log_state import UnreadLogs, newest_events, unread_logs
from genai_finops.ingest.open_day import OpenDayReport, read_open_day
from genai_finops.ingest.outcome import IngestReport
from genai_finops.ingest.plan import plan_snapshots, plan_usage
from genai_finops.ingest.price_refresh import RefreshReport, refresh_all, refresh_packaged
from genai_finops.ingest.reference import write_reference_snapshots
from genai_finops.ingest.request_logs import LogReadReport, configured_sources, lock_folder, read_request_logs
from genai_finops.ingest.resource_snapshots import SnapshotReport, snapshot_resources
from genai_finops.ingest.usage import ingest_usage
from genai_finops.lake.files import LakeFiles
from genai_finops.optimisation.refresh import AdviceRefresh, refresh_advice
from genai_finops.providers.base import Window
from genai_finops.quotas.block_list import write_block_list
from genai_finops.settings import Settings, load_settings
from genai_finops.transform.build import dbt_build
from genai_finops.transform.cold_events import drop_cold_events
from genai_finops.transform.invoke import warehouse_lock
from genai_finops.transform.open_day import build_open_day
from genai_finops.transform.reprice import Repricing, reprice
from genai_finops.transform.result import TransformResult
from genai_finops.warehouse.cost_totals import CostTotal, cost_totals
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.price_findings import price_findings
from genai_finops.warehouse.pricing_shares import PricingShares, pricing_shares


class PlatformResource(dg.ConfigurableResource):
    """The stores of this process's settings. Holds no value of its own, so that no run configuration ever shows one."""

    def settings(self) -> Settings:
        return load_settings()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def lake(self) -> LakeFiles:
        return LakeFiles(self.settings().lake_url)

    def ingest(self, provider: str, flow: str, window: Window, orgs: Sequence[str], run_id: str) -> IngestReport:
        """Read one provider and flow for a window of days; no organisations named means all of them."""
        settings = self.settings()
        credentials = plan_usage(settings, provider, flow, orgs=orgs or None)
        return ingest_usage(self.lake(), credentials, window, now=self.now(), run_id=run_id, clock=time.monotonic)

    def snapshot_resources(self) -> SnapshotReport:
        """Keep what the lists of all providers say now."""
        settings = self.settings()
        now = settings.simulated_now or self.now()
        return snapshot_resources(self.lake(), plan_snapshots(settings), now=now, clock=time.monotonic)

    def write_reference(self) -> dict[str, int]:
        """Write the reference snapshots; row counts by table."""
        return write_reference_snapshots(self.lake(), self.settings())

    def refresh_prices(self, *, all_sources: bool) -> RefreshReport:
        """Bring the price book up to date: with what is packaged and entered, or with all configured sources."""
        refresh = refresh_all if all_sources else refresh_packaged
        return refresh(self.lake(), self.settings(), self.now())

    def build(
        self, window: Window | None, *, select: Sequence[str] = (), exclude: Sequence[str] = ()
    ) -> TransformResult:
        """Build what dbt selects: the days of the window, or all of it without one."""
        days = (window.start.date(), window.end.date()) if window else None
        return dbt_build(self.settings(), window=days, select=select, exclude=exclude)

    def read_request_logs(self, run_id: str) -> LogReadReport:
        """Land the request logs of all sources that are new or have changed."""
        settings = self.settings()
        sources = list(configured_sources(settings).values())
        locks = lock_folder(settings)
        return read_request_logs(self.lake(), sources, now=self.now(), run_id=run_id, locks=locks, clock=time.monotonic)

    def read_open_day(self, run_id: str) -> OpenDayReport:
        """Land what there is of the day that is not over."""
        return read_open_day(self.settings(), now=self.now(), run_id=run_id, clock=time.monotonic)

    def build_open_day(self) -> TransformResult:
        """Build the spend of that day."""
        settings = self.settings()
        write_reference_snapshots(self.lake(), settings)
        return build_open_day(settings, now=settings.simulated_now or self.now())

    def unread_logs(self) -> UnreadLogs:
        """The request logs that a read would read now."""
        return unread_logs(self.lake(), configured_sources(self.settings()).values(), now=self.now())

    def log_ages(self) -> dict[str, dt.timedelta | None]:
        """How long ago the newest event of each source of request logs was; None without any."""
        settings = self.settings()
        newest = newest_events(self.lake(), configured_sources(settings).values())
        now = settings.simulated_now or self.now()
        return {source: None if start is None else now - start for source, start in newest.items()}

    def evaluate_attribution(self, days: Collection[dt.date]) -> Evaluation:
        """Look for what is odd about the attribution of these days, and store it."""
        settings = self.settings()
        return evaluate_attribution(settings, days, now=settings.simulated_now or self.now())

    def evaluate_budgets(self) -> TickResult:
        """Evaluate the budgets and write the block list; nothing is evaluated while a build holds the warehouse."""
        settings = self.settings()
        now = settings.simulated_now or self.now()
        result = self._tick(settings, now)
        write_block_list(settings, now)
        return result

    def _tick(self, settings: Settings, now: dt.datetime) -> TickResult:
        if settings.target != "duckdb":
            return tick(settings, now=now)
        with ExitStack() as held:
            try:
                # A build that began now would be kept from its file by the reader.
                held.enter_context(warehouse_lock(settings, timeout_seconds=0))
            except FinopsError as error:
                return TickResult(now=now, skipped=error.message)
            return tick(settings, now=now)

    def send_alerts(self) -> DispatchReport:
        """Send the alerts that are due."""
        settings = self.settings()
        return dispatch_due(settings, now=settings.simulated_now or self.now())

    def scan_anomalies(self, days: Collection[dt.date]) -> Scan:
        """Look for days that cost other than expected, store them, and raise alerts of what is new."""
        settings = self.settings()
        return scan_anomalies(settings, days, now=settings.simulated_now or self.now())

    def refresh_advice(self) -> AdviceRefresh:
        """Look for what could be saved, and store it."""
        settings = self.settings()
        return refresh_advice(settings, now=settings.simulated_now or self.now())

    def retain_events(self) -> RetentionReport:
        """Bring every day of events in the lake to where its age has it."""
        return retain_events(self.lake(), limits=self.attribution_config().retention, today=self.today())

    def drop_cold_events(self) -> dict[dt.date, int]:
        """Take the events of days that are no longer hot out of the warehouse; how many, by day."""
        return drop_cold_events(
            self.settings(),
            limits=self.attribution_config().retention,
            today=self.today(),
            count_stored=partial(stored_events, self.lake()),
        )

    def attribution_config(self) -> AttributionConfig:
        """Thresholds and limits."""
        return load_attribution_config(self.settings().attribution_config_path)

    def today(self) -> dt.date:
        """The UTC day, as the providers that are read take it."""
        return (self.settings().simulated_now or self.now()).date()

    def reprice(self) -> Repricing:
        """Build the days in the repricing queue again, until it is empty."""
        return reprice(self.settings())

    def export_focus(self, first: dt.date, last: dt.date, *, is_allocated: bool = False) -> ExportResult:
        """Export the whole billing months of the days first to last.

        To the folder `focus` of the home; allocated charges, which are the same money, to `focus_allocated`.
        """
        settings = self.settings()
        window = DayWindow.parse(f"{first:%Y-%m}", f"{last:%Y-%m}")
        with open_warehouse(settings) as warehouse:
            return export_focus(
                warehouse,
                window=window,
                out=self._allocated_export() if is_allocated else settings.home / "focus",
                file_format="parquet",
                now=self.now(),
                landed=landed_days(self.lake()),
                is_allocated=is_allocated,
            )

    def has_allocated_export(self) -> bool:
        """Whether allocated charges were ever exported: only who asked for them has them kept up to date."""
        return self._allocated_export().exists()

    def _allocated_export(self) -> Path:
        return self.settings().home / "focus_allocated"

    def price_findings(self, test: str) -> tuple[dict[str, str | None], ...]:
        """The rows of prices that a dbt test objects to."""
        with open_warehouse(self.settings()) as warehouse:
            return price_findings(warehouse, test)

    def pricing_shares(self) -> PricingShares:
        """How much of the usage is priced."""
        with open_warehouse(self.settings()) as warehouse:
            return pricing_shares(warehouse)

    def cost_totals(self, first: dt.date, last: dt.date) -> tuple[CostTotal, ...]:
        """Cost of the days first to last, per provider and currency."""
        with open_warehouse(self.settings()) as warehouse:
            return cost_totals(warehouse, first, last)


def default_resources() -> dict[str, object]:
    """The resources as every asset expects them."""
    return {"platform": PlatformResource()}
