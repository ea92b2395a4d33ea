"""What a request costs by the price book, for callers that know its tokens only."""

import datetime as dt
import re
import threading
from collections.abc import Mapping
from decimal import Decimal

from genai_finops.attribution.provider_names import canonical_provider
from genai_finops.errors import FinopsError
from genai_finops.pricing.calculate import calculate_llm_cost
from genai_finops.pricing.open_book import open_book
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.quotas.request_amount import RequestAmount
from genai_finops.settings import Settings

#: The counts that a caller may give, as the provider counts them.
COUNTS = ("input_tokens", "output_tokens", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h")
_ROUTE = re.compile(r"^(?:[a-z0-9_-]+/)+")


class CostEstimator:
    """Prices requests. The book is opened at the first one, and anew when it is older than `max_age`."""

    def __init__(self, settings: Settings, *, max_age: dt.timedelta = dt.timedelta(hours=1)) -> None:
        self._settings = settings
        self._max_age = max_age
        self._book: RatingEngine | None = None
        self._opened_at = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._lock = threading.Lock()

    def open(self, now: dt.datetime) -> None:
        """Opens the book, which takes a second or two that a first request need not wait for. Raises FinopsError."""
        self._current(now)

    def amount(
        self,
        dimensions: Mapping[str, str],
        counts: Mapping[str, int],
        *,
        fallback: RequestAmount,
        is_upper_bound: bool,
        now: dt.datetime,
    ) -> RequestAmount:
        """Cost and tokens of these counts at the prices of the day, which are the organisation's where it has its own.

        With `is_upper_bound`, a price that is not certain is its upper bound. What the book has no price for costs
        what `fallback` says, or nothing that is known. Raises FinopsError for counts that cannot be meant.
        """
        unknown = [name for name in counts if name not in COUNTS]
        if unknown:
            raise FinopsError(f"Usage {unknown[0]!r} is not known", remedy=f"Give of {', '.join(COUNTS)}.")
        spelled, model = dimensions.get("provider"), dimensions.get("model")
        tokens = fallback.tokens
        if tokens is None:
            tokens = Decimal(counts.get("input_tokens", 0) + counts.get("output_tokens", 0))
        provider = canonical_provider(spelled)
        book = self._current(now)
        if provider is None or provider not in book.providers or model is None:
            return RequestAmount(cost=fallback.cost, currency=fallback.currency, tokens=tokens)
        found = calculate_llm_cost(
            provider,
            _ROUTE.sub("", model),
            counts.get("input_tokens", 0),
            counts.get("output_tokens", 0),
            cache_read=counts.get("cache_read", 0),
            cache_write=counts.get("cache_write", 0),
            cache_write_5m=counts.get("cache_write_5m", 0),
            cache_write_1h=counts.get("cache_write_1h", 0),
            date=now.date(),
            org=dimensions.get("org"),
            book=book,
        )
        cost = found.total_cost
        if is_upper_bound and (cost is None or found.is_estimated):
            cost = found.upper_bound if found.upper_bound is not None else cost
        if cost is None or found.currency is None:
            return RequestAmount(cost=fallback.cost, currency=fallback.currency, tokens=tokens)
        return RequestAmount(cost=cost, currency=found.currency, tokens=tokens)

    def _current(self, now: dt.datetime) -> RatingEngine:
        with self._lock:
            if self._book is None or now - self._opened_at > self._max_age:
                self._book, self._opened_at = open_book(self._settings, now=now), now
            return self._book
