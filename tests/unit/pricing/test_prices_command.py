"""`genai-finops prices import` writes what the catalogue holds and names what it leaves out."""

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from genai_finops.cli.prices import prices


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_FINOPS_HOME", str(tmp_path))
    return tmp_path


def test_the_catalogue_and_its_rules_are_in_the_lake_after_an_import(home: Path) -> None:
    result = CliRunner().invoke(prices, ["import"])

    assert result.exit_code == 0, result.output
    tables = {path.stem for path in (home / "lake" / "reference").iterdir()}
    assert tables == {"genai_price_catalogue", "genai_model_alias_rules"}
    assert pl.read_parquet(home / "lake" / "reference" / "genai_price_catalogue.parquet").height > 0


def test_a_price_without_a_row_is_named_with_its_reason(home: Path) -> None:
    result = CliRunner().invoke(prices, ["import"])

    assert "skipped openai moderation prices: the catalogue names the model without a price" in result.output


def test_a_second_import_changes_nothing(home: Path) -> None:
    CliRunner().invoke(prices, ["import"])

    assert CliRunner().invoke(prices, ["import"]).output.count("unchanged") == 2
