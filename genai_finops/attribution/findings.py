"""What is odd about a day's attribution: rules over rows, without a clock, a store or an order.

A finding depends on its day and the days before it alone: whoever evaluates a day again finds the same, under the same
id. Nobody is troubled twice by one thing: a tenant is new on its first day, and missing on one day.
"""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from statistics import median

from genai_finops.attribution.thresholds import FindingThresholds
from genai_finops.control.attribution_findings import Finding
from genai_finops.warehouse.attribution_findings import AccountCoverage, AttributionRows, ConversationCost, TenantCost

FINDING_KINDS = ("low_coverage", "new_tenant", "missing_tenant", "unusual_cost", "dear_conversation")

#: The median absolute deviation of a normal distribution in standard deviations.
_DEVIATION_OF_MAD = Decimal("1.4826")
_CENT = Decimal("0.01")
_MAX_SHOWN = 80
_ONE_DAY = dt.timedelta(days=1)


def evaluate_day(rows: AttributionRows, *, day: dt.date, thresholds: FindingThresholds) -> tuple[Finding, ...]:
    """All findings of one organisation and day, in a fixed order.

    rows are the organisation's, of the day and at least `days_before` days before it; other days do not matter.
    """
    found = [
        *_low_coverage(rows.coverage, day, thresholds),
        *_tenants_come_and_gone(rows.tenants, day, thresholds),
        *_unusual_cost(rows.tenants, day, thresholds),
        *_dear_conversations(rows.conversations, day, thresholds),
    ]
    return tuple(sorted(found, key=lambda finding: (finding.kind, finding.message)))


def days_before(thresholds: FindingThresholds) -> int:
    """How many days before a day its evaluation looks at."""
    return thresholds.lookback_days + thresholds.missing_tenant.absent_days


def finding_id(kind: str, org: str, subject: Iterable[str | None], day: dt.date) -> str:
    """The same for the same thing, whenever and however often it is found."""
    # As JSON, because a name may hold whatever else would part it from its neighbour.
    told = json.dumps([kind, org, [*subject], day.isoformat()])
    return hashlib.sha256(told.encode()).hexdigest()


def _low_coverage(rows: Iterable[AccountCoverage], day: dt.date, thresholds: FindingThresholds) -> Iterator[Finding]:
    marks = thresholds.low_coverage
    for row in rows:
        if row.day != day or row.effective_cost <= 0 or row.effective_cost < marks.least_cost:
            continue
        if row.attributed_cost >= marks.attributed_share * row.effective_cost:
            continue
        reasons = sorted(row.unattributed.items(), key=lambda item: (-item[1], item[0]))
        shown = ", ".join(f"{name} {_money(cost, row.currency)}" for name, cost in reasons if cost > 0)
        yield Finding(
            finding_id=finding_id("low_coverage", row.org, (row.provider, row.account_id, row.currency), day),
            org=row.org,
            kind="low_coverage",
            severity="warning",
            provider=row.provider,
            usage_date=day,
            message=f"{_money(row.attributed_cost, row.currency)} of {_money(row.effective_cost, row.currency)} of "
            f"{row.provider} account {_shown(row.account_id)} on {day} have a consumer: "
            f"{row.attributed_cost / row.effective_cost:.1%}, where {marks.attributed_share:.1%} are wanted. "
            f"Without one: {shown or 'not said why'}. "
            "genai_attribution_coverage_daily names the keys, deployments and models: read their logs, or map "
            "them with genai-finops attribution rule add",
            figures={
                "effective_cost": str(row.effective_cost),
                "attributed_cost": str(row.attributed_cost),
                "wanted_share": str(marks.attributed_share),
                "currency": row.currency,
                **{f"unattributed {name}": str(cost) for name, cost in reasons},
            },
        )


