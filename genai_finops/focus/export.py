"""Export of the charges as files: one per billing month, with a manifest and the FOCUS metadata beside them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from genai_finops.errors import FinopsError
from genai_finops.focus.completeness import LandedDays, completeness_of, warnings_of
from genai_finops.focus.files import ExportFormat, WrittenFile, write_file
from genai_finops.focus.metadata import (
    DATASET_ID,
    DatasetInstance,
    read_json,
    schema_object,
    write_json,
    write_metadata,
)
from genai_finops.focus.window import BillingMonth, DayWindow, utc_midnight, utc_text
from genai_finops.schemas.tables.focus import COST_COLUMNS, COST_DATA_STANDARD_1_3
from genai_finops.schemas.tables.unified import COSTS_DAILY_UNIFIED
from genai_finops.warehouse.base import ReadOnlyWarehouse

#: Cost of each cost column by currency; currencies are never added together.
Totals = Mapping[str, Mapping[str, Decimal]]

#: The warehouse's costs have up to 38 digits; Python's default of 28 would round their sum.
_EXACT = Context(prec=60)

_TABLE = COST_DATA_STANDARD_1_3
_COLUMNS = ", ".join(column.name for column in _TABLE.columns)
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
) -> ExportResult:
    """Write the charges of the window to `out`, a file for each billing month that has any.

    Only one day of charges is sorted at a time, so that memory does not grow with the window. The same tables give the
    same bytes: `now` is written to the metadata only. `landed` says which days were ingested (`landed_days`).

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
    instance = DatasetInstance(org)
    schema = schema_object(_TABLE, instance, now)
    files = tuple(
        _export_month(warehouse, month, counts, instance=instance, out=out, file_format=file_format)
        for month, counts in _by_month(days).items()
    )
    _remove_emptied(out, window, instance, file_format, files)
    last_ingested = {count.day: count.last_ingested for count in days}
    completeness = completeness_of(warehouse, window, org=org, landed=landed, charged=last_ingested, now=now)
    write_metadata(
        out, instance=instance, schema=schema, completeness=completeness, last_ingested=last_ingested, now=now
    )
    manifest = _write_manifest(out, instance, str(schema["SchemaId"]), files)
    warnings = [*warnings_of(completeness), *_estimated(warehouse, window, org)]
    return ExportResult(files=files, manifest=manifest, schema_id=str(schema["SchemaId"]), warnings=tuple(warnings))


def _require_tables(warehouse: ReadOnlyWarehouse) -> None:
    for table in (_TABLE, COSTS_DAILY_UNIFIED):
        if not warehouse.has_table(table.name):
            raise FinopsError(
                f"the warehouse has no table {table.name}",
                remedy="build the tables with `genai-finops transform` or Dagster",
            )


def _export_month(
    warehouse: ReadOnlyWarehouse,
    month: BillingMonth,
    days: list[_DayCount],
    *,
    instance: DatasetInstance,
    out: Path,
    file_format: ExportFormat,
) -> ExportedMonth:
    path = _path(out, instance, month, file_format)
    expected = sum(count.rows for count in days)
    written = write_file(path, _TABLE, _charges(warehouse, days, instance.org), file_format)
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


def _charges(warehouse: ReadOnlyWarehouse, days: list[_DayCount], org: str | None) -> Iterator[pa.RecordBatch]:
    for count in days:
        condition, parameters = _condition(DayWindow(count.day, count.day + dt.timedelta(days=1)), org)
        yield from warehouse.batches(
            f"select {_COLUMNS} from {_TABLE.name} where {condition} order by {_ORDER}",  # noqa: S608 - constants only
            parameters,
        )


def _condition(window: DayWindow, org: str | None) -> tuple[str, list[object]]:
    condition = "ChargePeriodStart >= ? and ChargePeriodStart < ?"
    parameters: list[object] = [utc_midnight(window.start), utc_midnight(window.end)]
    if org is None:
        return condition, parameters
    return f"{condition} and x_OrgSlug = ?", [*parameters, org]


def _count_days(warehouse: ReadOnlyWarehouse, window: DayWindow, org: str | None) -> list[_DayCount]:
    condition, parameters = _condition(window, org)
    answer = warehouse.rows(
        f"select ChargePeriodStart, BillingCurrency, count(*), max(x_IngestedAt), {_SUMS} "  # noqa: S608 - constants only
        f"from {_TABLE.name} where {condition} group by ChargePeriodStart, BillingCurrency order by 1, 2",
        parameters,
    )
    by_day: defaultdict[dt.date, list[tuple[Any, ...]]] = defaultdict(list)
    for start, *rest in answer:
        by_day[start.astimezone(dt.UTC).date()].append(tuple(rest))
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


def _write_manifest(out: Path, instance: DatasetInstance, schema_id: str, files: tuple[ExportedMonth, ...]) -> Path:
    """The manifest of the folder: this delivery, and the files of earlier ones that it did not replace."""
    path = out / f"{instance.file_stem}.manifest.json"
    earlier = read_json(path, {"Files": []})
    entries = {entry["Path"]: entry for entry in earlier["Files"] if (out / entry["Path"]).exists()}
    for exported in files:
        entries[exported.file.path.name] = {
            "Path": exported.file.path.name,
            "SchemaId": schema_id,
            "BillingPeriodStart": utc_text(utc_midnight(exported.month.start)),
            "BillingPeriodEnd": utc_text(utc_midnight(exported.month.end)),
            "Rows": exported.file.rows,
            "Bytes": exported.file.bytes,
            "Sha256": exported.file.sha256,
            "Totals": {
                currency: {name: decimal_text(amount) for name, amount in costs.items()}
                for currency, costs in sorted(exported.totals.items())
            },
        }
    write_json(
        path,
        {
            "DatasetInstanceId": instance.id,
            "FocusDatasetId": DATASET_ID,
            "SchemaId": schema_id,
            "Files": [entries[name] for name in sorted(entries)],
        },
    )
    return path


def decimal_text(amount: Decimal) -> str:
    """Plain text, because a JSON number would be read as floating point."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
