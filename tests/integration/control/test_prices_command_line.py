"""The commands prices set, list, remove and reset, as their users meet them."""

import csv
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from genai_finops.cli.org import org
from genai_finops.cli.prices import entry_texts, prices
from genai_finops.settings import Settings

Run = Callable[..., Result]
INPUT = ("--provider", "openai", "--model", "gpt-5", "--meter", "uncached_input")
NEXT_STEP = f"{entry_texts.NEXT_STEP}\n"


@pytest.fixture
def run(settings: Settings) -> Run:
    def _run(*arguments: str) -> Result:
        return CliRunner().invoke(prices, arguments, obj=settings)

    return _run


@pytest.fixture
def listed(run: Run) -> Callable[..., list[dict[str, Any]]]:
    def _listed(*arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(run("list", "--json", *arguments).stdout)
        return found

    return _listed


@pytest.fixture
def new_org(settings: Settings) -> str:
    """An organisation that was added by the command, and therefore has the defaults."""
    result = CliRunner().invoke(org, ["add", "initech", "--name", "Initech"], obj=settings)
    assert result.output == "organisation initech: added\n"
    return "initech"


@pytest.mark.parametrize("command", ["set", "list", "remove", "reset"])
def test_every_command_has_help_with_an_example(command: str, run: Run) -> None:
    result = run(command, "--help")
    assert (result.exit_code, f"prices {command} --" in result.output) == (0, True)


@pytest.mark.usefixtures("engine")
def test_a_price_is_told_back_with_its_unit_and_what_comes_next(run: Run) -> None:
    result = run("set", "--org", "acme", *INPUT, "--price", "2.50", "--from", "2026-11-01", "--to", "2026-11-30")
    assert result.output == (
        "price 1 of acme: entered\n"
        "  openai gpt-5, uncached_input, standard, global: 2.5 USD per 1000000 Tokens from 2026-11-01 to 2026-11-30 "
        f"(negotiated)\n{NEXT_STEP}"
    )


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ((*INPUT, "--price", "1"), {"scope": "platform", "pricing_type": "standard", "unit_price": "1"}),
        (
            ("--org", "acme", *INPUT, "--price", "0.000000000001"),
            {"scope": "organisation", "pricing_type": "negotiated", "unit_price": "0.000000000001"},
        ),
        (
            ("--org", "acme", "--account", "org-acme", "--provider", "openai", "--discount-percentage", "12.5"),
            {
                "scope": "account",
                "account_id": "org-acme",
                "pricing_type": "negotiated",
                "discount_percentage": "12.5",
                "discount_reason": "negotiated",
                "meter": None,
                "service_tier": None,
                "geography": None,
            },
        ),
        (
            ("--org", "acme", *INPUT, "--allowance", "1000", "--reset", "daily"),
            {
                "pricing_type": "free_tier",
                "free_tier_quantity": "1000",
                "free_tier_reset_frequency": "daily",
                "service_tier": None,
            },
        ),
        (
            ("--org", "acme", *INPUT, "--price", "1", "--volume-threshold", "1000000"),
            {"pricing_type": "volume_discount", "volume_threshold_tokens": 1_000_000, "service_tier": "standard"},
        ),
        (
            (
                "--org",
                "acme",
                *INPUT,
                "--price",
                "1",
                "--type",
                "promotional",
                "--to",
                "2999-12-31",
                "--reason",
                "trial",
            ),
            {"pricing_type": "promotional", "valid_to": "3000-01-01", "discount_reason": "trial"},
        ),
        (
            (*INPUT, "--price", "1", "--tier", "batch", "--geography", "us", "--above", "10", "--up-to", "20"),
            {"service_tier": "batch", "geography": "us", "context_tokens_above": 10, "context_tokens_up_to": 20},
        ),
        (
            ("--provider", "openai", "--meter", "web_search", "--price", "10", "--variant", "low", "--currency", "USD"),
            {"model": None, "meter": "web_search", "variant": "low", "currency": "USD"},
        ),
    ],
    ids=["platform", "organisation", "discount", "allowance", "volume", "promotion", "band", "tool"],
)
def test_what_is_set_is_listed(
    arguments: tuple[str, ...], wanted: dict[str, Any], run: Run, listed: Callable[..., list[dict[str, Any]]]
) -> None:
    assert run("set", *arguments).exit_code == 0
    (row,) = listed(*(("--org", "acme") if "--org" in arguments else ()))
    assert {name: row[name] for name in wanted} == wanted


