"""How long one day of many organisations at all simulated providers takes to read. See README.md."""

import argparse
import datetime as dt
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from genai_finops.control.credentials import add_credential
from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.secret import Secret
from genai_finops.ingest.outcome import IngestReport, failure_summary
from genai_finops.ingest.plan import plan_usage, provider_configs, provider_flows
from genai_finops.ingest.usage import ingest_usage
from genai_finops.lake.files import LakeFiles
from genai_finops.providers.base import Window
from genai_finops.providers.config import HttpConfig, load_provider_configs
from genai_finops.settings import Settings
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.running import running_simulator
from genai_finops.simulator.scenario import Scenario

_DAY = dt.date(2026, 11, 3)
_NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
_ACTOR = "benchmark"
_GOAL_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetAccount:
    """One organisation's account at one provider, and the credential that reads it."""

    org: str
    provider: str
    account_id: str
    options: Mapping[str, str]
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The simulator's process, seen from this one."""

    #: Variables that point the platform at it without limiting its pace.
    environ: Mapping[str, str]
    accounts: tuple[FleetAccount, ...]


def main() -> None:
    """Print the figures of each provider and of all together; exit code 1 where a partition failed."""
    # What the sources remark about single resources belongs to a log, not between figures.
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orgs", type=int, default=50)
    parser.add_argument("--providers", nargs="*", default=[], help="all of the simulator by default")
    arguments = parser.parse_args()
    providers = tuple(name for name in PROVIDERS if name in arguments.providers or not arguments.providers)
    scenario = Scenario(first_day=_DAY, last_day=_DAY, orgs=tuple(f"org-{n:02d}" for n in range(arguments.orgs)))
    started = time.perf_counter()
    with simulated_fleet(scenario, providers) as fleet, tempfile.TemporaryDirectory(prefix="genai-finops-") as folder:
        settings = settings_of(Path(folder), fleet)
        store_accounts(settings, fleet)
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"{len(fleet.accounts)} accounts, one day, {os.cpu_count()} cores, load {load}")
        print(f"simulator and accounts made in {time.perf_counter() - started:.1f} s")
        started = time.perf_counter()
        reports = read_day(settings, providers)
        total = time.perf_counter() - started
    print(f"all providers, one after the other: {total:.1f} s (goal {_GOAL_SECONDS} s)")
    if failed := [failure_summary(report) for report in reports.values() if report.failed]:
        raise SystemExit("\n".join(failed))


def read_day(settings: Settings, providers: tuple[str, ...]) -> dict[str, IngestReport]:
    """Read the day with every account, provider by provider, as `genai-finops ingest` does."""
    files, window = LakeFiles(settings.lake_url), Window.of_days(_DAY, _DAY)
    paces = {name: values.http for name, values in load_provider_configs(settings.provider_config_dir, {}).items()}
    print(
        f"{'provider':14}{'accounts':>9}{'requests':>9}{'retries':>8}{'seconds':>8}{'req/s':>7}{'rows':>8}  real pace"
    )
    reports = {}
    for provider, flow in provider_flows(provider_configs(settings)):
        if provider not in providers:
            continue
        credentials = plan_usage(settings, provider, flow)
        report = ingest_usage(files, credentials, window, now=_NOW, run_id="benchmark", clock=time.perf_counter)
        print(
            f"{provider:14}{len(credentials):9}{report.http_requests:9}{report.http_retries:8}{report.seconds:8.1f}"
            f"{report.http_requests / report.seconds:7.0f}{report.rows:8}  {_at_real_pace(report, paces[provider])}",
            flush=True,
        )
        reports[provider] = report
    return reports


def _at_real_pace(report: IngestReport, http: HttpConfig) -> str:
    """The shortest time that the configured limit of the provider allows for these requests."""
    seconds = max(0, report.http_requests - http.burst) * 60 / http.max_requests_per_minute
    return f"{seconds:.0f} s at {http.max_requests_per_minute} requests/min, {http.concurrency} at once"


def settings_of(home: Path, fleet: Fleet) -> Settings:
    """Settings of a new home whose providers are those of the fleet."""
    return Settings.from_environment({**fleet.environ, "GENAI_FINOPS_HOME": str(home)}, home)


def store_accounts(settings: Settings, fleet: Fleet) -> None:
    """Put organisations, accounts and encrypted credentials into the control database."""
    engine = open_database(settings)
    with writing(engine) as session:
        for org in dict.fromkeys(account.org for account in fleet.accounts):
            add_organisation(session, slug=org, name=org, now=_NOW, actor=_ACTOR)
        for account in fleet.accounts:
            add_account(
                session,
                org_slug=account.org,
                provider=account.provider,
                account_id=account.account_id,
                name=f"{account.org} at {account.provider}",
                options=account.options,
                now=_NOW,
                actor=_ACTOR,
            )
            add_credential(
                session,
                settings,
                org_slug=account.org,
                provider=account.provider,
                account_id=account.account_id,
                secret=Secret.of(account.secret),
                now=_NOW,
                actor=_ACTOR,
            )
    engine.dispose()


@contextmanager
def simulated_fleet(scenario: Scenario, providers: tuple[str, ...]) -> Iterator[Fleet]:
    """Runs the simulator in a process of its own, so that its work is not measured as ours."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_simulate, args=(theirs, scenario, providers), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join(timeout=10)


def _simulate(connection: Connection, scenario: Scenario, providers: tuple[str, ...]) -> None:
    with running_simulator(scenario=scenario, now=_NOW) as simulator:
        accounts = tuple(
            FleetAccount(
                org=org,
                provider=provider,
                account_id=simulator.account_id(org, provider),
                options=dict(simulator.account_options(org, provider)),
                secret=simulator.admin_key(org, provider),
            )
            for provider in providers
            for org in scenario.orgs
        )
        connection.send(Fleet(environ=simulator.environment(*providers), accounts=accounts))
        # Ends when the other side closes.
        connection.poll(None)


if __name__ == "__main__":
    main()
