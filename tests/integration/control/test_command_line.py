"""The commands org, account, credential and hierarchy, as their users meet them."""

import dataclasses
import json
import os
import pty
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from genai_finops.cli.account import account
from genai_finops.cli.credential import credential
from genai_finops.cli.hierarchy import hierarchy
from genai_finops.cli.org import org
from genai_finops.settings import Settings

PLANTED = "sk-planted-4711"
GROUPS: dict[str, click.Group] = {"org": org, "account": account, "credential": credential, "hierarchy": hierarchy}

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings) -> Run:
    def _run(command: str, *arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(GROUPS[command], arguments, obj=settings, input=stdin)

    return _run


@pytest.fixture
def acme(run: Run) -> None:
    assert run("org", "add", "acme", "--name", "Acme").exit_code == 0
    assert run("account", "add", "acme", "openai", "org-1", "--name", "Main").exit_code == 0


def every_command() -> list[tuple[str, str]]:
    return [(group, command) for group in GROUPS for command in GROUPS[group].commands]


@pytest.mark.parametrize(("group", "command"), every_command())
def test_every_command_has_help(group: str, command: str, run: Run) -> None:
    result = run(group, command, "--help")
    assert (result.exit_code, "Usage:" in result.output) == (0, True)


def test_an_added_organisation_is_listed(acme: None, run: Run) -> None:
    (row,) = json.loads(run("org", "list", "--json").stdout)
    assert (row["org"], row["name"], row["currency"], row["is_enabled"]) == ("acme", "Acme", "USD", True)


def test_an_added_account_is_listed(acme: None, run: Run) -> None:
    assert json.loads(run("account", "list", "acme", "--json").stdout) == [
        {
            "org": "acme",
            "provider": "openai",
            "account_id": "org-1",
            "name": "Main",
            "is_free_tier": False,
            "is_enabled": True,
            "options": {},
        }
    ]


@pytest.mark.parametrize("command", ["org", "account", "credential"])
def test_an_empty_list_is_an_empty_json_list(command: str, run: Run) -> None:
    assert json.loads(run(command, "list", "--json").stdout) == []


def test_adding_again_says_that_nothing_changed(acme: None, run: Run) -> None:
    assert run("org", "add", "acme", "--name", "Acme").output == "organisation acme: unchanged\n"


@pytest.mark.parametrize(("provider", "warned"), [("opnai", True), ("openai", False)])
def test_a_provider_without_configuration_is_pointed_out(
    provider: str, warned: bool, acme: None, settings: Settings, tmp_path: Path
) -> None:
    shutil.copy(settings.provider_config_dir / "openai.yml", tmp_path)
    configured = dataclasses.replace(settings, provider_config_dir=tmp_path)
    arguments = ("add", "acme", provider, "org-2", "--name", "Second")
    result = CliRunner().invoke(account, arguments, obj=configured)
    assert (result.exit_code, "is not among the configured ones: openai" in result.stderr) == (0, warned)


def test_a_failure_is_one_line_with_a_remedy_and_exit_code_1(acme: None, run: Run) -> None:
    result = run("org", "add", "acme", "--name", "Other")
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        (
            "Error: Organisation acme exists already with other values: name is 'Acme', not 'Other'."
            " Repeat the stored values, or pass --update to replace them.\n"
        ),
    )


def test_a_credential_is_listed_without_its_secret(acme: None, run: Run) -> None:
    run("credential", "add", "acme", "openai", "--secret-stdin", stdin=f"{PLANTED}\n")
    (row,) = json.loads(run("credential", "list", "--json").stdout)
    assert (row["credential"], row["kind"], row["account_id"], PLANTED in str(row)) == (
        "acme-openai",
        "encrypted",
        "org-1",
        False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "acme", "openai", "--secret-stdin"),
        ("add", "acme", "openai", "--secret-stdin", "--update"),
        ("add", "globex", "openai", "--secret-stdin"),
        ("add", "acme", "openai", "--reference", PLANTED),
        ("add", "acme", "openai", "--reference", f"env:{PLANTED}"),
        ("list",),
        ("rotate-key",),
        ("remove", "acme", "acme-openai"),
    ],
    ids=" ".join,
)
def test_no_command_prints_a_secret(arguments: tuple[str, ...], acme: None, run: Run) -> None:
    run("credential", "add", "acme", "openai", "--secret-stdin", stdin=f"{PLANTED}-0")
    result = run("credential", *arguments, stdin=PLANTED)
    assert PLANTED not in result.output + "".join(traceback.format_exception(result.exception))


