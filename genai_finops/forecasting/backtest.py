"""How far the method missed the past of a series, from origins that roll over it, and how wide that makes intervals."""

from dataclasses import dataclass

import numpy as np

from genai_finops.forecasting.weekday_level import WEEK, Floats, Past, Whole

#: Days that the first origin has before it, at most; half of the history where that is short.
_FIRST_ORIGIN = 14
#: Sums as long as the horizon are looked at where as many of them fit behind the first origin, one after the other.
_LEAST_SUMS = 2
#: Quantiles of Student's t, two-sided 80 and 95 %, by degrees of freedom from 1 on.
_T_80 = (
    *(3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372),
    *(1.363, 1.356, 1.350, 1.345, 1.341, 1.337, 1.333, 1.330, 1.328, 1.325),
)
_T_95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)


@dataclass(frozen=True, slots=True)
class Backtest:
    """Of each series: half widths of the intervals of the sum over its horizon, and the weighted absolute error."""

    half_80: Floats
    half_95: Floats
    #: NaN where there is too little past, or nothing in it.
    error: Floats


def backtested(history: Floats, horizon: Floats, *, season: int = WEEK) -> Backtest:
    """What forecasts of sums over `horizon` days would have missed, made at each day of the past with what was before.

    `history` has a column for each series, with 3 days or more, as `Past` takes it. A horizon that is too long for its
    past is judged by shorter sums, whose error is taken to grow with their length: what is missed is mostly the level.
    """
    days, count = history.shape
    known = (~np.isnan(history)).sum(axis=0)
    before = np.clip(known // 2, 2, _FIRST_ORIGIN)
    behind = known - before
    length = np.clip(np.ceil(horizon).astype(np.int64), 1, np.maximum(behind // _LEAST_SUMS, 1))
    first, last = days - behind, days - length
    running = np.concatenate([np.zeros((1, count)), np.cumsum(np.nan_to_num(history), axis=0)])
    squares, missed, had = (np.zeros(count) for _ in range(3))
    past, columns = Past(history, season=season), np.arange(count)
    for origin in range(int(first.min()), int(last.max()) + 1):
        counts = (first <= origin) & (origin <= last)
        expected = past.as_of(origin).sums(length)
        actual = running[np.minimum(origin + length, days), columns] - running[origin]
        wrong = np.where(counts, np.abs(actual - expected), 0.0)
        squares += wrong * wrong
        missed += wrong
        had += np.where(counts, np.abs(actual), 0.0)
    origins = last - first + 1
    spread = np.sqrt(squares / origins) * _growth(horizon / length)
    freedom: Whole = np.clip(behind // length, 1, len(_T_80)) - 1
    error = np.where((had > 0) & (origins > 1), missed / np.where(had > 0, had, 1.0), np.nan)
    return Backtest(
        half_80=spread * np.asarray(_T_80)[freedom], half_95=spread * np.asarray(_T_95)[freedom], error=error
    )


def _growth(times: Floats) -> Floats:
    """How much wider the error of a sum is that is so many times as long."""
    return np.where(times > 1, times, np.sqrt(times))
