"""What an account's options may hold."""

import re

import pytest

from genai_finops.control.account_options import check_account_options
from genai_finops.errors import FinopsError

KEY_FILE = '{"private_key": "-----BEGIN PRIVATE KEY-----MIIE"}'


@pytest.mark.parametrize(
    "options",
    [
        {"regions": "us-east-1,eu-west-1"},
        {"export_table": "proj.billing.gcp_billing_export_v1_012345_6789AB"},
        {"export_table": "desk-analytics-production.risk-reporting-export.usage"},
        {"route": "batch"},
        {},
    ],
    ids=str,
)
def test_plain_values_are_kept_as_they_are(options: dict[str, str]) -> None:
    assert check_account_options(options, "Account a") == options


def test_blanks_around_a_value_are_dropped() -> None:
    assert check_account_options({"route": " batch "}, "Account a") == {"route": "batch"}


def test_options_are_ordered_by_key() -> None:
    assert list(check_account_options({"b": "2", "a": "1"}, "Account a")) == ["a", "b"]


@pytest.mark.parametrize("key", ["Regions", "1st", "export-table", "", "a" * 64, "a b"])
def test_a_key_that_is_no_name_is_refused(key: str) -> None:
    with pytest.raises(FinopsError, match=rf"option {re.escape(repr(key))} is not a name"):
        check_account_options({key: "x"}, "Account a")


@pytest.mark.parametrize("value", ["", "  ", "x" * 2001, "line\nbreak"], ids=["empty", "blank", "long", "line break"])
def test_a_value_that_cannot_be_shown_on_a_line_is_refused(value: str) -> None:
    with pytest.raises(FinopsError, match="Account a: option table"):
        check_account_options({"table": value}, "Account a")


@pytest.mark.parametrize("key", ["secret", "client_secret", "password", "api_key", "access_token", "key", "tokens"])
def test_a_key_that_names_a_secret_is_sent_to_the_credential(key: str) -> None:
    with pytest.raises(FinopsError, match=r"Put it into the credential: genai-finops credential add"):
        check_account_options({key: "x"}, "Account a")


@pytest.mark.parametrize("value", ["sk-admin-planted4711", KEY_FILE, "AIza" + "p" * 35], ids=["sk", "key file", "AIza"])
def test_a_value_that_looks_like_a_secret_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(FinopsError) as refused:
        check_account_options({"route": value}, "Account a")
    assert value not in str(refused.value)


def test_more_options_than_any_source_has_are_refused() -> None:
    with pytest.raises(FinopsError, match="51 options"):
        check_account_options({f"o{number}": "x" for number in range(51)}, "Account a")
