"""Builds the warehouse: all of it, or the days of a window."""

import datetime as dt
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings
from genai_finops.transform.invoke import invoke, log_path, warehouse_lock
from genai_finops.transform.manifest import parsed_manifest
from genai_finops.transform.result import NodeResult, TransformError, TransformResult
from genai_finops.transform.row_counts import with_row_counts
from genai_finops.transform.selection import ON_REQUEST


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

    Models that rate all usage (`selection.ON_REQUEST`) are left out where nothing is selected.

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
    excluded = exclude if select else (*exclude, *ON_REQUEST)
    if excluded:
        arguments += ["--exclude", *excluded]
    if full_refresh:
        arguments.append("--full-refresh")

    started = time.monotonic()
    with warehouse_lock(settings, timeout_seconds=lock_timeout_seconds):
        outcome = invoke(settings, arguments, manifest=parsed_manifest(settings, dbt_vars))
        nodes = with_row_counts(settings, [_node_result(result) for result in outcome.result.results], window)
    result = TransformResult(nodes=tuple(nodes), seconds=time.monotonic() - started)
    if not result.ok:
        raise TransformError(result, log=str(log_path(settings) / "dbt.log"))
    return result


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
