"""The simulated Anthropic organisation: workspaces, keys and its messages traffic."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from genai_finops.simulator.noise import token
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import (
    NIGHT_HOURS,
    OFFICE_HOURS,
    Account,
    ApiKey,
    Member,
    Plan,
    SubAccount,
    build_streams,
)

_FOUNDED = dt.datetime(2025, 6, 11, 14, 5, tzinfo=dt.UTC)

OPUS_5 = "claude-opus-5"
SONNET_5 = "claude-sonnet-5"
SONNET_4_6 = "claude-sonnet-4-6"
HAIKU_4_5 = "claude-haiku-4-5"
HAIKU_5_5 = "claude-haiku-5-5"

_AGENT = {"uncached_input": 900, "cache_read": 9200, "cache_write_5m": 1300, "cache_write_1h": 240, "output": 780}
_CODING = {"uncached_input": 350, "cache_read": 21000, "cache_write_5m": 1900, "output": 900}
_CHAT = {"uncached_input": 1100, "cache_read": 600, "cache_write_5m": 210, "output": 420}
_PLAIN = {"uncached_input": 1900, "output": 260}
_LONG = {"uncached_input": 61_000, "cache_read": 190_000, "cache_write_1h": 22_000, "output": 1500}
_CANONICAL_TIERS = {"standard": "standard", "batch": "batch", "priority": "committed"}


class _Builder:
    """Collects the plans of one organisation."""

    def __init__(self, scenario: Scenario, org: str) -> None:
        self.scenario = scenario
        self.org = org
        shut = dt.datetime.combine(scenario.shutdown_day, dt.time(12, 0), tzinfo=dt.UTC)
        default = SubAccount(id=None, name="Default", created_at=_FOUNDED)
        production = self._workspace("Production")
        internal = self._workspace("Internal Tools")
        pilot = self._workspace("Pilot", archived_at=shut)
        self.workspaces = (default, production, internal, pilot)
        self.members = tuple(
            Member(
                id=self._id("user", name),
                name=name,
                email=f"{name.lower()}@{org}.example",
                role=role,
                added_at=_FOUNDED,
            )
            for name, role in (("Ada", "admin"), ("Grace", "developer"))
        )
        self.keys: dict[str | None, ApiKey] = {
            "api": self._key("api", production),
            "agents": self._key("agents", production),
            "tools": self._key("tools", internal),
            "scripts": self._key("scripts", default),
            "pilot": self._key("pilot", pilot, is_deleted=True),
        }
        self.plans: list[Plan] = []

    def _id(self, prefix: str, name: str) -> str:
        return f"{prefix}_01{token(22, self.scenario.seed, self.org, 'anthropic', prefix, name)}"

    def _workspace(self, name: str, archived_at: dt.datetime | None = None) -> SubAccount:
        return SubAccount(id=self._id("wrkspc", name), name=name, created_at=_FOUNDED, archived_at=archived_at)

    def _key(self, name: str, workspace: SubAccount, *, is_deleted: bool = False) -> ApiKey:
        return ApiKey(
            id=self._id("apikey", name),
            name=name,
            sub_account_id=workspace.id,
            created_at=_FOUNDED,
            owner=self.members[0],
            is_deleted=is_deleted,
        )

    def messages(
        self,
        key_name: str | None,
        model: str,
        requests: int,
        per_request: Mapping[str, float],
        *,
        tier: str = "standard",
        geo: str = "global",
        band: str = "0-200k",
        speed: str = "standard",
        **more: Any,
    ) -> None:
        """Traffic of the messages report. `key_name` None is the Workbench, in the default workspace."""
        key = None if key_name is None else self.keys[key_name]
        is_fast = speed == "fast"
        self.plans.append(
            Plan(
                source="messages",
                dimensions={
                    "account_id": self.members[1].id if key is None else None,
                    "service_account_id": None,
                    "api_key_id": None if key is None else key.id,
                    "workspace_id": None if key is None else key.sub_account_id,
                    "model": model,
                    "service_tier": tier,
                    "context_window": band,
                    "inference_geo": geo,
                    "speed": speed,
                },
                requests=requests,
                per_request=per_request,
                service_tier="fast" if is_fast else _CANONICAL_TIERS[tier],
                provider_service_tier=f"{tier}+fast" if is_fast else tier,
                geography=None if geo == "not_available" else geo,
                context_band=band,
                counts_requests=False,
                hours=NIGHT_HOURS if tier == "batch" else OFFICE_HOURS,
                **more,
            )
        )


def _plan(builder: _Builder) -> None:
    scenario = builder.scenario
    builder.messages("api", OPUS_5, 700, {**_AGENT, "web_search": 0.11}, spikes=True)
    builder.messages("api", OPUS_5, 260, _AGENT, geo="us")
    builder.messages("api", SONNET_5, 1500, _CHAT, tier="priority")
    builder.messages("agents", OPUS_5, 90, _CODING, speed="fast")
    builder.messages("agents", OPUS_5, 25, _CODING, speed="fast", geo="us", active_percent=70)
    builder.messages("agents", SONNET_5, 2100, {**_CODING, "web_search": 0.04})
    builder.messages("agents", SONNET_5, 800, _PLAIN, tier="batch")
    builder.messages("agents", SONNET_5, 210, {**_PLAIN, "cache_read": 450, "web_search": 0.05}, tier="batch", geo="us")
    builder.messages("tools", HAIKU_4_5, 5200, _CHAT, geo="not_available")
    builder.messages("tools", HAIKU_4_5, 2600, _PLAIN, tier="batch", geo="not_available")
    builder.messages(None, SONNET_5, 35, _CHAT, active_percent=65)
    builder.messages("scripts", SONNET_4_6, 420, _AGENT)
    builder.messages("scripts", SONNET_4_6, 11, _LONG, band="200k-1M", active_percent=80)
    builder.messages("pilot", HAIKU_4_5, 640, _CHAT, geo="not_available", end_day=scenario.shutdown_day)
    builder.messages("pilot", SONNET_5, 180, _CHAT, end_day=scenario.shutdown_day)
    builder.messages(
        "tools", OPUS_5, 150, {**_AGENT, "web_search": 0.2}, first_day=scenario.release_day, active_percent=90
    )
    if scenario.long_prompts:
        builder.messages("tools", HAIKU_5_5, 900, _CHAT)
        builder.messages("tools", HAIKU_5_5, 14, {"uncached_input": 128_000, "output": 900}, is_long=True)


def build_account(scenario: Scenario, org: str) -> Account:
    """The Anthropic organisation of `org`."""
    builder = _Builder(scenario, org)
    _plan(builder)
    return Account(
        scenario=scenario,
        org=org,
        provider="anthropic",
        account_id=str(uuid.UUID(token(32, scenario.seed, org, "anthropic account"))),
        name=org.capitalize(),
        sub_accounts=builder.workspaces,
        api_keys=tuple(builder.keys.values()),
        members=builder.members,
        streams=build_streams(
            scenario,
            org,
            "anthropic",
            builder.plans,
            sub_accounts=builder.workspaces,
            sub_account_dimension="workspace_id",
        ),
    )
