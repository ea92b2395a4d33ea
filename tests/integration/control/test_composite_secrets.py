"""Secrets of several parts and lines: stored unchanged, checked by the provider's source, never shown."""

import json
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from genai_finops.cli.account import account
from genai_finops.cli.credential import credential
from genai_finops.cli.org import org
from genai_finops.control.credentials import open_secret
from genai_finops.control.database import open_database
from genai_finops.settings import Settings

REGIONAL = Path(__file__).resolve().parents[1] / "regional"
PLANTED = "planted-4711"
#: As a console gives it away: several lines, indented, with an escaped line break inside.
KEY_FILE = json.dumps({"client_id": "id-1", "client_secret": PLANTED, "pem": "-----BEGIN\nMII\n-----END\n"}, indent=2)

Add = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = Settings.from_environment({"GENAI_FINOPS_PROVIDERS_PATH": str(REGIONAL)}, tmp_path)
    for group, arguments in (
        (org, ["add", "acme", "--name", "Acme"]),
        (account, ["add", "acme", "regional", "1", "--name", "Main", "--option", "regions=us-east-1"]),
    ):
        assert CliRunner().invoke(group, arguments, obj=settings).exit_code == 0
    return settings


@pytest.fixture
def add(home: Settings) -> Add:
    def run(*arguments: str, stdin: str | bytes = "") -> Result:
        return CliRunner().invoke(credential, ["add", "acme", "regional", *arguments], obj=home, input=stdin)

    return run


@pytest.fixture
def stored(home: Settings) -> Callable[[], str]:
    def read() -> str:
        engine = open_database(home)
        try:
            return open_secret(engine, home, org_slug="acme", credential_id="acme-regional").reveal()
        finally:
            engine.dispose()

    return read


def test_a_secret_of_several_lines_from_standard_input_survives_unchanged(add: Add, stored: Callable[[], str]) -> None:
    add("--secret-stdin", stdin=f"\n{KEY_FILE}\n\n")
    assert stored() == KEY_FILE


def test_a_secret_file_is_stored_as_it_is(add: Add, stored: Callable[[], str], tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text(f"{KEY_FILE}\n")
    add("--secret-file", str(tmp_path / "key.json"))
    assert stored() == KEY_FILE


@pytest.mark.parametrize("content", [None, b"\xff\xfe planted-4711"], ids=["missing", "not text"])
def test_a_secret_file_that_cannot_be_read_is_named_with_a_remedy(
    content: bytes | None, add: Add, tmp_path: Path
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_bytes(content)
    refused = add("--secret-file", str(path))
    shown = refused.output + "".join(traceback.format_exception(refused.exception))
    assert (refused.exit_code, f"The secret file {path} cannot be read" in shown, PLANTED in shown) == (1, True, False)


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (json.dumps({"client_id": PLANTED}), "the credential lacks client_secret"),
        (f"{PLANTED}: no JSON", "the credential is not JSON"),
        (KEY_FILE.replace("}", ""), "the credential is not JSON"),
    ],
    ids=["missing part", "another kind of key", "cut off"],
)
def test_a_secret_of_the_wrong_shape_is_refused_by_field_and_never_shown(secret: str, message: str, add: Add) -> None:
    refused = add("--secret-stdin", stdin=secret)
    shown = refused.output + "".join(traceback.format_exception(refused.exception))
    assert (refused.exit_code, message in refused.stderr, PLANTED in shown) == (1, True, False)


def test_a_refused_secret_is_not_stored(add: Add, home: Settings) -> None:
    add("--secret-stdin", stdin="not JSON")
    assert json.loads(CliRunner().invoke(credential, ["list", "--json"], obj=home).stdout) == []


def test_a_secret_has_one_source(add: Add, tmp_path: Path) -> None:
    assert add("--secret-stdin", "--secret-file", str(tmp_path / "key.json"), stdin=KEY_FILE).exit_code == 2