@pytest.mark.usefixtures("engine")
def test_a_price_holds_from_today_on_without_a_first_day(run: Run, listed: Callable[..., list[dict[str, Any]]]) -> None:
    before = dt.datetime.now(dt.UTC).date()
    run("set", *INPUT, "--price", "1")
    (row,) = listed()
    assert before <= dt.date.fromisoformat(row["valid_from"]) <= dt.datetime.now(dt.UTC).date()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((*INPUT,), 2, "Give exactly one of --price, --discount-percentage and --allowance."),
        ((*INPUT, "--price", "1", "--allowance", "1"), 2, "Give exactly one of"),
        ((*INPUT, "--price", "x"), 2, "'x' is not a number"),
        ((*INPUT, "--price", "-1"), 1, "Unit price -1 is negative"),
        (
            (*INPUT, "--price", "1", "--tier", "standart"),
            1,
            "Service tier 'standart' is unknown. Did you mean standard?",
        ),
        ((*INPUT, "--price", "1", "--currency", "EUR"), 1, "currency EUR, but the price list of openai is in USD"),
        (
            (*INPUT, "--price", "1", "--from", "2026-11-02", "--to", "2026-11-01"),
            1,
            "the last day 2026-11-01 is before",
        ),
        ((*INPUT, "--price", "1", "--to", "9999-12-31"), 1, "--to 9999-12-31 has no day after it"),
        ((*INPUT, "--price", "1", "--account", "org-acme"), 1, "was given without its organisation"),
        (("--provider", "opnai", "--meter", "output", "--price", "1"), 1, "Provider 'opnai' is unknown. Did you mean"),
        (("--provider", "openai", "--discount-percentage", "5"), 1, "standard has a price, and was given a discount"),
    ],
)
def test_a_refusal_is_one_line_with_its_remedy(arguments: tuple[str, ...], code: int, message: str, run: Run) -> None:
    result = run("set", *arguments)
    assert (result.exit_code, message in result.output) == (code, True)


@pytest.mark.usefixtures("engine")
def test_a_refused_price_is_not_stored(run: Run, listed: Callable[..., list[dict[str, Any]]]) -> None:
    run("set", *INPUT, "--price", "1", "--tier", "standart")
    assert listed("--removed") == []


@pytest.mark.usefixtures("engine")
def test_an_overlap_is_refused_with_the_command_that_ends_the_other(run: Run) -> None:
    run("set", "--org", "acme", *INPUT, "--price", "1")
    result = run("set", "--org", "acme", *INPUT, "--price", "2")
    assert (result.exit_code, "genai-finops prices remove --org acme 1" in result.output) == (1, True)


@pytest.mark.usefixtures("engine")
def test_another_spelling_of_a_model_contends_too(run: Run) -> None:
    run("set", "--org", "acme", *INPUT, "--price", "1")
    dated = ("--provider", "openai", "--model", "gpt-5-2025-08-07", "--meter", "uncached_input")
    result = run("set", "--org", "acme", *dated, "--price", "2")
    assert (result.exit_code, "entry 1 of the organisation decides the same for gpt-5 from" in result.output) == (
        1,
        True,
    )


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("GPT-5-2025-08-07", "  GPT-5-2025-08-07 is gpt-5, under all its names\n"),
        (
            "gtp-5",
            "Warning: no rule recognises the model 'gtp-5' of openai: the price is for usage of just this name.\n",
        ),
    ],
)
def test_what_a_model_is_taken_for_is_told(model: str, told: str, run: Run) -> None:
    result = run("set", "--provider", "openai", "--model", model, "--meter", "output", "--price", "1")
    assert told in result.output


@pytest.mark.usefixtures("engine")
def test_a_removed_price_is_told_and_listed_on_request_only(
    run: Run, listed: Callable[..., list[dict[str, Any]]]
) -> None:
    run("set", "--org", "acme", *INPUT, "--price", "1")
    result = run("remove", "--org", "acme", "1")
    lists = (listed("--org", "acme"), [row["removed_by"] for row in listed("--org", "acme", "--removed")])
    assert (result.output.startswith("price 1 of acme: removed\n"), result.output.endswith(NEXT_STEP), lists) == (
        True,
        True,
        ([], ["tester"]),
    )


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("1",), "The platform has no price entry 1"),
        (("--org", "acme", "1"), "Organisation acme has no price entry 1"),
        (("--org", "acme", "pro"), "Organisation acme has no plan 'pro' (known: none)"),
        (("pro",), "'pro' is not the id of a price, and plans belong to an organisation"),
    ],
)
def test_what_is_not_there_cannot_be_removed(arguments: tuple[str, ...], message: str, run: Run) -> None:
    result = run("remove", *arguments)
    assert (result.exit_code, message in result.output) == (1, True)


