"""The simulated OpenAI organisation: projects, keys and all traffic that its ten usage endpoints report."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from genai_finops.simulator.noise import draw, token
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import (
    EVEN_HOURS,
    NIGHT_HOURS,
    OFFICE_HOURS,
    Account,
    ApiKey,
    Dimension,
    Member,
    Plan,
    SubAccount,
    build_streams,
)

_FOUNDED = dt.datetime(2025, 2, 3, 9, 30, tzinfo=dt.UTC)
_PROJECTS = ("Backend", "Support Assistant", "Research")

GPT_4O = "gpt-4o-2024-08-06"
GPT_4O_MINI = "gpt-4o-mini-2024-07-18"
O3_MINI = "o3-mini-2025-01-31"
GPT_5 = "gpt-5-2025-08-07"
GPT_5_5 = "gpt-5.5-2026-04-23"
GPT_5_6_TERRA = "gpt-5.6-terra"
GPT_REALTIME = "gpt-realtime-2025-08-28"

_CHAT = {"uncached_input": 900, "cache_read": 420, "output": 310}
_SHORT_CHAT = {"uncached_input": 350, "output": 120}
_REASONING = {"uncached_input": 1600, "cache_read": 2600, "output": 1450}
_DOCUMENTS = {"uncached_input": 5200, "output": 260}
_CACHING = {"uncached_input": 700, "cache_read": 3900, "cache_write": 800, "output": 640}
_VOICE = {
    "uncached_input": 160,
    "uncached_input_audio": 820,
    "cache_read": 130,
    "cache_read_audio": 410,
    "output": 95,
    "output_audio": 640,
}
_CANONICAL_TIERS = {
    None: "standard",
    "auto": "standard",
    "default": "standard",
    "flex": "flex",
    "priority": "priority",
    "fast": "priority",
    "scale": "committed",
}


class _Builder:
    """Collects the plans of one organisation."""

    def __init__(self, scenario: Scenario, org: str) -> None:
        self.scenario = scenario
        self.org = org
        seed = scenario.seed
        names = _PROJECTS[: 2 + draw(seed, org, "openai projects") % 2]
        shut = dt.datetime.combine(scenario.shutdown_day, dt.time(17, 45), tzinfo=dt.UTC)
        projects = [SubAccount(id=self._id("proj", name), name=name, created_at=_FOUNDED) for name in names]
        legacy = SubAccount(
            id=self._id("proj", "Legacy Search"), name="Legacy Search", created_at=_FOUNDED, archived_at=shut
        )
        self.projects = (*projects, legacy)
        self.members = tuple(
            Member(
                id=self._id("user", name),
                name=name,
                email=f"{name.lower()}@{org}.example",
                role=role,
                added_at=_FOUNDED,
            )
            for name, role in (("Ada", "owner"), ("Grace", "reader"), ("Linus", "reader"))
        )
        ada, grace, linus = self.members
        self.keys = {
            "web": self._key("web", projects[0], ada),
            "jobs": self._key("jobs", projects[0], grace),
            "assistant": self._key("assistant", projects[1], linus),
            "service": self._key("service", projects[1], None),
            "lab": self._key("lab", projects[-1], grace),
            "legacy": self._key("legacy", legacy, ada),
            "deleted": self._key("deleted", projects[1], grace, is_deleted=True),
        }
        self.plans: list[Plan] = []

    def _id(self, prefix: str, name: str) -> str:
        separator = "-" if prefix == "user" else "_"
        return f"{prefix}{separator}{token(24, self.scenario.seed, self.org, 'openai', prefix, name)}"

    def _key(self, name: str, project: SubAccount, owner: Member | None, *, is_deleted: bool = False) -> ApiKey:
        return ApiKey(
            id=self._id("key", name),
            name=name,
            sub_account_id=project.id,
            created_at=_FOUNDED,
            owner=owner,
            is_deleted=is_deleted,
        )

    def chat(
        self,
        key_name: str,
        model: str,
        requests: int,
        per_request: Mapping[str, float],
        *,
        tier: str | None = "default",
        batch: bool = False,
        user: Member | None = None,
        **more: Any,
    ) -> None:
        """Traffic of the completions endpoint. `user` where it is not the owner of the key."""
        key = self.keys[key_name]
        owner = user or key.owner
        dimensions: dict[str, Dimension] = {
            "project_id": key.sub_account_id,
            "user_id": owner.id if owner else None,
            "api_key_id": key.id,
            "model": model,
            "batch": batch,
            "service_tier": tier,
        }
        self.plans.append(
            Plan(
                source="completions",
                dimensions=dimensions,
                requests=requests,
                per_request=per_request,
                service_tier="batch" if batch else _CANONICAL_TIERS[tier],
                provider_service_tier=tier,
                hours=NIGHT_HOURS if batch else OFFICE_HOURS,
                **more,
            )
        )

    def other(
        self,
        source: str,
        key_name: str,
        requests: int,
        per_request: Mapping[str, float],
        dimensions: Mapping[str, Dimension],
        **more: Any,
    ) -> None:
        """Traffic of an endpoint other than completions; `dimensions` beside project, user and key."""
        key = self.keys[key_name]
        everything: dict[str, Dimension] = {
            "project_id": key.sub_account_id,
            "user_id": key.owner.id if key.owner else None,
            "api_key_id": key.id,
            **dimensions,
        }
        self.plans.append(
            Plan(source=source, dimensions=everything, requests=requests, per_request=per_request, **more)
        )

    def of_project(self, source: str, key_name: str, requests: int, per_request: Mapping[str, float]) -> None:
        """Traffic that is known per project only."""
        self.plans.append(
            Plan(
                source=source,
                dimensions={"project_id": self.keys[key_name].sub_account_id},
                requests=requests,
                per_request=per_request,
                counts_requests=False,
                hours=EVEN_HOURS,
                active_percent=100,
            )
        )


def _plan_completions(builder: _Builder) -> None:
    scenario, linus = builder.scenario, builder.members[2]
    shutdown = scenario.shutdown_day
    builder.chat("web", GPT_4O, 2600, _CHAT)
    # Two people behind one key and model: rows merge unless they are grouped by user.
    builder.chat("web", GPT_4O, 240, _CHAT, user=linus)
    builder.chat("web", GPT_4O_MINI, 9800, _CHAT)
    builder.chat("jobs", GPT_4O, 900, _CHAT, batch=True)
    builder.chat("jobs", GPT_5, 1500, _REASONING, spikes=True)
    builder.chat("jobs", GPT_5, 320, _REASONING, tier="priority")
    builder.chat("jobs", GPT_4O, 800, _CHAT, tier="scale")
    builder.chat("assistant", GPT_4O_MINI, 5200, _SHORT_CHAT, batch=True)
    builder.chat("assistant", GPT_5, 700, _REASONING, tier="flex")
    builder.chat("assistant", O3_MINI, 410, _SHORT_CHAT)
    builder.chat("assistant", GPT_REALTIME, 130, _VOICE)
    builder.chat("service", GPT_5_5, 380, _REASONING)
    builder.chat("service", GPT_5_5, 520, _DOCUMENTS, batch=True)
    builder.chat("service", GPT_5_6_TERRA, 950, _CACHING, first_day=scenario.release_day)
    builder.chat("lab", GPT_5, 45, _REASONING, active_percent=60)
    builder.chat("lab", GPT_5_6_TERRA, 60, _CACHING, tier="fast", first_day=scenario.release_day, active_percent=80)
    builder.chat("lab", GPT_4O_MINI, 70, _SHORT_CHAT, tier=None, active_percent=55)
    builder.chat("legacy", GPT_4O, 300, _CHAT, end_day=shutdown)
    builder.chat("deleted", GPT_4O_MINI, 800, _SHORT_CHAT, end_day=shutdown)
    if scenario.long_prompts:
        builder.chat("service", GPT_5_5, 9, {"uncached_input": 310_000, "output": 1200}, is_long=True)


def _plan_others(builder: _Builder) -> None:
    org, seed = builder.org, builder.scenario.seed
    stores = [f"vs_{token(24, seed, org, 'vector store', n)}" for n in range(2)]
    builder.other("embeddings", "web", 3100, {"embedding_input": 260}, {"model": "text-embedding-3-small"})
    builder.other("embeddings", "jobs", 700, {"embedding_input": 4100}, {"model": "text-embedding-3-small"})
    builder.other("moderations", "web", 2400, {"moderation_input": 180}, {"model": "omni-moderation-latest"})
    builder.other("audio_speeches", "assistant", 210, {"character": 340}, {"model": "tts-1"})
    builder.other("audio_transcriptions", "assistant", 160, {"audio_second": 74}, {"model": "whisper-1"})
    for size, count, source in (("1024x1024", 24, "image.generation"), ("1792x1024", 7, "image.edit")):
        builder.other(
            "images",
            "lab",
            count,
            {"image": 2},
            {"model": "dall-e-3", "size": size, "source": source},
            variant=f"{source}:{size}",
            active_percent=85,
        )
    for level, model, count in (("low", GPT_5, 190), ("medium", GPT_5, 60), ("high", GPT_5_5, 25)):
        builder.other(
            "web_search_calls",
            "jobs" if model == GPT_5 else "service",
            count,
            {"web_search": 2.4, "_model_requests": 1},
            {"model": model, "context_level": level},
            variant=level,
            counts_requests=False,
        )
    for store, key, count in zip(stores, ("web", "assistant"), (420, 95), strict=True):
        builder.other(
            "file_search_calls",
            key,
            count,
            {"file_search": 1},
            {"vector_store_id": store},
            resource_id=store,
            counts_requests=False,
        )
    builder.of_project("vector_stores", "web", 1, {"storage_byte": 6_400_000_000})
    builder.of_project("vector_stores", "assistant", 1, {"storage_byte": 750_000_000})
    builder.of_project("code_interpreter_sessions", "assistant", 34, {"container_session": 1.3})


def build_account(scenario: Scenario, org: str) -> Account:
    """The OpenAI organisation of `org`."""
    builder = _Builder(scenario, org)
    _plan_completions(builder)
    _plan_others(builder)
    return Account(
        scenario=scenario,
        org=org,
        provider="openai",
        account_id=f"org-sim{token(20, scenario.seed, org, 'openai account')}",
        name=org.capitalize(),
        sub_accounts=builder.projects,
        api_keys=tuple(builder.keys.values()),
        members=builder.members,
        streams=build_streams(
            scenario,
            org,
            "openai",
            builder.plans,
            sub_accounts=builder.projects,
            sub_account_dimension="project_id",
        ),
    )
