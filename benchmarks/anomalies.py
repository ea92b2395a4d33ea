"""Anomalies that are planted into the daily rhythm of real tenants: how many are found, how many are false.

The rates are those of 43 clients over two weeks (ServeGen), below GENAI_FINOPS_TEST_DATA/traces. Clients are scaled to
100 USD a day. On each of the last four days a client is judged as it was, which should find nothing, and with one
planted factor, which should be found. The rival is a threshold on the residuals of seasonal-naive (the day a week
before), with the same marks of money.
"""

import datetime as dt
import os
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from statistics import median

import polars as pl

from genai_finops.anomalies.config import AnomalyMarks, load_anomaly_config
from genai_finops.anomalies.expectation import expectation

FACTORS = ("0.25", "0.5", "1.5", "2", "4")
_FIRST = dt.date(2026, 10, 5)
_JUDGED = 4
_WIDTHS = (Decimal(1), Decimal(2), Decimal(4), Decimal(8))
_WINDOWS_A_DAY = 144
#: A client that hardly asks on a day has nothing to plant a factor into.
_LEAST = Decimal(20)
_WEEK = dt.timedelta(days=7)

Series = Mapping[dt.date, Decimal]
Judge = Callable[[Series, dt.date, AnomalyMarks], bool]


def ours(costs: Series, day: dt.date, marks: AnomalyMarks) -> bool:
    """Whether the platform tells of the day."""
    found = expectation(costs, day, marks)
    return found is not None and abs(costs[day] - found.expected) > found.allowed


def seasonal_naive(costs: Series, day: dt.date, marks: AnomalyMarks) -> bool:
    """Whether the distance from a week before is unusual, by such distances of the days before."""
    if day - _WEEK not in costs:
        return False
    known = [abs(costs[one] - costs[one - _WEEK]) for one in costs if one < day and one - _WEEK in costs]
    deviation = Decimal("1.4826") * median(known) if known else Decimal()
    usual = costs[day - _WEEK]
    return abs(costs[day] - usual) > max(marks.deviations * deviation, marks.least_share * usual, marks.least_cost)


def daily_costs(path: Path) -> list[dict[dt.date, Decimal]]:
    """Each client's cost by day."""
    rates = pl.read_parquet(path)
    time, client = rates.columns[1], rates.columns[0]
    found = []
    for (_,), rows in rates.sort(client, time).group_by([client], maintain_order=True):
        values = rows["requests_per_s"].fill_null(0).to_list()
        days = [sum(values[start : start + _WINDOWS_A_DAY]) for start in range(0, len(values), _WINDOWS_A_DAY)]
        mean = sum(days) / len(days)
        if mean:
            scaled = [Decimal(f"{100 * value / mean:.2f}") for value in days]
            found.append({_FIRST + dt.timedelta(days=number): cost for number, cost in enumerate(scaled)})
    return found


def main() -> None:
    """Print recall by factor, false finds and precision of both methods."""
    folder = os.environ.get("GENAI_FINOPS_TEST_DATA")
    if not folder:
        sys.exit("Set GENAI_FINOPS_TEST_DATA to the folder with traces/servegen_m_small_rates.parquet")
    clients = daily_costs(Path(folder) / "traces" / "servegen_m_small_rates.parquet")
    usual = load_anomaly_config(Path("configs/anomalies.yml")).marks
    print(f"{len(clients)} clients, {len(clients[0])} days, the last {_JUDGED} judged")
    judges: tuple[tuple[str, Judge], ...] = (("genai-finops", ours), ("seasonal-naive", seasonal_naive))
    # Recall is compared at equal numbers of false finds, so each method is shown at several widths.
    for name, judge, width in ((name, judge, width) for name, judge in judges for width in _WIDTHS):
        marks = usual.model_copy(update={"deviations": width})
        cases = [(costs, day) for costs in clients for day in sorted(costs)[-_JUDGED:] if costs[day] >= _LEAST]
        false = sum(judge(costs, day, marks) for costs, day in cases)
        hits = {
            factor: sum(judge({**costs, day: costs[day] * Decimal(factor)}, day, marks) for costs, day in cases)
            for factor in FACTORS
        }
        recall = ", ".join(f"x{factor} {hit / len(cases):.0%}" for factor, hit in hits.items())
        found = sum(hits.values()) / len(FACTORS)
        precision = found / (found + false) if found + false else 0
        mean_recall = found / len(cases)
        print(
            f"{name}, {width} deviations: recall {mean_recall:.0%} ({recall}); "
            f"false {false} of {len(cases)}; precision {precision:.0%}"
        )


if __name__ == "__main__":
    main()
