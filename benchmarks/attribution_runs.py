"""The steps of attribution as the platform runs them, each to be measured in a process of its own."""

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
from dbt_runs import settings_of

from genai_finops.attribution.sources import LogSource
from genai_finops.ingest.request_logs import lock_folder, read_request_logs
from genai_finops.lake.files import LakeFiles
from genai_finops.transform.build import dbt_build

MODELS = "path:models/attribution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One node of dbt: a model, seed or test. `rows` of a table, of the days that were built where it has days."""

    name: str
    kind: str
    seconds: float
    rows: int | None


def read_logs(home: Path, lake: Path, source: LogSource) -> int:
    """Land the files of a source that are new; gives their events."""
    settings = settings_of(home, lake)
    report = read_request_logs(
        LakeFiles(settings.lake_url),
        [source],
        now=dt.datetime.now(dt.UTC),
        run_id="benchmark",
        locks=lock_folder(settings),
        clock=time.monotonic,
    )
    if report.has_failures or report.rejects:
        raise SystemExit(
            "; ".join([*map(str, report.failed), *report.failed_sources.values(), f"{report.rejects} rejects"])
        )
    return report.events


def build_charges(home: Path, lake: Path, first: dt.date, last: dt.date) -> list[Built]:
    """What the models of attribution are made from, without tests."""
    return _built(home, lake, first, last, select=(f"+{MODELS}",), exclude=(MODELS, "resource_type:test"))


def build_attribution(home: Path, lake: Path, first: dt.date, last: dt.date, tests: bool) -> list[Built]:
    """The models of attribution, from landed events to aggregates."""
    return _built(home, lake, first, last, select=(MODELS,), exclude=() if tests else ("resource_type:test",))


def attributed_share(home: Path, org: str) -> str:
    """How much of the cost of an organisation has a consumer, and how many rows say so."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute(
            """
            select
                sum(effective_cost) filter (allocation_method != 'unattributed') / sum(effective_cost),
                sum(effective_cost) filter (allocation_method = 'logged_quantity') / sum(effective_cost),
                count(*)
            from genai_cost_attribution_daily where x_org_slug = ?
            """,
            [org],
        ).fetchone()
    if found is None or found[0] is None:
        raise SystemExit(f"{org} has no cost")
    return f"{found[0]:.4f} of it, {found[1]:.4f} measured, {found[2]:,} rows"


def _built(
    home: Path, lake: Path, first: dt.date, last: dt.date, *, select: tuple[str, ...], exclude: tuple[str, ...]
) -> list[Built]:
    window = (first, last + dt.timedelta(days=1))
    result = dbt_build(settings_of(home, lake), window=window, select=select, exclude=exclude)
    return [
        Built(name=node.name, kind=node.resource_type, seconds=node.seconds, rows=node.rows) for node in result.nodes
    ]
