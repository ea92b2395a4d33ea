"""`doctor`: each store that is in order is ok, each that is not fails with a remedy, and nothing is left behind."""

import dataclasses
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from genai_finops.cli.doctor import doctor
from genai_finops.control.credentials import add_credential
from genai_finops.control.database import connect, downgrade, open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.secret import Secret
from genai_finops.defs.home import prepare_dagster_home
from genai_finops.doctor.result import CheckResult
from genai_finops.doctor.stores import check_stores
from genai_finops.settings import Settings
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.running import Simulator, running_simulator

PLANTED = "sk-admin-planted-4711-planted"
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)

STORES = (
    "home: writable",
    "lake: written, read, removed",
    "control database: at the newest migration",
    "master key: readable by its owner only",
    "warehouse: DuckDB opens",
    "warehouse: BigQuery answers",
    "dbt: project and profile",
    "dbt: manifest",
    "dagster: home",
)


def add_organisation_with_credential(
    settings: Settings, provider: str, *, account_id: str, options: Mapping[str, str], secret: str
) -> None:
    engine = open_database(settings)
    with writing(engine) as session:
        add_organisation(session, slug="acme", name="Acme", now=NOW, actor="tester")
        add_account(
            session,
            org_slug="acme",
            provider=provider,
            account_id=account_id,
            name="Main",
            options=options,
            now=NOW,
            actor="tester",
        )
        add_credential(
            session,
            settings,
            org_slug="acme",
            provider=provider,
            secret=Secret.of(secret),
            now=NOW,
            actor="tester",
        )
    engine.dispose()


@pytest.fixture
def prepared(tmp_path: Path, plain_environ: Mapping[str, str]) -> Settings:
    """A home in which every store is in order, with an encrypted credential of a provider that is not asked."""
    settings = Settings.from_environment(dict(plain_environ), tmp_path)
    add_organisation_with_credential(settings, "elsewhere", account_id="1", options={}, secret=PLANTED)
    duckdb.connect(str(settings.warehouse_path)).close()
    manifest = settings.home / "dbt" / "target-duckdb" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    prepare_dagster_home(settings)
    return settings


def stores_of(settings: Settings) -> dict[str, CheckResult]:
    return {f"{result.subject}: {result.check}": result for result in check_stores(settings, probe_id="p1")}


def files_of(settings: Settings) -> set[str]:
    return {str(path) for path in settings.home.rglob("*") if not path.name.startswith("control.db-")}


def test_the_stores_are_checked_in_a_fixed_order(prepared: Settings) -> None:
    assert tuple(stores_of(prepared)) == STORES


@pytest.mark.parametrize("store", [store for store in STORES if "BigQuery" not in store])
def test_a_store_in_order_is_ok(store: str, prepared: Settings) -> None:
    result = stores_of(prepared)[store]
    assert (result.status, result.remedy) == ("ok", None)


def test_bigquery_is_skipped_with_the_reason_where_duckdb_is_the_target(prepared: Settings) -> None:
    result = stores_of(prepared)["warehouse: BigQuery answers"]
    assert (result.status, result.detail) == ("skipped", "GENAI_FINOPS_TARGET is duckdb")


def test_nothing_is_left_behind(prepared: Settings) -> None:
    (prepared.home / "lake").mkdir()
    before = files_of(prepared)
    stores_of(prepared)
    assert files_of(prepared) == before


def file_at(path: Path) -> Path:
    path.write_text("in the way")
    return path


def with_file_as_home(settings: Settings) -> Settings:
    return dataclasses.replace(settings, home=file_at(settings.home.parent / "occupied"))


def with_file_as_lake(settings: Settings) -> Settings:
    return dataclasses.replace(settings, lake_url=str(file_at(settings.home.parent / "occupied")))


def with_database_that_is_none(settings: Settings) -> Settings:
    path = file_at(settings.home.parent / "occupied")
    return dataclasses.replace(settings, control_url=f"sqlite:///{path}")


def with_older_database(settings: Settings) -> Settings:
    engine = connect(settings.control_url)
    downgrade(engine, "0001")
    engine.dispose()
    return settings


def without_master_key(settings: Settings) -> Settings:
    settings.master_key_path.unlink()
    return settings


def with_master_key_for_all(settings: Settings) -> Settings:
    settings.master_key_path.chmod(0o644)
    return settings


def with_warehouse_that_is_none(settings: Settings) -> Settings:
    settings.warehouse_path.write_text("in the way")
    return settings


def without_dbt_project(settings: Settings) -> Settings:
    return dataclasses.replace(settings, dbt_project_dir=settings.home)


def without_profile(settings: Settings) -> Settings:
    (settings.home / "dbt_project.yml").touch()
    (settings.home / "profiles.yml").write_text("genai_finops: {outputs: {bigquery: {}}}")
    return dataclasses.replace(settings, dbt_project_dir=settings.home)


