"""Evaluates days of attribution: rows of the warehouse, the rules, and what the control database remembers of both."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from genai_finops.attribution.config import AttributionConfig, load_attribution_config
from genai_finops.attribution.findings import FINDING_KINDS, days_before, evaluate_day
from genai_finops.control.attribution_findings import Finding, list_findings, record_findings, resolve_missing
from genai_finops.control.database import open_database, writing
from genai_finops.settings import Settings
from genai_finops.warehouse.attribution_findings import AttributionRows, attribution_rows
from genai_finops.warehouse.open import open_warehouse

_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationEvaluation:
    """What was evaluated of one organisation, and found."""

    org: str
    #: Tenants with a row on one of the days.
    tenants: int
    findings: tuple[Finding, ...]
    #: Of these, how many nobody was told of before.
    raised: int
    #: Findings of before that no longer hold, or whose day is too long ago.
    resolved: int

    @property
    def by_kind(self) -> dict[str, int]:
        """How many findings of each kind there are."""
        return {kind: sum(finding.kind == kind for finding in self.findings) for kind in FINDING_KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All organisations that have cost, on the days that were evaluated."""

    days: tuple[dt.date, ...]
    organisations: tuple[OrganisationEvaluation, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for organisation in self.organisations for finding in organisation.findings)


def evaluate_attribution(settings: Settings, days: Collection[dt.date], *, now: dt.datetime) -> Evaluation:
    """Evaluate these days, as far as they lie within the lookback of an organisation, and store what is found.

    A finding stays open while its day lies within that lookback and the day, evaluated again, still shows it. Raises
    FinopsError where the configuration, the warehouse or the control database cannot be read.
    """
    config = load_attribution_config(settings.attribution_config_path)
    lookbacks = [config.findings, *config.organisations.values()]
    oldest = now.date() - max(marks.lookback_days for marks in lookbacks) * _ONE_DAY
    wanted = tuple(sorted(day for day in set(days) if oldest < day <= now.date()))
    if not wanted:
        return Evaluation(days=(), organisations=())
    with open_warehouse(settings) as warehouse:
        rows = attribution_rows(
            warehouse,
            since=wanted[0] - max(days_before(marks) for marks in lookbacks) * _ONE_DAY,
            first=wanted[0],
            last=wanted[-1],
            least_conversation_cost=min(marks.dear_conversation.cost for marks in lookbacks),
        )
    by_org = rows.by_org()
    engine = open_database(settings)
    try:
        with writing(engine) as session:
            known = list_findings(session, kinds=FINDING_KINDS)
            open_days = {(row.org_slug, row.finding_id): row.usage_date for row in known}
            evaluated = []
            for org in sorted({*by_org, *(org for org, _ in open_days)}):
                own = by_org.get(org, AttributionRows(coverage=[], tenants=[], conversations=[]))
                found = _findings(own, wanted, org, config)
                raised = record_findings(session, found, now)
                since = now.date() - config.thresholds_of(org).lookback_days * _ONE_DAY
                others = [
                    finding_id
                    for (of_org, finding_id), day in open_days.items()
                    if of_org == org and day is not None and day > since and day not in wanted
                ]
                seen = [*others, *(finding.finding_id for finding in found)]
                resolved = resolve_missing(session, org, FINDING_KINDS, seen, now)
                tenants = {row.tenant_id for row in own.tenants if row.day in wanted} - {None}
                evaluated.append(
                    OrganisationEvaluation(
                        org=org, tenants=len(tenants), findings=found, raised=len(raised), resolved=resolved
                    )
                )
    finally:
        engine.dispose()
    return Evaluation(days=wanted, organisations=tuple(evaluated))


def _findings(
    rows: AttributionRows, days: Collection[dt.date], org: str, config: AttributionConfig
) -> tuple[Finding, ...]:
    thresholds = config.thresholds_of(org)
    return tuple(finding for day in days for finding in evaluate_day(rows, day=day, thresholds=thresholds))
