"""Builds the warehouse: all of it, or the days of a window."""

import datetime as dt
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings
from genai_finops.transform.invoke import invoke, log_path, target_path, warehouse_lock
from genai_finops.transform.result import NodeResult, TransformError, TransformResult
from genai_finops.transform.row_counts import with_row_counts

_ManifestKey = tuple[object, ...]
#: Parsed projects of this process. Parsing costs about a second, and the SQL of a kept manifest still follows the vars.
_manifests: dict[_ManifestKey, Any] = {}


def dbt_build(
    settings: Settings,
    *,
    window: tuple[dt.date, dt.date] | None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    full_refresh: bool = False,
    variables: Mapping[str, object] | None = None,
    lock_timeout_seconds: float = 600,
) -> TransformResult:
    """Build seeds, models and their data tests; unit tests are for `make test`, not for a run.

    window is half-open, first day inclusive; None builds every table anew from the whole lake. select and exclude are
    dbt node selections. variables are further dbt vars.

    Raises TransformError when a node fails (its `result` tells what was built), FinopsError when dbt cannot start or
    the warehouse is busy for longer than the timeout.
    """
    if window is not None and window[0] >= window[1]:
        raise FinopsError(
            f"the window is empty: {window[0].isoformat()} is not before {window[1].isoformat()}",
            remedy="Give the first day and the day after the last.",
        )
    dbt_vars = dict(variables or {})
    if window is not None:
        # As text: a YAML date would reach the macros as a date of dbt's parser.
        dbt_vars |= {"min_date": window[0].isoformat(), "max_date": window[1].isoformat()}
    arguments = ["build", "--exclude-resource-type", "unit_test", "--vars", json.dumps(dbt_vars)]
    if select:
        # A test is left out when it also reads a table that this run does not bring up to date.
        arguments += ["--select", *select, "--indirect-selection", "buildable"]
    if exclude:
        arguments += ["--exclude", *exclude]
    if full_refresh:
        arguments.append("--full-refresh")

    started = time.monotonic()
    with warehouse_lock(settings, timeout_seconds=lock_timeout_seconds):
        manifest = _manifest(settings, dbt_vars)
        outcome = invoke(settings, arguments, manifest=manifest)
        nodes = with_row_counts(settings, [_node_result(result) for result in outcome.result.results], window)
    result = TransformResult(nodes=tuple(nodes), seconds=time.monotonic() - started)
    if not result.ok:
        raise TransformError(result, log=str(log_path(settings) / "dbt.log"))
    return result


def _manifest(settings: Settings, dbt_vars: Mapping[str, object]) -> Any:
    if settings.target != "duckdb":
        # The partitions that BigQuery overwrites are configuration, which is evaluated when the project is parsed.
        return None
    others = {name: value for name, value in dbt_vars.items() if name not in {"min_date", "max_date"}}
    key = (
        settings.home,
        settings.lake_url,
        target_path(settings),
        # Whether there is a window decides the materialisation, which is configuration too; the days are not.
        "min_date" in dbt_vars,
        json.dumps(others, sort_keys=True),
        project_fingerprint(settings),
    )
    if key not in _manifests:
        _manifests[key] = invoke(settings, ["parse", "--vars", json.dumps(dict(dbt_vars))]).result
    # A build leaves compiled SQL in the manifest, and a second one then finds its ephemeral models compiled already.
    return _manifests[key].deepcopy()


def project_fingerprint(settings: Settings) -> tuple[tuple[str, int, int], ...]:
    """Changes when a source file of the dbt project does, as it may while a Dagster process lives."""
    files = sorted(
        path
        for folder in (settings.dbt_project_dir, settings.seeds_dir)
        for path in folder.rglob("*")
        if path.suffix in {".sql", ".yml", ".csv", ".md"} and "target" not in path.relative_to(folder).parts[0]
    )
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files)


def _node_result(result: Any) -> NodeResult:
    node = result.node
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        status=str(result.status),
        seconds=float(result.execution_time),
        rows=_rows_affected(result.adapter_response),
        failures=result.failures,
        attached_node=getattr(node, "attached_node", None),
        message=str(result.message or ""),
    )


def _rows_affected(response: Mapping[str, object] | None) -> int | None:
    rows = (response or {}).get("rows_affected")
    return rows if isinstance(rows, int) and rows >= 0 else None
