"""The demo's budgets: looked at once a day as the platform would have, told to a webhook, and held against a replay."""

import base64
import dataclasses
import datetime as dt
import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.alerts.alert import Alert
from genai_finops.alerts.dispatch import dispatch_due
from genai_finops.budgets.budget import DEFAULT_THRESHOLDS, Budget
from genai_finops.budgets.entry import enter_budget
from genai_finops.budgets.replay import replay
from genai_finops.budgets.stored_budget import load_budgets
from genai_finops.budgets.tick import tick
from genai_finops.control.alert_channels import add_channel
from genai_finops.control.alert_content import PLATFORM
from genai_finops.control.alert_log import list_alerts, stored_alert
from genai_finops.control.alert_routes import add_route, list_routes
from genai_finops.control.budget_store import last_tick
from genai_finops.control.database import open_database, reading, writing
from genai_finops.control.secret import Secret
from genai_finops.demo.alert_receiver import alert_receiver
from genai_finops.errors import FinopsError
from genai_finops.ingest.outcome import failure_summary
from genai_finops.ingest.plan import plan_usage, provider_configs, provider_flows
from genai_finops.ingest.usage import ingest_usage
from genai_finops.lake.files import LakeFiles
from genai_finops.providers.base import Window
from genai_finops.quotas.decision import Decision
from genai_finops.quotas.gate import QuotaGate
from genai_finops.quotas.request_amount import RequestAmount
from genai_finops.quotas.request_scope import RequestScope
from genai_finops.settings import Settings, load_settings
from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.running import Simulator
from genai_finops.warehouse.base import ReadOnlyWarehouse
from genai_finops.warehouse.budget_spend import WantedSpend, daily_spend
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.spend_scope import SpendScope

