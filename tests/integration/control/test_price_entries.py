"""Prices that people enter: refused where they contend, removed but never lost."""

import dataclasses
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from genai_finops.control.database import reading, writing
from genai_finops.control.models import AuditEntry, PriceEntry
from genai_finops.control.price_entries import enter_price, list_prices, remove_price, terms_of
from genai_finops.control.price_rules import PriceTerms
from genai_finops.errors import FinopsError

CURRENCIES = {"openai": "USD"}
PRICE = PriceTerms(
    provider="openai",
    model="gpt-5",
    meter="uncached_input",
    service_tier="standard",
    geography="global",
    pricing_type="negotiated",
    currency="USD",
    unit_price=Decimal("0.000000012345"),
    valid_from=dt.date(2026, 11, 1),
)
ACME = {"org_slug": "acme"}
ACCOUNT = {"org_slug": "acme", "account_id": "org-acme"}
PLATFORM: dict[str, Any] = {}


def entered(engine: Engine, now: dt.datetime, owner: dict[str, Any], **changes: Any) -> int:
    with writing(engine) as session:
        terms = dataclasses.replace(PRICE, **changes)
        return enter_price(session, terms, currencies=CURRENCIES, now=now, actor="ada", **owner).id


def removed(engine: Engine, entry_id: int, now: dt.datetime, org_slug: str | None = "acme") -> PriceEntry:
    with writing(engine) as session:
        return remove_price(session, entry_id, org_slug=org_slug, now=now, actor="bob")


def ids(engine: Engine, org_slug: str | None = "acme", **options: Any) -> list[int]:
    with reading(engine) as session:
        return [row.id for row in list_prices(session, org_slug, **options)]


@pytest.mark.parametrize(
    ("owner", "scope"), [(PLATFORM, "platform"), (ACME, "organisation"), (ACCOUNT, "account")], ids=str
)
def test_an_entered_price_is_listed_with_its_owner(
    owner: dict[str, Any], scope: str, engine: Engine, now: dt.datetime
) -> None:
    entered(engine, now, owner)
    with reading(engine) as session:
        (row,) = list_prices(session, owner.get("org_slug"))
    assert (row.scope, row.account_id, row.is_custom, row.entered_by) == (scope, owner.get("account_id"), True, "ada")


def test_a_price_comes_back_to_the_last_decimal(engine: Engine, now: dt.datetime) -> None:
    entered(engine, now, ACME)
    with reading(engine) as session:
        assert terms_of(list_prices(session, "acme")[0]) == PRICE


def test_a_price_is_stored_as_text_because_the_numbers_of_sqlite_are_binary(engine: Engine, now: dt.datetime) -> None:
    entered(engine, now, ACME, unit_price=Decimal("1.2300E-10"))
    with reading(engine) as session:
        stored = session.execute(text("SELECT typeof(unit_price), unit_price FROM price_entries")).one()
    assert tuple(stored) == ("text", "0.000000000123")


@pytest.mark.parametrize("changes", [{}, {"model": "GPT-5"}, {"valid_from": dt.date(2027, 1, 1)}], ids=str)
def test_a_price_that_overlaps_another_is_refused_with_its_id_and_validity(
    changes: dict[str, Any], engine: Engine, now: dt.datetime
) -> None:
    first = entered(engine, now, ACME)
    with pytest.raises(
        FinopsError, match=rf"entry {first} of the organisation .*from 2026-11-01 on.*remove --org acme"
    ):
        entered(engine, now, ACME, **changes)


def test_two_spellings_of_one_model_contend(engine: Engine, now: dt.datetime) -> None:
    first = entered(engine, now, ACME, model="gpt-5-2025-08-07")
    with (
        pytest.raises(FinopsError, match=rf"entry {first} .* decides the same for gpt-5-2025-08-07"),
        writing(engine) as session,
    ):
        enter_price(
            session,
            PRICE,
            org_slug="acme",
            currencies=CURRENCIES,
            canonical_model=lambda _provider, spelling: spelling.removesuffix("-2025-08-07"),
            now=now,
            actor="ada",
        )


@pytest.mark.parametrize("owner", [PLATFORM, ACCOUNT, {"org_slug": "globex"}], ids=str)
def test_prices_of_different_owners_do_not_contend(owner: dict[str, Any], engine: Engine, now: dt.datetime) -> None:
    entered(engine, now, ACME)
    assert entered(engine, now, owner) > 0


def test_a_price_may_follow_another_on_the_day_it_ends(engine: Engine, now: dt.datetime) -> None:
    first = entered(engine, now, ACME, valid_to=dt.date(2026, 12, 1))
    second = entered(engine, now, ACME, valid_from=dt.date(2026, 12, 1))
    assert ids(engine) == [first, second]


def test_a_removed_price_makes_room_for_another(engine: Engine, now: dt.datetime) -> None:
    removed(engine, entered(engine, now, ACME), now)
    second = entered(engine, now, ACME, unit_price=Decimal(3))
    assert ids(engine) == [second]


