"""A rotation of the master key may stop anywhere: every credential stays readable."""

import base64
import dataclasses
import datetime as dt

import pytest
from sqlalchemy import Engine, select

from genai_finops.control import credentials, rotation
from genai_finops.control.credentials import add_credential, open_secret
from genai_finops.control.database import reading, writing
from genai_finops.control.encryption import Keyring, MasterKey
from genai_finops.control.key_file import load_keyring
from genai_finops.control.models import Credential
from genai_finops.control.rotation import rotate_master_key
from genai_finops.control.secret import Secret
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

SECRETS = {"acme": "sk-acme", "globex": "sk-globex"}
OLD, NEW = MasterKey(b"o" * 32), MasterKey(b"n" * 32)


def add_all(engine: Engine, settings: Settings, now: dt.datetime) -> None:
    with writing(engine) as session:
        for org, secret in SECRETS.items():
            add_credential(
                session,
                settings,
                org_slug=org,
                provider="openai",
                secret=Secret.of(secret),
                now=now,
                actor="tester",
            )


def opened(engine: Engine, settings: Settings) -> dict[str, str]:
    return {org: open_secret(engine, settings, org_slug=org, credential_id=f"{org}-openai").reveal() for org in SECRETS}


def key_ids(engine: Engine) -> set[str | None]:
    with reading(engine) as session:
        return set(session.scalars(select(Credential.key_id)))


@pytest.fixture
def filled(engine: Engine, settings: Settings, now: dt.datetime) -> Engine:
    add_all(engine, settings, now)
    return engine


def stop(*_arguments: object, **_options: object) -> None:
    raise KeyboardInterrupt


def with_variable(settings: Settings, *keys: MasterKey) -> Settings:
    return dataclasses.replace(settings, environ={"GENAI_FINOPS_MASTER_KEY": ",".join(key.text for key in keys)})


def test_a_rotation_keeps_the_secrets(filled: Engine, settings: Settings, now: dt.datetime) -> None:
    rotate_master_key(filled, settings, now=now, actor="tester")
    assert opened(filled, settings) == SECRETS


def test_a_rotation_puts_every_row_under_one_new_key(filled: Engine, settings: Settings, now: dt.datetime) -> None:
    before = key_ids(filled)
    rotate_master_key(filled, settings, now=now, actor="tester")
    (current,) = load_keyring(settings, may_create=False).keys
    assert key_ids(filled) == {current.key_id} != before


@pytest.mark.parametrize("step", ["prepend_key", "reencrypt_credentials", "retire_old_keys"])
def test_a_rotation_that_stops_before_a_step_leaves_every_secret_readable(
    step: str, filled: Engine, settings: Settings, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, step, stop)
    with pytest.raises(KeyboardInterrupt):
        rotate_master_key(filled, settings, now=now, actor="tester")
    assert opened(filled, settings) == SECRETS


def test_a_rotation_that_stops_between_rows_changes_none(
    filled: Engine, settings: Settings, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key_ids(filled)
    ciphertexts = iter([b"first row"])
    monkeypatch.setattr(credentials, "encrypt", lambda *_arguments, **_options: next(ciphertexts))
    with pytest.raises(StopIteration):
        rotate_master_key(filled, settings, now=now, actor="tester")
    assert (key_ids(filled), opened(filled, settings)) == (before, SECRETS)


def test_a_rotation_after_one_that_stopped_ends_with_one_key(
    filled: Engine, settings: Settings, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "retire_old_keys", stop)
        with pytest.raises(KeyboardInterrupt):
            rotate_master_key(filled, settings, now=now, actor="tester")
    rotate_master_key(filled, settings, now=now, actor="tester")
    assert (len(load_keyring(settings, may_create=False).keys), opened(filled, settings)) == (1, SECRETS)


def test_a_credential_added_after_a_stopped_rotation_opens(
    filled: Engine, settings: Settings, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "reencrypt_credentials", stop)
        with pytest.raises(KeyboardInterrupt):
            rotate_master_key(filled, settings, now=now, actor="tester")
    with writing(filled) as session:
        add_credential(
            session,
            settings,
            org_slug="acme",
            provider="openai",
            credential_id="late",
            secret=Secret.of("sk-late"),
            now=now,
            actor="tester",
        )
    rotate_master_key(filled, settings, now=now, actor="tester")
    assert open_secret(filled, settings, org_slug="acme", credential_id="late").reveal() == "sk-late"


def test_a_rotation_between_reading_a_row_and_reading_the_key_is_not_an_error(
    filled: Engine, settings: Settings, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rotate_first(_settings: Settings, *, may_create: bool) -> Keyring:
        monkeypatch.setattr(credentials, "load_keyring", load_keyring)
        rotate_master_key(filled, settings, now=now, actor="tester")
        return load_keyring(settings, may_create=may_create)

    monkeypatch.setattr(credentials, "load_keyring", rotate_first)
    assert opened(filled, settings) == SECRETS


def test_with_the_variable_its_first_key_takes_over(engine: Engine, settings: Settings, now: dt.datetime) -> None:
    add_all(engine, with_variable(settings, OLD), now)
    rotate_master_key(engine, with_variable(settings, NEW, OLD), now=now, actor="tester")
    assert opened(engine, with_variable(settings, NEW)) == SECRETS


def test_with_the_variable_a_second_rotation_has_nothing_to_do(
    engine: Engine, settings: Settings, now: dt.datetime
) -> None:
    add_all(engine, with_variable(settings, OLD), now)
    both = with_variable(settings, NEW, OLD)
    counts = [rotate_master_key(engine, both, now=now, actor="tester") for _ in range(2)]
    assert counts == [2, 0]


def test_a_rotation_without_the_old_key_changes_no_row(engine: Engine, settings: Settings, now: dt.datetime) -> None:
    add_all(engine, with_variable(settings, OLD), now)
    with pytest.raises(FinopsError, match=OLD.key_id):
        rotate_master_key(engine, with_variable(settings, NEW), now=now, actor="tester")
    assert opened(engine, with_variable(settings, OLD)) == SECRETS


def test_a_rotation_without_credentials_makes_a_key(engine: Engine, settings: Settings, now: dt.datetime) -> None:
    rotate_master_key(engine, settings, now=now, actor="tester")
    assert len(base64.b64decode(settings.master_key_path.read_text())) == 32


def test_rows_note_when_they_were_encrypted_anew(filled: Engine, settings: Settings, now: dt.datetime) -> None:
    later = now + dt.timedelta(days=1)
    rotate_master_key(filled, settings, now=later, actor="tester")
    with reading(filled) as session:
        assert set(session.scalars(select(Credential.rotated_at))) == {later}