@pytest.mark.usefixtures("engine")
def test_an_empty_list_says_what_to_do(run: Run) -> None:
    assert "prices set --help" in run("list", "--org", "acme").output


def test_the_text_of_a_list_shows_value_and_origin(new_org: str, run: Run) -> None:
    line = next(line for line in run("list", "--org", new_org).output.splitlines() if "gpt-4o," in line)
    assert line.split("  ")[0] == "1"
    assert "2.5 USD per 1000000 Tokens" in line
    assert line.endswith("default-openai-gpt-4o")


def test_a_list_can_be_of_one_provider(new_org: str, listed: Callable[..., list[dict[str, Any]]]) -> None:
    assert {row["provider"] for row in listed("--org", new_org, "--provider", "gemini")} == {"gemini"}


def test_plans_are_those_of_an_organisation(run: Run) -> None:
    assert (run("list", "--plans").exit_code, "give --org" in run("list", "--plans").output) == (2, True)


def test_a_new_organisation_has_every_default_price_with_its_id(
    new_org: str, listed: Callable[..., list[dict[str, Any]]], repository: Path
) -> None:
    with (repository / "seeds" / "genai_default_prices.csv").open(encoding="utf-8", newline="") as file:
        wanted = {row["pricing_id"] for row in csv.DictReader(file)}
    rows = listed("--org", new_org)
    assert ({row["default_id"] for row in rows}, {row["is_custom"] for row in rows}) == (wanted, {False})


def test_a_new_organisation_has_the_default_allowances_apart_from_the_prices(
    new_org: str, listed: Callable[..., list[dict[str, Any]]]
) -> None:
    rows = [row for row in listed("--org", new_org, "--provider", "gemini") if row["model"] == "gemini-2.0-flash"]
    found = {(row["meter"], row["unit_price"], row["free_tier_quantity"]) for row in rows}
    # 0.0001 and 0.0004 dollars per thousand tokens are 0.1 and 0.4 per million.
    assert found == {
        ("uncached_input", "0.1", None),
        ("uncached_input", None, "2000000000"),
        ("output", "0.4", None),
        ("output", None, "2000000000"),
    }


def test_a_new_organisation_has_every_default_plan(
    new_org: str, listed: Callable[..., list[dict[str, Any]]], repository: Path
) -> None:
    with (repository / "seeds" / "genai_subscription_plans.csv").open(encoding="utf-8", newline="") as file:
        wanted = {row["subscription_id"] for row in csv.DictReader(file)}
    assert {row["subscription_id"] for row in listed("--org", new_org, "--plans")} == wanted


def test_the_text_of_the_plans_shows_their_limits(new_org: str, run: Run) -> None:
    assert "rpm_limit 3, tpm_limit 40000, rpd_limit 200" in run("list", "--org", new_org, "--plans").output


@pytest.mark.parametrize("options", [(), ("--update",)], ids=["again", "update"])
def test_an_organisation_that_is_added_again_keeps_what_was_removed_removed(
    options: tuple[str, ...], new_org: str, run: Run, listed: Callable[..., list[dict[str, Any]]], settings: Settings
) -> None:
    run("remove", "--org", new_org, "1")
    before = listed("--org", new_org, "--removed")
    CliRunner().invoke(org, ["add", new_org, "--name", "Initech", *options], obj=settings)
    assert listed("--org", new_org, "--removed") == before


def test_a_reset_says_what_was_kept_ended_and_added(new_org: str, run: Run) -> None:
    run("set", "--org", new_org, *INPUT, "--price", "1")
    run("remove", "--org", new_org, "1")
    run("remove", "--org", new_org, "default-openai-free")
    kept = "initech: kept 1 own and 59 default prices, 0 own and 14 default plans; ended 0, added 2\n"
    output = run("reset", "--org", new_org).output
    assert output.splitlines()[0].startswith("added price 62: openai gpt-4o, uncached_input, standard, global: 2.5 USD")
    assert output.endswith(f"added plan default-openai-free: FREE\n{kept}{NEXT_STEP}")


def test_a_second_reset_changes_nothing(new_org: str, run: Run) -> None:
    run("reset", "--org", new_org)
    assert run("reset", "--org", new_org).output == (
        "initech: kept 0 own and 60 default prices, 0 own and 15 default plans; ended 0, added 0\nNothing changed.\n"
    )


def test_a_reset_of_an_unknown_organisation_is_refused(run: Run) -> None:
    assert "There is no organisation 'acne'" in run("reset", "--org", "acne").output
