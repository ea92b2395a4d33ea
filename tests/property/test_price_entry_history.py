"""Whatever is entered, removed and reset in whatever order: no two prices contend, and the past stays as it was."""

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from genai_finops.control.database import connect, upgrade, writing
from genai_finops.control.models import PriceEntry
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.price_defaults import DefaultPrice, OrganisationDefaults, reset_to_defaults
from genai_finops.control.price_entries import enter_price, list_prices, moment_of_change, remove_price, terms_of
from genai_finops.control.price_rules import PriceTerms
from genai_finops.control.snapshot import price_entries_frame
from genai_finops.errors import FinopsError
from genai_finops.schemas.tables.pricing import PRICE_BOOK

START = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 1)
OWNERS: tuple[dict[str, str], ...] = ({}, {"org_slug": "acme"}, {"org_slug": "acme", "account_id": "org-acme"})
BASE = PriceTerms(
    provider="openai",
    model="gpt-5",
    meter="output",
    service_tier="standard",
    geography="global",
    pricing_type="negotiated",
    currency="USD",
    unit_price=Decimal(1),
    valid_from=DAY,
)
_days = st.integers(0, 12)
_bands = st.sampled_from([(0, None), (0, 5), (5, None), (3, 8)])


@st.composite
def prices(draw: st.DrawFn) -> PriceTerms:
    """Prices of few things on few days, so that many contend."""
    first, length = draw(_days), draw(st.none() | st.integers(1, 6))
    above, up_to = draw(_bands)
    return dataclasses.replace(
        BASE,
        model=draw(st.sampled_from(["gpt-5", "GPT-5", "gpt-4o"])),
        pricing_type=draw(st.sampled_from(["negotiated", "committed_use"])),
        unit_price=draw(st.decimals(0, 10, places=12)),
        context_tokens_above=above,
        context_tokens_up_to=up_to,
        valid_from=DAY + dt.timedelta(days=first),
        valid_to=None if length is None else DAY + dt.timedelta(days=first + length),
    )


_standard = dataclasses.replace(BASE, pricing_type="standard")
DEFAULTS = tuple(
    OrganisationDefaults(
        version=str(price),
        prices=(
            DefaultPrice("default-a", dataclasses.replace(_standard, unit_price=Decimal(price))),
            DefaultPrice("default-b", dataclasses.replace(_standard, model="gpt-4o")),
        )[: price + 1],
        plans=(),
    )
    for price in range(2)
)
#: A change, and the seconds by which the clock moves before it; it may stand still or go back.
changes = st.tuples(
    st.integers(-3, 3),
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from(OWNERS), prices()),
        st.tuples(st.just("remove"), st.integers(0, 5)),
        st.tuples(st.just("reset"), st.sampled_from(DEFAULTS)),
    ),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = connect(f"sqlite:///{tmp_path_factory.mktemp('control') / 'control.db'}")
    upgrade(made)
    common: dict[str, Any] = {"now": START, "actor": "tester"}
    with writing(made) as session:
        add_organisation(session, slug="acme", name="Acme", **common)
        add_account(session, org_slug="acme", provider="openai", account_id="org-acme", name="Main", **common)
    yield made
    made.dispose()


def applied(session: Session, change: tuple[Any, ...], now: dt.datetime) -> None:
    """Does the change; one that is refused leaves everything as it was."""
    kind, *arguments = change
    common: dict[str, Any] = {"now": now, "actor": "tester"}
    if kind == "set":
        owner, terms = arguments
        with suppress(FinopsError):
            enter_price(session, terms, currencies={"openai": "USD"}, **owner, **common)
    elif kind == "reset":
        reset_to_defaults(session, "acme", arguments[0], **common)
    else:
        held = everything(session)
        for row in held[arguments[0] : arguments[0] + 1]:
            remove_price(session, row.id, org_slug=row.org_slug, **common)


def everything(session: Session, at: dt.datetime | None = None) -> Sequence[PriceEntry]:
    return [*list_prices(session, None, at=at), *list_prices(session, "acme", at=at)]


def said(rows: Sequence[PriceEntry]) -> list[tuple[int, PriceTerms]]:
    return [(row.id, terms_of(row)) for row in rows]


def decided(rows: Sequence[PriceEntry]) -> Counter[tuple[object, ...]]:
    """How many entries decide each thing, by owner, day and length of prompts."""
    return Counter(
        (row.scope, row.is_custom, (row.model or "").lower(), row.pricing_type, day, tokens)
        for row in rows
        for day in range(30)
        if row.valid_from <= DAY + dt.timedelta(days=day)
        and (row.valid_to is None or DAY + dt.timedelta(days=day) < row.valid_to)
        for tokens in range(1, 12)
        if row.context_tokens_above < tokens
        and (row.context_tokens_up_to is None or tokens <= row.context_tokens_up_to)
    )


@hypothesis_settings(max_examples=40)
@given(st.lists(changes, max_size=14))
def test_no_order_of_changes_makes_prices_contend_or_changes_the_past(
    engine: Engine, done: list[tuple[int, tuple[Any, ...]]]
) -> None:
    now = START
    states: list[tuple[dt.datetime, list[tuple[int, PriceTerms]]]] = []
    with Session(engine) as session:
        for seconds, change in done:
            now += dt.timedelta(seconds=seconds)
            applied(session, change, now)
            held = everything(session)
            assert max(decided(held).values(), default=0) <= 1
            # The first moment at which a further change could be known is after the one at which this one is.
            moment = moment_of_change(session, START - dt.timedelta(days=1)) - dt.timedelta(microseconds=1)
            states.append((moment, said(held)))
        assert [(moment, said(everything(session, at=moment))) for moment, _ in states] == states
        frame = price_entries_frame(session)
        assert frame.select(PRICE_BOOK.grain).n_unique() == frame.height
        session.rollback()
