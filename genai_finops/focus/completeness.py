"""Which days of an export are complete, and what is missing on the others."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from genai_finops.focus.window import DayWindow, utc_midnight
from genai_finops.lake.files import LakeFiles
from genai_finops.schemas.tables.unified import FLOWS
from genai_finops.warehouse.base import ReadOnlyWarehouse

_LANDING_TABLES = {flow: f"genai_{flow}_usage_raw" for flow in FLOWS}


@dataclass(frozen=True, slots=True, order=True)
class CredentialKey:
    """What one landing file holds the usage of, on its day and in its flow."""

    org: str
    provider: str
    credential_id: str
    flow: str = "payg"

    def __str__(self) -> str:
        flow = "" if self.flow == "payg" else f" ({self.flow})"
        return f"{self.org}/{self.provider}/{self.credential_id}{flow}"


#: The days that were landed with each credential and flow, empty days included.
LandedDays = Mapping[CredentialKey, Collection[dt.date]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCompleteness:
    """Why the charges of one UTC day may not be all there are."""

    day: dt.date
    #: Rows of billable usage without a price, and so without a charge.
    unpriced_rows: int
    #: Credentials with which other days were landed, but not this one.
    not_landed: tuple[CredentialKey, ...]
    #: A credential landed the day, or it has charges.
    is_ingested: bool = True
    #: The day had ended at the moment of the export.
    is_over: bool
    #: False for the days of a billing month that the export leaves out.
    is_exported: bool = True

    @property
    def is_complete(self) -> bool:
        return self.is_exported and self.is_over and self.is_ingested and not self.unpriced_rows and not self.not_landed


def landed_days(lake: LakeFiles) -> LandedDays:
    """The landed days of every credential and flow that has any, from the names of the landing files."""
    found: dict[CredentialKey, set[dt.date]] = {}
    for flow, table in _LANDING_TABLES.items():
        for path in lake.find(f"landing/{table}"):
            day_folder, provider, name = PurePosixPath(path).parts[-3:]
            if provider == "_schema":
                continue
            org, _, credential_id = name.removesuffix(".parquet").partition(".")
            day = dt.date.fromisoformat(day_folder.removeprefix("day="))
            found.setdefault(CredentialKey(org, provider, credential_id, flow), set()).add(day)
    return found


def completeness_of(
    warehouse: ReadOnlyWarehouse,
    window: DayWindow,
    *,
    org: str | None,
    landed: LandedDays,
    charged: Collection[dt.date],
    now: dt.datetime,
) -> list[DayCompleteness]:
    """One entry per day of the billing months that the window touches, in order.

    `landed` may hold more organisations than the one that is exported. `charged` are the days that have charges.
    """
    unpriced = _unpriced_rows(warehouse, window, org)
    credentials = sorted(key for key in landed if org in (None, key.org))
    return [
        DayCompleteness(
            day=day,
            unpriced_rows=unpriced.get(day, 0),
            not_landed=tuple(key for key in credentials if day not in landed[key]),
            is_ingested=day in charged or any(day in landed[key] for key in credentials),
            is_over=utc_midnight(day + dt.timedelta(days=1)) <= now,
            is_exported=window.start <= day < window.end,
        )
        for month in window.months()
        for day in DayWindow(month.start, month.end).days()
    ]


def warnings_of(completeness: Collection[DayCompleteness]) -> list[str]:
    """One line per reason for which exported days are incomplete, with the remedy."""
    exported = [entry for entry in completeness if entry.is_exported]
    lines = []
    if unpriced := [entry for entry in exported if entry.unpriced_rows]:
        rows = sum(entry.unpriced_rows for entry in unpriced)
        lines.append(
            f"{rows} rows of usage on {_days(unpriced)} have no price and are not charges: see genai_unpriced_usage"
        )
    if not_landed := [entry for entry in exported if entry.not_landed]:
        keys = sorted({key for entry in not_landed for key in entry.not_landed})
        named = ", ".join(str(key) for key in keys[:5]) + (", ..." if len(keys) > 5 else "")  # noqa: PLR2004
        lines.append(
            f"usage of {named} was not ingested on {_days(not_landed)}: run `genai-finops ingest` for these days"
        )
    if empty := [entry for entry in exported if not entry.is_ingested and not entry.not_landed]:
        lines.append(f"nothing was ingested on {_days(empty)}: run `genai-finops ingest` for these days")
    if not_over := [entry for entry in exported if not entry.is_over]:
        lines.append(f"{_days(not_over)} had not ended: export again later")
    if len(exported) < len(completeness):
        missing = [entry for entry in completeness if not entry.is_exported]
        lines.append(f"{_days(missing)} of the same billing months are not in this export")
    return lines


def _days(entries: list[DayCompleteness]) -> str:
    if len(entries) == 1:
        return f"{entries[0].day}"
    return f"{len(entries)} days from {entries[0].day} to {entries[-1].day}"


def _unpriced_rows(warehouse: ReadOnlyWarehouse, window: DayWindow, org: str | None) -> dict[dt.date, int]:
    condition, parameters = ("", []) if org is None else (" and x_org_slug = ?", [org])
    return dict(
        warehouse.rows(
            "select x_ingestion_date, count(*) from genai_costs_daily_unified where pricing_status = 'unpriced' "  # noqa: S608 - constants only
            f"and x_ingestion_date >= ? and x_ingestion_date < ?{condition} group by x_ingestion_date",
            [window.start, window.end, *parameters],
        )
    )
