"""Capacity that is paid for and serves nothing: bought and not deployed, or deployed and not needed."""

from decimal import ROUND_FLOOR, Decimal

from genai_finops.optimisation.advice import Advice, Baseline, in_cents, monthly
from genai_finops.optimisation.confidence import Cap, Confidence, Grounds, judge
from genai_finops.optimisation.load_words import decimal_text
from genai_finops.optimisation.survey import Survey
from genai_finops.warehouse.advice_actuals import capacity_cost
from genai_finops.warehouse.advice_capacity import (
    CommitmentUse,
    Oversized,
    commitment_use,
    idle_query,
    oversized_capacity,
    oversized_query,
)
from genai_finops.warehouse.base import ReadOnlyWarehouse

_HOURLY = Decimal("1e-12")
_TERM = "what is committed can be saved when its term ends, or is put to use"


def commitment_advice(survey: Survey) -> list[Advice]:
    """Whole units of running commitments that were unused in every hour, and capacity above what its load needs.

    Both may speak of the same money, and are alternatives.
    """
    warehouse, period = survey.warehouse, survey.period
    if not warehouse.has_table("genai_commitment_utilization_daily"):
        return []
    idle = [_idle(survey, use) for use in commitment_use(warehouse, period.first_day, period.last_day)]
    oversized = [_oversized(survey, found) for found in oversized_capacity(warehouse)]
    return [advice for advice in (*idle, *oversized) if advice is not None]


def _idle(survey: Survey, use: CommitmentUse) -> Advice | None:
    period, config = survey.period, survey.config
    units = int(use.idle_units.to_integral_value(rounding=ROUND_FLOOR))
    ended = use.last_day < period.last_day
    if units < 1 or ended or use.days < config.idle_commitment.least_days or not use.unit_hours:
        return None
    hourly_price = (use.cost / use.unit_hours).quantize(_HOURLY)
    first, last = period.first_day, period.last_day
    query = idle_query(use, units=units, hourly_price=hourly_price, first=first, last=last)
    *_, saving = query.row(survey.warehouse)
    monthly_saving = monthly(saving, use.days)
    if monthly_saving < config.least_saving:
        return None
    return Advice(
        kind="idle_commitment",
        org=use.org,
        subject={
            "provider": use.provider,
            "account": use.account,
            "meter": use.meter,
            "commitment": use.commitment,
        },
        group=_group(use.provider, use.account, use.meter),
        currency=use.currency,
        current_cost=use.cost,
        saving=saving,
        monthly_saving=monthly_saving,
        summary=f"commitment {use.commitment} of {use.provider}: {units} units were unused in each of {use.hours} "
        f"hours; {use.unused_cost:.2f} of {use.cost:.2f} {use.currency} paid for unused hours",
        confidence=judge(Grounds(days=use.days), config.confidence),
        query=query,
        baseline=Baseline(
            method="unused_cost",
            # It may have begun within the window.
            first_day=use.first_day,
            last_day=last,
            lines=(
                {
                    "unit_hours": decimal_text(use.unit_hours),
                    "unused_hours": decimal_text(use.unused_hours),
                    "cost": decimal_text(use.cost),
                    "unused_cost": decimal_text(use.unused_cost),
                    "unit_price": decimal_text(hourly_price),
                },
            ),
            target={"units": str(units)},
        ),
    )


def _oversized(survey: Survey, found: Oversized) -> Advice | None:
    warehouse, config = survey.warehouse, survey.config
    if in_cents(found.saving) < config.least_saving:
        return None
    query = oversized_query(found)
    cost = _capacity_cost(warehouse, found)
    *_, saving = query.row(warehouse)
    days = (found.last_day - found.first_day).days + 1
    where = f" in {found.region}" if found.region else ""
    caps = [Cap(level="medium", reason=_TERM)] if found.committed_units else []
    confidence = judge(Grounds(days=days), config.confidence, *caps)
    if found.confidence == "low":
        confidence = Confidence(level="low", reasons=(*confidence.reasons, "the load is known by the day only"))
    return Advice(
        kind="oversized_capacity",
        org=found.org,
        subject={
            "provider": found.provider,
            "account": found.account,
            "meter": found.meter,
            "model": found.model,
            "region": found.region,
            "scope": found.scope,
        },
        group=_group(found.provider, found.account, found.meter),
        currency=found.currency,
        current_cost=cost,
        saving=saving,
        # The warehouse reckons for 30 days, whatever the window is.
        monthly_saving=in_cents(saving),
        summary=f"{found.meter} for {found.model or 'any model'} of {found.provider}{where}: "
        f"{decimal_text(found.units)} of {decimal_text(found.current_units)} units can go; the highest hour needs "
        f"{found.peak_units:.1f}",
        confidence=confidence,
        query=query,
        baseline=Baseline(
            method="capacity_cost",
            first_day=found.first_day,
            last_day=found.last_day,
            lines=({"cost": decimal_text(cost), "units": decimal_text(found.current_units)},),
            target={"units": decimal_text(found.units)},
        ),
    )


def _capacity_cost(warehouse: ReadOnlyWarehouse, found: Oversized) -> Decimal:
    return capacity_cost(
        warehouse,
        org=found.org,
        provider=found.provider,
        account=found.account,
        meter=found.meter,
        first=found.first_day,
        last=found.last_day,
    )


def _group(provider: str, account: str, meter: str) -> str:
    return f"capacity {provider} {account} {meter}"
