"""Answers of Cloud Monitoring about provisioned throughput by the hour, and the source that reads them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx

from genai_finops.providers.base import SourceAccount, UsageRow
from genai_finops.providers.source import HttpUsageSource

from .gcp_vertex_answers import LABELS, PROJECT, answering, key_file, series
from .scripted_source import DAY, Answer, scripted_source

MODEL, LOCATION = "gemini-2.5-pro", "europe-west4"


def hour(number: int, value: Any, day: str = "2026-10-01") -> dict[str, Any]:
    """The whole number of one hour of a day; of the last one the end would be another day."""
    return {"interval": {"endTime": f"{day}T{number + 1:02}:00:00Z"}, "value": {"int64Value": str(value)}}


def counted(metric: str, *points: Any, **labels: str) -> dict[str, Any]:
    """A series within provisioned throughput."""
    usual = {"model": MODEL, "location": LOCATION, "request_type": "dedicated"}
    type_label = {} if metric != "consumed_token_throughput" else {"type": ""}
    return series(metric, points=points, **{**usual, **type_label, **labels})


def weighted(*points: Any, **labels: str) -> dict[str, Any]:
    """A series of weighted tokens."""
    return counted("consumed_token_throughput", *points, **labels)


def limits(gsu: Mapping[int, float], per_gsu: float = 650, tokens: Mapping[int, float] | None = None) -> list[Any]:
    """Both limits by hour, as the means that Cloud Monitoring makes of them."""
    found = {"dedicated_gsu_limit": gsu, "dedicated_token_limit": tokens or {h: v * per_gsu for h, v in gsu.items()}}
    return [gauge(metric, values) for metric, values in found.items() if values]


def gauge(metric: str, values: Mapping[int, float], day: str = "2026-10-01") -> dict[str, Any]:
    """A series of means by hour, newest first."""
    points = [
        {"interval": {"endTime": f"{day}T{number + 1:02}:00:00Z"}, "value": {"doubleValue": value}}
        for number, value in sorted(values.items(), reverse=True)
    ]
    found = counted(metric, *points)
    found["metric"]["labels"] = {}
    return {**found, "metricKind": "GAUGE", "valueType": "DOUBLE"}


def capacity_answering(*found: Any, listed: Sequence[Any] = (), labels: Any = LABELS) -> Answer:
    """A server that has these series by the hour, and `listed` as the limits of now."""
    by_hour, now = answering(*found, labels=labels), answering(*listed, labels=labels)

    def answer(request: httpx.Request) -> httpx.Response:
        is_now = request.url.params.get("aggregation.alignmentPeriod") == "60s"
        return (now if is_now else by_hour)(request)

    return answer


def capacity_source(answer: Answer, **more: Any) -> HttpUsageSource:
    """The commitment source over a server."""
    return scripted_source(
        "gcp_vertex", key_file(), answer, account=SourceAccount(id=PROJECT), flow="commitment", **more
    )


def capacity_rows(*found: Any) -> list[UsageRow]:
    """What is read of 1 October."""
    with capacity_source(capacity_answering(*found)) as source:
        return list(source.normalise(list(source.fetch(DAY)), DAY))


def by_hour(rows: Sequence[UsageRow], meter: str) -> dict[int, Decimal]:
    """Quantity of a meter by hour of the day."""
    return {row.period_start.hour: row.quantity for row in rows if row.meter == meter}
