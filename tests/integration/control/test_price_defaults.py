"""Default prices and plans: given once, given again by a reset, and never in the way of an organisation's own."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select

from genai_finops.control.database import reading, writing
from genai_finops.control.models import AuditEntry
from genai_finops.control.organisations import list_organisations
from genai_finops.control.plans import Plan, enter_plan, list_plans, remove_plan
from genai_finops.control.price_defaults import (
    DefaultPrice,
    OrganisationDefaults,
    ResetOutcome,
    add_organisation_with_defaults,
    give_defaults_once,
    reset_to_defaults,
)
from genai_finops.control.price_entries import enter_price, list_prices, remove_price
from genai_finops.control.price_rules import PriceTerms
from genai_finops.errors import FinopsError

INPUT = PriceTerms(
    provider="openai",
    model="gpt-4o",
    meter="uncached_input",
    service_tier="standard",
    geography="global",
    pricing_type="standard",
    currency="USD",
    unit_price=Decimal("2.50"),
    valid_from=dt.date(2024, 12, 1),
)
OUTPUT = dataclasses.replace(INPUT, meter="output", unit_price=Decimal(10))
FREE = Plan(subscription_id="default-free", provider="openai", plan_name="FREE", effective_date=dt.date(2024, 12, 1))
PAID = dataclasses.replace(FREE, subscription_id="default-paid", plan_name="PAID", unit_price_usd=Decimal(20))
DEFAULTS = OrganisationDefaults(
    version="v1",
    prices=(DefaultPrice("default-gpt-4o", INPUT), DefaultPrice("default-gpt-4o", OUTPUT)),
    plans=(FREE, PAID),
)
CHEAPER = dataclasses.replace(INPUT, unit_price=Decimal(2))
NEXT_DEFAULTS = OrganisationDefaults(
    version="v2",
    prices=(DefaultPrice("default-gpt-4o", CHEAPER), DefaultPrice("default-gpt-4o", OUTPUT)),
    plans=(FREE, dataclasses.replace(PAID, unit_price_usd=Decimal(30))),
)

Reset = Callable[..., dict[str, int]]


@pytest.fixture
def given(engine: Engine, now: dt.datetime) -> Engine:
    """acme with the defaults."""
    with writing(engine) as session:
        assert give_defaults_once(session, "acme", DEFAULTS, now=now, actor="ada")
    return engine


@pytest.fixture
def reset(given: Engine, now: dt.datetime) -> Reset:
    def _reset(defaults: OrganisationDefaults = DEFAULTS) -> dict[str, int]:
        with writing(given) as session:
            return reset_to_defaults(session, "acme", defaults, now=now, actor="ada").counts

    return _reset


def counts(**found: int) -> dict[str, int]:
    return {field.name: found.get(field.name, 0) for field in dataclasses.fields(ResetOutcome)}


def values(engine: Engine, **options: Any) -> list[tuple[Any, ...]]:
    with reading(engine) as session:
        rows = list_prices(session, "acme", **options)
    return [(row.meter, row.unit_price, row.default_id, row.default_version, row.is_custom) for row in rows]


def plan_ids(engine: Engine) -> list[tuple[str, Decimal | None, bool]]:
    with reading(engine) as session:
        return [(row.subscription_id, row.unit_price_usd, row.is_custom) for row in list_plans(session, "acme")]


def own_price(engine: Engine, now: dt.datetime) -> int:
    with writing(engine) as session:
        return enter_price(session, INPUT, org_slug="acme", currencies={"openai": "USD"}, now=now, actor="ada").id


def test_the_defaults_are_copied_with_their_ids_and_version(given: Engine) -> None:
    assert values(given) == [
        ("uncached_input", Decimal("2.5"), "default-gpt-4o", "v1", False),
        ("output", Decimal(10), "default-gpt-4o", "v1", False),
    ]


def test_the_default_plans_are_copied(given: Engine) -> None:
    assert plan_ids(given) == [("default-free", None, False), ("default-paid", Decimal(20), False)]


def test_the_defaults_are_given_once(given: Engine, now: dt.datetime) -> None:
    with writing(given) as session:
        assert not give_defaults_once(session, "acme", NEXT_DEFAULTS, now=now, actor="ada")
    assert len(values(given, include_removed=True)) == 2


def test_the_defaults_are_not_given_again_after_they_were_removed(given: Engine, now: dt.datetime) -> None:
    with writing(given) as session:
        for row in list_prices(session, "acme"):
            remove_price(session, row.id, org_slug="acme", now=now, actor="ada")
        assert not give_defaults_once(session, "acme", DEFAULTS, now=now, actor="ada")
    assert values(given) == []


def test_a_new_organisation_has_its_defaults_with_it(empty_engine: Engine, now: dt.datetime) -> None:
    with writing(empty_engine) as session:
        add_organisation_with_defaults(session, DEFAULTS, slug="acme", name="Acme", now=now, actor="ada")
    assert (len(values(empty_engine)), len(plan_ids(empty_engine))) == (2, 2)


@pytest.mark.parametrize("update", [False, True])
def test_an_organisation_that_is_added_again_is_given_nothing(update: bool, engine: Engine, now: dt.datetime) -> None:
    with writing(engine) as session:
        add_organisation_with_defaults(session, DEFAULTS, slug="acme", name="Acme", update=update, now=now, actor="a")
    assert values(engine) == []


def test_an_organisation_whose_defaults_cannot_be_given_is_not_added(empty_engine: Engine, now: dt.datetime) -> None:
    broken = dataclasses.replace(DEFAULTS, prices=(*DEFAULTS.prices, DefaultPrice("default-rival", CHEAPER)))
    with (
        pytest.raises(FinopsError, match="default-gpt-4o and default-rival both decide"),
        writing(empty_engine) as session,
    ):
        add_organisation_with_defaults(session, broken, slug="acme", name="Acme", now=now, actor="ada")
    with reading(empty_engine) as session:
        assert list_organisations(session) == []


def test_default_plans_of_one_id_are_refused(engine: Engine, now: dt.datetime) -> None:
    broken = dataclasses.replace(DEFAULTS, plans=(FREE, dataclasses.replace(PAID, subscription_id="default-free")))
    with (
        pytest.raises(FinopsError, match="Default plan default-free is there more than once"),
        writing(engine) as session,
    ):
        reset_to_defaults(session, "acme", broken, now=now, actor="ada")


def test_a_reset_of_what_was_not_changed_changes_nothing(reset: Reset) -> None:
    assert reset() == counts(kept_prices=2, kept_plans=2)


def test_a_reset_that_changes_nothing_is_not_in_the_audit_log(reset: Reset, given: Engine) -> None:
    reset()
    with reading(given) as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("price.%"))).all()
    assert actions == ["price.give_defaults"]


def test_a_reset_brings_back_a_default_that_was_removed(reset: Reset, given: Engine, now: dt.datetime) -> None:
    with writing(given) as session:
        remove_price(session, list_prices(session, "acme")[0].id, org_slug="acme", now=now, actor="ada")
        remove_plan(session, "default-free", org_slug="acme", now=now, actor="ada")
    assert reset() == counts(kept_prices=1, added_prices=1, kept_plans=1, added_plans=1)


def test_a_reset_ends_a_default_that_changed_and_adds_it_anew(reset: Reset, given: Engine) -> None:
    outcome = reset(NEXT_DEFAULTS)
    assert (outcome, values(given)) == (
        counts(kept_prices=1, ended_prices=1, added_prices=1, kept_plans=1, ended_plans=1, added_plans=1),
        [
            ("output", Decimal(10), "default-gpt-4o", "v1", False),
            ("uncached_input", Decimal(2), "default-gpt-4o", "v2", False),
        ],
    )


def test_a_second_reset_changes_nothing(reset: Reset) -> None:
    reset(NEXT_DEFAULTS)
    assert reset(NEXT_DEFAULTS) == counts(kept_prices=2, kept_plans=2)


def test_a_reset_ends_a_default_that_is_none_any_more(reset: Reset) -> None:
    fewer = dataclasses.replace(DEFAULTS, prices=DEFAULTS.prices[:1], plans=(FREE,))
    assert reset(fewer) == counts(kept_prices=1, ended_prices=1, kept_plans=1, ended_plans=1)


def test_an_own_price_survives_a_reset(reset: Reset, given: Engine, now: dt.datetime) -> None:
    own_price(given, now)
    reset(NEXT_DEFAULTS)
    assert ("uncached_input", Decimal("2.5"), None, None, True) in values(given)


def test_an_own_price_does_not_contend_with_the_copy_of_a_default(given: Engine, now: dt.datetime) -> None:
    own_price(given, now)
    assert len(values(given)) == 3


def test_an_own_plan_survives_a_reset(reset: Reset, given: Engine, now: dt.datetime) -> None:
    with writing(given) as session:
        plan = dataclasses.replace(PAID, subscription_id="acme-scale", unit_price_usd=Decimal("99.95"))
        enter_plan(session, plan, org_slug="acme", now=now, actor="ada")
    reset(NEXT_DEFAULTS)
    assert ("acme-scale", Decimal("99.95"), True) in plan_ids(given)


def test_an_own_plan_takes_the_place_of_the_default_of_its_id(reset: Reset, given: Engine, now: dt.datetime) -> None:
    with writing(given) as session:
        remove_plan(session, "default-paid", org_slug="acme", now=now, actor="ada")
        own = dataclasses.replace(PAID, unit_price_usd=Decimal(15))
        enter_plan(session, own, org_slug="acme", now=now, actor="ada")
    reset()
    assert plan_ids(given) == [("default-free", None, False), ("default-paid", Decimal(15), True)]


def test_a_reset_touches_no_other_organisation(reset: Reset, given: Engine, now: dt.datetime) -> None:
    with writing(given) as session:
        give_defaults_once(session, "globex", DEFAULTS, now=now, actor="ada")
    reset(NEXT_DEFAULTS)
    with reading(given) as session:
        assert [row.unit_price for row in list_prices(session, "globex")] == [Decimal("2.5"), Decimal(10)]


def test_an_organisation_without_defaults_is_given_them_by_a_reset(engine: Engine, now: dt.datetime) -> None:
    with writing(engine) as session:
        outcome = reset_to_defaults(session, "acme", DEFAULTS, now=now, actor="ada").counts
    assert outcome == counts(added_prices=2, added_plans=2)


def test_a_plan_of_an_id_that_is_taken_is_refused(given: Engine, now: dt.datetime) -> None:
    with pytest.raises(FinopsError, match=r"has a plan default-paid already.*prices remove"), writing(given) as session:
        enter_plan(session, PAID, org_slug="acme", now=now, actor="ada")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subscription_id": "17"}, "named like a price entry"),
        ({"subscription_id": "Plan A"}, "is not a slug"),
        ({"plan_name": " "}, "is empty"),
        ({"end_date": dt.date(2024, 12, 1)}, "would end on 2024-12-01"),
        ({"rpm_limit": -1}, "rpm_limit -1 is negative"),
        ({"unit_price_usd": Decimal("NaN")}, "unit_price_usd NaN is negative or no number"),
    ],
    ids=str,
)
def test_a_malformed_plan_is_refused(changes: dict[str, Any], message: str, engine: Engine, now: dt.datetime) -> None:
    plan = dataclasses.replace(PAID, **{"subscription_id": "own", **changes})
    with pytest.raises(FinopsError, match=message), writing(engine) as session:
        enter_plan(session, plan, org_slug="acme", now=now, actor="ada")


def test_a_plan_that_is_not_there_is_refused_with_the_known_ones(given: Engine, now: dt.datetime) -> None:
    with (
        pytest.raises(FinopsError, match=r"no plan 'x' \(known: default-free, default-paid\)"),
        writing(given) as session,
    ):
        remove_plan(session, "x", org_slug="acme", now=now, actor="ada")


def test_the_plans_of_an_earlier_moment_can_be_rebuilt(given: Engine, now: dt.datetime) -> None:
    with writing(given) as session:
        remove_plan(session, "default-paid", org_slug="acme", now=now + dt.timedelta(hours=1), actor="ada")
    with reading(given) as session:
        assert [row.subscription_id for row in list_plans(session, "acme", at=now)] == ["default-free", "default-paid"]
