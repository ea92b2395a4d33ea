"""Gemini API (AI Studio keys): the Cloud Billing export in BigQuery, and Cloud Monitoring.

There is no usage API for these keys. The export knows what was billed, hours to days late; Monitoring knows tokens
within minutes, without the cached share. Each day is read from exactly one of them, so that nothing is counted twice:
from the source of the money once it has had time to fill, before that from the near-real-time one, where the account
names it.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Literal, cast

import httpx
from pydantic import Field, model_validator

from genai_finops.providers.base import MalformedPageError, Page, ProbeCheck, UsageRow, Window
from genai_finops.providers.bigquery_jobs import RESULT_FIELDS, BigQueryJob, query_rows
from genai_finops.providers.billing_skus import SKU_SEED, BillingSku, read_billing_skus, read_description
from genai_finops.providers.cloud_monitoring import metric_descriptors, refuse_expired, time_series
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.gemini_monitoring import METRICS, labels_to_read, monitored_rows
from genai_finops.providers.google_auth import check_google_secret, google_auth, google_secret_parts
from genai_finops.providers.google_errors import classify_google
from genai_finops.providers.http import AuthContext
from genai_finops.providers.records import Record, UnknownFields, UsageTotals, log
from genai_finops.providers.registry import register
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import HttpUsageSource, Options

_SCOPES = (
    "https://www.googleapis.com/auth/monitoring.read",
    # Jobs need the write scope; what may be read is decided by the roles on the dataset.
    "https://www.googleapis.com/auth/bigquery",
)
_EXPORT = "billing export"
_MONITORING = "monitoring"
_DAY = dt.timedelta(days=1)

#: Aggregated before it travels: the export has a row for each SKU, hour and combination of labels. Labels and credits
#: are not joined, because that would repeat usage; the partition bound keeps a query from scanning years. Taxes and
#: rounding are no usage. Amounts are FLOAT64: each is made exact before it is added.
_EXPORT_QUERY = """
select
    sku.id as sku_id,
    max(sku.description) as sku_description,
    project.id as project_id,
    max(project.name) as project_name,
    format_date('%F', date(usage_start_time)) as usage_day,
    usage.unit as usage_unit,
    cast(sum(cast(usage.amount as numeric)) as string) as usage_amount
from `{table}`
where service.id = @service
    and cost_type = 'regular'
    and usage_start_time >= @start_time
    and usage_start_time < @end_time
    and _PARTITIONTIME >= timestamp_sub(@start_time, interval 1 day)
    {scope}
