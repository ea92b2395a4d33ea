"""`genai-finops quota ...` as people and scripts use it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from genai_finops.cli import main
from genai_finops.settings import Settings

Command = Callable[..., Result]


@pytest.fixture
def command(one_budget: Any) -> Command:
    environ = {"GENAI_FINOPS_HOME": str(one_budget.settings.home), "GENAI_FINOPS_SIMULATED_NOW": "2026-11-05T06:00:00Z"}

    def run(*arguments: str) -> Result:
        settings = Settings.from_environment(environ, one_budget.settings.home)
        return CliRunner().invoke(main, ["quota", *arguments], obj=settings)

    return run


def test_a_script_checks_settles_and_sees_what_is_under_way(command: Command) -> None:
    first = command("check", "org=acme,provider=openai", "--cost", "60", "--json")
    reservation = json.loads(first.stdout)["reservation_id"]
    assert first.exit_code == 0
    assert [row["reservation"] for row in json.loads(command("reservations", "--json").stdout)] == [reservation]
    assert command("settle", reservation, "--cost", "12.5").stdout == f"reservation {reservation}: settled\n"
    assert json.loads(command("reservations", "--json").stdout) == []


def test_a_request_without_room_exits_with_3_and_says_why(command: Command) -> None:
    refused = command("check", "org=acme", "--cost", "101")
    assert refused.exit_code == 3
    assert refused.stdout.startswith("block: acme/monthly: 100 USD of 100 USD are left, the request takes 101 USD\n")
    assert "data as of openai 2026-11-05 00:00Z" in refused.stdout


def test_a_released_reservation_is_free(command: Command) -> None:
    first = command("check", "org=acme", "--cost", "100", "--json")
    command("release", json.loads(first.stdout)["reservation_id"])
    assert command("check", "org=acme", "--cost", "100").exit_code == 0


def test_the_block_list_is_written_where_it_is_wanted(command: Command, one_budget: Any, tmp_path: Any) -> None:
    one_budget.tick("100")
    shown = command("blocklist", "--out", str(tmp_path / "list.json"))
    assert "acme/monthly" in shown.stdout
    assert len(json.loads((tmp_path / "list.json").read_text())["blocked"]) == 1


def test_serving_others_without_a_token_is_refused(command: Command) -> None:
    refused = command("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - what is refused
    assert refused.exit_code == 1
    assert "Set GENAI_FINOPS_QUOTA_TOKEN" in refused.stderr
