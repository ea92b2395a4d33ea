"""Counters of cost, tokens and savings, through the application's own meter provider of OpenTelemetry.

The counters add floats, as OpenTelemetry's do: they are for watching, the events are for the books. What has no price
adds nothing to `genai.cost`: it is one more of `genai.unpriced`, and its tokens are marked `is_estimated`. A cost that
the caller reported stands in where there is no price of ours at all.
"""

import importlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from genai_finops import __version__
from genai_finops.errors import FinopsError
from genai_finops.record.event import TOKEN_METERS, Event
from genai_finops.record.metrics.prices import RequestCost, RequestPrices
from genai_finops.record.metrics.series import Series, SeriesGuard
from genai_finops.record.statistics import MetricCounts
from genai_finops.record.worker import Worker

_BATCH = 500
_SCOPE = "genai_finops.record"
#: Cost type of each meter that a request can name.
COST_TYPES: Mapping[str, str] = {
    **{meter: "output" if meter.startswith("output") else "input" for meter in TOKEN_METERS},
    **dict.fromkeys(("image", "character", "web_search"), "other"),
}
_Attributes = dict[str, str | bool]


class Counter(Protocol):
    """A counter of OpenTelemetry."""

    def add(self, amount: float, attributes: Any = None) -> None:
        """Add to the series of the attributes."""


class CounterFactory(Protocol):
    """The part of a Meter of OpenTelemetry that is used."""

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Counter:
        """A new counter."""


class CostMeter:
    """Prices events on a thread of its own, so that a price book that opens slowly holds nothing up."""

    def __init__(
        self,
        prices: RequestPrices,
        *,
        most_series: int,
        queue_size: int,
        factory: CounterFactory | None = None,
        interval: float = 0.5,
    ) -> None:
        self._prices, self._most_series = prices, most_series
        factory = factory or global_factory()
        self._cost = factory.create_counter("genai.cost", unit="USD", description="Cost of requests.")
        self._tokens = factory.create_counter("genai.tokens", unit="{token}", description="Tokens of requests.")
        self._savings = factory.create_counter(
            "genai.savings", unit="USD", description="What requests would have cost that a cache answered."
        )
        self._unpriced = factory.create_counter(
            "genai.unpriced", unit="{request}", description="Requests of whose cost a part or all is unknown."
        )
        self._begin()
        self._worker: Worker[Event] = Worker(
            "genai_finops.record.metrics",
            self._handle,
            limit=queue_size,
            batch=_BATCH,
            interval=interval,
            forked=self._forked,
        )

    def _begin(self) -> None:
        self._guard = SeriesGuard(self._most_series)
        self._measured = self._estimated = self._unpriced_count = self._folded = 0
        self._overflown = self._broken = 0

    def measure(self, events: Sequence[Event]) -> None:
        """Take the events; those that find no room are counted as skipped."""
        self._overflown += sum(not self._worker.put(event) for event in events)

    def counts(self) -> MetricCounts:
        """What became of the events."""
        return MetricCounts(
            measured=self._measured,
            estimated=self._estimated,
            unpriced=self._unpriced_count,
            folded=self._folded,
            skipped=self._overflown + self._broken,
        )

    def flush(self, timeout: float) -> bool:
        """Wait until those taken before are measured; False where it takes longer."""
        return self._worker.flush(timeout)

    def close(self, timeout: float) -> None:
        """Take nothing more, and wait for what was taken."""
        self._overflown += self._worker.close(timeout)

    def _forked(self) -> None:
        self._begin()
        self._prices.forget()

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            try:
                self._measure(event)
            except Exception:  # noqa: BLE001 # instruments are the application's
                self._broken += 1

    def _measure(self, event: Event) -> None:
        quantities = {meter: event[meter] for meter in COST_TYPES if event.get(meter)}
        cost = self._prices.cost(event, quantities, COST_TYPES)
        amounts, is_estimated = _amounts(event, cost)
        series = Series(
            *(str(event.get(name) or "") for name in ("provider", "provider_model_id", "tenant_id", "user_id", "task"))
        )
        admitted = self._guard.admitted(series)
        self._folded += admitted is not series
        if event["is_cache_hit"]:
            for cost_type, amount in amounts.items():
                self._savings.add(float(amount), _attributes(admitted, cost_type, is_estimated=is_estimated))
        else:
            self._add(admitted, quantities, amounts, is_estimated=is_estimated)
        if cost.is_unpriced:
            self._unpriced_count += 1
            self._unpriced.add(1, admitted._asdict())
        self._measured += 1
        self._estimated += is_estimated

    def _add(
        self, series: Series, quantities: Mapping[str, int], amounts: Mapping[str, Decimal], *, is_estimated: bool
    ) -> None:
        for cost_type, amount in amounts.items():
            self._cost.add(float(amount), _attributes(series, cost_type, is_estimated=is_estimated))
        for cost_type in ("input", "output"):
            tokens = sum(
                number
                for meter, number in quantities.items()
                if meter in TOKEN_METERS and COST_TYPES[meter] == cost_type
            )
            if tokens:
                self._tokens.add(tokens, _attributes(series, cost_type, is_estimated=is_estimated))


def _amounts(event: Event, cost: RequestCost) -> tuple[dict[str, Decimal], bool]:
    """USD by cost type, those of nothing left out, and whether they are estimated."""
    amounts = {name: amount for name in ("input", "output", "other") if (amount := getattr(cost, name))}
    reported = event.get("reported_cost")
    if cost.is_unpriced and not amounts and reported and event.get("reported_currency") == "USD":
        return {_reported_type(event): reported}, True
    return amounts, cost.is_estimated


def _reported_type(event: Event) -> str:
    """What the reported cost is for, as the caller said."""
    said = json.loads(event.get("tags") or "{}").get("cost_type")
    return said if said in {"input", "output"} else "other"


def _attributes(series: Series, cost_type: str, *, is_estimated: bool) -> _Attributes:
    return {**series._asdict(), "cost_type": cost_type, "is_estimated": is_estimated}


def global_factory() -> CounterFactory:
    """A meter of the application's provider. Raises FinopsError where OpenTelemetry is not installed."""
    try:
        metrics = importlib.import_module("opentelemetry.metrics")
    except ImportError:
        raise FinopsError(
            "metrics are wanted, and opentelemetry-api is not installed",
            remedy="Install genai-finops[otel], or leave GENAI_FINOPS_RECORD_METRICS off",
        ) from None
    factory: CounterFactory = metrics.get_meter(_SCOPE, __version__)
    return factory