_ACTOR = "demo"
_DAY = dt.timedelta(days=1)
_CENT = Decimal("0.01")
#: The provider that answers nothing for two days.
LATE_PROVIDER = "gcp_vertex"
_SILENT_DAYS = 2
#: The demo's own: it signs nothing outside this process.
_SIGNING_KEY = hashlib.sha256(b"genai_finops demo").digest()
_DEAREST_TENANT = """
    select tenant_id
    from genai_tenant_costs_daily
    where x_org_slug = ? and tenant_id is not null and usage_date >= ? and usage_date <= ?
    group by tenant_id
    order by sum(effective_cost) desc, tenant_id
    limit 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetDemo:
    """What the budgets told and blocked."""

    #: In the order in which they were raised.
    alerts: tuple[Alert, ...]
    looks: int
    received: int
    refused: int
    #: Alerts on what was spent, live; and those that only one of live run and replay has.
    threshold_alerts: int
    differing: tuple[str, ...]
    blocked: Budget
    #: What a request of the spent budget was answered on the last day; None where that was not looked at in this run.
    answer: Decision | None

    @property
    def is_as_expected(self) -> bool:
        """Whether live run and replay agree, every delivery was signed, and the spent budget blocks."""
        return not self.differing and not self.refused and (self.answer is None or not self.answer.is_allowed)


def show_budgets(settings: Settings, simulator: Simulator, *, first: dt.date, last: dt.date) -> BudgetDemo:
    """Enter budgets over the days first to last, look at them each midnight, and once after two silent days.

    Raises FinopsError when a step fails. Running it again raises nothing anew.
    """
    budgets = _entered(settings, first, last)
    silent_until = midnight(last + (_SILENT_DAYS + 1) * _DAY)
    days = [first + number * _DAY for number in range(1, (last - first).days + 2)]
    moments = [*(midnight(day) for day in days), silent_until]
    looked_at = _last_look(settings)
    # Time does not go back: a home that was looked at until then has its alerts.
    moments_left = [moment for moment in moments if looked_at is None or moment > looked_at]
    answer = None
    with alert_receiver(_SIGNING_KEY) as received:
        _connect(settings, received.url, now=moments[0])
        for moment in moments_left:
            if moment == silent_until:
                silent = Window.of_days(last + _DAY, last + _SILENT_DAYS * _DAY)
                _read_all_but(LATE_PROVIDER, simulator, silent, silent_until)
            _look(settings, moment)
            if moment == midnight(last):
                answer = _asked(settings, budgets[1], moment)
    raised = _raised(settings)
    live = {alert.alert_id for alert in raised if alert.kind == "threshold"}
    replayed = set(_replayed(settings, budgets, moments))
    names = {alert.alert_id: alert.title for alert in raised}
    return BudgetDemo(
        alerts=raised,
        looks=len(moments_left),
        received=len(received.accepted),
        refused=received.refused,
        threshold_alerts=len(live),
        differing=tuple(sorted(names.get(found, found) for found in live ^ replayed)),
        blocked=budgets[1],
        answer=answer,
    )


def _entered(settings: Settings, first: dt.date, last: dt.date) -> list[Budget]:
    """A budget that crosses every threshold, one that blocks half-way, and one that waits for a late provider."""
    with open_warehouse(settings) as warehouse:
        [(tenant,)] = warehouse.rows(_DEAREST_TENANT, ["acme", first, last])
        everything = SpendScope.of({"org": "acme", "flow": "payg"})
        dearest = SpendScope.of({"org": "acme", "tenant": tenant})
        spent = {scope: _spent(warehouse, scope, first, last) for scope in (everything, dearest)}
    common = Budget(
        owner="acme",
        name="requests",
        scope=everything,
        period="custom",
        time_zone="UTC",
        measure="effective_cost",
        amount=(spent[everything] * Decimal("0.95")).quantize(_CENT),
        currency="USD",
        valid_from=first,
        valid_to=last + _DAY,
        description="95 % of what is spent: every threshold is crossed",
    )
    stopping = tuple(
        dataclasses.replace(threshold, actions=("notify", "log", "block")) if threshold.share == 1 else threshold
        for threshold in DEFAULT_THRESHOLDS
        if threshold.kind == "actual"
    )
    wanted = [
        common,
        dataclasses.replace(
            common,
            name="dearest-tenant",
            scope=dearest,
            amount=(spent[dearest] / 2).quantize(_CENT),
            thresholds=stopping,
            description="half of what is spent: blocked half-way",
        ),
        dataclasses.replace(
            common,
            owner="globex",
            name="everything",
            scope=SpendScope.of({"org": "globex"}),
            period="yearly",
            valid_to=None,
            amount=Decimal(100_000_000),
            thresholds=tuple(threshold for threshold in DEFAULT_THRESHOLDS if threshold.kind == "actual"),
            description="never reached, and told when a provider falls silent",
        ),
    ]
    engine = open_database(settings)
    with reading(engine) as session:
        known = {stored.budget.key: stored.budget for stored in load_budgets(session)}
    engine.dispose()
    for budget in wanted:
        if budget.key not in known:
            enter_budget(settings, budget, now=midnight(first), actor=_ACTOR)
    return [known.get(budget.key, budget) for budget in wanted]


def _spent(warehouse: ReadOnlyWarehouse, scope: SpendScope, first: dt.date, last: dt.date) -> Decimal:
    wanted = WantedSpend(scope=scope, measure="effective_cost", currency="USD", since=first, until=last + _DAY)
    [found] = daily_spend(warehouse, [wanted])
    return sum(found.values(), Decimal())


def _connect(settings: Settings, url: str, *, now: dt.datetime) -> None:
    """All alerts go to the receiver of this process, wherever it listens now."""
    engine = open_database(settings)
    with writing(engine) as session:
        add_channel(
            session,
            settings,
            owner=PLATFORM,
            name="demo",
            kind="webhook",
            options={"url": url},
            secret=Secret.of("whsec_" + base64.b64encode(_SIGNING_KEY).decode("ascii")),
            allow_private=True,
            allow_plain=True,
            update=True,
            now=now,
            actor=_ACTOR,
        )
        if not list_routes(session, PLATFORM):
            add_route(session, owner=PLATFORM, channel="demo", alerts_of=None, now=now, actor=_ACTOR)
    engine.dispose()


def _look(settings: Settings, moment: dt.datetime) -> None:
    found = tick(settings, now=moment)
    if found.skipped is not None or found.failed:
        failed = "; ".join(f"{key}: {why}" for key, why in found.failed.items())
        raise FinopsError(
            f"The budgets were not evaluated at {moment}: {found.skipped or failed}",
            remedy="Report it: it is a defect.",
        )
    dispatch_due(settings, now=moment)


def _last_look(settings: Settings) -> dt.datetime | None:
    engine = open_database(settings)
    with reading(engine) as session:
        found = last_tick(session)
    engine.dispose()
    return found


def _asked(settings: Settings, budget: Budget, moment: dt.datetime) -> Decision:
    """What a request for a cent is answered whose spend counts for the budget."""
    gate = QuotaGate(settings)
    try:
        cent = RequestAmount(cost=_CENT, currency=budget.currency)
        return gate.check(RequestScope.of(budget.scope.as_mapping()), cent, now=moment, is_reserving=False)
    finally:
        gate.close()


def _read_all_but(silent: str, simulator: Simulator, window: Window, moment: dt.datetime) -> None:
    """Read two further days, on which nothing happened, with every provider but one."""
    simulator.advance(moment)
    os.environ.update(simulator.environment())
    settings = load_settings()
    lake = LakeFiles(settings.lake_url)
    for provider, flow in provider_flows(provider_configs(settings)):
        if provider in PROVIDERS and provider != silent:
            credentials = plan_usage(settings, provider, flow)
            report = ingest_usage(lake, credentials, window, now=moment, run_id="demo-silent", clock=time.monotonic)
            if report.failed:
                raise FinopsError(
                    f"Reading {provider} {flow} failed: {failure_summary(report)}", remedy="Report it: it is a defect."
                )


def _raised(settings: Settings) -> tuple[Alert, ...]:
    engine = open_database(settings)
    with reading(engine) as session:
        found = [stored_alert(row) for row in list_alerts(session)]
    engine.dispose()
    return tuple(sorted(found, key=lambda alert: (alert.raised_at, alert.owner, alert.subject, alert.threshold or 0)))


def _replayed(settings: Settings, budgets: Sequence[Budget], moments: Sequence[dt.datetime]) -> Iterator[str]:
    """Ids of the alerts on what was spent that a replay of the same looks tells."""
    for budget in budgets:
        with open_warehouse(settings) as warehouse:
            wanted = WantedSpend(
                scope=budget.scope,
                measure=budget.measure,
                currency=budget.currency,
                since=moments[0].date() - 2 * _DAY,
                until=moments[-1].date(),
            )
            [spend] = daily_spend(warehouse, [wanted])
        told = replay(budget, spend, moments=moments, known_after=_DAY)
        yield from (alert.alert_id for alert in told.alerts if alert.kind == "threshold")
