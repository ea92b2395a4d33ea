"""`providers probe` over real sockets: what is in order is ok, and what is not is named with its remedy."""

import datetime as dt
import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from genai_finops.cli.providers import providers
from genai_finops.control.credentials import add_credential
from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.secret import Secret
from genai_finops.doctor.probe import probe_organisation
from genai_finops.doctor.result import CheckResult
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import discover, source_class_of
from genai_finops.schemas.tables.unified import FLOWS
from genai_finops.settings import Settings
from genai_finops.simulator.registry import PROVIDERS, admin_key, provider_named
from genai_finops.simulator.running import Simulator, running_simulator

EVERY_PROVIDER = tuple(PROVIDERS)
OTHER_SEED = 4711

Home = Callable[..., Settings]


def real_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    """A simulator at the real time, which is that of its answers' Date header and of signatures."""
    with running_simulator(now=real_now() + dt.timedelta(hours=1)) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    running.clear_faults()
    yield running
    running.clear_faults()


@pytest.fixture
def home(tmp_path: Path, simulator: Simulator, plain_environ: Mapping[str, str]) -> Home:
    """Makes a home in which acme has one account and credential at the provider."""

    def make(provider: str, secret: str | None = None, **environ: str) -> Settings:
        settings = Settings.from_environment({**plain_environ, **simulator.environment(), **environ}, tmp_path)
        engine = open_database(settings)
        made = {"now": real_now(), "actor": "tester"}
        account = {"org_slug": "acme", "provider": provider, "account_id": simulator.account_id("acme", provider)}
        options = simulator.account_options("acme", provider)
        with writing(engine) as session:
            add_organisation(session, slug="acme", name="Acme", **made)  # type: ignore[arg-type]
            add_account(session, name="Main", options=options, **account, **made)  # type: ignore[arg-type]
            key = Secret.of(secret or simulator.admin_key("acme", provider))
            add_credential(session, settings, secret=key, **account, **made)  # type: ignore[arg-type]
        engine.dispose()
        return settings

    return make


def probe(settings: Settings, provider: str, *, ahead: float = 0) -> dict[str, CheckResult]:
    """The results by check, of several flows the worst, with a clock of ours that is some seconds ahead."""
    options = SessionOptions(now=lambda: real_now() + dt.timedelta(seconds=ahead))
    results = list(probe_organisation(settings, provider, org="acme", options=options))
    results.sort(key=lambda result: ("ok", "skipped", "warning", "failed").index(result.status))
    return {re.sub(f"^({'|'.join(FLOWS)}) ", "", result.check): result for result in results}


def command(settings: Settings, provider: str, *arguments: str) -> Result:
    return CliRunner().invoke(providers, ["probe", provider, "--org", "acme", *arguments], obj=settings)


def unknown_secret(provider: str) -> str:
    """A credential of the right shape that the simulator has never issued."""
    return admin_key(OTHER_SEED, "acme", provider)


def secret_parts(settings: Settings, provider: str, secret: str) -> tuple[str, ...]:
    discover(settings.environ)
    config = load_provider_configs(settings.provider_config_dir, settings.environ)[provider]
    return source_class_of(config, "payg")[0].secret_parts(secret)


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_with_a_good_credential_nothing_is_wrong(provider: str, home: Home) -> None:
    wrong = [result for result in probe(home(provider), provider).values() if result.status in {"warning", "failed"}]
    assert wrong == []


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_a_good_credential_passes_every_kind_of_check(provider: str, home: Home) -> None:
    passed = {name for name, result in probe(home(provider), provider).items() if result.status == "ok"}
    kinds = {"configuration", "credential opened", "credential accepted", "clock"}
    assert {name.split(" ")[0] if name not in kinds else name for name in passed} == {*kinds, "host", "permission"}


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_every_right_that_the_source_needs_is_checked(provider: str, home: Home) -> None:
    permissions = [result for name, result in probe(home(provider), provider).items() if name.startswith("permission ")]
    assert {result.status for result in permissions} == {"ok"}


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_an_unknown_secret_is_not_accepted_and_the_remedy_says_how_to_replace_it(provider: str, home: Home) -> None:
    result = probe(home(provider, unknown_secret(provider)), provider)["credential accepted"]
    assert (result.status, "credential add acme" in str(result.remedy)) == ("failed", True)


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_an_unknown_secret_leaves_the_rights_unchecked(provider: str, home: Home) -> None:
    results = probe(home(provider, unknown_secret(provider)), provider)
    assert {result.status for name, result in results.items() if name.startswith("permission ")} == {"skipped"}


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_the_clock_is_checked_also_where_the_secret_is_refused(provider: str, home: Home) -> None:
    results = probe(home(provider, unknown_secret(provider)), provider, ahead=400)
    assert results["clock"].status == "failed"


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_a_credential_without_the_right_fails_with_what_it_needs(
    provider: str, home: Home, simulator: Simulator
) -> None:
    results = probe(home(provider, simulator.inference_key("acme", provider)), provider)
    failed = [result for result in results.values() if result.status == "failed"]
    assert [result.remedy for result in failed if "needs" in str(result.remedy)] != []


