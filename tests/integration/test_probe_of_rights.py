"""What `providers probe` makes of rights, regions and credentials, at a provider whose server the test commands."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from genai_finops.cli.providers import providers
from genai_finops.control.credentials import add_credential
from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.secret import Secret
from genai_finops.doctor.probe import probe_organisation
from genai_finops.doctor.result import CheckResult
from genai_finops.errors import FinopsError
from genai_finops.providers.http import SessionOptions, _utc_now
from genai_finops.settings import Settings

REGIONAL = Path(__file__).resolve().parent / "regional"
PLANTED = "planted-client-secret-4711"
SECRET = json.dumps({"client_id": "client-1", "client_secret": PLANTED}, indent=2)


@dataclass
class Api:
    """A server of the regional provider, and what it answers by path; 200 otherwise."""

    url: str
    statuses: dict[str, int] = field(default_factory=dict)


@pytest.fixture
def api() -> Iterator[Api]:
    statuses: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"key": self.headers["authorization"]}).encode()
            self.send_response(statuses.get(self.path, 200))
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Requests are nobody's business here."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Api(f"http://127.0.0.1:{server.server_address[1]}", statuses)
        server.shutdown()


@pytest.fixture
def settings(api: Api, tmp_path: Path) -> Settings:
    """acme with an account of two regions at the provider, and an organisation without any."""
    settings = Settings.from_environment(
        {
            "GENAI_FINOPS_PROVIDERS_PATH": str(REGIONAL),
            "GENAI_FINOPS_REGIONAL_BASE_URL": api.url,
            "GENAI_FINOPS_REGIONAL_METRICS_URL": f"{api.url}/metrics/{{region}}",
        },
        tmp_path,
    )
    engine = open_database(settings)
    with writing(engine) as session:
        add_organisation(session, slug="acme", name="Acme", now=_utc_now(), actor="tester")
        add_organisation(session, slug="bare", name="Bare", now=_utc_now(), actor="tester")
        add_account(
            session,
            org_slug="acme",
            provider="regional",
            account_id="1",
            name="Main",
            options={"regions": "us-east-1,eu-west-1"},
            now=_utc_now(),
            actor="tester",
        )
    engine.dispose()
    return settings


Store = Callable[..., None]


@pytest.fixture
def store(settings: Settings) -> Store:
    """Adds a credential of acme, by default a good one."""

    def add(credential_id: str = "acme-regional", *, secret: str | None = SECRET, reference: str | None = None) -> None:
        engine = open_database(settings)
        with writing(engine) as session:
            add_credential(
                session,
                settings,
                org_slug="acme",
                provider="regional",
                credential_id=credential_id,
                secret=Secret.of(secret) if reference is None and secret is not None else None,
                reference=reference,
                now=_utc_now(),
                actor="tester",
            )
        engine.dispose()

    return add


def probe(settings: Settings, provider: str = "regional", **where: str) -> dict[str, CheckResult]:
    where = {"org": "acme", **where}
    found = probe_organisation(settings, provider, options=SessionOptions(), **where)
    return {result.check: result for result in found}


def statuses_of(results: dict[str, CheckResult]) -> dict[str, str]:
    return {name: result.status for name, result in results.items() if name.startswith(("credential a", "permission"))}


@pytest.mark.parametrize(
    ("refused", "statuses"),
    [
        ({}, ("ok", "ok", "ok")),
        ({"/models": 403}, ("ok", "ok", "failed")),
        ({"/usage": 403, "/models": 403}, ("ok", "failed", "failed")),
        ({"/usage": 401, "/models": 401}, ("failed", "skipped", "skipped")),
        ({"/usage": 500, "/models": 500}, ("skipped", "failed", "failed")),
        ({"/usage": 404}, ("ok", "failed", "ok")),
    ],
    ids=["all", "one role missing", "all roles missing", "unknown", "provider down", "wrong id"],
)
def test_the_credential_and_each_of_its_rights_are_told_apart(
    refused: dict[str, int], statuses: tuple[str, ...], settings: Settings, store: Store, api: Api
) -> None:
    store()
    api.statuses.update(refused)
    assert tuple(statuses_of(probe(settings)).values()) == statuses


def test_a_missing_role_is_named_in_the_remedy(settings: Settings, store: Store, api: Api) -> None:
    store()
    api.statuses["/models"] = 403
    assert probe(settings)["permission list models"].remedy == (
        "Grant the credential what this needs: the role ModelViewer."
    )


def test_what_the_provider_echoes_of_the_secret_is_not_shown(settings: Settings, store: Store, api: Api) -> None:
    store()
    api.statuses["/models"] = 403
    output = CliRunner().invoke(providers, ["probe", "regional", "--org", "acme"], obj=settings).output
    assert ("HTTP 403" in output, PLANTED in output) == (True, False)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_host_of_each_region_is_reached(region: str, settings: Settings, store: Store) -> None:
    store()
    assert probe(settings)[f"host metrics_url {region}"].status == "ok"


@pytest.mark.parametrize("status", [200, 302, 401, 404, 503])
def test_any_answer_of_a_host_counts_as_reached(status: int, settings: Settings, store: Store, api: Api) -> None:
    store()
    api.statuses["/metrics/eu-west-1"] = status
    assert probe(settings)["host metrics_url eu-west-1"].status == "ok"


def test_a_host_that_is_not_reached_does_not_hide_what_the_others_say(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    store()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/{{region}}"
        environ = {**settings.environ, "GENAI_FINOPS_REGIONAL_METRICS_URL": address}
        results = probe(Settings.from_environment(environ, tmp_path))
    assert (results["host metrics_url us-east-1"].status, results["permission read usage"].status) == ("failed", "ok")


def test_a_reference_that_leads_nowhere_is_told_and_skips_the_rest(settings: Settings, store: Store) -> None:
    store(reference="env:NOT_SET")
    results = probe(settings)
    assert (
        results["credential opened"].status,
        results["credential accepted"].status,
        results["host base_url"].status,
    ) == (
        "failed",
        "skipped",
        "ok",
    )


@pytest.mark.parametrize("secret", [f"{PLANTED} is no JSON", json.dumps({"client_id": PLANTED})])
def test_a_secret_of_the_wrong_shape_is_told_without_it(secret: str, settings: Settings, store: Store) -> None:
    store(secret=secret)
    result = probe(settings)["credential opened"]
    assert (result.status, PLANTED in f"{result.detail}{result.remedy}") == ("failed", False)


def test_a_lost_master_key_is_told_with_its_remedy(settings: Settings, store: Store) -> None:
    store()
    settings.master_key_path.unlink()
    result = probe(settings)["credential opened"]
    assert (result.status, "Restore it" in str(result.remedy)) == ("failed", True)


def test_an_option_that_the_source_refuses_fails_the_configuration(settings: Settings, store: Store) -> None:
    store()
    engine = open_database(settings)
    with writing(engine) as session:
        session.execute(text("""UPDATE provider_accounts SET options = '{"regions": "us-east-9"}'"""))
    engine.dispose()
    result = probe(settings)["configuration"]
    assert (result.status, "us-east-9" in result.detail) == ("failed", True)


def test_two_credentials_of_one_account_are_refused_as_the_ingest_refuses_them(
    settings: Settings, store: Store
) -> None:
    store("first")
    store("second")
    assert "Keep one" in str(probe(settings)["credential"].remedy)


@pytest.mark.parametrize("where", [{"org": "bare"}, {"account_id": "1"}], ids=["organisation", "account"])
def test_without_a_credential_the_remedy_is_to_add_one(where: dict[str, str], settings: Settings) -> None:
    result = probe(settings, **where)["credential"]
    assert (result.status, "credential add" in str(result.remedy)) == ("failed", True)


def test_an_unknown_provider_is_told_with_the_known_ones(settings: Settings) -> None:
    result = probe(settings, "opnai")["configuration"]
    assert (result.status, "openai" in str(result.remedy)) == ("failed", True)


@pytest.mark.parametrize("where", [{"org": "acne"}, {"account_id": "2"}], ids=["organisation", "account"])
def test_an_unknown_organisation_or_account_is_an_error(where: dict[str, str], settings: Settings) -> None:
    with pytest.raises(FinopsError, match="known: "):
        probe(settings, **where)
