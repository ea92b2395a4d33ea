"""What the Dagster UI shows of the traffic of an ingest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genai_finops.defs.ingestion import build_usage_asset
from genai_finops.defs.resources import PlatformResource
from genai_finops.ingest.plan import provider_configs

DAY = "2026-11-03"
USAGE = "usage/completions"


@pytest.fixture
def home(
    platform_with_organisations: Callable[[Path, Any], Any],
    tmp_path: Path,
    simulator: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """A platform that this process's environment points at."""
    platform = platform_with_organisations(tmp_path / "home", simulator)
    for name, value in platform.environ.items():
        monkeypatch.setenv(name, value)
    simulator.clear_faults()
    simulator.clear_requests()
    return platform


def usage_asset(home: Any) -> dg.AssetsDefinition:
    return build_usage_asset("openai", "payg", provider_configs(home.settings)["openai"])


def test_a_materialisation_carries_requests_retries_and_seconds(home: Any) -> None:
    home.simulator.set_fault("openai", "unavailable", org="globex", path_prefix=USAGE, times=1)
    result = dg.materialize(
        [usage_asset(home)],
        resources={"platform": PlatformResource()},
        partition_key=DAY,
        instance=dg.DagsterInstance.ephemeral(),
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    [event] = result.get_asset_materialization_events()
    values = {name: value.value for name, value in event.materialization.metadata.items()}
    assert (values["http_requests"], values["http_retries"]) == (len(home.simulator.requests), 1)
    assert 0 < values["seconds"] < 120


def test_a_failure_carries_them_as_well(home: Any) -> None:
    home.simulator.set_fault("openai", "unavailable", org="globex", path_prefix=USAGE)
    context = dg.build_asset_context(instance=dg.DagsterInstance.ephemeral(), partition_key=DAY)
    with pytest.raises(dg.Failure) as failed:
        usage_asset(home)(context, config={"orgs": []}, platform=PlatformResource())
    values = {name: value.value for name, value in failed.value.metadata.items()}
    assert values["http_requests"] == len(home.simulator.requests)
    assert values["http_retries"] > 0
    assert values["seconds"] > 0
