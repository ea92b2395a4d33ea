"""Organisations and accounts: added once, changed on purpose only."""

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import Engine, select

from genai_finops.control.database import reading, writing
from genai_finops.control.models import AuditEntry
from genai_finops.control.organisations import (
    add_account,
    add_organisation,
    choose_account,
    get_organisation,
    list_accounts,
)
from genai_finops.errors import FinopsError


def added(engine: Engine, now: dt.datetime, **values: Any) -> str:
    with writing(engine) as session:
        return add_organisation(session, now=now, actor="tester", **values)


def test_an_organisation_starts_enabled_and_in_dollars(engine: Engine) -> None:
    with reading(engine) as session:
        row = get_organisation(session, "acme")
    assert (row.name, row.currency, row.is_enabled) == ("Acme", "USD", True)


def test_adding_the_same_again_changes_nothing(engine: Engine, now: dt.datetime) -> None:
    assert added(engine, now, slug="acme", name="Acme") == "unchanged"


def test_other_values_are_refused_with_both(engine: Engine, now: dt.datetime) -> None:
    with pytest.raises(FinopsError, match=r"currency is 'USD', not 'EUR'.*--update"):
        added(engine, now, slug="acme", name="Acme", currency="EUR")


def test_an_update_keeps_what_it_does_not_name(engine: Engine, now: dt.datetime) -> None:
    added(engine, now, slug="acme", name="Acme", currency="EUR", update=True)
    added(engine, now, slug="acme", name="Acme Inc.", update=True)
    with reading(engine) as session:
        row = get_organisation(session, "acme")
    assert (row.name, row.currency) == ("Acme Inc.", "EUR")


@pytest.mark.parametrize(
    "values",
    [
        {"slug": "Acme", "name": "Acme"},
        {"slug": "", "name": "Acme"},
        {"slug": "../acme", "name": "Acme"},
        {"slug": "new", "name": " "},
        {"slug": "new", "name": "two\nlines"},
        {"slug": "new", "name": "New", "currency": "usd"},
    ],
    ids=str,
)
def test_a_malformed_value_is_refused(values: dict[str, str], engine: Engine, now: dt.datetime) -> None:
    with pytest.raises(FinopsError):
        added(engine, now, **values)


def test_an_account_of_an_unknown_organisation_is_refused_with_the_known_ones(engine: Engine, now: dt.datetime) -> None:
    with (
        pytest.raises(FinopsError, match=r"'acne' \(known: acme, globex\)"),
        writing(engine) as session,
    ):
        add_account(session, org_slug="acne", provider="openai", account_id="a", name="A", now=now, actor="tester")


def test_accounts_are_listed_by_organisation(engine: Engine) -> None:
    with reading(engine) as session:
        assert [row.account_id for row in list_accounts(session, "globex")] == ["org-globex"]


def test_an_account_can_be_put_on_the_free_tier_later(engine: Engine, now: dt.datetime) -> None:
    with writing(engine) as session:
        add_account(
            session,
            org_slug="acme",
            provider="openai",
            account_id="org-acme",
            name="Main",
            is_free_tier=True,
            update=True,
            now=now,
            actor="tester",
        )
    with reading(engine) as session:
        assert [row.is_free_tier for row in list_accounts(session)] == [True, False]


def test_the_only_account_is_chosen_without_being_named(engine: Engine) -> None:
    with reading(engine) as session:
        chosen = choose_account(session, org_slug="acme", provider="openai", account_id=None)
    assert chosen.account_id == "org-acme"


def test_one_of_several_accounts_must_be_named(engine: Engine, now: dt.datetime) -> None:
    with writing(engine) as session:
        add_account(
            session, org_slug="acme", provider="openai", account_id="org-2", name="Second", now=now, actor="tester"
        )
    with reading(engine) as session, pytest.raises(FinopsError, match=r"several accounts .*org-2, org-acme.*--account"):
        choose_account(session, org_slug="acme", provider="openai", account_id=None)


@pytest.mark.parametrize(("provider", "account_id"), [("openai", "org-globex"), ("anthropic", None)])
def test_an_account_that_is_not_there_is_not_chosen(provider: str, account_id: str | None, engine: Engine) -> None:
    with reading(engine) as session, pytest.raises(FinopsError, match="account add acme"):
        choose_account(session, org_slug="acme", provider=provider, account_id=account_id)


def test_the_audit_log_tells_who_changed_what_and_when(engine: Engine, now: dt.datetime) -> None:
    later = now + dt.timedelta(days=1)
    with writing(engine) as session:
        add_organisation(session, slug="acme", name="Acme Inc.", update=True, now=later, actor="ada")
    with reading(engine) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.at, entry.actor, entry.action, entry.org_slug, json.loads(entry.detail)) == (
        later,
        "ada",
        "organisation.update",
        "acme",
        {"name": "Acme Inc."},
    )
