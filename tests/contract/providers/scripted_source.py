"""A provider's usage source over answers that a test gives."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

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
    flow: Literal["payg", "commitment", "infrastructure"] = "payg",
) -> HttpUsageSource:
    """The source of a provider's flow. `options` replace the configured ones of the flow."""
    config = load_provider_configs(CONFIGS, {})[provider]
    values = config.flows[flow]
    if options is not None:
        values = values.model_copy(update={"options": dict(options)})
    return usage_source(
        config.model_copy(update={"flows": {flow: values}}),
        secret,
        SessionOptions(
            transport=httpx.MockTransport(answer),
            now=lambda: dt.datetime.fromisoformat(now),
            rate_limiter=Unlimited(),
            sleep=sleep,
        ),
        flow=flow,
        account=account,
        known_resources=known_resources,
    )