def _tenants_come_and_gone(
    rows: Iterable[TenantCost], day: dt.date, thresholds: FindingThresholds
) -> Iterator[Finding]:
    absent, lookback = thresholds.missing_tenant.absent_days, thresholds.lookback_days * _ONE_DAY
    last_day = day - absent * _ONE_DAY
    cost_days: set[dt.date] = set()
    seen: defaultdict[str, defaultdict[dt.date, list[TenantCost]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.effective_cost > 0 and last_day - lookback < row.day <= day:
            cost_days.add(row.day)
            if row.tenant_id is not None:
                seen[row.tenant_id][row.day].append(row)
    known = {found for found in cost_days if day - lookback <= found < day}
    goes_on = all(day - number * _ONE_DAY in cost_days for number in range(absent))
    for by_day in seen.values():
        if day in by_day and not known & by_day.keys() and len(known) >= thresholds.new_tenant.known_days:
            yield from (_new_tenant(row, known, thresholds) for row in by_day[day] if _is_above(row, thresholds))
        active_days = len(by_day)
        if goes_on and max(by_day) == last_day and active_days >= thresholds.missing_tenant.active_days:
            yield _missing_tenant(by_day[last_day][0], day, active_days, thresholds)


def _is_above(row: TenantCost, thresholds: FindingThresholds) -> bool:
    return row.effective_cost >= thresholds.new_tenant.least_cost


def _new_tenant(row: TenantCost, known: set[dt.date], thresholds: FindingThresholds) -> Finding:
    return Finding(
        finding_id=finding_id("new_tenant", row.org, (row.tenant_id, row.currency), row.day),
        org=row.org,
        kind="new_tenant",
        severity="info",
        tenant_id=row.tenant_id,
        usage_date=row.day,
        message=f"tenant {_shown(row.tenant_id)} is new on {row.day} with "
        f"{_money(row.effective_cost, row.currency)}: no day of the {thresholds.lookback_days} before knows it, "
        f"{len(known)} of which had cost. Where it is another name of a known tenant, map it with "
        "genai-finops attribution rule add",
        figures={
            "effective_cost": str(row.effective_cost),
            "currency": row.currency,
            "known_days": str(len(known)),
        },
    )


def _missing_tenant(last: TenantCost, day: dt.date, active_days: int, thresholds: FindingThresholds) -> Finding:
    absent = thresholds.missing_tenant.absent_days
    return Finding(
        finding_id=finding_id("missing_tenant", last.org, (last.tenant_id,), day),
        org=last.org,
        kind="missing_tenant",
        severity="warning",
        tenant_id=last.tenant_id,
        usage_date=day,
        message=f"tenant {_shown(last.tenant_id)} has had no cost since {last.day}, for {absent} days, after cost on "
        f"{active_days} of {thresholds.lookback_days} days. Look whether its logs are still read "
        "(genai-finops logs list), and whether it goes by another name now (genai-finops attribution rule add)",
        figures={"last_day": last.day.isoformat(), "absent_days": str(absent), "active_days": str(active_days)},
    )


def _unusual_cost(rows: Iterable[TenantCost], day: dt.date, thresholds: FindingThresholds) -> Iterator[Finding]:
    marks = thresholds.unusual_cost
    costs: defaultdict[tuple[str, str, str], defaultdict[dt.date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    weekdays: set[dt.date] = set()
    since: dict[tuple[str, str, str], dt.date] = {}
    for row in rows:
        if day - thresholds.lookback_days * _ONE_DAY <= row.day <= day:
            if row.day < day and row.day.weekday() == day.weekday():
                weekdays.add(row.day)
            if row.tenant_id is not None:
                key = row.org, row.tenant_id, row.currency
                costs[key][row.day] += row.effective_cost
                since[key] = min(row.day, since.get(key, row.day))
    for key, by_day in costs.items():
        org, tenant, currency = key
        # A day without a row cost nothing, once the tenant was there.
        same_weekdays = [by_day.get(found, Decimal()) for found in sorted(weekdays) if found >= since[key]]
        cost = by_day.get(day, Decimal())
        # Without any cost it is missing, which is another finding.
        if cost <= 0 or len(same_weekdays) < marks.least_days:
            continue
        usual = median(same_weekdays)
        deviation = _DEVIATION_OF_MAD * median(abs(found - usual) for found in same_weekdays)
        allowed = max(marks.deviations * deviation, marks.least_share * usual, marks.least_cost)
        if abs(cost - usual) <= allowed:
            continue
        yield Finding(
            finding_id=finding_id("unusual_cost", org, (tenant, currency), day),
            org=org,
            kind="unusual_cost",
            severity="warning",
            tenant_id=tenant,
            usage_date=day,
            message=f"tenant {_shown(tenant)} cost {_money(cost, currency)} on {day}, where "
            f"{_money(usual, currency)} are usual on its weekday (median of {len(same_weekdays)} days, deviation "
            f"{_money(deviation, currency)}): its pattern allows for {_money(allowed, currency)} of difference. "
            "genai_cost_attribution_daily has the models, users, tasks and conversations of the day",
            figures={
                "effective_cost": str(cost),
                "usual_cost": str(usual),
                "deviation": str(deviation),
                "allowed_difference": str(allowed),
                "currency": currency,
                "days": str(len(same_weekdays)),
            },
        )


def _dear_conversations(
    rows: Iterable[ConversationCost], day: dt.date, thresholds: FindingThresholds
) -> Iterator[Finding]:
    mark, lookback = thresholds.dear_conversation.cost, thresholds.lookback_days * _ONE_DAY
    spent: defaultdict[tuple[str | None, str, str], defaultdict[dt.date, Decimal]]
    spent = defaultdict(lambda: defaultdict(Decimal))
    told: dict[tuple[str | None, str, str], ConversationCost] = {}
    for row in rows:
        key = row.tenant_id, row.conversation_id, row.currency
        if day - lookback <= row.day <= day:
            spent[key][row.day] += row.effective_cost
        if row.day == day:
            told[key] = row
    for key, row in told.items():
        by_day = spent[key]
        until = sum((cost for found, cost in by_day.items() if found > day - lookback), Decimal())
        if sum(by_day.values(), Decimal()) - by_day[day] <= mark < until:
            of_tenant = f" of tenant {_shown(row.tenant_id)}" if row.tenant_id is not None else ""
            yield Finding(
                finding_id=finding_id("dear_conversation", row.org, key, day),
                org=row.org,
                kind="dear_conversation",
                severity="warning",
                tenant_id=row.tenant_id,
                conversation_id=row.conversation_id,
                usage_date=day,
                message=f"conversation {_shown(row.conversation_id)}{of_tenant} has cost "
                f"{_money(until, row.currency)} until {day}, {_money(by_day[day], row.currency)} of it on that day; "
                f"its mark is {_money(mark, row.currency)}. Look at what keeps it going: a loop of tools, or a context "
                "that is never cut",
                figures={
                    "cost": str(until),
                    "cost_of_day": str(by_day[day]),
                    "mark": str(mark),
                    "currency": row.currency,
                },
            )


def _money(cost: Decimal, currency: str) -> str:
    return f"{cost.quantize(_CENT)} {currency}"


def _shown(name: str | None) -> str:
    """A name as a message can hold it: logs name whatever they like."""
    plain = "".join(character if character.isprintable() else "?" for character in name or "")
    return plain if len(plain) <= _MAX_SHOWN else f"{plain[:_MAX_SHOWN]}..."
