"""Counters of OpenTelemetry, collected by its own SDK."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from genai_finops.record.event import Event
from genai_finops.record.metrics.meter import CostMeter
from genai_finops.record.metrics.prices import MeterPrice, RequestPrices
from genai_finops.record.metrics.series import OTHER, Series, SeriesGuard

_PRICES = {
    "uncached_input": MeterPrice(Decimal(2), is_estimated=False),
    "output": MeterPrice(Decimal(8), is_estimated=False),
    "web_search": MeterPrice(Decimal(10000), is_estimated=False),
    "cache_write": MeterPrice(Decimal(4), is_estimated=True),
}


class _Book(RequestPrices):
    """Prices that stand here instead of in a book; the unknown model has none."""

    def _prices(self, event: Event, *_: Mapping[str, Any]) -> Mapping[str, MeterPrice]:
        return {} if event["provider_model_id"] == "unknown" else _PRICES


@pytest.fixture
def reader() -> InMemoryMetricReader:
    """Collects what is counted."""
    return InMemoryMetricReader()


@pytest.fixture
def meter(reader: InMemoryMetricReader) -> Iterator[CostMeter]:
    """A meter whose counts the reader collects."""
    provider = MeterProvider(metric_readers=[reader])
    found = CostMeter(
        _Book(org=None), most_series=3, queue_size=1000, factory=provider.get_meter("test"), interval=0.01
    )
    yield found
    found.close(5)


def _event(**columns: object) -> Event:
    said = {"provider": "openai", "provider_model_id": "m", "service_tier": "standard", "tenant_id": "acme"}
    return {**said, "started_at": 1793520000_000_000, "is_cache_hit": False, "status": "success", **columns}


def _points(reader: InMemoryMetricReader, name: str) -> list[tuple[dict[str, Any], float]]:
    collected = reader.get_metrics_data()
    assert collected is not None
    scopes = [scope for resource in collected.resource_metrics for scope in resource.scope_metrics]
    found = [metric for scope in scopes for metric in scope.metrics if metric.name == name]
    points: list[Any] = [point for metric in found for point in metric.data.data_points]
    return [(dict(point.attributes), point.value) for point in points]


def _by_type(points: list[tuple[dict[str, Any], float]]) -> dict[tuple[str, bool], float]:
    return {(attributes["cost_type"], attributes["is_estimated"]): round(value, 9) for attributes, value in points}


def test_cost_and_tokens_are_counted_by_cost_type(meter: CostMeter, reader: InMemoryMetricReader) -> None:
    meter.measure([_event(uncached_input=1000, output=100, web_search=2), _event(cache_write=500, user_id="u")])
    assert meter.flush(5)

    cost, tokens = _points(reader, "genai.cost"), _points(reader, "genai.tokens")
    assert _by_type(cost) == {
        ("input", False): 0.002,
        ("output", False): 0.0008,
        ("other", False): 0.02,
        ("input", True): 0.002,
    }
    assert _by_type(tokens) == {("input", False): 1000, ("output", False): 100, ("input", True): 500}
    assert {tuple(sorted(attributes)) for attributes, _ in cost + tokens} == {
        ("cost_type", "is_estimated", "model", "provider", "task", "tenant", "user")
    }


def test_what_has_no_price_is_never_a_cost_of_zero(meter: CostMeter, reader: InMemoryMetricReader) -> None:
    meter.measure([_event(provider_model_id="unknown", uncached_input=1000)])
    assert meter.flush(5)

    assert _points(reader, "genai.cost") == []
    assert [value for _, value in _points(reader, "genai.unpriced")] == [1]
    assert _by_type(_points(reader, "genai.tokens")) == {("input", True): 1000}
    assert (meter.counts().measured, meter.counts().unpriced, meter.counts().estimated) == (1, 1, 1)


def test_a_reported_cost_stands_in_for_a_missing_price_as_an_estimate(
    meter: CostMeter, reader: InMemoryMetricReader
) -> None:
    reported = {"reported_cost": Decimal("0.5"), "reported_currency": "USD"}
    unknown = {"provider_model_id": "unknown", "uncached_input": 1}
    meter.measure([_event(**unknown, **reported), _event(**unknown, **reported, tags='{"cost_type": "output"}')])
    assert meter.flush(5)

    assert _by_type(_points(reader, "genai.cost")) == {("other", True): 0.5, ("output", True): 0.5}


def test_an_answer_from_a_cache_counts_as_saved_and_costs_nothing(
    meter: CostMeter, reader: InMemoryMetricReader
) -> None:
    meter.measure([_event(uncached_input=1000, is_cache_hit=True)])
    assert meter.flush(5)

    assert _by_type(_points(reader, "genai.savings")) == {("input", False): 0.002}
    assert _points(reader, "genai.cost") == _points(reader, "genai.tokens") == []


def test_the_sum_is_kept_where_there_are_too_many_tenants(meter: CostMeter, reader: InMemoryMetricReader) -> None:
    meter.measure([_event(tenant_id=f"t{number}", uncached_input=1_000_000) for number in range(50)])
    assert meter.flush(5)

    cost = _points(reader, "genai.cost")
    assert sum(value for _, value in cost) == 100
    assert {attributes["tenant"] for attributes, _ in cost} == {"t0", "t1", OTHER}
    assert meter.counts().folded == 48


def test_there_are_never_more_series_than_the_limit() -> None:
    guard = SeriesGuard(20)
    asked = [Series(f"p{n % 7}", f"m{n % 50}", f"t{n}", f"u{n}", f"k{n % 30}") for n in range(1000)]

    first = [guard.admitted(series) for series in asked]

    assert len(set(first)) == 20
    assert [guard.admitted(series) for series in asked] == first
    assert all(series.tenant == OTHER for series in first[18:])
