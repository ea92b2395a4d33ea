"""Subscription plans of organisations: entered and removed, never changed, as prices are."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.changes import check_slug, check_text, record
from genai_finops.control.models import OrganisationPlan
from genai_finops.control.organisations import get_organisation
from genai_finops.control.price_entries import moment_of_change, org_option
from genai_finops.errors import FinopsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One subscription plan: the columns of seeds/genai_subscription_plans.csv but for is_custom.

    Prices, credits and commitments are in US dollars, as the names of the columns say; limits are counts per minute
    (rpm, tpm), day (rpd, tpd, daily) or month; None is unlimited or unknown. Days are UTC, half-open.
    """

    subscription_id: str
    provider: str
    plan_name: str
    quantity: int = 1
    unit_price_usd: Decimal | None = None
    effective_date: dt.date
    end_date: dt.date | None = None
    is_enabled: bool = True
    auth_type: str | None = None
    tier_type: str | None = None
    trial_end_date: dt.date | None = None
    trial_credit_usd: Decimal | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    rpd_limit: int | None = None
    tpd_limit: int | None = None
    concurrent_limit: int | None = None
    monthly_token_limit: int | None = None
    daily_token_limit: int | None = None
    committed_spend_usd: Decimal | None = None
    commitment_term_months: int | None = None
    discount_percentage: Decimal | None = None


_COLUMNS = tuple(field.name for field in dataclasses.fields(Plan))


def enter_plan(session: Session, plan: Plan, *, org_slug: str, now: dt.datetime, actor: str) -> OrganisationPlan:
    """Enters an organisation's own plan. Call it inside `writing`.

    Raises FinopsError when the organisation is unknown, a value is malformed, or it has a plan of that id.
    """
    get_organisation(session, org_slug)
    _check(plan)
    for other in list_plans(session, org_slug):
        if other.subscription_id == plan.subscription_id:
            raise FinopsError(
                f"Organisation {org_slug} has a plan {plan.subscription_id} already, since {other.effective_date}",
                remedy=f"End it first: genai-finops prices remove --org {org_slug} {plan.subscription_id}.",
            )
    row = add_plan(session, plan, org_slug=org_slug, moment=moment_of_change(session, now), actor=actor)
    detail = dataclasses.asdict(plan)
    subject = plan.subscription_id
    record(session, now=now, actor=actor, action="plan.set", org_slug=org_slug, subject=subject, detail=detail)
    return row


def remove_plan(
    session: Session, subscription_id: str, *, org_slug: str, now: dt.datetime, actor: str
) -> OrganisationPlan:
    """Ends the organisation's plan of that id. Raises FinopsError when it has none."""
    plans = {plan.subscription_id: plan for plan in list_plans(session, org_slug)}
    if subscription_id not in plans:
        raise FinopsError(
            f"Organisation {org_slug} has no plan {subscription_id!r} (known: {', '.join(sorted(plans)) or 'none'})",
            remedy=f"Correct the id; genai-finops prices list{org_option(org_slug)} --plans shows all.",
        )
    row = plans[subscription_id]
    row.removed_at, row.removed_by = moment_of_change(session, now), actor
    record(session, now=now, actor=actor, action="plan.remove", org_slug=org_slug, subject=subscription_id)
    return row


def list_plans(
    session: Session, org_slug: str, *, at: dt.datetime | None = None, include_removed: bool = False
) -> Sequence[OrganisationPlan]:
    """The organisation's plans by provider and id: those that hold, or that held at `at`, or with `include_removed`
    all.

    Raises FinopsError when the organisation is unknown.
    """
    get_organisation(session, org_slug)
    table = OrganisationPlan
    query = select(table).filter_by(org_slug=org_slug).order_by(table.provider, table.subscription_id, table.id)
    if at is not None:
        query = query.where(table.entered_at <= at, table.removed_at.is_(None) | (table.removed_at > at))
    elif not include_removed:
        query = query.where(table.removed_at.is_(None))
    return session.scalars(query).all()


def plan_of(row: OrganisationPlan) -> Plan:
    """What the row says."""
    return Plan(**{name: getattr(row, name) for name in _COLUMNS})


def add_plan(
    session: Session, plan: Plan, *, org_slug: str, default_id: str | None = None, moment: dt.datetime, actor: str
) -> OrganisationPlan:
    """Adds the row, without any check. `default_id` makes it a copy of that default."""
    row = OrganisationPlan(
        org_slug=org_slug,
        **{name: getattr(plan, name) for name in _COLUMNS},
        is_custom=default_id is None,
        default_id=default_id,
        entered_at=moment,
        entered_by=actor,
    )
    session.add(row)
    return row


def _check(plan: Plan) -> None:
    subject = f"Plan {check_slug(plan.subscription_id, 'Plan')}"
    if plan.subscription_id.isdecimal():
        raise FinopsError(f"{subject} is named like a price entry", remedy="Give it a name with a letter.")
    check_slug(plan.provider, f"{subject}: provider")
    check_text(plan.plan_name, f"{subject}: name")
    if plan.end_date is not None and plan.end_date <= plan.effective_date:
        raise FinopsError(
            f"{subject} would end on {plan.end_date}, not after its first day {plan.effective_date}",
            remedy="The end is the first day on which the plan no longer holds: give a later one.",
        )
    for name in _COLUMNS:
        value = getattr(plan, name)
        if isinstance(value, int | Decimal) and not (Decimal(value).is_finite() and value >= 0):
            raise FinopsError(f"{subject}: {name} {value} is negative or no number", remedy="Give a number from 0 on.")
