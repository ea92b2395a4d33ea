"""The same price list, asked once for each row from Python."""

import datetime as dt
import time

from genai_prices import Usage, calc_price

_MODELS = (
    ("anthropic", "claude-sonnet-5"),
    ("anthropic", "claude-opus-4-6"),
    ("openai", "gpt-5-2025-08-07"),
    ("openai", "gpt-4o-mini"),
)


def rows_per_second(rows: int) -> float:
    """Rows that `genai_prices.calc_price` prices in a second, on one core."""
    first = dt.datetime(2025, 11, 6, tzinfo=dt.UTC)
    sample = [(*_MODELS[n % len(_MODELS)], 1_000 + n, first + dt.timedelta(days=n % 365)) for n in range(rows)]
    started = time.perf_counter()
    for provider, model, tokens, moment in sample:
        calc_price(Usage(input_tokens=tokens), model, provider_id=provider, genai_request_timestamp=moment)
    return rows / (time.perf_counter() - started)
