"""How well spend is forecast, beside other methods, on the request rates of 43 tenants over two weeks (ServeGen).

The data is looked for in GENAI_FINOPS_TEST_DATA. Methods of statsforecast are judged too where it is installed; the
product does not use it.
"""

import argparse
import importlib.util
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from genai_finops.forecasting.backtest import backtested
from genai_finops.forecasting.weekday_level import Floats, Past

_FILE = Path("traces", "servegen_m_small_rates.parquet")
_WINDOW_SECONDS = 600
#: The most that the product looks back: eight seasons.
_SEASONS = 8


@dataclass(frozen=True, slots=True)
class Granularity:
    """What a point of the series is."""

    name: str
    seconds: int
    season: int
    horizons: tuple[int, ...]
    first_origin: int
    step: int


DAILY = Granularity("days", 86_400, 7, (1, 3, 7), 5, 1)
HOURLY = Granularity("hours", 3_600, 24, (24, 72, 168), 120, 24)

#: From the history, a column for each series, what the next points have in sum.
Method = Callable[[Floats, int, Granularity], Floats]


@dataclass(slots=True)
class Score:
    """What a method missed: of all sums together, beside seasonal-naive, and how often intervals held the sum."""

    missed: Floats
    had: float = 0.0
    within: npt.NDArray[np.int64] | None = None
    cases: int = 0
    seconds: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", action="store_true", help="judge statsforecast too: minutes")
    arguments = parser.parse_args()
    folder = os.environ.get("GENAI_FINOPS_TEST_DATA")
    if folder is None or not (Path(folder) / _FILE).is_file():
        raise SystemExit(f"Set GENAI_FINOPS_TEST_DATA to a folder that has {_FILE}.")
    has_library = importlib.util.find_spec("statsforecast") is not None
    if arguments.library and not has_library:
        raise SystemExit("statsforecast is not installed; `pip install statsforecast` into this environment first.")
    requests = read_requests(Path(folder) / _FILE)
    for granularity in (DAILY, HOURLY):
        points = aggregated(requests, granularity)
        for horizon in granularity.horizons:
            judge(points, granularity, horizon, library=arguments.library)
    line_of_speed()


def read_requests(path: Path) -> Floats:
    """Requests by window of ten minutes; a column for each tenant."""
    rows = pl.read_parquet(path, columns=["client", "window_start_s", "requests_per_s"])
    wide = rows.pivot(on="client", index="window_start_s", values="requests_per_s").sort("window_start_s")
    return wide.drop("window_start_s").to_numpy().astype(np.float64) * _WINDOW_SECONDS


def aggregated(requests: Floats, granularity: Granularity) -> Floats:
    """Requests by point of time; a column for each tenant."""
    windows = granularity.seconds // _WINDOW_SECONDS
    return np.asarray(requests.reshape(-1, windows, requests.shape[1]).sum(axis=1))


def weekday_level(history: Floats, horizon: int, granularity: Granularity) -> Floats:
    """The product's method."""
    lengths = np.full(history.shape[1], horizon)
    return Past(history, season=granularity.season).as_of(len(history)).sums(lengths)


def seasonal_naive(history: Floats, horizon: int, granularity: Granularity) -> Floats:
    """The last season again; before there is one, all that there is."""
    season = history[-granularity.season :]
    return np.asarray(season[np.arange(horizon) % len(season)].sum(axis=0))


def last_point(history: Floats, horizon: int, granularity: Granularity) -> Floats:
    """The last day again."""
    del granularity
    return np.asarray(history[-1] * horizon)


def season_mean(history: Floats, horizon: int, granularity: Granularity) -> Floats:
    """The mean of the last season."""
    return np.asarray(history[-granularity.season :].mean(axis=0) * horizon)


def library_methods() -> Mapping[str, Method]:
    """Methods of statsforecast, each fitted to each series at each origin; a failed fit falls back to the mean."""
    models: Any = importlib.import_module("statsforecast.models")

    def of(make: Callable[[int], Any]) -> Method:
        def method(history: Floats, horizon: int, granularity: Granularity) -> Floats:
            season = granularity.season if len(history) >= 2 * granularity.season else 1
            found = np.empty(history.shape[1])
            for place, column in enumerate(history.T):
                values = np.nan_to_num(np.ascontiguousarray(column))
                try:
                    found[place] = max(0.0, float(make(season).forecast(y=values, h=horizon)["mean"].sum()))
                except Exception:  # noqa: BLE001 - what it does not take counts as its mean
                    found[place] = values.mean() * horizon
            return found

        return method

    return {
        "AutoETS": of(lambda season: models.AutoETS(season_length=season)),
        "AutoTheta": of(lambda season: models.AutoTheta(season_length=season)),
        "MSTL": of(lambda season: models.MSTL(season_length=season) if season > 1 else models.AutoETS(season_length=1)),
    }