def test_a_refused_price_leaves_nothing_behind(engine: Engine, now: dt.datetime) -> None:
    first = entered(engine, now, ACME)
    with pytest.raises(FinopsError):
        entered(engine, now, ACME)
    assert ids(engine, include_removed=True) == [first]


@pytest.mark.parametrize(
    ("owner", "message"),
    [
        ({"org_slug": "acne"}, r"There is no organisation 'acne' \(known: acme, globex\)"),
        ({"org_slug": "acme", "account_id": "org-globex"}, r"acme has no account 'org-globex' at openai"),
        ({"account_id": "org-acme"}, r"Account 'org-acme' was given without its organisation"),
    ],
    ids=str,
)
def test_an_unknown_owner_is_refused(owner: dict[str, Any], message: str, engine: Engine, now: dt.datetime) -> None:
    with pytest.raises(FinopsError, match=message):
        entered(engine, now, owner)


def test_the_state_at_an_earlier_moment_can_be_rebuilt(engine: Engine, now: dt.datetime) -> None:
    hour = dt.timedelta(hours=1)
    first = entered(engine, now, ACME)
    removed(engine, first, now + hour)
    second = entered(engine, now + hour, ACME, unit_price=Decimal(3))
    moments = (now - hour, now, now + hour - dt.timedelta(microseconds=1), now + 2 * hour)
    assert [ids(engine, at=moment) for moment in moments] == [[], [first], [first], [second]]


def test_a_clock_that_goes_back_does_not_change_what_held_before(engine: Engine, now: dt.datetime) -> None:
    first = entered(engine, now, ACME)
    removed(engine, first, now - dt.timedelta(days=1))
    assert ids(engine, at=now) == [first]


def test_removed_prices_are_listed_on_request(engine: Engine, now: dt.datetime) -> None:
    first = entered(engine, now, ACME)
    removed(engine, first, now)
    assert (ids(engine), ids(engine, include_removed=True)) == ([], [first])


def test_a_removal_says_who_and_when_and_changes_nothing_else(engine: Engine, now: dt.datetime) -> None:
    later = now + dt.timedelta(hours=1)
    row = removed(engine, entered(engine, now, ACME), later)
    assert (row.removed_at, row.removed_by, terms_of(row), row.entered_at) == (later, "bob", PRICE, now)


@pytest.mark.parametrize("org_slug", [None, "globex"])
def test_an_entry_of_someone_else_is_not_there(org_slug: str | None, engine: Engine, now: dt.datetime) -> None:
    entry_id = entered(engine, now, ACME)
    with pytest.raises(FinopsError, match=rf"has no price entry {entry_id}\..*prices list"):
        removed(engine, entry_id, now, org_slug)


def test_a_price_cannot_be_removed_twice(engine: Engine, now: dt.datetime) -> None:
    entry_id = entered(engine, now, ACME)
    removed(engine, entry_id, now + dt.timedelta(hours=1))
    with pytest.raises(FinopsError, match=rf"entry {entry_id} was removed on 2026-11-05 07:00:00 UTC by bob"):
        removed(engine, entry_id, now + dt.timedelta(hours=2))


def test_the_audit_log_tells_what_was_entered_and_removed(engine: Engine, now: dt.datetime) -> None:
    entry_id = entered(engine, now, ACCOUNT)
    removed(engine, entry_id, now)
    with reading(engine) as session:
        rows = session.scalars(
            select(AuditEntry).where(AuditEntry.action.like("price.%")).order_by(AuditEntry.id)
        ).all()
    assert [(row.action, row.actor, row.org_slug, row.subject) for row in rows] == [
        ("price.set", "ada", "acme", str(entry_id)),
        ("price.remove", "bob", "acme", str(entry_id)),
    ]


def test_the_audit_log_has_the_price_to_the_last_decimal(engine: Engine, now: dt.datetime) -> None:
    entered(engine, now, ACME)
    with reading(engine) as session:
        detail = session.scalars(select(AuditEntry.detail).filter_by(action="price.set")).one()
    assert Decimal(json.loads(detail)["unit_price"]) == PRICE.unit_price


@pytest.mark.parametrize(
    ("broken", "constraint"),
    [
        ("scope = 'organisation'", "scope"),
        ("discount_percentage = '5'", "value"),
        ("unit_price = NULL", "value"),
        ("valid_to = valid_from", "validity"),
        ("is_custom = 0", "origin"),
        ("removed_at = entered_at", "removal"),
        ("removed_at = '2020-01-01 00:00:00.000000', removed_by = 'x'", "knowledge"),
    ],
)
def test_the_database_itself_refuses_a_broken_row(
    broken: str, constraint: str, engine: Engine, now: dt.datetime
) -> None:
    entered(engine, now, PLATFORM)
    with pytest.raises(FinopsError, match=f"ck_price_entries_{constraint}"), writing(engine) as session:
        session.execute(text(f"UPDATE price_entries SET {broken}"))  # noqa: S608 - the cases above
