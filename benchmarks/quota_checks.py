"""How long a quota check takes with ten thousand budgets, alone and with seven others beside it. See README.md."""

import argparse
import datetime as dt
import multiprocessing
import os
import sqlite3
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from figures import CORES, line, load

from genai_finops.budgets.budget import Budget, Threshold
from genai_finops.budgets.periods import period_at
from genai_finops.budgets.stored_budget import columns_of
from genai_finops.control.budget_models import BudgetRow
from genai_finops.control.budget_watch import put_states, read_watch, record_tick
from genai_finops.control.database import open_database, writing
from genai_finops.quotas.gate import GatePolicy, QuotaGate
from genai_finops.quotas.request_amount import RequestAmount
from genai_finops.quotas.request_scope import RequestScope
from genai_finops.settings import Settings
from genai_finops.warehouse.spend_scope import SpendScope

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
_GOAL_MS = 5.0
_PROCESSES = 8
_BLOCK = Threshold(share=Decimal(1), kind="actual", severity="exceeded", actions=("block",))
_AT_ONCE = 500
_WARM = 20


def main() -> None:
    """Print every figure anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budgets", type=int, default=10_000, help="half of tenants, the rest of users and models")
    parser.add_argument("--checks", type=int, default=2_000, help="by one process; eight share as many")
    parser.add_argument("--control-url", help="a Postgres database to fill; by default SQLite in a temporary folder")
    arguments = parser.parse_args()
    print(f"{arguments.budgets:,} budgets, {CORES} cores, load {load()}")
    with tempfile.TemporaryDirectory(prefix="genai-finops-benchmark-") as name:
        home = Path(name)
        environ = {"GENAI_FINOPS_HOME": name}
        if arguments.control_url:
            environ["GENAI_FINOPS_CONTROL_URL"] = arguments.control_url
        settings = Settings.from_environment(environ, home)
        _fill(settings, arguments.budgets)
        _syncs(home)
        gate = QuotaGate(settings)
        started = time.perf_counter()
        count = gate.refresh()
        line(f"index of {count:,} budgets that can block, read", f"{time.perf_counter() - started:.2f} s")
        gate.close()
        _alone(settings, arguments.budgets, arguments.checks)
        _beside_others(settings, arguments.budgets, arguments.checks // _PROCESSES)


def _fill(settings: Settings, number: int) -> None:
    engine = open_database(settings)
    budgets = [_budget(n) for n in range(number)]
    for start in range(0, number, _AT_ONCE):
        with writing(engine) as session:
            some = budgets[start : start + _AT_ONCE]
            rows = [BudgetRow(**columns_of(budget), changed_at=NOW) for budget in some]
            session.add_all(rows)
            session.flush()
            put_states(session, [_state(row.id, budget) for row, budget in zip(rows, some, strict=True)], now=NOW)
    with writing(engine) as session:
        seen = read_watch(session).budgets_version
        record_tick(session, now=NOW, seen_data=None, seen_budgets=seen, next_look_at=None)
    engine.dispose()


def _scope(n: int) -> dict[str, str]:
    """Of each ten budgets five are of tenants, four of users, one of a tenant's model; the first is the platform's."""
    if n == 0:
        return {}
    kind = n % 10
    if kind < 5:
        return {"org": "acme", "tenant": f"tenant-{n}"}
    return (
        {"org": "acme", "user": f"user-{n}"}
        if kind < 9
        else {"org": "acme", "tenant": f"tenant-{n - 9}"}
        | {
            "provider": "openai",
            "model": "gpt-4o",
        }
    )


def _budget(n: int) -> Budget:
    return Budget(
        owner="acme" if n else "*",
        name=f"budget-{n}",
        scope=SpendScope.of(_scope(n)),
        period="monthly",
        time_zone="Europe/Berlin",
        measure="effective_cost",
        amount=Decimal(1_000_000),
        currency="USD",
        valid_from=dt.date(2026, 1, 1),
        thresholds=(_BLOCK,),
    )


def _state(budget_id: int, budget: Budget) -> dict[str, Any]:
    period = period_at(budget, NOW)
    assert period is not None  # noqa: S101 - it is valid
    return {
        "budget_id": budget_id,
        "status": "evaluated",
        "failure": None,
        "evaluated_at": NOW,
        "period_start": period.start,
        "period_end": period.end,
        "available": budget.amount,
        "carried": Decimal(0),
        "spend": Decimal("1234.5678"),
        "data_as_of": {"openai": (NOW - dt.timedelta(hours=6)).isoformat()},
    }


def _syncs(home: Path) -> None:
    """What each reservation must at least wait for: a page that is written to the disk."""
    seconds = []
    with (home / "synced").open("wb") as file:
        for _ in range(300):
            file.write(b"x" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            seconds.append(time.perf_counter() - started)
    line("fsync of 4 KB alone", _shown(seconds))


def _ask(gate: QuotaGate, number: int, checks: int, offset: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds of checks that reserve, of settlements, and of dry runs."""
    reserving, settling, dry = [], [], []
    for check in range(checks + _WARM):
        n = 10 * ((offset + check * 7919) % (number // 10))
        scope = RequestScope.of({"org": "acme", "provider": "openai", "model": "gpt-4o"} | {"tenant": f"tenant-{n}"})
        amount = RequestAmount(cost=Decimal("0.0125"), currency="USD")
        started = time.perf_counter()
        decision = gate.check(scope, amount, now=NOW)
        checked = time.perf_counter()
        gate.settle(str(decision.reservation_id), amount, now=NOW)
        settled = time.perf_counter()
        gate.check(scope, amount, now=NOW, is_reserving=False)
        done = time.perf_counter()
        if check >= _WARM:
            reserving.append(checked - started)
            settling.append(settled - checked)
            dry.append(done - settled)
    return reserving, settling, dry


def _alone(settings: Settings, number: int, checks: int) -> None:
    gate = QuotaGate(settings)
    gate.refresh()
    cpu = time.process_time()
    reserving, settling, dry = _ask(gate, number, checks, 0)
    cpu = time.process_time() - cpu
    gate.close()
    p99 = sorted(reserving)[len(reserving) * 99 // 100] * 1_000
    line("check and reserve, one process", f"{_shown(reserving)} (goal p99 {_GOAL_MS} ms: {_verdict(p99)})")
    line("  the same without the reservation (no fsync)", _shown(dry))
    line("settle, one process", _shown(settling))
    line("  CPU of a check, a settlement and a dry run together", f"{cpu / (checks + _WARM) * 1_000:.2f} ms")
    line("  checks with settlements a second", f"{checks / (sum(reserving) + sum(settling)):,.0f}")


def _one_of_many(work: tuple[Settings, int, int, int], started: Any, answers: Any) -> None:
    settings, number, checks, offset = work
    gate = QuotaGate(settings, GatePolicy(wait=dt.timedelta(seconds=30)))
    gate.refresh()
    started.wait()
    began = time.perf_counter()
    found = _ask(gate, number, checks, offset)
    answers.put((time.perf_counter() - began, found[0]))
    gate.close()


def _beside_others(settings: Settings, number: int, checks: int) -> None:
    context = multiprocessing.get_context("spawn")
    started, answers = context.Barrier(_PROCESSES), context.Queue()
    processes = [
        context.Process(target=_one_of_many, args=((settings, number, checks, 1_000 * n), started, answers))
        for n in range(_PROCESSES)
    ]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    seconds = [second for _, each in found for second in each]
    line(f"check and reserve, {_PROCESSES} processes at once", _shown(seconds))
    line("  checks with settlements a second, together", f"{len(seconds) / max(took for took, _ in found):,.0f}")


def _shown(seconds: list[float]) -> str:
    ordered = [second * 1_000 for second in sorted(seconds)]
    return f"p50 {ordered[len(ordered) // 2]:.2f} ms, p99 {ordered[len(ordered) * 99 // 100]:.2f} ms"


def _verdict(p99: float) -> str:
    return "met" if p99 < _GOAL_MS else "missed"


if __name__ == "__main__":
    print(f"SQLite {sqlite3.sqlite_version}")
    main()
