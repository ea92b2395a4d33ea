"""A provider's usage source over answers that a test gives."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from genai_finops.providers.base import ResourceState, SourceAccount, Window
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source
from genai_finops.providers.source import HttpUsageSource

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "providers"
DAY = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 1))
#: Four days after DAY, so that all of it is reported.
NOW = "2026-10-05T06:00:00+00:00"

Answer = Callable[[httpx.Request], httpx.Response]


class Unlimited:
    """A rate limiter that never waits."""

    def acquire(self) -> float:
        return 0.0


def scripted_source(
    provider: str,
    secret: str,
    answer: Answer,
    *,
    options: Mapping[str, Any] | None = None,
    now: str = NOW,
    account: SourceAccount | None = None,
    known_resources: Sequence[ResourceState] = (),
    sleep: Callable[[float], None] = lambda _: None,
) -> HttpUsageSource:
    """The pay-as-you-go source of a provider. `options` replace the configured ones of its flow."""
    config = load_provider_configs(CONFIGS, {})[provider]
    flow = config.flows["payg"]
    if options is not None:
        flow = flow.model_copy(update={"options": dict(options)})
    return usage_source(
        config.model_copy(update={"flows": {"payg": flow}}),
        secret,
        SessionOptions(
            transport=httpx.MockTransport(answer),
            now=lambda: dt.datetime.fromisoformat(now),
            rate_limiter=Unlimited(),
            sleep=sleep,
        ),
        account=account,
        known_resources=known_resources,
    )
