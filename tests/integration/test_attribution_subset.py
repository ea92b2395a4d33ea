"""A run of some tables of the day builds these and no others."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dagster as dg
import pytest

from genai_finops.defs.partitions import range_tags
from genai_finops.defs.resources import PlatformResource
from genai_finops.providers.base import Window
from genai_finops.transform.result import NodeResult, TransformResult


def test_the_job_attribute_builds_its_tables_for_its_days(
    definitions: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Window | None, tuple[str, ...]]] = []

    def build(_: Any, window: Window | None, *, select: Sequence[str] = (), exclude: Sequence[str] = ()) -> Any:
        asked.append((window, tuple(select)))
        nodes = [
            NodeResult(unique_id=name, name=name, resource_type="model", status="success", seconds=0) for name in select
        ]
        return TransformResult(nodes=tuple(nodes), seconds=0)

    monkeypatch.setattr(PlatformResource, "build", build)
    monkeypatch.setattr(PlatformResource, "cost_totals", lambda *_: ())
    job = definitions.resolve_job_def("attribute")
    tables = sorted(key.path[-1] for key in job.asset_layer.selected_asset_keys)

    job.execute_in_process(
        instance=dg.DagsterInstance.ephemeral(),
        tags=range_tags(dt.date(2026, 9, 9), dt.date(2026, 9, 11)),
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )

    assert asked == [(Window.of_days(dt.date(2026, 9, 9), dt.date(2026, 9, 11)), tuple(tables))]
