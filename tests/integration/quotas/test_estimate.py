"""Requests priced by the packaged price book, which takes its second to open."""

import datetime as dt
from decimal import Decimal
from typing import Any

from genai_finops.quotas.estimate import CostEstimator
from genai_finops.quotas.request_amount import RequestAmount

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)


def test_tokens_cost_what_the_book_says_and_without_a_price_what_the_caller_says(budgets: Any) -> None:
    estimator = CostEstimator(budgets.settings)

    def amount(**dimensions: str) -> RequestAmount:
        counts = {"input_tokens": 1_000_000, "output_tokens": 500_000}
        fallback = RequestAmount(cost=Decimal(7), currency="EUR")
        return estimator.amount({"org": "acme", **dimensions}, counts, fallback=fallback, is_upper_bound=True, now=NOW)

    # gpt-4o-mini: 0.15 USD for a million tokens of input, 0.60 of output.
    priced = amount(provider="openai", model="openai/gpt-4o-mini")
    assert (priced.cost, priced.currency, priced.tokens) == (Decimal("0.45"), "USD", Decimal(1_500_000))
    for unpriced in ({"provider": "openai", "model": "unheard-of"}, {"model": "gpt-4o-mini"}):
        assert amount(**unpriced) == RequestAmount(cost=Decimal(7), currency="EUR", tokens=Decimal(1_500_000))
