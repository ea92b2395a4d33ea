"""Credentials: encrypted at rest, opened for the fetch, shown nowhere."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from genai_finops.control.credentials import (
    EnabledCredential,
    add_credential,
    enabled_credentials,
    open_secret,
    remove_credential,
)
from genai_finops.control.database import reading, writing
from genai_finops.control.encryption import MasterKey
from genai_finops.control.models import AuditEntry, Credential
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.secret import Secret
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

PLANTED = "sk-planted-4711"

Add = Callable[..., tuple[str, str]]


@pytest.fixture
def add(engine: Engine, settings: Settings, now: dt.datetime) -> Add:
    def _add(org_slug: str = "acme", secret: str | None = PLANTED, **values: Any) -> tuple[str, str]:
        with writing(engine) as session:
            return add_credential(
                session,
                values.pop("settings", settings),
                **{
                    "org_slug": org_slug,
                    "provider": "openai",
                    "secret": None if secret is None else Secret.of(secret),
                    "now": now,
                    "actor": "tester",
                    **values,
                },
            )

    return _add


def opened(engine: Engine, settings: Settings, credential_id: str = "acme-openai") -> str:
    return open_secret(engine, settings, org_slug="acme", credential_id=credential_id).reveal()


def test_a_stored_secret_opens(add: Add, engine: Engine, settings: Settings) -> None:
    add()
    assert opened(engine, settings) == PLANTED


def test_no_file_of_the_home_holds_the_secret(add: Add, engine: Engine, settings: Settings) -> None:
    add()
    add(secret=f"{PLANTED}-2", update=True)
    holders = [path for path in settings.home.rglob("*") if path.is_file() and PLANTED.encode() in path.read_bytes()]
    assert holders == []


def test_a_removed_credential_leaves_no_ciphertext_in_the_file(
    add: Add, engine: Engine, settings: Settings, now: dt.datetime
) -> None:
    add()
    with writing(engine) as session:
        ciphertext = session.scalars(select(Credential.ciphertext)).one()
        assert ciphertext is not None
        remove_credential(session, org_slug="acme", credential_id="acme-openai", now=now, actor="tester")
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    assert ciphertext not in (settings.home / "control.db").read_bytes()


def test_a_reference_is_stored_as_it_is_and_read_when_revealed(add: Add, engine: Engine, settings: Settings) -> None:
    add(secret=None, reference="env:OPENAI_KEY")
    assert opened(engine, dataclasses.replace(settings, environ={"OPENAI_KEY": PLANTED})) == PLANTED


def test_a_reference_needs_no_master_key(add: Add, settings: Settings) -> None:
    add(secret=None, reference="env:OPENAI_KEY")
    assert not settings.master_key_path.exists()


def test_adding_the_same_secret_again_changes_nothing(add: Add) -> None:
    add()
    assert add() == ("acme-openai", "unchanged")


def test_another_secret_is_refused_and_not_shown(add: Add) -> None:
    add()
    with pytest.raises(FinopsError, match=r"another secret.*--update") as caught:
        add(secret="sk-planted-other")
    assert "sk-planted" not in str(caught.value)


def test_an_update_replaces_the_secret(add: Add, engine: Engine, settings: Settings) -> None:
    add()
    add(secret="sk-new", update=True)
    assert opened(engine, settings) == "sk-new"


def test_a_secret_can_become_a_reference(add: Add, engine: Engine) -> None:
    add()
    add(secret=None, reference="env:OPENAI_KEY", update=True)
    with reading(engine) as session:
        row = session.scalars(select(Credential)).one()
    assert (row.kind, row.ciphertext, row.key_id, row.reference) == ("reference", None, None, "env:OPENAI_KEY")


def test_a_credential_that_moves_to_another_provider_still_opens(
    add: Add, engine: Engine, settings: Settings, now: dt.datetime
) -> None:
    add()
    with writing(engine) as session:
        add_account(session, org_slug="acme", provider="anthropic", account_id="a", name="A", now=now, actor="tester")
    add(provider="anthropic", credential_id="acme-openai", update=True)
    assert opened(engine, settings) == PLANTED


def test_an_empty_secret_is_refused(add: Add) -> None:
    with pytest.raises(FinopsError, match="is empty"):
        add(secret="")


@pytest.mark.parametrize("values", [{"secret": None}, {"reference": "env:X"}], ids=["neither", "both"])
def test_a_credential_has_either_a_secret_or_a_reference(values: dict[str, Any], add: Add) -> None:
    with pytest.raises(FinopsError, match="either a secret or a reference"):
        add(**values)


def test_a_ciphertext_moved_to_another_row_is_refused(add: Add, engine: Engine, settings: Settings) -> None:
    add("acme", "sk-of-acme")
    add("globex", PLANTED)
    with writing(engine) as session:
        session.execute(
            text(
                "UPDATE credentials SET ciphertext ="
                " (SELECT ciphertext FROM credentials WHERE org_slug = 'globex') WHERE org_slug = 'acme'"
            )
        )
    with pytest.raises(FinopsError, match="acme/acme-openai was altered, or was moved"):
        opened(engine, settings)


def test_a_wrong_master_key_is_an_error_that_names_both_keys(add: Add, engine: Engine, settings: Settings) -> None:
    add()
    wrong = MasterKey(b"w" * 32)
    other = dataclasses.replace(settings, environ={"GENAI_FINOPS_MASTER_KEY": wrong.text})
    with pytest.raises(FinopsError, match=f"GENAI_FINOPS_MASTER_KEY does not hold .*{wrong.key_id}") as caught:
        opened(engine, other)
    assert wrong.text not in str(caught.value)


def test_a_lost_key_file_is_an_error(add: Add, engine: Engine, settings: Settings) -> None:
    add()
    settings.master_key_path.unlink()
    with pytest.raises(FinopsError, match="does not exist"):
        opened(engine, settings)


def test_a_lost_key_file_is_not_replaced_by_a_new_one(add: Add, settings: Settings) -> None:
    add()
    settings.master_key_path.unlink()
    with pytest.raises(FinopsError, match="does not exist"):
        add("globex")
    assert not settings.master_key_path.exists()


def test_a_credential_under_a_lost_key_can_be_replaced(add: Add, engine: Engine, settings: Settings) -> None:
    add()
    other = dataclasses.replace(settings, environ={"GENAI_FINOPS_MASTER_KEY": MasterKey(b"n" * 32).text})
    add(settings=other, secret="sk-new", update=True)
    assert opened(engine, other) == "sk-new"


def test_an_unknown_credential_is_refused_with_the_known_ones(add: Add, engine: Engine, settings: Settings) -> None:
    add()
    with pytest.raises(FinopsError, match=r"no credential 'x' \(known: acme-openai\)"):
        opened(engine, settings, "x")


def test_another_organisations_credential_does_not_open(add: Add, engine: Engine, settings: Settings) -> None:
    add("globex", credential_id="shared-name")
    with pytest.raises(FinopsError, match="Organisation acme has no credential"):
        opened(engine, settings, "shared-name")


def test_the_audit_log_holds_no_secret(add: Add, engine: Engine) -> None:
    add()
    add(secret=f"{PLANTED}-2", update=True)
    with reading(engine) as session:
        entries = session.scalars(select(AuditEntry)).all()
    assert [entry.subject for entry in entries if PLANTED in entry.detail] == []


def test_enabled_credentials_come_with_organisation_and_account(add: Add, engine: Engine) -> None:
    add("globex")
    add("acme")
    with reading(engine) as session:
        assert enabled_credentials(session, "openai") == (
            EnabledCredential(org_slug="acme", credential_id="acme-openai", provider="openai", account_id="org-acme"),
            EnabledCredential(
                org_slug="globex", credential_id="globex-openai", provider="openai", account_id="org-globex"
            ),
        )


@pytest.mark.parametrize(("orgs", "found"), [(["globex"], ["globex"]), ([], [])], ids=str)
def test_enabled_credentials_are_limited_to_the_named_organisations(
    orgs: list[str], found: list[str], add: Add, engine: Engine
) -> None:
    add("globex")
    add("acme")
    with reading(engine) as session:
        assert [row.org_slug for row in enabled_credentials(session, "openai", orgs)] == found


def test_another_providers_credentials_are_left_out(add: Add, engine: Engine) -> None:
    add()
    with reading(engine) as session:
        assert enabled_credentials(session, "anthropic") == ()


@pytest.mark.parametrize("table", ["organisations", "provider_accounts", "credentials"])
def test_what_is_disabled_is_not_fetched(table: str, add: Add, engine: Engine) -> None:
    add()
    with writing(engine) as session:
        session.execute(text(f"UPDATE {table} SET is_enabled = false"))  # noqa: S608  # a name from the list above
    with reading(engine) as session:
        assert enabled_credentials(session, "openai") == ()


def test_an_unknown_organisation_is_not_an_empty_list(engine: Engine) -> None:
    with reading(engine) as session, pytest.raises(FinopsError, match="no organisation 'acne'"):
        enabled_credentials(session, "openai", ["acne"])


def test_a_disabled_organisation_that_is_named_is_an_error(engine: Engine, now: dt.datetime) -> None:
    with writing(engine) as session:
        add_organisation(session, slug="acme", name="Acme", is_enabled=False, update=True, now=now, actor="tester")
    with reading(engine) as session, pytest.raises(FinopsError, match="acme is disabled"):
        enabled_credentials(session, "openai", ["acme"])


def test_an_error_of_the_database_shows_no_bound_value(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(FinopsError) as caught, writing(engine) as session:
        session.execute(text("INSERT INTO credentials (name) VALUES (:name)"), {"name": PLANTED})
    assert PLANTED not in f"{caught.value} {caught.value.__cause__}"