@pytest.mark.parametrize(
    ("spoil", "store"),
    [
        (with_file_as_home, "home: writable"),
        (with_file_as_lake, "lake: written, read, removed"),
        (with_database_that_is_none, "control database: at the newest migration"),
        (with_older_database, "control database: at the newest migration"),
        (without_master_key, "master key: readable by its owner only"),
        (with_master_key_for_all, "master key: readable by its owner only"),
        (with_warehouse_that_is_none, "warehouse: DuckDB opens"),
        (without_dbt_project, "dbt: project and profile"),
        (without_profile, "dbt: project and profile"),
    ],
)
def test_a_store_out_of_order_fails_with_a_remedy(
    spoil: Callable[[Settings], Settings], store: str, prepared: Settings
) -> None:
    result = stores_of(spoil(prepared))[store]
    assert (result.status, bool(result.remedy)) == ("failed", True)


@pytest.mark.parametrize("store", ["control database: at the newest migration", *STORES[4:5], *STORES[7:]])
def test_what_the_first_commands_will_make_is_only_a_warning(
    store: str, tmp_path: Path, plain_environ: Mapping[str, str]
) -> None:
    result = stores_of(Settings.from_environment(dict(plain_environ), tmp_path))[store]
    assert (result.status, bool(result.remedy)) == ("warning", True)


def test_an_older_database_is_not_migrated_by_looking_at_it(prepared: Settings) -> None:
    stores_of(with_older_database(prepared))
    result = stores_of(prepared)["control database: at the newest migration"]
    assert "revision 0001" in result.detail


def test_a_warehouse_that_a_build_holds_fails_with_the_remedy_to_wait(prepared: Settings) -> None:
    holder = (
        f"import duckdb, sys; connection = duckdb.connect({str(prepared.warehouse_path)!r}); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        result = stores_of(prepared)["warehouse: DuckDB opens"]
        process.communicate("")
    assert (result.status, "wait until the build" in str(result.remedy)) == ("failed", True)


def test_another_dagster_home_than_the_prepared_one_is_pointed_out(prepared: Settings, tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").touch()
    settings = dataclasses.replace(prepared, environ={**prepared.environ, "DAGSTER_HOME": str(tmp_path)})
    assert stores_of(settings)["dagster: home"].status == "warning"


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(doctor, arguments, obj=settings)


def test_a_credential_of_a_provider_that_is_not_configured_fails(prepared: Settings) -> None:
    result = run(prepared)
    assert (result.exit_code, "failed   elsewhere: configuration: 1 enabled credentials" in result.stdout) == (1, True)


def test_without_any_credential_the_doctor_warns_and_succeeds(tmp_path: Path, plain_environ: Mapping[str, str]) -> None:
    settings = Settings.from_environment(dict(plain_environ), tmp_path)
    open_database(settings).dispose()
    result = run(settings)
    assert (result.exit_code, "there is no enabled credential" in result.stdout) == (0, True)


def test_an_older_database_skips_the_providers(prepared: Settings) -> None:
    result = run(with_older_database(prepared))
    assert (result.exit_code, "skipped  providers: credentials" in result.stdout) == (1, True)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator(now=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)) as running:
        yield running


@pytest.fixture
def platform(tmp_path: Path, plain_environ: Mapping[str, str], simulator: Simulator) -> Settings:
    """acme with a credential at every simulated provider."""
    settings = Settings.from_environment({**plain_environ, **simulator.environment()}, tmp_path)
    open_database(settings).dispose()
    for provider in PROVIDERS:
        add_organisation_with_credential(
            settings,
            provider,
            account_id=simulator.account_id("acme", provider),
            options=simulator.account_options("acme", provider),
            secret=simulator.admin_key("acme", provider),
        )
    return settings


def test_every_provider_is_probed(platform: Settings) -> None:
    results = json.loads(run(platform, "--json").stdout)
    # Where a credential reads several flows, the check is made for each and names it.
    probed = [result["subject"] for result in results if result["check"].endswith("credential accepted")]
    assert sorted({subject.split()[0] for subject in probed}) == sorted(PROVIDERS)


def test_a_platform_in_order_succeeds(platform: Settings) -> None:
    result = run(platform)
    assert (result.exit_code, [line for line in result.stdout.splitlines() if line.startswith("failed")]) == (0, [])


def test_one_bad_credential_fails_the_doctor_and_is_not_shown(platform: Settings) -> None:
    engine = open_database(platform)
    with writing(engine) as session:
        add_credential(
            session,
            platform,
            org_slug="acme",
            provider="openai",
            secret=Secret.of(PLANTED),
            update=True,
            now=NOW,
            actor="tester",
        )
    engine.dispose()
    result = run(platform)
    failed = [line.split(": ")[0] for line in result.stdout.splitlines() if line.startswith("failed")]
    assert (result.exit_code, {subject.split()[1] for subject in failed}, PLANTED in result.output) == (
        1,
        {"openai"},
        False,
    )
