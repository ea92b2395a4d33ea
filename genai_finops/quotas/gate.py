"""Asking, before a request is made, whether it may be made."""

import dataclasses
import datetime as dt
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from genai_finops.control.database import ControlDatabaseError, reading
from genai_finops.control.quota_engine import open_impatient_database
from genai_finops.control.quota_lookups import Watched, entities_above, watched
from genai_finops.control.reservations import Ended, Hold, Taken, release, reserve, reserving, settle, taken
from genai_finops.quotas.budget_index import BudgetIndex, IndexedBudget
from genai_finops.quotas.decision import BudgetAnswer, Decision, Outcome, decide, judge
from genai_finops.quotas.request_amount import RequestAmount
from genai_finops.quotas.request_scope import RequestScope
from genai_finops.quotas.stored_budgets import STATE_LIMIT, known_spends, read_index
from genai_finops.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """How a caller wants to be answered."""

    #: A reservation that is neither settled nor released counts no longer. Longer than requests take: one that is
    #: settled later may have let another one through in its place.
    expiry: dt.timedelta = dt.timedelta(minutes=10)
    #: A budget that was evaluated longer ago is unknown.
    state_limit: dt.timedelta = STATE_LIMIT
    #: The answer without the control database, where the budgets are not known either.
    when_unreachable: Outcome = "allow"
    #: For how long an answer may wait for the control database.
    wait: dt.timedelta = dt.timedelta(seconds=2)


class _Asked(NamedTuple):
    """A budget that matters, what others take of it, and what it says."""

    indexed: IndexedBudget
    others: Taken
    answer: BudgetAnswer


