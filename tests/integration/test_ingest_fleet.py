"""Every simulated provider through the whole ingest: accounts side by side, nothing lost, stopped at any moment."""

import datetime as dt
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import yaml
from click.testing import CliRunner

from genai_finops.cli import main
from genai_finops.control.credentials import add_credential
from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.secret import Secret
from genai_finops.ingest.outcome import IngestReport, failure_summary
from genai_finops.ingest.plan import plan_usage, provider_configs, provider_flows
from genai_finops.ingest.resource_states import known_states
from genai_finops.ingest.usage import ingest_usage
from genai_finops.lake.files import LakeFiles
from genai_finops.providers.base import Window
from genai_finops.schemas.meters import METERS
from genai_finops.settings import Settings
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

DAY = dt.date(2026, 11, 3)
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
ORGS = tuple(f"org-{number}" for number in range(6))
TOKENS = [meter.name for meter in METERS.values() if meter.kind == "tokens"]
COMMAND = ("ingest", "--from", str(DAY), "--to", str(DAY))
#: Where no request for a token comes first.
SENDING_THE_KEY = ("openai", "anthropic")
#: Its usage names deployments, which it lists.
LISTING = "azure_openai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A home with an account of every organisation at every simulated provider."""

    settings: Settings
    simulator: Simulator

    @property
    def lake(self) -> LakeFiles:
        return LakeFiles(self.settings.lake_url)

    def ingest(self, provider: str, now: dt.datetime = NOW) -> IngestReport:
        credentials = plan_usage(self.settings, provider, "payg")
        return ingest_usage(self.lake, credentials, Window.of_days(DAY, DAY), now=now, run_id="run")

    def landed_tokens(self, provider: str) -> dict[str, Decimal]:
        """Landed tokens by organisation."""
        folder = f"landing/genai_payg_usage_raw/day={DAY}/{provider}"
        frames = {path: pl.read_parquet(self.lake.path(path)) for path in self.lake.find(folder)}
        return {
            Path(path).name.split(".")[0]: sum(
                frame.filter(pl.col("meter").is_in(TOKENS))["quantity"].to_list(), Decimal(0)
            )
            for path, frame in frames.items()
        }

    def start(self, finops_command: list[str], *arguments: str) -> "subprocess.Popen[str]":
        """`genai-finops ...`, running."""
        return subprocess.Popen(
            [*finops_command, *arguments],
            env=dict(self.settings.environ),
            cwd=self.settings.home.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with running_simulator(scenario=Scenario(first_day=DAY, last_day=DAY, orgs=ORGS), now=NOW) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def true_tokens(running: Simulator) -> Mapping[tuple[str, str], Decimal]:
    """Tokens of the day by provider and organisation."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in running.truth()["rows"]:
        if row["flow"] == "payg" and row["meter"] in TOKENS:
            sums[row["provider"], row["org"]] += row["quantity"]
    return {who: Decimal(tokens) for who, tokens in sums.items()}


@pytest.fixture(scope="module")
def customers(running: Simulator, plain_environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with credentials, and nothing read yet."""
    home = tmp_path_factory.mktemp("customers") / "home"
    settings = Settings.from_environment({**plain_environ, "GENAI_FINOPS_HOME": str(home)}, home.parent)
    engine = open_database(settings)
    with writing(engine) as session:
        for org in ORGS:
            add_organisation(session, slug=org, name=org, now=NOW, actor="tester")
            for provider in PROVIDERS:
                account_id = running.account_id(org, provider)
                add_account(
                    session,
                    org_slug=org,
                    provider=provider,
                    account_id=account_id,
                    name=org,
                    options=running.account_options(org, provider),
                    now=NOW,
                    actor="tester",
                )
                add_credential(
                    session,
                    settings,
                    org_slug=org,
                    provider=provider,
                    account_id=account_id,
                    secret=Secret.of(running.admin_key(org, provider)),
                    now=NOW,
                    actor="tester",
                )
    engine.dispose()
    return home


@pytest.fixture
def fleet_with(
    customers: Path, running: Simulator, plain_environ: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., Fleet]]:
    """Makes a copy of that home for one test, read with other values of `http`; the faults are gone afterwards."""

    def make(**http: object) -> Fleet:
        folder = tmp_path / "configs"
        shutil.copytree(Path("configs/providers").resolve(), folder)
        for path in folder.glob("*.yml"):
            values = yaml.safe_load(path.read_text())
            values["http"] |= http
            path.write_text(yaml.safe_dump(values))
        shutil.copytree(customers, tmp_path / "home")
        environ = {
            **plain_environ,
            **running.environment(),
            "GENAI_FINOPS_HOME": str(tmp_path / "home"),
            "GENAI_FINOPS_PROVIDER_CONFIGS": str(folder),
            "GENAI_FINOPS_ACTOR": "tester",
        }
        return Fleet(settings=Settings.from_environment(environ, tmp_path), simulator=running)

    running.clear_faults()
    running.clear_requests()
    yield make
    running.clear_faults()


@pytest.fixture
def fleet(fleet_with: Callable[..., Fleet]) -> Fleet:
    """With the values of the repository."""
    return fleet_with()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_token_of_every_account_is_landed(
    fleet: Fleet, true_tokens: Mapping[tuple[str, str], Decimal], provider: str
) -> None:
    report = fleet.ingest(provider)
    assert failure_summary(report) == ""
    assert fleet.landed_tokens(provider) == {org: true_tokens[provider, org] for org in ORGS}