@pytest.mark.parametrize("options", [(), ("--secret-stdin", "--reference", "env:X")], ids=["neither", "both"])
def test_a_credential_needs_one_source(options: tuple[str, ...], acme: None, run: Run) -> None:
    assert run("credential", "add", "acme", "openai", *options, stdin=PLANTED).exit_code == 2


def test_an_empty_secret_is_refused(acme: None, run: Run) -> None:
    result = run("credential", "add", "acme", "openai", "--secret-stdin", stdin="\n")
    assert (result.exit_code, "is empty" in result.stderr) == (1, True)


def test_a_removed_credential_is_gone(acme: None, run: Run) -> None:
    run("credential", "add", "acme", "openai", "--reference", "env:OPENAI_KEY")
    run("credential", "remove", "acme", "acme-openai")
    assert json.loads(run("credential", "list", "--json").stdout) == []


def test_rotating_the_key_counts_the_credentials(acme: None, run: Run) -> None:
    run("credential", "add", "acme", "openai", "--secret-stdin", stdin=PLANTED)
    assert run("credential", "rotate-key").output == "1 credentials encrypted with the current master key\n"


HIERARCHY = """\
org: acme
entities:
  - {entity_id: PROJ-042, name: Backend, level: PROJ, parent: DEPT-001}
  - {entity_id: DEPT-001, name: Engineering, level: DEPT, owner: Ada}
assignments:
  - {entity_id: PROJ-042, provider: openai, scope: account, scope_id: org-1, valid_from: 2026-01-01}
"""


TREE = """\
Acme (/ACME)
  DEPT-001 Engineering [DEPT, owner Ada]
    PROJ-042 Backend [PROJ]
      <- openai account org-1 from 2026-01-01
"""


def test_an_imported_hierarchy_is_shown_as_a_tree(acme: None, run: Run, tmp_path: Path) -> None:
    (tmp_path / "h.yml").write_text(HIERARCHY)
    imported = run("hierarchy", "import", str(tmp_path / "h.yml"))
    assert (imported.output, run("hierarchy", "show", "acme").output) == (
        f"{tmp_path / 'h.yml'}: 3 added, 0 updated, 0 unchanged\n",
        TREE,
    )


def test_a_hierarchy_is_shown_as_json_with_paths(acme: None, run: Run, tmp_path: Path) -> None:
    (tmp_path / "h.yml").write_text(HIERARCHY)
    run("hierarchy", "import", str(tmp_path / "h.yml"))
    rows = json.loads(run("hierarchy", "show", "acme", "--json").stdout)
    assert [(row["path"], len(row["assignments"])) for row in rows] == [
        ("/ACME/DEPT-001", 0),
        ("/ACME/DEPT-001/PROJ-042", 1),
    ]


def test_a_faulty_hierarchy_names_line_value_and_remedy(acme: None, run: Run, tmp_path: Path) -> None:
    (tmp_path / "h.yml").write_text(HIERARCHY.replace("level: PROJ", "level: SQUAD"))
    result = run("hierarchy", "import", str(tmp_path / "h.yml"))
    assert (result.exit_code, "line 3: level is 'SQUAD': write one of DEPT, PROJ, TEAM" in result.stderr) == (1, True)


def command(group: str, *arguments: str) -> list[str]:
    code = f"from genai_finops.cli.{group} import {group}; {group}()"
    return [sys.executable, "-c", code, *arguments]


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, "GENAI_FINOPS_HOME": str(settings.home)}


def test_a_real_process_takes_settings_from_its_environment(acme: None, environment: dict[str, str]) -> None:
    added = subprocess.run(
        command("credential", "add", "acme", "openai", "--secret-stdin"),
        env=environment,
        input=PLANTED,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (added.returncode, added.stdout, added.stderr) == (0, "credential acme/acme-openai: added\n", "")


def test_a_secret_typed_on_a_terminal_is_not_echoed(acme: None, environment: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("credential", "add", "acme", "openai", "--secret-stdin"),
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen = b""
    while b"Secret: " not in screen:
        screen += os.read(ours, 1024)
    os.write(ours, f"{PLANTED}\n".encode())
    while b"added" not in screen:
        screen += os.read(ours, 1024)
    assert (process.wait(timeout=60), PLANTED.encode() in screen) == (0, False)
