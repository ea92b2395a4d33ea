"""The simulated AWS account: on-demand traffic per region, an endpoint of its own for Mantle, and bought throughput."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genai_finops.simulator.aws_bedrock.credentials import account_id_of
from genai_finops.simulator.aws_bedrock.provisioned import provisioned_of
from genai_finops.simulator.noise import draw, token
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import (
    EVEN_HOURS,
    NIGHT_HOURS,
    OFFICE_HOURS,
    Account,
    Dimension,
    Plan,
    SubAccount,
    build_streams,
)

RUNTIME, MANTLE = "AWS/Bedrock", "AWS/BedrockMantle"
_REGIONS = ("us-east-1", "eu-central-1", "us-west-2")
_FOUNDED = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)

OPUS_5 = "anthropic.claude-opus-5"
SONNET_4_5 = "anthropic.claude-sonnet-4-5-20250929-v1:0"
HAIKU_4_5 = "anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA_PRO = "amazon.nova-pro-v1:0"
NOVA_LITE = "amazon.nova-lite-v1:0"
LLAMA = "us.meta.llama3-3-70b-instruct-v1:0"
TITAN_EMBED = "amazon.titan-embed-text-v2:0"
NOVA_CANVAS = "amazon.nova-canvas-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"

_AGENT = {"uncached_input": 900, "cache_read": 8200, "cache_write": 1300, "output": 780}
_CHAT = {"uncached_input": 1100, "cache_read": 600, "cache_write": 210, "output": 420}
_PLAIN = {"uncached_input": 1900, "output": 260}
#: On bought throughput, which refuses what is too much for it. What was refused is no usage: on the wire only.
_BOUGHT = {"request": 1, "uncached_input": 1500, "output": 300}
_CROWDED = {**_BOUGHT, "_throttled_request": 0.03}

_CANONICAL_TIERS = {
    None: "standard",
    "standard": "standard",
    "flex": "flex",
    "priority": "priority",
    "reserved": "committed",
}


def _price_area(model: str, region: str) -> str:
    """The part of the price page that a model is sold by, for the regions and profiles of this traffic."""
    if model.startswith("global."):
        return "global"
    return "regional_eu" if model.startswith("eu.") or region.startswith("eu-") else "regional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An application inference profile. `copy_of` is the model or cross-region profile behind it."""

    id: str
    name: str
    region: str
    account_id: str
    copy_of: str
    created_at: dt.datetime
    #: From then on it is in no list.
    deleted_at: dt.datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Name in tags and, in one region, in ModelId."""
        return f"arn:aws:bedrock:{self.region}:{self.account_id}:application-inference-profile/{self.id}"

    @property
    def model_arns(self) -> tuple[str, ...]:
        """A copy of a global profile also lists the model without a region."""
        base = self.copy_of.removeprefix("global.").removeprefix("us.").removeprefix("eu.")
        places = [self.region, *([""] if self.copy_of.startswith("global.") else [])]
        return tuple(f"arn:aws:bedrock:{place}::foundation-model/{base}" for place in places)

    @property
    def reported_model(self) -> str:
        """What usage of the profile counts for."""
        base = self.model_arns[0].rpartition("/")[2]
        return f"global.{base}" if self.copy_of.startswith("global.") else base


def regions_of(scenario: Scenario, org: str) -> tuple[str, ...]:
    """Two or three regions."""
    return _REGIONS[: 2 + draw(scenario.seed, org, "aws regions") % 2]


def profiles_of(scenario: Scenario, org: str) -> dict[str, Profile]:
    """The account's application inference profiles by name.

    The pilot is deleted a week after the last day of usage. The retired one has usage on all days but is never in a
    list: nobody can say which model was behind it.
    """
    gone = dt.datetime.combine(scenario.last_day + dt.timedelta(days=8), dt.time(12), tzinfo=dt.UTC)
    made = [
        ("support-assistant", "us-east-1", "us." + SONNET_4_5, None, {"team": "support", "cost-center": "4711"}),
        ("search", "us-east-1", "global." + OPUS_5, None, {"team": "search"}),
        ("pilot", "eu-central-1", "eu." + HAIKU_4_5, gone, {}),
        ("retired", "us-east-1", NOVA_LITE, _FOUNDED, {}),
    ]
    return {
        name: Profile(
            id=token(12, scenario.seed, org, "aws profile", name),
            name=name,
            region=region,
            account_id=account_id_of(scenario.seed, org),
            copy_of=copy_of,
            created_at=_FOUNDED,
            deleted_at=deleted_at,
            tags=tags,
        )
        for name, region, copy_of, deleted_at, tags in made
    }


class _Builder:
    """Collects the plans of one account."""

    def __init__(self, scenario: Scenario, org: str) -> None:
        self.org = org
        self.seed = scenario.seed
        self.account_id = account_id_of(scenario.seed, org)
        self.regions = regions_of(scenario, org)
        self.profiles = profiles_of(scenario, org)
        self.provisioned = provisioned_of(scenario, org)
        whole = SubAccount(id=None, name="Account", created_at=_FOUNDED)
        project = f"proj_{token(16, scenario.seed, org, 'mantle project')}"
        self.project = SubAccount(id=project, name=project, created_at=_FOUNDED)
        self.sub_accounts = (whole, self.project)
        self.plans: list[Plan] = []

    def runtime(
        self,
        region: str,
        model_id: str,
        requests: int,
        per_request: Mapping[str, float],
        *,
        model: str | None = None,
        tier: tuple[str, str] | None = None,
        spellings: str = "Count",
        **more: Any,
    ) -> None:
        """Traffic of InvokeModel and Converse. `tier` is the one asked for and the one given; `spellings` are the
        endings of the cache metrics' names, of which a model may have both."""
        reported = model if "resource_id" in more else model_id
        dimensions: dict[str, Dimension] = {"ModelId": model_id, "model": reported, "spellings": spellings}
        if tier:
            dimensions |= {"ServiceTier": tier[0], "ResolvedServiceTier": tier[1]}
        if "variant" in more:
            dimensions["ImageSize"] = more["variant"]
        given = tier[1] if tier else None
        self._add(
            RUNTIME,
            region,
            dimensions,
            requests,
            per_request,
            service_tier=_CANONICAL_TIERS[given],
            provider_service_tier=given,
            geography=_price_area(reported, region) if reported else None,
            **more,
        )

    def of_profile(
        self, name: str, requests: int, per_request: Mapping[str, float], *, by_arn: bool = False, **more: Any
    ) -> None:
        """Traffic of an application inference profile, reported under its id or its ARN."""
        profile = self.profiles[name]
        is_known = profile.deleted_at is None or profile.deleted_at > _FOUNDED
        self.runtime(
            profile.region,
            profile.arn if by_arn else profile.id,
            requests,
            per_request,
            model=profile.reported_model if is_known else None,
            resource_id=profile.id,
            resource_name=profile.name if is_known else profile.id,
            **more,
        )

    def mantle(self, region: str, model: str, requests: int, per_request: Mapping[str, float], **more: Any) -> None:
        """Traffic of the compatible endpoint, by project."""
        dimensions: dict[str, Dimension] = {"Model": model, "model": model, "Project": self.project.id}
        self._add(MANTLE, region, dimensions, requests, per_request, geography=_price_area(model, region), **more)

    def bought(
        self, name: str, requests: int, per_request: Mapping[str, float] = _BOUGHT, hours: tuple[int, ...] = EVEN_HOURS
    ) -> None:
        """Traffic of a provisioned model, on the whole days that it is in service."""
        model = self.provisioned[name]
        dimensions: dict[str, Dimension] = {"ModelId": model.arn, "model": model.model, "spellings": "Count"}
        self._add(
            RUNTIME,
            model.region,
            dimensions,
            requests,
            per_request,
            service_tier="committed",
            geography=_price_area(model.model, model.region),
            resource_id=model.arn,
            resource_name=model.name,
            flow="commitment",
            counts_requests=False,
            hours=hours,
            first_day=model.first_whole_day,
            end_day=model.deleted_at.date() if model.deleted_at else None,
        )

    def _add(
        self,
        source: str,
        region: str,
        dimensions: Mapping[str, Dimension],
        requests: int,
        per_request: Mapping[str, float],
        **more: Any,
    ) -> None:
        more.setdefault("hours", OFFICE_HOURS)
        self.plans.append(
            Plan(
                source=source,
                dimensions=dimensions,
                requests=requests,
                per_request=per_request,
                region_id=region,
                **more,
            )
        )


