"""How fast single prices are given and files of cases rated, beside two libraries that do it too. See README.md."""

import argparse
import datetime as dt
import tempfile
import time
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import dbt_runs
from apart import Measured, measure_apart
from figures import Spent, line, load
from lakes import settings_of_lake
from price_answers import Answer, Answered, answered, by_calculate_llm_cost, by_genai_prices, by_litellm
from price_requests import Asked, model_count, requests

from genai_finops.ingest.reference import prepare_lake
from genai_finops.lake.files import LakeFiles
from genai_finops.pricing.open_book import open_book
from genai_finops.pricing.rate_file import RatedFile, rate_file
from genai_finops.pricing.rating_engine import RatingEngine

_GOAL_MS = 2.0
_GOAL_CASES = 100_000
#: Of a binary float; ours and those of genai-prices are compared exactly.
_FLOAT_TOLERANCE = 1e-9
_NAMED_MODELS = 12
_SALT = 17
#: After so many requests to one model, its length of prompts and its use of a cache come again.
_KINDS = 15
_ORGS = 5
_AGREEING = 2


def main() -> None:
    """Print every figure anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=300_000, help="cases of the file that is rated")
    parser.add_argument("--questions", type=int, default=150, help="single requests of each kind")
    arguments = parser.parse_args()
    print(f"{model_count()} models of five price lists, load {load()}")
    with tempfile.TemporaryDirectory(prefix="genai-finops-benchmark-") as name:
        folder = Path(name)
        lake = folder / "lake"
        settings = settings_of_lake(folder / "home", lake, orgs=_ORGS, agreeing=_AGREEING)
        prepare_lake(LakeFiles(settings.lake_url), settings, now=dt.datetime.now(dt.UTC))
        _start(folder, "from the book of a lake", lake)
        _start(folder, "from the packaged prices", folder / "no-lake")
        _questions(folder, lake, arguments.questions)
        _files(folder, lake, arguments.cases)


def opened(home: Path, lake: Path, threads: int = 1) -> RatingEngine:
    """The book of a home and a lake, as `genai-finops prices` opens it."""
    return open_book(dbt_runs.settings_of(home, lake), now=dt.datetime.now(dt.UTC), threads=threads)


def start(home: Path, lake: Path) -> float:
    """Seconds until the first request is priced, without the imports."""
    started = time.perf_counter()
    answered(by_calculate_llm_cost(opened(home, lake)), requests(1, one_model=True))
    return time.perf_counter() - started


def ask_ours(home: Path, lake: Path, number: int) -> dict[str, Answered]:
    """So many requests to all models, then the same with other counts and days, then as many to one model."""
    ask = by_calculate_llm_cost(opened(home, lake))
    answered(ask, requests(_KINDS, one_model=True))
    return {
        "cold": answered(ask, requests(number)),
        "warm": answered(ask, requests(number, salt=_SALT)),
        "one model": answered(ask, requests(number, one_model=True, salt=_SALT)),
    }


def ask_genai_prices(number: int) -> Answered:
    """The same requests as those that a warm engine answers."""
    answered(by_genai_prices, requests(number))
    return answered(by_genai_prices, requests(number, salt=_SALT))


def ask_litellm(number: int) -> Answered | None:
    """The same requests; None where litellm is not installed."""
    ask = by_litellm()
    if ask is None:
        return None
    answered(ask, requests(number))
    return answered(ask, requests(number, salt=_SALT))


def rate_cases(home: Path, lake: Path, source: Path, threads: int) -> tuple[Spent, RatedFile]:
    """What it takes an open book, none of whose prices was asked for, to rate a file."""
    engine = opened(home, lake, threads)
    started, started_cpu = time.perf_counter(), time.process_time()
    rated = rate_file(engine, source, source.with_suffix(".rated"))
    spent = Spent(seconds=time.perf_counter() - started, cpu_seconds=time.process_time() - started_cpu)
    return spent, rated


def _start(folder: Path, name: str, lake: Path) -> None:
    found = measure_apart(start, folder / "home", lake)
    line(f"engine start and first answer, {name}", f"{found.value:.2f} s, {found.cpu_seconds:.2f} CPU s")


def _questions(folder: Path, lake: Path, number: int) -> None:
    asked = requests(number, salt=_SALT)
    ours = measure_apart(ask_ours, folder / "home", lake, number)
    for name, found in ours.value.items():
        is_met = found.percentile(95) * 1_000 < _GOAL_MS
        goal = "" if name == "cold" else f" (goal {_GOAL_MS} ms: {'met' if is_met else 'missed'})"
        _times(f"calculate_llm_cost, {name}", found, goal)
    warm = ours.value["warm"]
    theirs = measure_apart(ask_genai_prices, number).value
    _times("genai-prices, calc_price", theirs)
    _compare("genai-prices", asked, warm, theirs)
    floats = measure_apart(ask_litellm, number).value
    if floats is None:
        line("litellm, cost_per_token", "skipped: litellm is not installed here")
        return
    _times("litellm, cost_per_token", floats)
    _compare("litellm", asked, warm, floats)


def _times(name: str, found: Answered, goal: str = "") -> None:
    cpu = found.cpu_seconds / len(found.seconds) * 1_000
    line(
        f"{name}, {len(found.seconds):,} requests",
        f"p50 {found.percentile(50) * 1_000:.3f} ms, p95 {found.percentile(95) * 1_000:.3f} ms{goal}, "
        f"mean {cpu:.3f} CPU ms",
    )


def _compare(name: str, asked: list[Asked], ours: Answered, theirs: Answered) -> None:
    """How many answers are alike, and by which models and why they are not."""
    counts: Counter[str] = Counter()
    models: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for request, our, their in zip(asked, ours.answers, theirs.answers, strict=True):
        verdict = _verdict(name, our, their)
        counts[verdict] += 1
        models[verdict][f"{request.provider} {request.model}"] += 1
    line(f"  answers beside those of {name}", ", ".join(f"{verdict} {n:,}" for verdict, n in counts.most_common()))
    for verdict in counts.keys() - {"equal"}:
        named = [f"{model} ({n})" for model, n in models[verdict].most_common(_NAMED_MODELS)]
        others = len(models[verdict]) - len(named)
        line(f"    {verdict}", f"{', '.join(named)}{f' and {others} other models' if others else ''}")


def _verdict(name: str, our: Answer, their: Answer) -> str:
    if our.total is None:
        return f"no price here ({our.reason})" + ("" if their.total is not None else f" and none of {name}")
    if their.total is None:
        return f"refused by {name} ({their.reason})"
    if _alike(our.total, their.total):
        return "equal"
    return "different" + (f", estimated here ({our.reason})" if our.reason else "")


def _alike(ours: Decimal | float, theirs: Decimal | float) -> bool:
    if isinstance(theirs, Decimal):
        return ours == theirs
    return abs(float(ours) - theirs) <= _FLOAT_TOLERANCE * max(abs(theirs), _FLOAT_TOLERANCE)


def _files(folder: Path, lake: Path, number: int) -> None:
    source = folder / "cases.jsonl"
    with source.open("w") as file:
        file.writelines(f"{request.case(n)}\n" for n, request in enumerate(requests(number)))
    line("file of cases", f"{number:,} cases, {source.stat().st_size / 1e6:,.0f} MB")
    for threads in (2, 1):
        _file_of_cases(measure_apart(rate_cases, folder / "home", lake, source, threads), number, threads)


def _file_of_cases(found: Measured, number: int, threads: int) -> None:
    spent, rated = found.value
    speed = number / spent.seconds
    line(
        f"prices rate, {threads} {'thread' if threads == 1 else 'threads'} of the engine",
        f"{spent.seconds:.2f} s, {speed:,.0f} cases/s "
        f"(goal {_GOAL_CASES:,}: {'met' if speed >= _GOAL_CASES else 'missed'}), "
        f"{spent.cpu_seconds:.2f} CPU s, {number / spent.cpu_seconds:,.0f} cases/CPU s",
    )
    line(
        "  with the start of the engine",
        f"{number / found.seconds:,.0f} cases/s, peak {found.peak_mb:,.0f} MB; "
        f"{rated.priced:,} priced, {rated.unpriced:,} unpriced, {rated.refused:,} refused",
    )


if __name__ == "__main__":
    main()
