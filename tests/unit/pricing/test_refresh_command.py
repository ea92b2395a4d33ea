"""`genai-finops prices refresh` says what changed, names what it leaves out, and fails when a source does."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from genai_finops.cli import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_FINOPS_HOME", str(tmp_path))
    return tmp_path


def refresh(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["prices", "refresh", *arguments])


def lines_of(result: Result, start: str) -> list[str]:
    return [line for line in result.output.splitlines() if line.startswith(start)]


def test_the_book_of_all_that_is_packaged_is_in_the_lake_after_a_refresh(home: Path) -> None:
    result = refresh("--packaged")

    assert result.exit_code == 0, result.output
    assert {path.name for path in (home / "lake" / "prices" / "genai_price_book").glob("[a-z]*")} == {
        "default_prices.parquet",
        "entries.parquet",
        "genai-prices.parquet",
        "list_prices.parquet",
    }


def test_a_second_refresh_says_that_nothing_changed(home: Path) -> None:
    refresh("--source", "price_factors")

    [line] = lines_of(refresh("--source", "price_factors"), "price_factors")
    assert "0 opened, 0 closed, 175 unchanged" in line


@pytest.mark.usefixtures("home")
def test_only_the_named_sources_are_read() -> None:
    result = refresh("--source", "price_factors", "--source", "default_prices")

    assert [line.split()[0] for line in result.output.splitlines()] == ["default_prices", "price_factors"]


@pytest.mark.usefixtures("home")
def test_a_price_without_a_row_is_named_with_its_reason_on_request() -> None:
    result = refresh("--source", "genai-prices", "--skipped")

    assert "  skipped openai moderation prices: the catalogue names the model without a price" in result.output


@pytest.mark.usefixtures("home")
def test_prices_without_a_row_are_counted_otherwise() -> None:
    result = refresh("--source", "genai-prices")

    assert "17 prices skipped" in result.output
    assert "moderation" not in result.output


def test_a_source_that_fails_makes_the_command_fail_after_the_others(home: Path) -> None:
    damaged = home / "lake" / "prices" / "genai_price_book" / "list_prices.parquet"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"damaged")

    result = refresh("--source", "list_prices", "--source", "default_prices")

    assert result.exit_code == 1
    assert "list_prices -> genai_price_book: failed, and keeps what it said before" in result.output
    assert lines_of(result, "default_prices") != []


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--packaged", "--source", "entries"), "Both --source and --packaged were given"),
        (("--source", "hearsay"), "There is no source of prices 'hearsay' here"),
        (("--source", "litellm"), "GENAI_FINOPS_LITELLM_PRICES names a file"),
        (("--source", "aws_price_list"), "enabled account of aws_bedrock"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_remedy(arguments: tuple[str, ...], problem: str) -> None:
    result = refresh(*arguments)

    assert result.exit_code == 1
    assert problem in result.output
