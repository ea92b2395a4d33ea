"""A price file that is broken is refused as a whole, and the error says where and what to do."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing.sources.litellm import read_litellm
from genai_finops.pricing.sources.statement import Statement

Read = Callable[..., Statement]


def entry(fields: str) -> str:
    return f'{{"azure/gpt-4o": {{"litellm_provider": "azure", {fields}}}}}'


def error_of(read: Read, text: str) -> FinopsError:
    with pytest.raises(FinopsError) as raised:
        read(text)
    return raised.value


def test_a_path_without_a_file_is_refused(tmp_path: Path, retrieved_at: dt.datetime) -> None:
    with pytest.raises(FinopsError, match=r"no-such\.json cannot be read: No such file"):
        read_litellm(tmp_path / "no-such.json", retrieved_at)


@pytest.mark.parametrize(
    "text",
    ["", "{", "<html>", '{"a": 1e99999999999999999999}', "[" * 100_000],
    ids=["nothing", "half", "a page", "a number too large", "nested too deep"],
)
def test_what_is_not_json_is_refused(read: Read, text: str) -> None:
    assert "prices.json is not JSON" in error_of(read, text).message


@pytest.mark.parametrize("text", ["[]", "1", "null", '"text"'])
def test_what_is_no_object_of_models_is_refused(read: Read, text: str) -> None:
    assert "not an object of models" in error_of(read, text).message


@pytest.mark.parametrize("text", ['{"gpt-4o": 1}', '{"gpt-4o": null}', '{"gpt-4o": []}'])
def test_an_entry_that_is_no_object_is_refused(read: Read, text: str) -> None:
    assert "model gpt-4o: the entry is not an object" in error_of(read, text).message


@pytest.mark.parametrize("value", ["-1e-06", "-1", "-0.000001"])
def test_a_negative_cost_is_refused(read: Read, value: str) -> None:
    message = error_of(read, entry(f'"output_cost_per_token": {value}')).message
    assert "model azure/gpt-4o: output_cost_per_token is negative" in message


@pytest.mark.parametrize("value", ['"5e-06"', "true", "NaN", "Infinity", "[1]", '{"a": 1}'])
def test_a_cost_that_is_no_number_is_refused(read: Read, value: str) -> None:
    message = error_of(read, entry(f'"input_cost_per_token": {value}')).message
    assert "model azure/gpt-4o: input_cost_per_token is not a number" in message


@pytest.mark.parametrize("value", ["-0.01", '"0.01"', "true", "null"])
def test_a_cost_in_a_table_of_variants_is_checked_like_any_other(read: Read, value: str) -> None:
    text = entry(f'"search_context_cost_per_query": {{"search_context_size_low": {value}}}')
    assert "search_context_cost_per_query.search_context_size_low is" in error_of(read, text).message


@pytest.mark.parametrize("value", ["-1.1", '"1.1"', "false"])
def test_a_factor_is_checked_like_a_cost(read: Read, value: str) -> None:
    message = error_of(read, entry(f'"regional_endpoint_uplift_multiplier": {value}')).message
    assert "regional_endpoint_uplift_multiplier is" in message


def test_a_factor_by_name_that_is_no_number_is_refused(read: Read) -> None:
    message = error_of(read, entry('"provider_specific_entry": {"us": "1.1"}')).message
    assert "provider_specific_entry.us is not a number: 1.1" in message


def test_a_cost_per_million_under_a_key_per_token_that_no_column_holds_is_refused(read: Read) -> None:
    message = error_of(read, entry('"input_cost_per_token": 1000000')).message
    assert "input_cost_per_token is no price of one unit: 1000000" in message


def test_a_key_that_comes_twice_is_refused_with_both_values(read: Read) -> None:
    message = error_of(read, entry('"input_cost_per_token": 1e-06, "input_cost_per_token": 2e-06')).message
    assert "input_cost_per_token is there more than once: 0.000001 and 0.000002" in message


def test_a_variant_that_comes_twice_is_refused(read: Read) -> None:
    text = entry('"search_context_cost_per_query": {"search_context_size_low": 1, "search_context_size_low": 2}')
    assert "search_context_size_low is there more than once: 1 and 2" in error_of(read, text).message


def test_a_model_that_comes_twice_is_refused(read: Read) -> None:
    assert "has the model gpt-4o more than once" in error_of(read, '{"gpt-4o": {}, "gpt-4o": {}}').message


def test_an_error_names_the_file(read: Read, price_file: Path) -> None:
    assert str(price_file) in error_of(read, entry('"input_cost_per_token": -1')).message


def test_an_error_says_what_to_do(read: Read) -> None:
    assert "of a released version of LiteLLM" in error_of(read, entry('"input_cost_per_token": -1')).remedy


def test_a_setting_beside_the_factors_is_no_cost(read: Read) -> None:
    text = entry('"input_cost_per_token": 1e-06, "provider_specific_entry": {"schema": "titan_v2", "beta": true}')
    assert read(text).skipped == ()


def test_an_unknown_factor_by_name_is_reported(read: Read) -> None:
    text = entry('"input_cost_per_token": 1e-06, "provider_specific_entry": {"mars": 3}')
    assert [skipped.subject for skipped in read(text).skipped] == ["azure/gpt-4o: provider_specific_entry.mars"]


def test_a_broken_cost_of_another_provider_does_not_refuse_the_file(read: Read) -> None:
    assert read('{"groq/a": {"litellm_provider": "groq", "input_cost_per_token": "see page"}}').rates == ()


def test_a_broken_value_under_a_key_that_is_not_understood_does_not_refuse_the_file(read: Read) -> None:
    assert read(entry('"some_new_cost": "see page"')).rates == ()