group by sku_id, project_id, usage_day, usage_unit
having sum(cast(usage.amount as numeric)) != 0
order by usage_day, sku_id, project_id, usage_unit
"""
_ONE_PROJECT = "and project.id = @project"


class GeminiOptions(Options):
    """Options of the flow."""

    #: List of billing SKUs in place of the repository's, relative to the configuration's folder.
    sku_seed: str | None = None
    #: Service of the Gemini API in Cloud Billing.
    billing_service: str = "AEFD-7695-64FA"
    #: A query that would read more is refused by BigQuery instead of billed.
    max_query_bytes: int = Field(100_000_000_000, ge=1)
    #: Days for which Cloud Monitoring keeps Google's metrics.
    monitoring_retention_days: int = Field(42, ge=1)


class GeminiAccountOptions(Options):
    """Options of an account. The id of the account is the project of the keys."""

    #: What decides the quantities that are priced.
    money: Literal["billing_export", "monitoring"] = "billing_export"
    #: What stands in for days that the export has not had time to fill.
    near_real_time: Literal["monitoring", "none"] = "monitoring"
    #: project.dataset.table of the standard or detailed usage cost export.
    export_table: str | None = Field(
        None, pattern=r"^[a-z][a-z0-9:.-]{4,62}\.[A-Za-z0-9_]+\.gcp_billing_export_(resource_)?v1_[A-Za-z0-9_]+$"
    )
    #: Location of the dataset.
    export_location: str = Field("US", pattern=r"^[A-Za-z0-9-]+$")
    #: Project that runs the query and pays for it; that of the table by default.
    query_project: str | None = Field(None, pattern=r"^[a-z][a-z0-9:.-]{4,62}$")
    #: Hours after its end from which on a day is read from the export.
    export_delay_hours: int = Field(24, ge=0, le=168)
    #: `billing_account`: usage of all projects in the table; each is a sub-account.
    scope: Literal["project", "billing_account"] = "project"

    @model_validator(mode="after")
    def _fits_together(self) -> "GeminiAccountOptions":
        if self.money == "billing_export" and self.export_table is None:
            raise ValueError("export_table is needed where money is billing_export; or set money to monitoring")
        if self.scope == "billing_account" and "monitoring" in {self.money, self.near_real_time}:
            raise ValueError(
                "scope billing_account needs money billing_export and near_real_time none: Monitoring knows one project"
            )
        return self


@dataclass(frozen=True, slots=True)
class _Split:
    """The days of a window by source."""

    export: tuple[dt.date, ...]
    monitoring: tuple[dt.date, ...]


@register
class GeminiUsage(HttpUsageSource):
    """Pay-as-you-go usage of the Gemini API by UTC day, model and meter."""

    provider: ClassVar[str] = "gemini"
    flow: ClassVar[str] = "payg"
    options_model: ClassVar[type[Options]] = GeminiOptions
    account_options_model: ClassVar[type[Options]] = GeminiAccountOptions

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:
        """A token of the service account."""
        return google_auth(secret, context, config=config, scopes=_SCOPES)

    @classmethod
    def check_secret(cls, secret: str) -> None:
        """Raise CredentialError for what is no key file of a service account."""
        check_google_secret(secret, cls.provider)

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        """The key file and what is secret in it."""
        return google_secret_parts(secret)

    @staticmethod
    def classify(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
        """By Google's error code."""
        return classify_google(status, headers, body)

    @property
    def _options(self) -> GeminiOptions:
        return cast(GeminiOptions, self.read_options(self.flow_config))

    @property
    def _account(self) -> GeminiAccountOptions:
        return cast(GeminiAccountOptions, self.account_options)

    def fetch(self, window: Window) -> Iterator[Page]:
        """The pages of both sources, for disjoint days. Raises ProviderError."""
        now = self.refuse_future(window)
        split = self._split(window, now)
        for days in _runs(split.export):
            yield from self._fetch_export(days)
        for days in _runs(split.monitoring):
            refuse_expired(days, now, provider=self.provider, retention_days=self._options.monitoring_retention_days)
            yield from self._fetch_monitoring(days)

    def _split(self, window: Window, now: dt.datetime) -> _Split:
        account = self._account
        if account.money == "monitoring":
            return _Split((), window.days)
        if account.near_real_time == "none":
            return _Split(window.days, ())
        delay = dt.timedelta(hours=account.export_delay_hours)
        filled = tuple(day for day in window.days if Window.of_days(day, day).end + delay <= now)
        return _Split(filled, tuple(day for day in window.days if day not in filled))

    def _fetch_export(self, window: Window) -> Iterator[Page]:
        table, parameters = self._export_query(window)
        return self._job().pages(
            table,
            parameters,
            recorded={"first_day": window.days[0].isoformat(), "last_day": window.days[-1].isoformat()},
            page_rows=self.flow_config.page_entries,
            max_pages=self.flow_config.max_pages,
            max_bytes=self._options.max_query_bytes,
        )

    def _job(self) -> BigQueryJob:
        account = self._account
        project = account.query_project or (account.export_table or "").split(".")[0]
        return BigQueryJob(self.session, project=project, location=account.export_location, source=_EXPORT)

    def _export_query(self, window: Window) -> tuple[str, dict[str, tuple[str, str]]]:
        account = self._account
        parameters = {
            "service": ("STRING", self._options.billing_service),
            "start_time": ("TIMESTAMP", f"{window.start:%Y-%m-%dT%H:%M:%SZ}"),
            "end_time": ("TIMESTAMP", f"{window.end:%Y-%m-%dT%H:%M:%SZ}"),
        }
        is_one_project = account.scope == "project"
        if is_one_project:
            parameters["project"] = ("STRING", self.account_id)
        scope = _ONE_PROJECT if is_one_project else ""
        # The table's name is checked by its pattern; a query parameter cannot stand for it.
        return _EXPORT_QUERY.format(table=account.export_table, scope=scope), parameters

    def _fetch_monitoring(self, window: Window) -> Iterator[Page]:
        for metric in sorted(self._metrics()):
            group_by = labels_to_read(metric)
            if group_by is not None:
                yield from time_series(
                    self.session,
                    self.account_id,
                    f'metric.type = "{metric}"',
                    window,
                    provider=self.provider,
                    source=f"{_MONITORING} {metric.removeprefix(METRICS)}",
                    group_by=group_by,
                    page_size=self.flow_config.page_entries,
                    max_pages=self.flow_config.max_pages,
                )

    def _metrics(self) -> Mapping[str, frozenset[str]]:
        # Which names are filled depends on the billing tier of the project: those that exist are asked for.
        return metric_descriptors(
            self.session,
            self.account_id,
            METRICS,
            provider=self.provider,
            page_size=self.flow_config.page_entries,
            max_pages=self.flow_config.max_pages,
        )

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Disjoint meters by day and model. Raises MalformedPageError."""
        totals, unknown = UsageTotals(), UnknownFields()
        seed = self._options.sku_seed
        skus = read_billing_skus(SKU_SEED if seed is None else (self.config.folder / seed).resolve())
        monitored: list[Page] = []
        unmapped: Counter[tuple[str, str]] = Counter()
        for page in pages:
            if page.source == _EXPORT:
                for row in self._export_rows(page, window, skus, unknown, unmapped):
                    totals.add(row)
            elif page.source.startswith(_MONITORING):
                monitored.append(page)
            else:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
        for row in monitored_rows(monitored, unknown):
            totals.add(row)
        unknown.report()
        for (sku_id, description), count in sorted(unmapped.items()):
            log.warning(
                "provider=gemini sku=%s description=%r rows=%d: not mapped, and unpriced; add it to the SKU seed",
                sku_id,
                description,
                count,
            )
        return iter(totals)

    def _export_rows(
        self,
        page: Page,
        window: Window,
        skus: Mapping[str, BillingSku],
        unknown: UnknownFields,
        unmapped: Counter[tuple[str, str]],
    ) -> Iterator[UsageRow]:
        unknown.add(Record.of(page.content, provider=self.provider, page=page, place="body"), RESULT_FIELDS)
        for record in query_rows(page, provider=self.provider):
            start = _day_start(record, window)
            sku_id, description = record.text("sku_id"), record.text("sku_description") or ""
            sku = _sku(sku_id or "", description, record.text("usage_unit"), skus)
            if sku is None:
                unmapped[sku_id or "", description] += 1
            # Without a project: a charge to the billing account itself.
            project = record.text("project_id") if self._account.scope == "billing_account" else None
            is_mapped = sku is not None
            sku = sku or BillingSku(meter="unmapped")
            yield UsageRow(
                period_start=start,
                period_end=start + _DAY,
                meter=sku.meter,
                quantity=_amount(record),
                page=page.sha256,
                service_tier=sku.service_tier,
                sub_account_id=project,
                sub_account_name=(record.text("project_name") or project) if project else None,
                sub_account_type="Project" if project else None,
                resource_id=None if is_mapped else sku_id,
                resource_name=None if is_mapped else description or sku_id,
                resource_type=None if is_mapped else "SKU",
                provider_model_id=sku.provider_model_id,
                context_band=sku.context_band,
                context_tokens_above=sku.context_tokens_above,
                context_tokens_up_to=sku.context_tokens_up_to,
                metering_source="billing_export",
            )

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """The rights that the account's settings make necessary."""
        account = self._account
        yesterday = now.date() - _DAY
        checks = []
        if account.money == "billing_export":

            def query() -> str:
                return f"{self._job().dry_run(*self._export_query(Window.of_days(yesterday, yesterday)))} bytes to read"

            needs = (
                "roles/bigquery.jobUser on the project of the query, roles/bigquery.dataViewer on the export's dataset"
            )
            checks.append(ProbeCheck(name="billing export", needs=needs, run=query))
        if "monitoring" in {account.money, account.near_real_time}:

            def describe() -> str:
                return f"{len(self._metrics())} metrics"

            checks.append(ProbeCheck(name="monitoring", needs="roles/monitoring.viewer on the project", run=describe))
        return tuple(checks)


