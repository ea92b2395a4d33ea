"""One read of the flow infrastructure from a simulator, with what went over the wire."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from genai_finops.providers.base import ResourceState, SourceAccount, UsageRow, Window
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source
from genai_finops.providers.source import HttpUsageSource
from genai_finops.simulator.running import Simulator

from .scripted_source import CONFIGS, Unlimited

PROVIDERS = ("gcp_vertex", "aws_bedrock", "azure_openai")
DIMENSIONS = ("resource_id", "service_tier", "provider_service_tier", "region_id", "variant", "meter")


class Recorder(httpx.BaseTransport):
    """Passes requests on and keeps each with its answer."""

    def __init__(self) -> None:
        self.exchanges: list[tuple[httpx.Request, httpx.Response]] = []
        self._wire = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._wire.handle_request(request)
        body = answer.read()
        self.exchanges.append((request, httpx.Response(answer.status_code, headers=answer.headers, content=body)))
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one read gave."""

    rows: list[UsageRow]
    exchanges: list[tuple[httpx.Request, httpx.Response]] = field(repr=False)


def infrastructure_source(
    simulator: Simulator,
    provider: str,
    *,
    known: Sequence[ResourceState] = (),
    recorder: Recorder | None = None,
    sleeps: list[float] | None = None,
    secret: str | None = None,
    options: dict[str, str] | None = None,
) -> HttpUsageSource:
    """The source of acme's account. `options`: of the account, in place of its own."""
    own = simulator.account_options("acme", provider)
    account = SourceAccount(id=simulator.account_id("acme", provider), options=own if options is None else options)
    slept = [] if sleeps is None else sleeps
    return usage_source(
        load_provider_configs(CONFIGS, simulator.environment(provider))[provider],
        secret or simulator.admin_key("acme", provider),
        SessionOptions(
            transport=recorder,
            now=lambda: simulator.now,
            clock=lambda: sum(slept),
            sleep=slept.append,
            rate_limiter=Unlimited(),
        ),
        flow="infrastructure",
        account=account,
        known_resources=known,
    )


def fetched(
    simulator: Simulator, provider: str, window: Window, *, known: Sequence[ResourceState] = (), **more: Any
) -> Fetched:
    """Read and normalised."""
    recorder = Recorder()
    with infrastructure_source(simulator, provider, known=known, recorder=recorder, **more) as source:
        rows = list(source.normalise(list(source.fetch(window)), window))
    return Fetched(rows, recorder.exchanges)


def quantities(rows: Sequence[UsageRow]) -> dict[tuple[Any, ...], Decimal]:
    """Quantity by dimensions, day, and hour where the row is of one."""
    found: dict[tuple[Any, ...], Decimal] = {}
    for row in rows:
        hour = row.period_start.hour if (row.period_end - row.period_start).total_seconds() == 3600 else None
        key = (*(getattr(row, name) for name in DIMENSIONS), row.period_start.date().isoformat(), hour)
        assert key not in found
        found[key] = row.quantity
    return found


def true_quantities(truth: Sequence[dict[str, Any]], provider: str) -> dict[tuple[Any, ...], Decimal]:
    """The same of the truth's rows of acme."""
    return {
        (*(row[name] for name in DIMENSIONS), row["date"], row["hour"]): Decimal(row["quantity"])
        for row in truth
        if row["provider"] == provider and row["org"] == "acme"
    }
