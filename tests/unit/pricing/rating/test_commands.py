"""`prices explain` and `prices rate` on the packaged prices, in a home of their own."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from genai_finops.cli.prices import prices

REQUEST = ("--provider", "openai", "--model", "gpt-4o", "--date", "2026-10-20")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_FINOPS_HOME", str(tmp_path / "home"))
    return tmp_path


def explained(*arguments: str) -> str:
    result = CliRunner().invoke(prices, ["explain", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_an_explanation_shows_each_line_its_source_and_the_sources_that_hold_less() -> None:
    output = explained(*REQUEST, "--input-tokens", "1000", "--meter", "cache_read=400")

    assert "uncached_input: 600 Tokens at 2.5 USD per 1000000 Tokens = 0.0015 USD" in output
    assert "standard price of genai-prices " in output
    assert "also standard of default_prices " in output
    assert output.endswith("total: 0.002 USD\n")


def test_an_explanation_as_json_has_decimals_as_texts() -> None:
    shown = json.loads(explained(*REQUEST, "--output-tokens", "500", "--json"))

    assert (shown["total_cost"], shown["lines"][0]["quoted_price"], shown["lines"][0]["cost"]) == (
        "0.005",
        "10",
        "0.005",
    )


def test_an_estimate_is_explained_with_both_bounds() -> None:
    arguments = ("--provider", "anthropic", "--model", "claude-sonnet-4-6", "--date", "2026-03-12")

    output = explained(*arguments, "--input-tokens", "1000000")

    assert "total: about 3 USD (unknown_context_band), between 3 and 6 USD" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--meter", "cache_read"), "--meter cache_read is no NAME=NUMBER"),
        (("--meter", "cache_read=x"), "--meter cache_read=x is no NAME=NUMBER"),
        (("--meter", "output_audio=1", "--meter", "output_audio=1"), "--meter output_audio is given twice"),
        (("--input-tokens", "-1"), "input_tokens is -1"),
        (("--known-at", "yesterday"), "'yesterday' is no moment"),
        (("--known-at", "2026-10-01T00:00:00"), "has no offset"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(prices, ["explain", *REQUEST, *arguments])

    assert result.exit_code != 0
    assert message in result.output


def test_a_file_is_rated_into_another(home: Path) -> None:
    case = {"id": "1", "provider": "openai", "model": "gpt-4o", "date": "2026-10-20", "meters": {"output": 500}}
    (home / "cases.jsonl").write_text(f"{json.dumps(case)}\nnonsense\n", encoding="utf-8")

    result = CliRunner().invoke(
        prices, ["rate", "--in", str(home / "cases.jsonl"), "--out", str(home / "answers.jsonl")]
    )

    assert result.output.startswith("1 priced, 0 unpriced, 1 refused")
    answers = [json.loads(line) for line in (home / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(answer["id"], answer["status"]) for answer in answers] == [("1", "priced"), (None, "refused")]


def test_a_file_that_is_not_there_is_named(home: Path) -> None:
    result = CliRunner().invoke(
        prices, ["rate", "--in", str(home / "none.jsonl"), "--out", str(home / "answers.jsonl")]
    )

    assert result.exit_code == 1
    assert f"{home / 'none.jsonl'}: No such file or directory" in result.output
