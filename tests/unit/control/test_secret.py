"""Secrets show themselves only when revealed, and references are read only then."""

import pickle
from pathlib import Path

import pytest

from genai_finops.control.secret import (
    Secret,
    check_reference,
    known_secret_schemes,
    refer,
    register_secret_scheme,
)
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

PLANTED = "sk-planted-4711"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"PLANTED_KEY": PLANTED}, tmp_path)


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r:>40}".format, lambda secret: f"{[secret]}"])
def test_showing_a_secret_hides_its_value(show: object) -> None:
    assert PLANTED not in show(Secret.of(PLANTED))  # type: ignore[operator]


def test_a_secret_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret.of(PLANTED))


def test_a_variable_is_read(settings: Settings) -> None:
    assert refer("env:PLANTED_KEY", settings).reveal() == PLANTED


def test_a_file_is_read_without_its_last_line_end(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{PLANTED}\n")
    assert refer(f"file:{tmp_path / 'key'}", settings).reveal() == PLANTED


def test_a_file_is_read_when_the_secret_is_revealed_and_not_before(settings: Settings, tmp_path: Path) -> None:
    secret = refer(f"file:{tmp_path / 'key'}", settings)
    (tmp_path / "key").write_text("late")
    assert secret.reveal() == "late"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [("env:NOT_THERE", "NOT_THERE .* is not set"), ("file:/not/there", "cannot be read")],
)
def test_a_reference_that_leads_nowhere_fails_when_it_is_revealed(
    reference: str, reason: str, settings: Settings
) -> None:
    secret = refer(reference, settings)
    with pytest.raises(FinopsError, match=reason):
        secret.reveal()


def test_an_empty_file_is_not_an_empty_secret(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")
    with pytest.raises(FinopsError, match="is empty"):
        refer(f"file:{tmp_path / 'key'}", settings).reveal()


def test_an_unknown_scheme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(FinopsError, match=r"schemes: .*env, file"):
        check_reference("vault:kv/key")


@pytest.mark.parametrize("reference", [PLANTED, f"env:{PLANTED}", f"file:{PLANTED}", f"{PLANTED}:x"])
def test_a_secret_given_as_a_reference_by_mistake_is_refused_without_repeating_it(reference: str) -> None:
    with pytest.raises(FinopsError) as caught:
        check_reference(reference)
    assert PLANTED not in str(caught.value)


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genai_finops.control.secret._SCHEMES", {})
    register_secret_scheme("vault", lambda locator, _settings: f"from {locator}")


def test_a_registered_scheme_is_resolved(vault: None, settings: Settings) -> None:
    assert refer("vault:kv/key", settings).reveal() == "from kv/key"


def test_a_scheme_is_not_registered_twice(vault: None) -> None:
    with pytest.raises(ValueError, match="registered already"):
        register_secret_scheme("vault", lambda locator, _settings: locator)


def test_the_packaged_schemes_are_env_and_file() -> None:
    assert known_secret_schemes() == ("env", "file")
