"""Snapshots of the simulated Azure: a deployment that is deleted between two of them is missed by the second."""

import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from genai_finops.ingest.resource_snapshots import snapshot_resources
from genai_finops.ingest.resource_states import known_states
from genai_finops.ingest.usage import SourceCredential
from genai_finops.lake.files import LakeFiles
from genai_finops.providers.base import ResourceState, SourceAccount, UsageSource
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
SCENARIO = Scenario(first_day=dt.date(2026, 10, 22), orgs=("acme",))
BEFORE = dt.datetime(2026, 10, 23, 6, tzinfo=dt.UTC)
AFTER = dt.datetime.combine(SCENARIO.last_day, dt.time(6), dt.UTC) + dt.timedelta(days=4)


def azure(simulator: Simulator) -> SourceCredential:
    account_id = simulator.account_id("acme", "azure_openai")
    config = load_provider_configs(CONFIGS, simulator.environment("azure_openai"))["azure_openai"]

    def open_source(known_resources: Sequence[ResourceState]) -> AbstractContextManager[UsageSource]:
        return usage_source(
            config,
            simulator.admin_key("acme", "azure_openai"),
            SessionOptions(now=lambda: simulator.now, sleep=lambda _: None),
            account=SourceAccount(id=account_id),
            known_resources=known_resources,
        )

    return SourceCredential(
        org="acme",
        provider="azure_openai",
        flow="payg",
        credential="acme-azure",
        account_id=account_id,
        window_days=1,
        open_source=open_source,
    )


def test_a_deployment_that_was_deleted_between_two_snapshots_is_missed_by_the_second(tmp_path: Path) -> None:
    files = LakeFiles(str(tmp_path))
    with running_simulator(scenario=SCENARIO, now=BEFORE) as simulator:
        credential = azure(simulator)
        for moment in (BEFORE, AFTER):
            simulator.advance(moment)
            assert snapshot_resources(files, [credential], now=moment, clock=lambda: 0.0).failed == ()
    states = known_states(files, credential.listed_account)
    pilot = [state for state in states if state.resource.resource_id.endswith("/pilot")]
    assert [(state.last_observed_at, state.missed_at) for state in pilot] == [(BEFORE, AFTER)]
    assert any(state.missed_at is None and state.last_observed_at == AFTER for state in states)