@pytest.fixture
def closed_port() -> Iterator[str]:
    """An address at which nothing listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def all_hosts_at(address: str, provider: str) -> dict[str, str]:
    hosts = provider_named(provider).addresses(address)
    return {f"GENAI_FINOPS_{provider}_{name}".upper(): value for name, value in hosts.items()}


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_a_host_that_is_down_is_named_with_its_address_and_variable(
    provider: str, home: Home, closed_port: str
) -> None:
    results = probe(home(provider, **all_hosts_at(closed_port, provider)), provider)
    down = next(result for name, result in results.items() if name.startswith("host base_url"))
    variable = f"GENAI_FINOPS_{provider.upper()}_BASE_URL"
    assert (down.status, closed_port in down.detail, variable in str(down.remedy)) == ("failed", True, True)


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_where_no_host_is_reached_nothing_more_is_asked(provider: str, home: Home, closed_port: str) -> None:
    results = probe(home(provider, **all_hosts_at(closed_port, provider)), provider)
    assert [results[check].status for check in ("credential accepted", "permissions", "clock")] == ["skipped"] * 3


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
@pytest.mark.parametrize(
    ("ahead", "status"), [(50, "ok"), (120, "warning"), (-120, "warning"), (400, "failed"), (-400, "failed")]
)
def test_a_clock_that_is_off_is_told_before_signatures_are_refused(
    ahead: float, status: str, provider: str, home: Home
) -> None:
    result = probe(home(provider), provider, ahead=ahead)["clock"]
    assert (result.status, result.remedy is not None) == (status, status != "ok")


@pytest.mark.parametrize(("ahead", "direction"), [(400, "ahead of"), (-400, "behind")])
def test_the_clocks_difference_is_given_with_its_direction(ahead: float, direction: str, home: Home) -> None:
    # The Date header has whole seconds.
    assert re.fullmatch(
        rf"(39|40)\d s {direction} the provider's", probe(home("openai"), "openai", ahead=ahead)["clock"].detail
    )


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
@pytest.mark.parametrize("kind", ["server_error", "rate_limited"])
def test_trouble_of_the_provider_is_no_fault_of_the_credential(
    kind: str, provider: str, home: Home, simulator: Simulator
) -> None:
    simulator.set_fault(provider, kind)
    results = probe(home(provider), provider)
    assert results["credential accepted"].status in {"ok", "skipped"}


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("is_known", [True, False], ids=["good secret", "unknown secret"])
def test_no_part_of_the_secret_is_printed(
    is_known: bool, form: str, provider: str, home: Home, simulator: Simulator
) -> None:
    secret = simulator.admin_key("acme", provider) if is_known else unknown_secret(provider)
    settings = home(provider, secret)
    output = command(settings, provider, *(["--json"] if form == "json" else [])).output
    assert [part for part in secret_parts(settings, provider, secret) if part and part in output] == []


@pytest.mark.parametrize(("is_known", "code"), [(True, 0), (False, 1)], ids=["good secret", "unknown secret"])
def test_the_exit_code_says_whether_a_check_failed(is_known: bool, code: int, home: Home) -> None:
    settings = home("openai", None if is_known else unknown_secret("openai"))
    assert command(settings, "openai").exit_code == code


def test_each_check_is_one_line(home: Home) -> None:
    lines = command(home("openai"), "openai").stdout.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == [
        "configuration",
        "credential opened",
        "host base_url",
        "credential accepted",
        "permission projects",
        "permission usage",
        "clock",
    ]


def test_json_has_every_result_with_its_parts(home: Home) -> None:
    results = json.loads(command(home("openai"), "openai", "--json").stdout)
    assert {tuple(result) for result in results} == {("subject", "check", "status", "detail", "remedy")}


def test_the_providers_are_listed_with_flows_address_and_accounts(home: Home, simulator: Simulator) -> None:
    rows = json.loads(CliRunner().invoke(providers, ["list", "--json"], obj=home("openai")).stdout)
    listed = {row["provider"]: row for row in rows}["openai"]
    assert listed == {
        "provider": "openai",
        "name": "OpenAI",
        "flows": ["payg"],
        "base_url": simulator.base_url("openai"),
        "accounts": 1,
    }
