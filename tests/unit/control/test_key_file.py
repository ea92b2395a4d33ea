"""The key file: made once, private, replaced as a whole."""

import stat
from pathlib import Path

import pytest

from genai_finops.control.encryption import MasterKey
from genai_finops.control.key_file import load_keyring, prepend_key, retire_old_keys
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

FIRST, SECOND = MasterKey(b"1" * 32), MasterKey(b"2" * 32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({}, tmp_path)


def test_the_generated_file_is_readable_by_its_owner_only(settings: Settings) -> None:
    load_keyring(settings, may_create=True)
    assert stat.S_IMODE(settings.master_key_path.stat().st_mode) == 0o600


def test_the_file_is_generated_once(settings: Settings) -> None:
    assert load_keyring(settings, may_create=True) == load_keyring(settings, may_create=True)


def test_generating_leaves_nothing_beside_the_file(settings: Settings) -> None:
    load_keyring(settings, may_create=True)
    assert [path.name for path in settings.home.iterdir()] == ["master.key"]


def test_a_file_that_another_process_made_meanwhile_is_kept(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_keyring(settings, may_create=True)
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    assert load_keyring(settings, may_create=True) == first


def test_reading_never_generates(settings: Settings) -> None:
    with pytest.raises(FinopsError, match=r"master\.key .* does not exist"):
        load_keyring(settings, may_create=False)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(mode: int, settings: Settings) -> None:
    load_keyring(settings, may_create=True)
    settings.master_key_path.chmod(mode)
    with pytest.raises(FinopsError, match=f"mode 0{mode:o}.*chmod 600"):
        load_keyring(settings, may_create=True)


def test_a_new_key_becomes_current_and_the_old_one_stays(settings: Settings) -> None:
    (old,) = load_keyring(settings, may_create=True).keys
    prepend_key(settings.master_key_path, SECOND)
    assert load_keyring(settings, may_create=False).keys == (SECOND, old)


def test_retiring_keeps_the_current_key_only(settings: Settings) -> None:
    load_keyring(settings, may_create=True)
    prepend_key(settings.master_key_path, SECOND)
    retire_old_keys(settings.master_key_path)
    assert load_keyring(settings, may_create=False).keys == (SECOND,)


def test_a_rewritten_file_stays_private(settings: Settings) -> None:
    load_keyring(settings, may_create=True)
    prepend_key(settings.master_key_path, SECOND)
    assert stat.S_IMODE(settings.master_key_path.stat().st_mode) == 0o600


def test_a_failed_replacement_leaves_the_old_file_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_keyring(settings, may_create=True)

    def fail(_self: Path, _target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        prepend_key(settings.master_key_path, SECOND)
    assert load_keyring(settings, may_create=False) == before


def test_the_variable_wins_over_the_file_and_its_first_key_is_current(tmp_path: Path) -> None:
    variable = {"GENAI_FINOPS_MASTER_KEY": f"{FIRST.text}, {SECOND.text}"}
    assert load_keyring(Settings.from_environment(variable, tmp_path), may_create=True).keys == (FIRST, SECOND)


def test_a_malformed_key_of_the_variable_is_named_by_its_position(tmp_path: Path) -> None:
    settings = Settings.from_environment({"GENAI_FINOPS_MASTER_KEY": f"{FIRST.text},planted"}, tmp_path)
    with pytest.raises(FinopsError, match="Key 2 of GENAI_FINOPS_MASTER_KEY") as caught:
        load_keyring(settings, may_create=True)
    assert "planted" not in str(caught.value)
