"""Settings come from variables, and say which one is wrong."""

from pathlib import Path

import pytest

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings


def test_without_variables_everything_lives_below_the_working_folder(tmp_path: Path) -> None:
    settings = Settings.from_environment({}, tmp_path)
    assert (settings.home, settings.target, settings.lake_url, settings.warehouse_path, settings.control_url) == (
        tmp_path / ".finops",
        "duckdb",
        str(tmp_path / ".finops" / "lake"),
        tmp_path / ".finops" / "warehouse.duckdb",
        f"sqlite:///{tmp_path / '.finops' / 'control.db'}",
    )


def test_a_relative_home_is_below_the_working_folder(tmp_path: Path) -> None:
    assert Settings.from_environment({"GENAI_FINOPS_HOME": "here"}, tmp_path).dagster_home == tmp_path / "here/dagster"


def test_a_price_file_of_litellm_is_found_below_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "prices.json").touch()
    settings = Settings.from_environment({"GENAI_FINOPS_LITELLM_PRICES": "prices.json"}, tmp_path)
    assert settings.litellm_prices_path == tmp_path / "prices.json"


def test_a_bucket_stays_a_url(tmp_path: Path) -> None:
    assert Settings.from_environment({"GENAI_FINOPS_LAKE_URL": "gs://b/p/"}, tmp_path).lake_url == "gs://b/p"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GENAI_FINOPS_TARGET", "snowflake"),
        ("GENAI_FINOPS_LAKE_URL", "s3://bucket"),
        ("GENAI_FINOPS_CONTROL_URL", "mysql://host/db"),
        ("GENAI_FINOPS_CONTROL_URL", "control.db"),
        ("GENAI_FINOPS_PROVIDER_CONFIGS", "missing"),
        ("GENAI_FINOPS_PROVIDERS_PATH", "missing"),
        ("GENAI_FINOPS_LITELLM_PRICES", "missing.json"),
        ("GENAI_FINOPS_LITELLM_PRICES", "."),
        ("GENAI_FINOPS_HOME", " "),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match=name):
        Settings.from_environment({name: value}, tmp_path)


def test_an_empty_master_key_is_refused_rather_than_replaced_by_a_key_file(tmp_path: Path) -> None:
    settings = Settings.from_environment({"GENAI_FINOPS_MASTER_KEY": ""}, tmp_path)
    with pytest.raises(FinopsError, match="GENAI_FINOPS_MASTER_KEY is set but empty"):
        _ = settings.master_key_variable


def test_a_provider_variable_is_found_by_provider_and_suffix(tmp_path: Path) -> None:
    settings = Settings.from_environment({"GENAI_FINOPS_AZURE_OPENAI_BASE_URL": "http://localhost"}, tmp_path)
    assert settings.provider_variable("azure_openai", "base_url") == "http://localhost"


@pytest.mark.parametrize("name", ["GENAI_FINOPS_MASTER_KEY", "GENAI_FINOPS_CONTROL_URL", "SOME_API_KEY"])
def test_printing_settings_shows_no_variable(name: str, tmp_path: Path) -> None:
    settings = Settings.from_environment({name: "postgresql://user:planted@host/db"}, tmp_path)
    assert "planted" not in repr(settings)


def test_a_refused_control_url_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(FinopsError) as caught:
        Settings.from_environment({"GENAI_FINOPS_CONTROL_URL": "mysql://user:planted@host/db"}, tmp_path)
    assert "planted" not in str(caught.value)
