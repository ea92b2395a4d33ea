"""The Bedrock source over a real socket: a simulator or another server of AWS's protocols."""

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import httpx

from genai_finops.providers.base import ResourceState, SourceAccount, UsageRow, Window
from genai_finops.providers.config import ProviderConfig, load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source
from genai_finops.providers.source import HttpUsageSource
from genai_finops.simulator.running import Simulator

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
PROVIDER = "aws_bedrock"


class Unlimited:
    """A rate limiter that never waits."""

    def acquire(self) -> float:
        return 0.0


@functools.lru_cache(maxsize=2)
def _config(environ: tuple[tuple[str, str], ...]) -> ProviderConfig:
    return load_provider_configs(CONFIGS, dict(environ))[PROVIDER]


def source_at(
    environ: Mapping[str, str],
    *,
    secret: str,
    account: SourceAccount,
    now: dt.datetime,
    transport: httpx.BaseTransport | None = None,
    known: Sequence[ResourceState] = (),
    flow: Literal["payg", "commitment"] = "payg",
    **options: Any,
) -> HttpUsageSource:
    """The source of an account at the addresses of `environ`."""
    # The clock is no part of the addresses, and each file of configuration takes long to read.
    config = _config(tuple(item for item in environ.items() if item[0] != "GENAI_FINOPS_SIMULATED_NOW"))
    values = config.flows[flow]
    values = values.model_copy(update={"options": {**values.options, **options}, "max_pages": 20})
    return usage_source(
        config.model_copy(update={"flows": {flow: values}}),
        secret,
        SessionOptions(now=lambda: now, sleep=lambda _: None, rate_limiter=Unlimited(), transport=transport),
        flow=flow,
        account=account,
        known_resources=known,
    )


def simulated_source(
    simulator: Simulator, org: str = "acme", *, secret: str | None = None, **more: Any
) -> HttpUsageSource:
    """The source of a simulated organisation."""
    account = SourceAccount(id=simulator.account_id(org, PROVIDER), options=simulator.account_options(org, PROVIDER))
    return source_at(
        simulator.environment(PROVIDER),
        secret=secret or simulator.admin_key(org, PROVIDER),
        account=account,
        now=simulator.now,
        **more,
    )


def read(source: HttpUsageSource, window: Window) -> list[UsageRow]:
    """The usage of the window."""
    with source:
        return list(source.normalise(list(source.fetch(window)), window))


def sums(rows: Iterable[UsageRow]) -> dict[tuple[Any, ...], Decimal]:
    """Quantities by region, model, resource, tier, day and meter."""
    found: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        day = row.period_start.date().isoformat()
        key = (row.region_id, row.provider_model_id, row.resource_id, row.service_tier, day, row.meter)
        found[key] += row.quantity
    return dict(found)


@functools.lru_cache(maxsize=2)
def _truth_at(simulator: Simulator, _now: dt.datetime) -> list[dict[str, Any]]:
    """Rows of the truth of a moment; it takes seconds to work out."""
    rows: list[dict[str, Any]] = simulator.truth()["rows"]
    return rows


def true_sums(simulator: Simulator, window: Window, org: str = "acme") -> dict[tuple[Any, ...], Decimal]:
    """The same of pay-as-you-go usage from the simulator's truth."""
    days = {day.isoformat() for day in window.days}
    found: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in _truth_at(simulator, simulator.now):
        if (row["provider"], row["org"], row["flow"]) == (PROVIDER, org, "payg") and row["date"] in days:
            names = ("region_id", "model", "resource_id", "service_tier", "date", "meter")
            found[tuple(row[name] for name in names)] += row["quantity"]
    return dict(found)
