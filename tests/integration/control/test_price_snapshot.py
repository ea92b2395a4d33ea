"""What people entered, as the price book takes it: exact, with its precedence, and with the time that it was known."""

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine

from genai_finops.control.database import reading, writing
from genai_finops.control.price_defaults import DefaultPrice, OrganisationDefaults, give_defaults_once
from genai_finops.control.price_entries import enter_price, remove_price
from genai_finops.control.price_rules import PriceTerms
from genai_finops.control.snapshot import price_entries_frame
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import empty_frame, validate

PRICE = PriceTerms(
    provider="openai",
    model="Gpt-5",
    meter="uncached_input",
    service_tier="batch",
    geography="us",
    context_tokens_above=100,
    context_tokens_up_to=200,
    variant="hd",
    pricing_type="negotiated",
    currency="USD",
    unit_price=Decimal("0.000000000001"),
    valid_from=dt.date(2026, 11, 1),
    valid_to=dt.date(2026, 12, 1),
)
DISCOUNT = PriceTerms(
    provider="openai",
    pricing_type="volume_discount",
    volume_threshold_tokens=10**9,
    currency="USD",
    discount_percentage=Decimal("0.1234567"),
    valid_from=dt.date(2026, 11, 1),
)
ALLOWANCE = PriceTerms(
    provider="openai",
    model="gpt-5",
    meter="output",
    pricing_type="free_tier",
    currency="USD",
    free_tier_quantity=Decimal("1000000.000001"),
    free_tier_reset_frequency="monthly",
    valid_from=dt.date(2026, 11, 1),
)
DEFAULTS = OrganisationDefaults(
    version="v1",
    prices=(DefaultPrice("default-gpt-5", dataclasses.replace(PRICE, pricing_type="standard")),),
    plans=(),
)
HOUR = dt.timedelta(hours=1)


def frame_of(engine: Engine) -> pl.DataFrame:
    with reading(engine) as session:
        return price_entries_frame(session)


def enter(engine: Engine, now: dt.datetime, terms: PriceTerms = PRICE, **owner: Any) -> int:
    with writing(engine) as session:
        return enter_price(session, terms, currencies={"openai": "USD"}, now=now, actor="ada", **owner).id


def remove(engine: Engine, now: dt.datetime, entry_id: int) -> None:
    with writing(engine) as session:
        remove_price(session, entry_id, org_slug="acme", now=now, actor="ada")


def give(engine: Engine, now: dt.datetime) -> None:
    with writing(engine) as session:
        give_defaults_once(session, "acme", DEFAULTS, now=now, actor="ada")


@pytest.fixture
def full(engine: Engine, now: dt.datetime) -> Engine:
    """Every kind of value and of owner, and one entry that was removed."""
    give(engine, now)
    enter(engine, now, DISCOUNT)
    enter(engine, now, ALLOWANCE, org_slug="acme")
    enter(engine, now, org_slug="acme", account_id="org-acme")
    remove(engine, now + HOUR, enter(engine, now, org_slug="acme"))
    return engine


def test_the_frame_is_one_of_the_price_book(full: Engine) -> None:
    frame = frame_of(full)
    assert validate(PRICE_BOOK, frame, subject="entries").schema == empty_frame(PRICE_BOOK).schema


def test_an_empty_database_gives_an_empty_frame_of_the_price_book(empty_engine: Engine) -> None:
    assert frame_of(empty_engine).equals(empty_frame(PRICE_BOOK))


def test_every_owner_has_the_source_and_precedence_of_its_own(full: Engine) -> None:
    found = frame_of(full).select("source", "priority", "is_custom", "x_org_slug", "x_genai_account_id").rows()
    assert sorted(found, key=lambda row: row[1]) == [
        ("account", 10, True, "acme", "org-acme"),
        ("organisation", 20, True, "acme", None),
        ("organisation", 20, True, "acme", None),
        ("platform", 30, True, None, None),
        ("organisation_defaults", 80, False, "acme", None),
    ]


def test_a_price_reaches_the_book_whole_and_to_the_last_decimal(engine: Engine, now: dt.datetime) -> None:
    entry_id = enter(engine, now, org_slug="acme", account_id="org-acme")
    (row,) = frame_of(engine).rows(named=True)
    expected: dict[str, Any] = {
        **dict.fromkeys(row),
        "provider": "openai",
        "model_id": "gpt-5",
        "meter": "uncached_input",
        "service_tier": "batch",
        "geography": "us",
        "context_tokens_above": 100,
        "context_tokens_up_to": 200,
        "variant": "hd",
        "x_org_slug": "acme",
        "x_genai_account_id": "org-acme",
        "pricing_type": "negotiated",
        "currency": "USD",
        "unit_price": Decimal("0.000000000001"),
        "valid_from": dt.date(2026, 11, 1),
        "valid_to": dt.date(2026, 12, 1),
        "source": "account",
        "source_version": str(entry_id),
        "source_reference": f"entry {entry_id}",
        "retrieved_at": now,
        "priority": 10,
        "is_custom": True,
        "known_from": now,
    }
    assert row == expected


def test_a_discount_reaches_the_book_with_its_reason_and_threshold(engine: Engine, now: dt.datetime) -> None:
    enter(engine, now, DISCOUNT)
    columns = ("unit_price", "discount_percentage", "discount_reason", "volume_threshold_tokens", "meter")
    assert frame_of(engine).select(columns).rows() == [(None, Decimal("0.1234567"), "volume", 10**9, None)]


def test_an_allowance_reaches_the_book_with_its_reset(engine: Engine, now: dt.datetime) -> None:
    enter(engine, now, ALLOWANCE)
    columns = ("unit_price", "free_tier_quantity", "free_tier_reset_frequency")
    assert frame_of(engine).select(columns).rows() == [(None, Decimal("1000000.000001"), "monthly")]


def test_the_copy_of_a_default_names_the_seed_row_and_its_version(engine: Engine, now: dt.datetime) -> None:
    give(engine, now)
    assert frame_of(engine).select("source", "source_version", "source_reference").rows() == [
        ("organisation_defaults", "v1", "default-gpt-5")
    ]


def test_a_removed_price_is_known_until_its_removal(engine: Engine, now: dt.datetime) -> None:
    remove(engine, now + HOUR, enter(engine, now, org_slug="acme"))
    assert frame_of(engine).select("known_from", "known_to").rows() == [(now, now + HOUR)]


def test_a_price_that_is_entered_again_at_once_is_a_row_of_its_own(engine: Engine, now: dt.datetime) -> None:
    remove(engine, now, enter(engine, now, org_slug="acme"))
    enter(engine, now, org_slug="acme")
    frame = frame_of(engine)
    assert (frame.height, frame.select(PRICE_BOOK.grain).n_unique()) == (2, 2)


def test_a_second_snapshot_is_equal(full: Engine) -> None:
    assert frame_of(full).equals(frame_of(full))


def test_no_name_of_a_person_reaches_the_book(full: Engine) -> None:
    assert "ada" not in frame_of(full).write_csv()
