"""What each of three says a request costs, asked one by one, and how long the answers take."""

import datetime as dt
import importlib
import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from genai_prices import Usage, calc_price
from price_requests import Asked

from genai_finops.pricing import calculate_llm_cost
from genai_finops.pricing.rating_engine import RatingEngine

_NOON = dt.time(12, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request costs, or why that is not said; an estimate has both."""

    total: Decimal | float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Answers in the order of the requests, with the seconds that each took."""

    answers: list[Answer]
    seconds: list[float]
    cpu_seconds: float

    def percentile(self, percent: int) -> float:
        """Seconds within which so many in a hundred were answered."""
        return sorted(self.seconds)[min(len(self.seconds) * percent // 100, len(self.seconds) - 1)]


def answered(ask: Callable[[Asked], Answer], asked: list[Asked]) -> Answered:
    """Ask for each request."""
    answers, seconds = [], []
    started_cpu = time.process_time()
    for request in asked:
        started = time.perf_counter()
        answers.append(ask(request))
        seconds.append(time.perf_counter() - started)
    return Answered(answers=answers, seconds=seconds, cpu_seconds=time.process_time() - started_cpu)


def by_calculate_llm_cost(engine: RatingEngine) -> Callable[[Asked], Answer]:
    """Our function, on an open book."""

    def ask(request: Asked) -> Answer:
        cost = calculate_llm_cost(
            request.provider,
            request.model,
            request.input_tokens,
            request.output_tokens,
            date=request.date,
            cache_read=request.cached_tokens,
            geography=request.geography,
            context_tokens=request.prompt_tokens,
            book=engine,
        )
        return Answer(total=cost.total_cost, reason=cost.reason)

    return ask


def by_genai_prices(request: Asked) -> Answer:
    """genai-prices, whose input tokens are all of the prompt."""
    usage = Usage(
        input_tokens=request.prompt_tokens,
        cache_read_tokens=request.cached_tokens,
        output_tokens=request.output_tokens,
    )
    moment = dt.datetime.combine(request.date, _NOON)
    try:
        found = calc_price(usage, request.model, provider_id=request.catalogue_provider, genai_request_timestamp=moment)
    except (LookupError, ValueError) as failure:
        return Answer(reason=type(failure).__name__)
    return Answer(total=found.total_price)


def by_litellm() -> Callable[[Asked], Answer] | None:
    """litellm, which knows no dates and counts in binary floats; None where it is not installed."""
    found = importlib.util.find_spec("litellm")
    # A folder of that name without a module in it is found too.
    if found is None or found.origin is None:
        return None
    litellm = importlib.import_module("litellm")

    def ask(request: Asked) -> Answer:
        try:
            prompt, completion = litellm.cost_per_token(
                model=request.model,
                custom_llm_provider=request.litellm_provider,
                prompt_tokens=request.prompt_tokens,
                completion_tokens=request.output_tokens,
                cache_read_input_tokens=request.cached_tokens,
            )
        # litellm raises plain Exception for models that it does not know.
        except Exception as failure:  # noqa: BLE001
            return Answer(reason=type(failure).__name__)
        return Answer(total=prompt + completion)

    return ask
