"""No spelling of a secret passes."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_finops.providers.redaction import Redactor

SECRET = "key/with+signs=and&more"
KEY_FILE = '{"private_key": "-----BEGIN\nabcdefgh\n-----END"}'


@pytest.mark.parametrize(
    "spelling",
    [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode(), f"Bearer {SECRET}", repr(SECRET)],
)
def test_a_known_secret_is_masked_in_each_encoding(spelling):
    assert spelling not in Redactor([SECRET]).clean(f"refused: {spelling}!")
    assert "***" in Redactor([SECRET]).clean(f"refused: {spelling}!")


def test_a_key_file_is_masked_with_escaped_line_breaks():
    assert "abcdefgh" not in Redactor([KEY_FILE]).clean(f"cannot read {KEY_FILE!r}")


@pytest.mark.parametrize(
    "key",
    [
        "sk-admin-0123456789abcdef",
        "sk-ant-admin01-abc_DEF-123",
        "sk-proj-****abcd",
        "AIzaSyA0123456789abcdefghijklmnop",
        "ya29.a0ARrdaM-abc_def",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln",
    ],
)
def test_what_looks_like_a_key_is_masked_although_nobody_named_it(key):
    assert Redactor([]).clean(f"Incorrect API key provided: {key}.").count(key) == 0


def test_ordinary_words_stay():
    text = json.dumps(
        {"error": {"message": "Invalid limit provided: 366. Limit must be at most 31.", "param": "limit"}}
    )
    assert Redactor(["short"]).clean(text) == text


@given(st.text(min_size=8).filter(lambda text: "*" not in text), st.text(), st.text())
def test_no_secret_survives_whatever_stands_around_it(secret, before, after):
    assert secret not in Redactor([secret]).clean(before + secret + after).replace("***", "\0")


def test_its_repr_holds_no_secret():
    assert SECRET not in repr(Redactor([SECRET]))