def _runs(days: Sequence[dt.date]) -> Iterator[Window]:
    """Windows of the days that follow each other."""
    first: dt.date | None = None
    for number, day in enumerate(days):
        first = first or day
        if number + 1 == len(days) or days[number + 1] != day + _DAY:
            yield Window.of_days(first, day)
            first = None


def _day_start(record: Record, window: Window) -> dt.datetime:
    text = record.text("usage_day")
    try:
        start = dt.datetime.combine(dt.date.fromisoformat(text or ""), dt.time(0), tzinfo=dt.UTC)
    except ValueError:
        record.fail(f"field usage_day is {text!r}, not a date")
    if not window.start <= start < window.end:
        record.fail(f"field usage_day is {text}, outside the window from {window.start.date()} on")
    return start


def _amount(record: Record) -> Decimal:
    text = record.text("usage_amount")
    try:
        amount = Decimal(text or "")
    except InvalidOperation:
        record.fail(f"field usage_amount is {text!r}, not a number")
    # A correction can take back more than the day has left only where earlier rows are missing.
    if not amount.is_finite() or amount < 0 or amount != round(amount, 6):
        record.fail(f"field usage_amount is {text!r}, not a quantity with at most 6 decimals")
    return amount


def _sku(sku_id: str, description: str, unit: str | None, skus: Mapping[str, BillingSku]) -> BillingSku | None:
    return (skus.get(sku_id) or read_description(description)) if unit == "count" else None
