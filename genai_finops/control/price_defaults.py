"""The default prices and plans of an organisation: given once, and given again by a reset that spares its own."""

import dataclasses
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy.orm import Session

from genai_finops.control.changes import Change, record
from genai_finops.control.models import OrganisationPlan, PriceEntry
from genai_finops.control.organisations import add_organisation
from genai_finops.control.plans import Plan, add_plan, list_plans, plan_of
from genai_finops.control.price_entries import add_entry, list_prices, moment_of_change, terms_of
from genai_finops.control.price_rules import PriceTerms
from genai_finops.errors import FinopsError


@dataclass(frozen=True, slots=True)
class DefaultPrice:
    """One price of the defaults. `default_id` is the seed row that states it; a row may state several prices."""

    default_id: str
    terms: PriceTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationDefaults:
    """What a new organisation starts with, and the version of the seeds that say so."""

    version: str
    prices: tuple[DefaultPrice, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetOutcome:
    """What a reset did: own entries are kept, copies of present defaults too, others are ended, missing ones added."""

    own_prices: tuple[PriceEntry, ...]
    kept_prices: tuple[PriceEntry, ...]
    ended_prices: tuple[PriceEntry, ...]
    added_prices: tuple[PriceEntry, ...]
    own_plans: tuple[OrganisationPlan, ...]
    kept_plans: tuple[OrganisationPlan, ...]
    ended_plans: tuple[OrganisationPlan, ...]
    added_plans: tuple[OrganisationPlan, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each."""
        return {field.name: len(getattr(self, field.name)) for field in dataclasses.fields(self)}


def add_organisation_with_defaults(
    session: Session,
    defaults: OrganisationDefaults,
    *,
    slug: str,
    name: str,
    currency: str | None = None,
    is_enabled: bool | None = None,
    update: bool = False,
    now: dt.datetime,
    actor: str,
) -> Change:
    """Adds the organisation as add_organisation does and, where it is new, its default prices and plans.

    Both belong to the transaction of the session. One that exists already is given nothing. Raises FinopsError.
    """
    change = add_organisation(
        session,
        slug=slug,
        name=name,
        currency=currency,
        is_enabled=is_enabled,
        update=update,
        now=now,
        actor=actor,
    )
    if change == "added":
        give_defaults_once(session, slug, defaults, now=now, actor=actor)
    return change


def give_defaults_once(
    session: Session, org_slug: str, defaults: OrganisationDefaults, *, now: dt.datetime, actor: str
) -> bool:
    """Gives the organisation the defaults, unless it was ever given any; says whether it was given them now.

    Call it inside `writing`. Raises FinopsError when the organisation is unknown, or two defaults decide the same.
    """
    history = (
        list_prices(session, org_slug, include_removed=True),
        list_plans(session, org_slug, include_removed=True),
    )
    if any(row.default_id is not None for rows in history for row in rows):
        return False
    outcome = _bring_to(session, org_slug, defaults, now=now, actor=actor)
    detail = {"version": defaults.version, **outcome.counts}
    record(
        session,
        now=now,
        actor=actor,
        action="price.give_defaults",
        org_slug=org_slug,
        subject=org_slug,
        detail=detail,
    )
    return True


def reset_to_defaults(
    session: Session, org_slug: str, defaults: OrganisationDefaults, *, now: dt.datetime, actor: str
) -> ResetOutcome:
    """Makes the organisation's copies of the defaults equal to the present ones; its own prices and plans stay.

    A second reset changes nothing. Call it inside `writing`. Raises FinopsError when the organisation is unknown, or
    two defaults decide the same.
    """
    outcome = _bring_to(session, org_slug, defaults, now=now, actor=actor)
    if outcome.ended_prices or outcome.added_prices or outcome.ended_plans or outcome.added_plans:
        detail = {"version": defaults.version, **outcome.counts}
        record(session, now=now, actor=actor, action="price.reset", org_slug=org_slug, subject=org_slug, detail=detail)
    return outcome


def _bring_to(
    session: Session, org_slug: str, defaults: OrganisationDefaults, *, now: dt.datetime, actor: str
) -> ResetOutcome:
    _refuse_rivals(defaults)
    moment = moment_of_change(session, now)
    prices, plans = list_prices(session, org_slug), list_plans(session, org_slug)
    stated = dict.fromkeys(defaults.prices)
    copies = {row: DefaultPrice(row.default_id, terms_of(row)) for row in prices if row.default_id is not None}
    own_plans = tuple(row for row in plans if row.is_custom)
    # An own plan takes the place of the default that has its id.
    taken = {row.subscription_id for row in own_plans}
    stated_plans = {plan: None for plan in defaults.plans if plan.subscription_id not in taken}
    plan_copies = {row: plan_of(row) for row in plans if not row.is_custom}
    ended_prices = tuple(row for row, copy in copies.items() if copy not in stated)
    ended_plans = tuple(row for row, copy in plan_copies.items() if copy not in stated_plans)
    ended: tuple[PriceEntry | OrganisationPlan, ...] = (*ended_prices, *ended_plans)
    for row in ended:
        row.removed_at, row.removed_by = moment, actor
    present, present_plans = set(copies.values()), set(plan_copies.values())
    outcome = ResetOutcome(
        own_prices=tuple(row for row in prices if row.is_custom),
        kept_prices=tuple(row for row, copy in copies.items() if copy in stated),
        ended_prices=ended_prices,
        added_prices=tuple(
            add_entry(
                session,
                default.terms,
                org_slug=org_slug,
                default_id=default.default_id,
                default_version=defaults.version,
                moment=moment,
                actor=actor,
            )
            for default in stated
            if default not in present
        ),
        own_plans=own_plans,
        kept_plans=tuple(row for row, copy in plan_copies.items() if copy in stated_plans),
        ended_plans=ended_plans,
        added_plans=tuple(
            add_plan(session, plan, org_slug=org_slug, default_id=plan.subscription_id, moment=moment, actor=actor)
            for plan in stated_plans
            if plan not in present_plans
        ),
    )
    session.flush()
    return outcome


def _refuse_rivals(defaults: OrganisationDefaults) -> None:
    by_key: dict[tuple[object, ...], list[DefaultPrice]] = defaultdict(list)
    for default in dict.fromkeys(defaults.prices):
        for other in by_key[default.terms.key]:
            if other.terms.overlaps(default.terms):
                raise FinopsError(
                    f"Defaults {other.default_id} and {default.default_id} both decide {default.terms.subject}",
                    remedy="Correct seeds/genai_default_prices.csv: end one where the other starts.",
                )
        by_key[default.terms.key].append(default)
    ids = [plan.subscription_id for plan in defaults.plans]
    for twice in sorted({plan_id for plan_id in ids if ids.count(plan_id) > 1}):
        raise FinopsError(
            f"Default plan {twice} is there more than once",
            remedy="Correct seeds/genai_subscription_plans.csv: give every plan an id of its own.",
        )
