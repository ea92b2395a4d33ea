"""A control database with budgets and what the last tick found of them."""

import datetime as dt
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from genai_finops.budgets.budget import Budget, Threshold
from genai_finops.budgets.periods import period_at
from genai_finops.budgets.stored_budget import columns_of
from genai_finops.control.budget_store import add_budget
from genai_finops.control.budget_watch import put_states, read_watch, record_tick
from genai_finops.control.database import connect, open_database, writing
from genai_finops.quotas.decision import Decision
from genai_finops.quotas.gate import GatePolicy, QuotaGate
from genai_finops.quotas.request_amount import RequestAmount
from genai_finops.quotas.request_scope import RequestScope
from genai_finops.quotas.server import build_app
from genai_finops.settings import Settings
from genai_finops.warehouse.spend_scope import SpendScope

BLOCK = Threshold(share=Decimal(1), kind="actual", severity="exceeded", actions=("notify", "block"))
#: The first budget of a test, where it does not say otherwise.
COMMON = Budget(
    owner="acme",
    name="monthly",
    scope=SpendScope.of({"org": "acme"}),
    period="monthly",
    time_zone="UTC",
    measure="effective_cost",
    amount=Decimal(100),
    currency="USD",
    valid_from=dt.date(2026, 1, 1),
    thresholds=(BLOCK,),
)
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)


@dataclass
class Budgets:
    """Budgets by name, and their states as a tick would leave them."""

    settings: Settings
    ids: dict[str, int] = field(default_factory=dict)
    gates: list[QuotaGate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = connect(self.settings.control_url)

    def add(self, *, now: dt.datetime = NOW, **changes: Any) -> int:
        """A budget that no tick has seen."""
        budget = replace(COMMON, **changes)
        with writing(self.engine) as session:
            row = add_budget(session, columns_of(budget), now=now, actor="tester")
            self.ids[budget.name] = row.id
            return row.id

    def tick(
        self,
        spend: str | Decimal = "0",
        *,
        name: str = "monthly",
        budget: Budget = COMMON,
        now: dt.datetime = NOW,
        available: str = "100",
        data_as_of: Mapping[str, dt.datetime] | None = None,
        failure: str | None = None,
    ) -> None:
        """What was found of a budget at `now`; data is as of six hours before, unless it is said."""
        period = period_at(budget, now)
        assert period is not None
        known = {"openai": now - dt.timedelta(hours=6)} if data_as_of is None else data_as_of
        columns = {
            "budget_id": self.ids[name],
            "status": "evaluated" if failure is None else "failed",
            "failure": failure,
            "evaluated_at": now,
            "period_start": period.start,
            "period_end": period.end,
            "available": Decimal(available),
            "carried": Decimal(0),
            "spend": Decimal(spend),
            "data_as_of": {provider: moment.isoformat() for provider, moment in known.items()},
        }
        with writing(self.engine) as session:
            put_states(session, [columns], now=now)
            seen = read_watch(session).budgets_version
            record_tick(session, now=now, seen_data=None, seen_budgets=seen, next_look_at=None)

    def gate(self, **policy: Any) -> QuotaGate:
        """A gate of its own index and connections."""
        self.gates.append(QuotaGate(self.settings, GatePolicy(**policy)))
        return self.gates[-1]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A control database that tests copy: to migrate one for each of them takes longer than they do."""
    home = tmp_path_factory.mktemp("migrated")
    engine = open_database(Settings.from_environment({"GENAI_FINOPS_HOME": str(home)}, home))
    engine.dispose()
    return home / "control.db"


@pytest.fixture
def budgets(tmp_path: Path, migrated: Path) -> Iterator[Budgets]:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(migrated, home / "control.db")
    made = Budgets(Settings.from_environment({"GENAI_FINOPS_HOME": str(home)}, tmp_path))
    yield made
    for gate in made.gates:
        gate.close()
    made.engine.dispose()


@pytest.fixture
def one_budget(budgets: Budgets) -> Budgets:
    """100 USD of acme in November, nothing spent."""
    budgets.add()
    budgets.tick()
    return budgets


@pytest.fixture(scope="session")
def ask() -> Callable[..., Decision]:
    """Asks a gate for a request of acme at OpenAI."""

    def check(
        gate: QuotaGate,
        cost: str | None = "1",
        *,
        now: dt.datetime = NOW,
        currency: str = "USD",
        tokens: str | None = None,
        tags: tuple[str, ...] = (),
        is_reserving: bool = True,
        **dimensions: str,
    ) -> Decision:
        amount = RequestAmount(
            cost=None if cost is None else Decimal(cost),
            currency=None if cost is None else currency,
            tokens=None if tokens is None else Decimal(tokens),
        )
        scope = RequestScope.of({"org": "acme", "provider": "openai", **dimensions}, tags)
        return gate.check(scope, amount, now=now, is_reserving=is_reserving)

    return check


@pytest.fixture
def quota_url(one_budget: Any) -> Iterator[str]:
    """Where quotas of one budget are served to callers with the token `gateway-token`, at a clock that stands."""
    app = build_app(one_budget.settings, QuotaGate(one_budget.settings), token="gateway-token", clock=lambda: NOW)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.005)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()
