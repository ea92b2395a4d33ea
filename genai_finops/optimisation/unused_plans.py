"""Subscription plans that nobody uses, and seats that nobody takes."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from genai_finops.control.plans import Plan
from genai_finops.optimisation.advice import Advice, Baseline, in_cents
from genai_finops.optimisation.confidence import Cap, Grounds, judge
from genai_finops.optimisation.load_words import decimal_text
from genai_finops.optimisation.survey import Survey
from genai_finops.warehouse.advice_capacity import plan_query

_CURRENCY = "USD"
_SEATS = Cap(level="medium", reason="users are those that request logs name")


def plan_advice(survey: Survey, plans: Iterable[tuple[str, Plan]]) -> list[Advice]:
    """Advice on each organisation's own plan, paid by the month, that is in force and not new."""
    period = survey.period
    grace = dt.timedelta(days=survey.config.unused_plan.grace_days)
    advised = []
    for org, plan in plans:
        is_over = plan.end_date is not None and plan.end_date <= period.last_day
        is_new = plan.effective_date + grace > period.last_day
        if plan.unit_price_usd and plan.is_enabled and not is_over and not is_new:
            advice = _advice(survey, org, plan, plan.unit_price_usd)
            advised += [advice] if advice else []
    return advised


def _advice(survey: Survey, org: str, plan: Plan, price: Decimal) -> Advice | None:
    period, config = survey.period, survey.config
    first = max(period.first_day, plan.effective_date)
    query = plan_query(
        org=org,
        provider=plan.provider,
        seats=plan.quantity,
        monthly_price=price,
        first=first,
        last=period.last_day,
    )
    users, usage_rows, unused, saving = query.row(survey.warehouse)
    if in_cents(saving) < config.least_saving:
        return None
    is_unused = not usage_rows and not users
    told = "nothing was used" if is_unused else f"{users} users"
    caps = [] if is_unused else [_SEATS]
    return Advice(
        kind="unused_plan",
        org=org,
        subject={"provider": plan.provider, "plan": plan.subscription_id},
        group=f"plan {plan.provider} {plan.subscription_id}",
        currency=_CURRENCY,
        current_cost=plan.quantity * price,
        saving=saving,
        monthly_saving=in_cents(saving),
        summary=f"plan {plan.subscription_id} of {plan.provider}: {told} since {first}, of {plan.quantity} seats "
        f"{unused} are not taken",
        confidence=judge(Grounds(days=(period.last_day - first).days + 1), config.confidence, *caps),
        query=query,
        baseline=Baseline(
            method="plan",
            first_day=first,
            last_day=period.last_day,
            lines=({"seats": str(plan.quantity), "unit_price": decimal_text(price), "users": str(users)},),
            target={"unused_seats": str(unused)},
        ),
    )