def _plan(builder: _Builder) -> None:
    us, eu, *more = builder.regions
    builder.runtime(us, "us." + SONNET_4_5, 1400, _AGENT, spikes=True)
    # The two spellings of the cache metrics, and a model that has both at once.
    builder.runtime(us, "global." + OPUS_5, 300, _AGENT, spellings="Tokens")
    builder.runtime(eu, "eu." + HAIKU_4_5, 4200, _CHAT, spellings="Count,Tokens")
    builder.of_profile("support-assistant", 520, _CHAT)
    builder.of_profile("search", 130, _AGENT, by_arn=True, spellings="Tokens")
    builder.of_profile("pilot", 260, _CHAT)
    builder.of_profile("retired", 40, _PLAIN)
    builder.runtime(us, NOVA_PRO, 900, _PLAIN, tier=("standard", "standard"))
    builder.runtime(us, NOVA_PRO, 350, _PLAIN, tier=("flex", "flex"), hours=NIGHT_HOURS)
    # Tiers are dimensions; a reserved request beyond the reservation is served as standard.
    builder.runtime(us, SONNET_4_5, 700, _PLAIN, tier=("standard", "standard"))
    builder.runtime(us, SONNET_4_5, 90, _PLAIN, tier=("reserved", "standard"))
    builder.runtime(us, SONNET_4_5, 400, _PLAIN, tier=("reserved", "reserved"), hours=NIGHT_HOURS)
    # The same model costs more in Europe.
    builder.runtime(eu, "eu." + NOVA_PRO, 280, _PLAIN)
    builder.runtime(us, TITAN_EMBED, 2100, {"uncached_input": 310})
    # Images are counted by size, their requests are not.
    builder.runtime(us, NOVA_CANVAS, 30, {"image": 2}, variant="1024x1024", counts_requests=False)
    builder.runtime(us, NOVA_CANVAS, 30, {})
    builder.mantle(us, GPT_OSS, 800, {"input": 1500, "output": 350})
    builder.bought("chat", 600)
    for region in more:
        builder.runtime(region, NOVA_LITE, 3100, _PLAIN)
        builder.runtime(region, LLAMA, 240, _PLAIN)
    # Nothing is ever asked of the standby.
    builder.bought("assistant", 340, _CROWDED, OFFICE_HOURS)
    builder.bought("summaries", 210)
    builder.bought("legacy", 45, hours=OFFICE_HOURS)
    builder.bought("nightly", 260, hours=NIGHT_HOURS)


def build_account(scenario: Scenario, org: str) -> Account:
    """The AWS account of `org`."""
    builder = _Builder(scenario, org)
    _plan(builder)
    return Account(
        scenario=scenario,
        org=org,
        provider="aws_bedrock",
        account_id=builder.account_id,
        name=org.capitalize(),
        sub_accounts=builder.sub_accounts,
        api_keys=(),
        members=(),
        streams=build_streams(
            scenario,
            org,
            "aws_bedrock",
            builder.plans,
            sub_accounts=builder.sub_accounts,
            sub_account_dimension="Project",
        ),
    )