@pytest.mark.parametrize("provider", SENDING_THE_KEY)
def test_every_request_that_reached_the_provider_is_counted(fleet: Fleet, provider: str) -> None:
    report = fleet.ingest(provider)
    assert (report.http_requests, report.http_retries) == (len(fleet.simulator.requests), 0)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_repeated_request_is_counted_as_retry(fleet: Fleet, provider: str) -> None:
    usage = PROVIDERS[provider].usage_path
    fleet.simulator.set_fault(provider, "unavailable", org=ORGS[2], path_prefix=usage, times=1)
    assert fleet.ingest(provider).http_retries == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_refused_account_keeps_none_of_the_others_from_landing(
    fleet: Fleet, true_tokens: Mapping[tuple[str, str], Decimal], provider: str
) -> None:
    refused = ORGS[1]
    fleet.simulator.set_fault(provider, "forbidden", org=refused, path_prefix=PROVIDERS[provider].usage_path)
    report = fleet.ingest(provider)
    assert [outcome.org for outcome in report.failed] == [refused]
    assert fleet.landed_tokens(provider) == {org: true_tokens[provider, org] for org in ORGS if org != refused}


def test_many_threads_open_their_secrets_in_one_database(
    fleet_with: Callable[..., Fleet], true_tokens: Mapping[tuple[str, str], Decimal]
) -> None:
    fleet = fleet_with(concurrency=64, burst=64)
    for _ in range(3):
        assert failure_summary(fleet.ingest("openai")) == ""
    assert fleet.landed_tokens("openai") == {org: true_tokens["openai", org] for org in ORGS}


@pytest.mark.parametrize(
    ("http", "expected"),
    [({"concurrency": 3, "burst": 10}, 3), ({"concurrency": 8, "burst": 2}, 2), ({"concurrency": 1, "burst": 10}, 1)],
)
def test_accounts_are_read_side_by_side_up_to_concurrency_and_burst(
    fleet_with: Callable[..., Fleet], http: dict[str, int], expected: int
) -> None:
    credentials = plan_usage(fleet_with(**http).settings, "openai", "payg")
    assert {credential.concurrency for credential in credentials} == {expected}


def test_states_of_listed_resources_are_kept_and_known_the_next_time(fleet: Fleet) -> None:
    fleet.ingest(LISTING)
    [account] = [found for found in plan_usage(fleet.settings, LISTING, "payg") if found.org == ORGS[0]]
    states = known_states(fleet.lake, account.listed_account)
    with account.open_source(states) as source:
        assert source.known_resources == states  # type: ignore[attr-defined]
    assert len(states) > 0


def test_a_second_ingest_changes_resource_states_in_their_last_moment_only(fleet: Fleet) -> None:
    fleet.ingest(LISTING)
    read = {path: pl.read_parquet(fleet.lake.path(path)) for path in fleet.lake.find(f"resources/{LISTING}")}
    fleet.ingest(LISTING, NOW + dt.timedelta(hours=1))
    again = {path: pl.read_parquet(fleet.lake.path(path)) for path in fleet.lake.find(f"resources/{LISTING}")}
    assert len(read) == len(ORGS)
    assert read.keys() == again.keys()
    assert [
        path
        for path, frame in read.items()
        if not frame.drop("last_observed_at").equals(again[path].drop("last_observed_at"))
    ] == []


def test_the_command_shows_requests_retries_and_seconds_of_each_provider(fleet: Fleet) -> None:
    result = CliRunner().invoke(main, [*COMMAND], obj=fleet.settings)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    flows = sorted(f"{provider}.{flow}" for provider, flow in provider_flows(provider_configs(fleet.settings)))
    partitions = len(flows) * len(ORGS)
    assert sorted(line.split(":")[0] for line in lines[partitions:-1]) == flows
    for line in lines[partitions:]:
        assert " HTTP requests, 0 retries, " in line
        assert line.endswith(" s")


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_told_to_stop_does_not_wait_for_slow_answers(
    fleet: Fleet, finops_command: list[str], signal_number: int
) -> None:
    fleet.simulator.set_fault("openai", "timeout", seconds=60)
    process = fleet.start(finops_command, *COMMAND, "--provider", "openai")
    wait_until(lambda: len(fleet.simulator.requests) > 0, process)
    told = time.monotonic()
    process.send_signal(signal_number)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert time.monotonic() - told < 15
    assert fleet.landed_tokens("openai") == {}


def test_a_kill_between_resource_states_and_landing_leaves_what_the_next_run_completes(
    fleet: Fleet, finops_command: list[str], true_tokens: Mapping[tuple[str, str], Decimal]
) -> None:
    process = fleet.start(finops_command, *COMMAND, "--provider", LISTING)
    wait_until(lambda: len(fleet.lake.find(f"resources/{LISTING}")) > 0, process)
    process.kill()
    process.communicate(timeout=30)
    truth = {org: true_tokens[LISTING, org] for org in ORGS}
    assert fleet.landed_tokens(LISTING).items() <= truth.items()
    assert failure_summary(fleet.ingest(LISTING)) == ""
    assert fleet.landed_tokens(LISTING) == truth


def wait_until(condition: Callable[[], bool], process: "subprocess.Popen[str]", seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the command ended before the moment came"
        assert time.monotonic() < deadline, "the moment did not come"
        time.sleep(0.002)
