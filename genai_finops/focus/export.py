"""Export of both FOCUS datasets as files: charges by billing month, commitments, manifests and metadata beside them.

Charges are exported as they were made, or allocated: the parts of split charges in place of the charges.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from genai_finops.errors import FinopsError
from genai_finops.focus.completeness import LandedDays, completeness_of, warnings_of
from genai_finops.focus.contracts import ExportedContracts, export_contracts
from genai_finops.focus.files import ExportFormat, WrittenFile, write_file
from genai_finops.focus.manifest import Totals, file_entry, write_manifest
from genai_finops.focus.metadata import (
    DatasetInstance,
    require_same_variant,
    schema_object,
    write_description,
    write_time_sectors,
)
from genai_finops.focus.versions import FocusVersion, Projection, has_dataset, projection
from genai_finops.focus.window import BillingMonth, DayWindow, utc_midnight, utc_text
from genai_finops.schemas.tables.focus import COST_COLUMNS
from genai_finops.schemas.tables.focus_contracts import CONTRACT_COMMITMENT_1_3
from genai_finops.schemas.tables.unified import COSTS_DAILY_UNIFIED
from genai_finops.warehouse.base import ReadOnlyWarehouse

#: The warehouse's costs have up to 38 digits; Python's default of 28 would round their sum.
_EXACT = Context(prec=60)

_SUMS = ", ".join(f"sum({name})" for name in COST_COLUMNS)
#: Neighbours in a file differ little, which is what compression and pruning live on; the id makes the order total.
_ORDER = "x_OrgSlug, x_GenaiProvider, SkuPriceId, x_ChargeId"
_ORDER_OF_PARTS = "x_OrgSlug, x_GenaiProvider, SkuPriceId, x_OriginChargeId, x_ChargeId"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedMonth:
    """One data file."""

    month: BillingMonth
    file: WrittenFile
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    files: tuple[ExportedMonth, ...]
    manifest: Path
    schema_id: str
    #: Null in versions that have no such dataset, and where there are no commitments.
    contracts: ExportedContracts | None
    #: Why the charges may not be all there are, one line per reason; empty for a complete export.
    warnings: tuple[str, ...]

    @property
    def rows(self) -> int:
        return sum(exported.file.rows for exported in self.files)

    @property
    def totals(self) -> Totals:
        return _added(exported.totals for exported in self.files)


@dataclass(frozen=True, slots=True)
class _DayCount:
    day: dt.date
    rows: int
    totals: Totals
    last_ingested: dt.datetime


def export_focus(
    warehouse: ReadOnlyWarehouse,
    *,
    window: DayWindow,
    out: Path,
    file_format: ExportFormat,
    now: dt.datetime,
    landed: LandedDays,
    org: str | None = None,
    version: FocusVersion = "1.3",
    is_allocated: bool = False,
    tenant: str | None = None,
) -> ExportResult:
    """Write the charges of the window to `out`, a file for each billing month that has any, and all commitments.

    Allocated, the parts of split charges stand in place of the charges: the same money, so that a folder holds one or
    the other. With a tenant, which needs its organisation and is allocated, only what this tenant caused is written,
    and no commitments, because they are the organisation's.

    A charge belongs to the day of its partition: that of the usage, or the first day of what a payment is for. Only one
    day of charges is sorted at a time, so that memory does not grow with the window. The same tables give the same
    bytes: `now` is written to the metadata only. `landed` says which days were ingested (`landed_days`).

    Raises FinopsError when the tables were not built, when the window has no charge, or when the folder holds the other
    variant or another tenant.
    """
    instance = DatasetInstance(org, "CostAndUsage", version, is_allocated=is_allocated, tenant=tenant)
    _check(instance)
    projected = projection(version, is_allocated=is_allocated)
    _require_tables(warehouse, projected)
    require_same_variant(out, instance)
    days = _count_days(warehouse, projected, window, instance)
    if not days:
        whose = "" if org is None else f"of {org} " if tenant is None else f"of tenant {tenant!r:.80} of {org} "
        raise FinopsError(
            f"there is no charge {whose}from {window.start} to before {window.end}",
            remedy="ingest these days and build the tables, or give a window that has usage; "
            "what could not be priced is in genai_unpriced_usage",
        )
    schema = schema_object(projected.table, instance, now)
    schema_id = str(schema["SchemaId"])
    files = tuple(
        _export_month(warehouse, projected, month, counts, instance=instance, out=out, file_format=file_format)
        for month, counts in _by_month(days).items()
    )
    _remove_emptied(out, window, instance, file_format, files)
    last_ingested = {count.day: count.last_ingested for count in days}
    completeness = completeness_of(warehouse, window, org=org, landed=landed, charged=last_ingested, now=now)
    write_description(out, instance, schema)
    write_time_sectors(out, instance=instance, completeness=completeness, last_ingested=last_ingested, now=now)
    manifest = write_manifest(out, instance, schema_id, (_manifest_entry(exported, schema_id) for exported in files))
    contracts = None
    if tenant is None and has_dataset(version, "ContractCommitment"):
        contracts = export_contracts(warehouse, org=org, version=version, out=out, file_format=file_format, now=now)
    return ExportResult(
        files=files,
        manifest=manifest,
        schema_id=schema_id,
        contracts=contracts,
        warnings=(
            *warnings_of(completeness),
            *_estimated(warehouse, projected, window, instance),
            *(contracts.warnings if contracts else ()),
        ),
    )


def _check(instance: DatasetInstance) -> None:
    if instance.tenant is not None and (instance.org is None or not instance.is_allocated):
        raise FinopsError(
            f"tenant {instance.tenant!r:.80} has charges of its own only within an organisation, and allocated",
            remedy="name the organisation with --org, and export allocated charges",
        )


def _require_tables(warehouse: ReadOnlyWarehouse, projected: Projection) -> None:
    for table in (projected.table, CONTRACT_COMMITMENT_1_3, COSTS_DAILY_UNIFIED):
        if not warehouse.has_table(table.name):
            raise FinopsError(
                f"the warehouse has no table {table.name}",
                remedy="build the tables with `genai-finops transform` or Dagster",
            )


def _export_month(
    warehouse: ReadOnlyWarehouse,
    projected: Projection,
    month: BillingMonth,
    days: list[_DayCount],
    *,
    instance: DatasetInstance,
    out: Path,
    file_format: ExportFormat,
) -> ExportedMonth:
    path = _path(out, instance, month, file_format)
    expected = sum(count.rows for count in days)
    written = write_file(path, projected.table, _charges(warehouse, projected, days, instance), file_format)
    if written.rows != expected:
        raise FinopsError(
            f"{path.name} has {written.rows} charges where the table had {expected}",
            remedy="the table was rebuilt during the export: export again",
        )
    return ExportedMonth(month=month, file=written, totals=_added(count.totals for count in days))


def _remove_emptied(
    out: Path, window: DayWindow, instance: DatasetInstance, file_format: ExportFormat, files: tuple[ExportedMonth, ...]
) -> None:
    """A month of the window that has lost its charges since an earlier export must not leave them in the folder."""
    written = {exported.month for exported in files}
    for month in window.months():
        if month not in written:
            _path(out, instance, month, file_format).unlink(missing_ok=True)


def _path(out: Path, instance: DatasetInstance, month: BillingMonth, file_format: ExportFormat) -> Path:
    return out / f"{instance.file_stem}_{month}.{file_format}"


def _charges(
    warehouse: ReadOnlyWarehouse, projected: Projection, days: list[_DayCount], instance: DatasetInstance
) -> Iterator[pa.RecordBatch]:
    order = _ORDER_OF_PARTS if instance.is_allocated else _ORDER
    for count in days:
        condition, parameters = _condition(DayWindow(count.day, count.day + dt.timedelta(days=1)), instance)
        yield from warehouse.batches(
            f"select {projected.select_list} from {projected.table.name} where {condition} order by {order}",  # noqa: S608 - constants only
            parameters,
        )


def _condition(window: DayWindow, instance: DatasetInstance) -> tuple[str, list[object]]:
    condition = "x_IngestionDate >= ? and x_IngestionDate < ?"
    parameters: list[object] = [window.start, window.end]
    for column, value in (("x_OrgSlug", instance.org), ("x_TenantId", instance.tenant)):
        if value is not None:
            condition += f" and {column} = ?"
            parameters.append(value)
    return condition, parameters


def _count_days(
    warehouse: ReadOnlyWarehouse, projected: Projection, window: DayWindow, instance: DatasetInstance
) -> list[_DayCount]:
    condition, parameters = _condition(window, instance)
    answer = warehouse.rows(
        f"select x_IngestionDate, BillingCurrency, count(*), max(x_IngestedAt), {_SUMS} "  # noqa: S608 - constants only
        f"from {projected.table.name} where {condition} group by x_IngestionDate, BillingCurrency order by 1, 2",
        parameters,
    )
    by_day: defaultdict[dt.date, list[tuple[Any, ...]]] = defaultdict(list)
    for day, *rest in answer:
        by_day[day].append(tuple(rest))
    return [
        _DayCount(
            day=day,
            rows=sum(rows for _, rows, *_ in found),
            totals={currency: dict(zip(COST_COLUMNS, sums, strict=True)) for currency, _, _, *sums in found},
            last_ingested=max(moment for _, _, moment, *_ in found),
        )
        for day, found in by_day.items()
    ]


def _by_month(days: list[_DayCount]) -> dict[BillingMonth, list[_DayCount]]:
    months: defaultdict[BillingMonth, list[_DayCount]] = defaultdict(list)
    for count in days:
        months[BillingMonth(count.day.year, count.day.month)].append(count)
    return dict(months)


def _added(parts: Iterator[Totals]) -> Totals:
    sums: dict[str, dict[str, Decimal]] = {}
    for part in parts:
        for currency, costs in part.items():
            held = sums.setdefault(currency, dict.fromkeys(COST_COLUMNS, Decimal(0)))
            for name, amount in costs.items():
                held[name] = _EXACT.add(held[name], amount)
    return sums


def _estimated(
    warehouse: ReadOnlyWarehouse, projected: Projection, window: DayWindow, instance: DatasetInstance
) -> list[str]:
    condition, parameters = _condition(window, instance)
    answer = warehouse.rows(
        f"select count(*) from {projected.table.name} where {condition} and x_IsEstimated",  # noqa: S608 - constants only
        parameters,
    )
    rows = answer[0][0]
    reason = "the usage does not say which of several prices applies"
    return [f"{rows} charges are estimates, {reason}: see x_IsEstimated"] if rows else []


def _manifest_entry(exported: ExportedMonth, schema_id: str) -> dict[str, Any]:
    return file_entry(
        exported.file,
        schema_id,
        exported.totals,
        BillingPeriodStart=utc_text(utc_midnight(exported.month.start)),
        BillingPeriodEnd=utc_text(utc_midnight(exported.month.end)),
    )
