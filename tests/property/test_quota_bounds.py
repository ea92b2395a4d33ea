"""Whatever requests are checked, settled, released or lost, and whenever data arrives: a budget is never overspent."""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from genai_finops.budgets.budget import Budget, Threshold
from genai_finops.budgets.periods import period_at
from genai_finops.budgets.stored_budget import columns_of
from genai_finops.control.budget_store import add_budget
from genai_finops.control.budget_watch import put_states, read_watch, record_tick
from genai_finops.control.database import open_database, writing
from genai_finops.control.reservations import SETTLEMENT_WIDTH
from genai_finops.quotas.gate import GatePolicy, QuotaGate
from genai_finops.quotas.request_amount import RequestAmount
from genai_finops.quotas.request_scope import RequestScope
from genai_finops.settings import Settings
from genai_finops.warehouse.spend_scope import SpendScope

BOUND = Decimal(100)
EXPIRY = dt.timedelta(minutes=10)
START = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@dataclasses.dataclass
class World:
    """One budget, what its gate was told, and what is true."""

    engine: Any
    gate: QuotaGate
    number: int
    now: dt.datetime = START
    data_as_of: dt.datetime = START
    #: Requests that are really under way: estimate and expiry.
    under_way: dict[str, tuple[Decimal, dt.datetime]] = dataclasses.field(default_factory=dict)
    #: What was really spent, and when.
    spent: list[tuple[dt.datetime, Decimal]] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.budget = Budget(
            owner="acme",
            name=f"budget-{self.number}",
            scope=SpendScope.of({"org": "acme", "tenant": f"tenant-{self.number}"}),
            period="monthly",
            time_zone="UTC",
            measure="effective_cost",
            amount=BOUND,
            currency="USD",
            valid_from=dt.date(2026, 1, 1),
            when_unknown="block",
            thresholds=(Threshold(share=Decimal(1), kind="actual", severity="exceeded", actions=("block",)),),
        )
        with writing(self.engine) as session:
            self.budget_id = add_budget(session, columns_of(self.budget), now=START, actor="tester").id
        self.tick(0)

    def check(self, cost: int) -> None:
        scope = RequestScope.of({"org": "acme", "tenant": f"tenant-{self.number}", "provider": "openai"})
        decision = self.gate.check(scope, RequestAmount(cost=Decimal(cost), currency="USD"), now=self.now)
        (answer,) = decision.budgets
        if answer.spend is not None:
            counted, taken = answer.spend + answer.reserved, self.taken()
            twice = sum(
                (amount for at, amount in self.spent if self.data_as_of - SETTLEMENT_WIDTH <= at < self.data_as_of),
                Decimal(0),
            )
            assert taken <= counted <= taken + twice
        if decision.reservation_id is not None:
            assert decision.expires_at is not None
            self.under_way[decision.reservation_id] = Decimal(cost), decision.expires_at

    def settle(self, which: int, percent: int) -> None:
        if self.under_way:
            reservation = sorted(self.under_way)[which % len(self.under_way)]
            actual = self.under_way.pop(reservation)[0] * percent / 100
            self.gate.settle(reservation, RequestAmount(cost=actual, currency="USD"), now=self.now)
            self.spent.append((self.now, actual))

    def release(self, which: int) -> None:
        if self.under_way:
            reservation = sorted(self.under_way)[which % len(self.under_way)]
            del self.under_way[reservation]
            self.gate.release(reservation, now=self.now)

    def wait(self, minutes: int) -> None:
        """A reservation that expires is that of a request which was never made."""
        self.now += minutes * MINUTE
        self.under_way = {key: each for key, each in self.under_way.items() if each[1] > self.now}

    def tick(self, minutes_late: int) -> None:
        self.data_as_of = max(self.data_as_of, self.now - minutes_late * MINUTE)
        period = period_at(self.budget, self.now)
        assert period is not None
        state = {
            "budget_id": self.budget_id,
            "status": "evaluated",
            "failure": None,
            "evaluated_at": self.now,
            "period_start": period.start,
            "period_end": period.end,
            "available": BOUND,
            "carried": Decimal(0),
            "spend": sum((amount for at, amount in self.spent if at < self.data_as_of), Decimal(0)),
            "data_as_of": {"openai": self.data_as_of.isoformat()},
        }
        with writing(self.engine) as session:
            put_states(session, [state], now=self.now)
            seen = read_watch(session).budgets_version
            record_tick(session, now=self.now, seen_data=None, seen_budgets=seen, next_look_at=None)

    def taken(self) -> Decimal:
        estimates = (estimate for estimate, _ in self.under_way.values())
        return sum((*(amount for _, amount in self.spent), *estimates), Decimal(0))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, QuotaGate, Iterator[int]]]:
    home = tmp_path_factory.mktemp("quotas")
    configured = Settings.from_environment({"GENAI_FINOPS_HOME": str(home)}, home)
    engine = open_database(configured)
    gate = QuotaGate(configured, GatePolicy(expiry=EXPIRY, state_limit=dt.timedelta(days=1)))
    yield engine, gate, itertools.count()
    gate.close()
    engine.dispose()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("check"), st.integers(1, 60)),
        st.tuples(st.just("check"), st.integers(1, 60)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 100)),
        st.tuples(st.just("release"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(1, 12)),
        st.tuples(st.just("tick"), st.integers(0, 20)),
    ),
    min_size=8,
    max_size=25,
)


# Each step is a transaction: to shrink a failure would take minutes.
@settings(max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(steps=STEPS)
def test_what_passed_never_exceeds_the_bound_and_nothing_is_counted_twice_for_long(
    platform: Any, steps: list[tuple[str, int]]
) -> None:
    engine, gate, numbers = platform
    world = World(engine, gate, next(numbers))
    for name, *arguments in steps:
        getattr(world, name)(*arguments)
        assert world.taken() <= BOUND
