"""Gives advice anew: reads the warehouse and the price book, and stores what is found."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from genai_finops.control.advice_store import GivenAdvice, replace_advice
from genai_finops.control.database import open_database, reading, writing
from genai_finops.control.organisations import list_organisations
from genai_finops.control.plans import Plan, list_plans, plan_of
from genai_finops.errors import FinopsError
from genai_finops.optimisation.advice import FORMULA_VERSION, KINDS, Advice
from genai_finops.optimisation.cache_potential import cache_advice
from genai_finops.optimisation.config import AdviceConfig, load_advice_config
from genai_finops.optimisation.conversations import conversation_advice
from genai_finops.optimisation.idle_capacity import commitment_advice
from genai_finops.optimisation.moves import move_advice
from genai_finops.optimisation.survey import Period, Survey
from genai_finops.optimisation.unused_plans import plan_advice
from genai_finops.pricing.open_book import open_book
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.settings import Settings
from genai_finops.warehouse.advice_loads import context_bands, first_days, last_charged_day, loads
from genai_finops.warehouse.advice_requests import request_patterns
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.open import open_warehouse

_ONE_DAY = dt.timedelta(days=1)
_TABLES = (
    *("cost_data_standard_1_3_allocated", "genai_usage_events", "genai_usage_daily_unified"),
    "genai_payg_costs_daily",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceRefresh:
    """What was given, how much of it nobody was told of before, and how much is no longer given."""

    advice: tuple[Advice, ...]
    raised: int
    resolved: int

    @property
    def by_kind(self) -> dict[str, int]:
        """How many pieces of each kind there are."""
        return {kind: sum(advice.kind == kind for advice in self.advice) for kind in KINDS}


def refresh_advice(settings: Settings, *, now: dt.datetime) -> AdviceRefresh:
    """Advice on the last days that are over, stored. Raises FinopsError where the stores or the marks cannot be read.

    Nothing is resolved for a warehouse without any charge: it says nothing.
    """
    config = load_advice_config(settings.advice_config_path)
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            plans = [
                (organisation.slug, plan_of(row))
                for organisation in list_organisations(session)
                for row in list_plans(session, organisation.slug)
                # The packaged defaults are what could be had: nobody said that they are paid for.
                if row.is_custom
            ]
        with open_warehouse(settings) as warehouse:
            found = find_advice(warehouse, open_book(settings, now=now), plans, config=config, today=now.date())
        if found is None:
            return AdviceRefresh(advice=(), raised=0, resolved=0)
        with writing(engine) as session:
            changes = replace_advice(session, map(given, found), now=now)
    finally:
        engine.dispose()
    return AdviceRefresh(advice=tuple(found), raised=changes.raised, resolved=changes.resolved)


def find_advice(
    warehouse: ReadOnlyWarehouse,
    book: RatingEngine,
    plans: Iterable[tuple[str, Plan]],
    *,
    config: AdviceConfig,
    today: dt.date,
) -> list[Advice] | None:
    """All advice as of a day; None where no charge is from before it.

    The window ends with the last day before `today` that has a charge. Raises FinopsError where a table was never
    built.
    """
    missing = [table for table in _TABLES if not warehouse.has_table(table)]
    if missing:
        raise FinopsError(
            f"the warehouse has no table {missing[0]}", remedy="Ingest usage and run `genai-finops transform` first"
        )
    last = last_charged_day(warehouse, before=today)
    if last is None:
        return None
    first = last - (config.window_days - 1) * _ONE_DAY
    period = Period(first_day=first, last_day=last, by_org=first_days(warehouse, first, last))
    survey = Survey(warehouse=warehouse, period=period, config=config)
    traffic = loads(warehouse, first, last)
    patterns = request_patterns(warehouse, first, last)
    return [
        *move_advice(survey, book, traffic, patterns, bands=context_bands(warehouse)),
        *cache_advice(survey, traffic, patterns),
        *conversation_advice(survey, traffic),
        *commitment_advice(survey),
        *plan_advice(survey, plans),
    ]


def given(advice: Advice) -> GivenAdvice:
    """The advice as it is stored."""
    return GivenAdvice(
        org_slug=advice.org,
        advice_id=advice.advice_id,
        kind=advice.kind,
        group_id=advice.group,
        subject=dict(advice.subject),
        summary=advice.summary,
        currency=advice.currency,
        current_cost=advice.current_cost,
        saving=advice.saving,
        monthly_saving=advice.monthly_saving,
        first_day=advice.baseline.first_day,
        last_day=advice.baseline.last_day,
        confidence=advice.confidence.level,
        reasons="\n".join(advice.confidence.reasons),
        query_sql=advice.query.sql,
        query_parameters=advice.query.stored_parameters(),
        baseline_method=advice.baseline.method,
        baseline_requests=advice.baseline.requests,
        baseline_lines=[dict(line) for line in advice.baseline.lines],
        target=dict(advice.baseline.target),
        formula_version=FORMULA_VERSION,
    )