def judge(points: Floats, granularity: Granularity, horizon: int, *, library: bool) -> None:
    """Prints what each method missed over all origins.

    WAPE is all that was missed by all that was spent, so that large tenants decide. `beside` is a tenant's error by
    that of seasonal-naive on the same days, the mean over tenants: a MASE, but scaled by the days that were forecast,
    because two weeks have too few before them.
    """
    methods: dict[str, Method] = {
        "weekday_level (ours)": weekday_level,
        "seasonal naive": seasonal_naive,
        "last point": last_point,
        "mean of a season": season_mean,
        **(library_methods() if library else {}),
    }
    scores = {name: Score(np.zeros(points.shape[1])) for name in methods}
    number = 0
    for origin, history, actual in origins(points, granularity, horizon):
        del origin
        number += 1
        for name, method in methods.items():
            score, started = scores[name], time.perf_counter()
            expected = method(np.nan_to_num(history), horizon, granularity)
            score.seconds += time.perf_counter() - started
            score.missed += np.abs(actual - expected)
            score.had += float(np.abs(actual).sum())
    print(f"\nsums of {horizon} {granularity.name}, {number} origins, {points.shape[1]} series")
    print(f"{'method':24}{'WAPE':>8}{'beside':>8}{'ms/series':>11}")
    naive = scores["seasonal naive"].missed
    for name, score in scores.items():
        compared = naive > 0
        beside = float(np.mean(score.missed[compared] / naive[compared]))
        milliseconds = score.seconds / (number * points.shape[1]) * 1000
        print(f"{name:24}{score.missed.sum() / score.had:8.3f}{beside:8.3f}{milliseconds:11.3f}", flush=True)
    within, cases = coverage(points, granularity, horizon)
    print(f"intervals held the sum: {within[0] / cases:.1%} at 80 %, {within[1] / cases:.1%} at 95 % of {cases} cases")


def origins(points: Floats, granularity: Granularity, horizon: int) -> Iterator[tuple[int, Floats, Floats]]:
    """Each origin with what came before, NaN before the first request of a series, and the sum that came after."""
    for origin in range(granularity.first_origin, len(points) - horizon + 1, granularity.step):
        history = points[max(0, origin - _SEASONS * granularity.season) : origin].copy()
        history[np.cumsum(np.abs(points[:origin]), axis=0)[-len(history) :] == 0] = np.nan
        yield origin, history, points[origin : origin + horizon].sum(axis=0)


def coverage(points: Floats, granularity: Granularity, horizon: int) -> tuple[tuple[int, int], int]:
    """How many sums lay in the intervals at 80 and 95 %, of series with three days of past or more."""
    held_80 = held_95 = cases = 0
    least = 3 * 86_400 // granularity.seconds
    for _, history, actual in origins(points, granularity, horizon):
        counts = (~np.isnan(history)).sum(axis=0) >= least
        past = history[:, counts]
        lengths = np.full(past.shape[1], float(horizon))
        expected = weekday_level(past, horizon, granularity)
        widths = backtested(past, lengths, season=granularity.season)
        wrong = np.abs(actual[counts] - expected)
        held_80 += int((wrong <= widths.half_80 + 1e-6).sum())
        held_95 += int((wrong <= widths.half_95 + 1e-6).sum())
        cases += int(counts.sum())
    return (held_80, held_95), cases


def line_of_speed() -> None:
    """How long forecasts of 10,000 budgets take, Decimals included."""
    import datetime as dt  # noqa: PLC0415 - only here
    from decimal import Decimal  # noqa: PLC0415

    from genai_finops.forecasting.period_forecast import forecast_many  # noqa: PLC0415
    from genai_finops.forecasting.wanted import WantedForecast  # noqa: PLC0415

    today, day = dt.date(2026, 10, 10), dt.timedelta(days=1)
    wanted = [
        WantedForecast(
            spend={today - back * day: Decimal((back * 7919 + number * 104_729) % 10_007) / 1000 for back in range(57)},
            start=dt.datetime(2026, 10, 1, tzinfo=dt.UTC),
            end=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
            known_until=today,
            now=dt.datetime(2026, 10, 10, 9, tzinfo=dt.UTC),
            spent=Decimal(50),
            amount=Decimal(100),
        )
        for number in range(10_000)
    ]
    started, cpu = time.perf_counter(), time.process_time()
    forecast_many(wanted)
    print(
        f"\n10,000 forecasts of 56 days: {time.perf_counter() - started:.2f} s, {time.process_time() - cpu:.2f} CPU s"
        f" (goal 2 s), load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