class QuotaGate:
    """Checks requests against budgets, and reserves what they are expected to take. For any number of threads.

    The budgets are kept in memory and read again when they change; spend and reservations are read for each check.
    """

    def __init__(
        self,
        settings: Settings,
        policy: GatePolicy | None = None,
        *,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._settings = settings
        self._policy = policy or GatePolicy()
        self._new_id = new_id
        self._engine: Any = None
        self._index: BudgetIndex | None = None
        # Threads wait for each other here, in order, instead of in the database, which wakes waiters late.
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes the connections."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def check(
        self, scope: RequestScope, amount: RequestAmount, *, now: dt.datetime, is_reserving: bool = True
    ) -> Decision:
        """Whether the request may be made now. Where it may, its amounts are reserved with the budgets that can block.

        Raises FinopsError for an amount that cannot be meant. A control database that does not answer is no error: each
        budget that is known to match answers by its `when_unknown`, or else the policy does.
        """
        amount = amount.checked()
        try:
            with self._turn():
                self._index = self._index or self._read_index()
                decision = self._decided(self._index, scope, amount, now, is_reserving=is_reserving)
                if decision is None:
                    self._index = self._read_index()
                    decision = self._decided(self._index, scope, amount, now, is_reserving=is_reserving, is_newest=True)
                assert decision is not None  # noqa: S101 - of the newest budgets
                return decision
        except ControlDatabaseError as error:
            # What it said may name hosts and users, which is for the log alone.
            _log.warning("a check went without the control database: %s", error)
            return self._unreachable(scope, now)

    def settle(self, reservation_id: str, amount: RequestAmount, *, now: dt.datetime) -> Ended:
        """Says what a request took; see `reservations.settle`. Without an amount it took what was estimated.

        Raises FinopsError, which is a ControlDatabaseError where the caller should try again.
        """
        amount = amount.checked(is_needed=False)
        with self._turn(), reserving(self._engine) as session:
            return settle(
                session,
                reservation_id,
                cost=amount.cost,
                currency=amount.currency,
                tokens=amount.tokens,
                now=now,
            )

    def release(self, reservation_id: str, *, now: dt.datetime) -> Ended:
        """Says that a request took nothing. Raises FinopsError as `settle`."""
        with self._turn(), reserving(self._engine) as session:
            return release(session, reservation_id, now=now)

    def refresh(self) -> int:
        """Reads the budgets, unless none has changed; gives how many can block. Raises FinopsError."""
        with self._turn():
            self._index = self._read_index(self._index)
            return len(self._index.budgets)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._policy.wait.total_seconds()):
            raise ControlDatabaseError(
                "The control database is busy with the checks before this one", remedy="Run it on a faster disk."
            )
        try:
            if self._engine is None:
                self._engine = open_impatient_database(self._settings, wait=self._policy.wait)
            yield
        finally:
            self._lock.release()

    def _read_index(self, known: BudgetIndex | None = None) -> BudgetIndex:
        # Not while others wait for the lock of reservations: ten thousand budgets take a second.
        with reading(self._engine) as session:
            version = watched(session).budgets_version
            return known if known is not None and known.version == version else read_index(session, version)

    def _decided(
        self,
        index: BudgetIndex,
        scope: RequestScope,
        amount: RequestAmount,
        now: dt.datetime,
        *,
        is_reserving: bool,
        is_newest: bool = False,
    ) -> Decision | None:
        """None where the budgets have changed since they were read."""
        with reserving(self._engine) as session:
            fresh = watched(session)
            if fresh.budgets_version != index.version and not is_newest:
                return None
            if len(scope.hierarchy) == 1 and index.has_hierarchy:
                above = entities_above(session, scope.values["org"], scope.hierarchy[0])
                scope = dataclasses.replace(scope, hierarchy=above)
            asked = self._asked(session, index.matching(scope), fresh, amount, now)
            decision = decide([each.answer for each in asked], now=now)
            if not decision.is_allowed or not is_reserving:
                return decision
            return self._reserved(session, decision, asked, scope, amount)

    def _asked(
        self,
        session: Any,
        matching: Sequence[IndexedBudget],
        fresh: Watched,
        amount: RequestAmount,
        now: dt.datetime,
    ) -> list[_Asked]:
        known = known_spends(session, matching, watched=fresh, now=now, limit=self._policy.state_limit)
        others = taken(session, {budget_id: spend.included for budget_id, spend in known.items()}, now=now)
        return [
            _Asked(each, taken_of, judge(each.budget, known[each.budget_id], taken_of, amount))
            for each in matching
            # A budget that has no period now says nothing.
            if (taken_of := others.get(each.budget_id)) is not None
        ]

    def _reserved(
        self,
        session: Any,
        decision: Decision,
        asked: Sequence[_Asked],
        scope: RequestScope,
        amount: RequestAmount,
    ) -> Decision:
        holds = [
            Hold(
                budget_id=each.indexed.budget_id,
                # What the request does not say now may be said when it is settled.
                amount=each.answer.estimated or Decimal(0),
                currency=each.indexed.budget.currency,
                others=each.others,
            )
            for each in asked
            if each.answer.verdict != "other_currency"
        ]
        if not holds:
            return decision
        reservation_id, expires_at = self._new_id(), decision.at + self._policy.expiry
        reserve(
            session,
            reservation_id,
            holds,
            scope=scope.as_mapping(),
            cost=amount.cost,
            currency=amount.currency,
            tokens=amount.tokens,
            now=decision.at,
            expires_at=expires_at,
        )
        return dataclasses.replace(decision, reservation_id=reservation_id, expires_at=expires_at)

    def _unreachable(self, scope: RequestScope, now: dt.datetime) -> Decision:
        index = self._index
        matching = () if index is None else index.matching(scope)
        blocking = [each.budget.key for each in matching if each.budget.when_unknown == "block"]
        outcome: Outcome = "block" if blocking else "allow"
        because = f"{', '.join(blocking)} block then" if blocking else "no budget that is known to match blocks then"
        if index is None:
            outcome, because = self._policy.when_unreachable, "no budget is known, and the caller decides then"
        return Decision(
            outcome=outcome, why=f"the control database did not answer: {because}", at=now, is_checked=False
        )
