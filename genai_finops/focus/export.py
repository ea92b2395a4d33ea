"""Export of both FOCUS datasets as files: charges by billing month, commitments, manifests and metadata beside them."""

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
from genai_finops.focus.metadata import DatasetInstance, schema_object, write_description, write_time_sectors
from genai_finops.focus.versions import FocusVersion, Projection, has_dataset, projection
from genai_finops.focus.window import BillingMonth, DayWindow, utc_midnight, utc_text
from genai_finops.schemas.tables.focus import COST_COLUMNS, COST_DATA_STANDARD_1_3
from genai_finops.schemas.tables.focus_contracts import CONTRACT_COMMITMENT_1_3
from genai_finops.schemas.tables.unified import COSTS_DAILY_UNIFIED
from genai_finops.warehouse.base import ReadOnlyWarehouse

#: The warehouse's costs have up to 38 digits; Python's default of 28 would round their sum.
_EXACT = Context(prec=60)

_TABLE = COST_DATA_STANDARD_1_3
_SUMS = ", ".join(f"sum({name})" for name in COST_COLUMNS)
#: Neighbours in a file differ little, which is what compression and pruning live on; the id makes the order total.
_ORDER = "x_OrgSlug, x_GenaiProvider, SkuPriceId, x_ChargeId"


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
) -> ExportResult:
    """Write the charges of the window to `out`, a file for each billing month that has any, and all commitments.

    A charge belongs to the day of its partition: that of the usage, or the first day of what a payment is for. Only one
    day of charges is sorted at a time, so that memory does not grow with the window. The same tables give the same
    bytes: `now` is written to the metadata only. `landed` says which days were ingested (`landed_days`).

    Raises FinopsError when the tables were not built, or when the window has no charge.
    """
    _require_tables(warehouse)
    days = _count_days(warehouse, window, org)
    if not days:
        raise FinopsError(
            f"there is no charge {'' if org is None else f'of {org} '}from {window.start} to before {window.end}",
            remedy="ingest these days and build the tables, or give a window that has usage; "
            "what could not be priced is in genai_unpriced_usage",
        )
    instance = DatasetInstance(org, "CostAndUsage", version)
    projected = projection(version)
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
    if has_dataset(version, "ContractCommitment"):
        contracts = export_contracts(warehouse, org=org, version=version, out=out, file_format=file_format, now=now)
    return ExportResult(
        files=files,
        manifest=manifest,
        schema_id=schema_id,
        contracts=contracts,
        warnings=(
            *warnings_of(completeness),
            *_estimated(warehouse, window, org),
            *(contracts.warnings if contracts else ()),
        ),
    )


def _require_tables(warehouse: ReadOnlyWarehouse) -> None:
    for table in (_TABLE, CONTRACT_COMMITMENT_1_3, COSTS_DAILY_UNIFIED):
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
    written = write_file(path, projected.table, _charges(warehouse, projected, days, instance.org), file_format)
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
    warehouse: ReadOnlyWarehouse, projected: Projection, days: list[_DayCount], org: str | None
) -> Iterator[pa.RecordBatch]:
    for count in days:
        condition, parameters = _condition(DayWindow(count.day, count.day + dt.timedelta(days=1)), org)
        yield from warehouse.batches(
            f"select {projected.select_list} from {_TABLE.name} where {condition} order by {_ORDER}",  # noqa: S608 - constants only
            parameters,
        )


def _condition(window: DayWindow, org: str | None) -> tuple[str, list[object]]:
    condition = "x_IngestionDate >= ? and x_IngestionDate < ?"
    parameters: list[object] = [window.start, window.end]
    if org is None:
        return condition, parameters
    return f"{condition} and x_OrgSlug = ?", [*parameters, org]


def _count_days(warehouse: ReadOnlyWarehouse, window: DayWindow, org: str | None) -> list[_DayCount]:
    condition, parameters = _condition(window, org)
    answer = warehouse.rows(
        f"select x_IngestionDate, BillingCurrency, count(*), max(x_IngestedAt), {_SUMS} "  # noqa: S608 - constants only
        f"from {_TABLE.name} where {condition} group by x_IngestionDate, BillingCurrency order by 1, 2",
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


def _estimated(warehouse: ReadOnlyWarehouse, window: DayWindow, org: str | None) -> list[str]:
    condition, parameters = _condition(window, org)
    answer = warehouse.rows(
        f"select count(*) from {_TABLE.name} where {condition} and x_IsEstimated",  # noqa: S608 - constants only
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
