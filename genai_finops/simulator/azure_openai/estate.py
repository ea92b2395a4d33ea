"""What an organisation has in its subscription: Cognitive Services accounts and deployments, dated."""

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import lru_cache

from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.noise import token
from genai_finops.simulator.scenario import Scenario

_FOUNDED = dt.datetime(2025, 9, 2, 9, 14, 31, tzinfo=dt.UTC)
#: What Azure Monitor calls a deployment that it does not know.
EMPTY = "__Empty"

REGION_NAMES = {"eastus": "East US", "swedencentral": "Sweden Central", "eastus2": "East US 2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CognitiveAccount:
    """One account. `path` is spelled as lists spell it, in mixed case."""

    path: str
    name: str
    kind: str
    region: str
    #: Whether Azure Monitor has the newer metrics of this account.
    has_newer_metrics: bool = False

    @property
    def id(self) -> str:
        """The path in lower case."""
        return self.path.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment. `versions` are the model's versions with the moment from which each was deployed.

    `scaled` are later capacities with the moment from which each was there.
    """

    account: CognitiveAccount
    name: str
    sku: str
    capacity: int
    model: str
    versions: tuple[tuple[dt.datetime, str], ...]
    deleted_at: dt.datetime | None = None
    tags: tuple[tuple[str, str], ...] = ()
    format: str = "OpenAI"
    scaled: tuple[tuple[dt.datetime, int], ...] = ()
    #: Name of the deployment of the same account that takes what is too much for this one.
    spillover: str | None = None

    @property
    def id(self) -> str:
        """The resource id in lower case."""
        return f"{self.account.id}/deployments/{self.name.lower()}"

    def state_at(self, now: dt.datetime) -> tuple[dt.datetime, str] | None:
        """When the present version was deployed, and the version; None before the creation and after the deletion."""
        past = [(since, version) for since, version in self.versions if since <= now]
        return None if not past or (self.deleted_at is not None and self.deleted_at <= now) else past[-1]

    def capacity_at(self, now: dt.datetime) -> int:
        """The present capacity."""
        return ([self.capacity] + [units for since, units in self.scaled if since <= now])[-1]

    def modified_at(self, now: dt.datetime) -> dt.datetime:
        """The last change of version or capacity."""
        return max(since for since, _ in (*self.versions, *self.scaled) if since <= now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """All of one subscription."""

    subscription_id: str
    tenant_id: str
    accounts: tuple[CognitiveAccount, ...]
    deployments: tuple[Deployment, ...]

    def named(self, name: str) -> Deployment:
        """The deployment of this name, in lower case."""
        return next(deployment for deployment in self.deployments if deployment.name.lower() == name)

    def account_at(self, path: str) -> CognitiveAccount | None:
        """The account of a resource id in any case."""
        return next((account for account in self.accounts if account.id == path.lower()), None)


def _guid(*parts: object) -> str:
    return str(uuid.UUID(token(32, *parts)))


@lru_cache(maxsize=64)
def estate_of(scenario: Scenario, org: str) -> Estate:
    """The subscription of `org`."""
    subscription = _guid(scenario.seed, org, "azure subscription")

    def account(group: str, name: str, kind: str, region: str, *, newer: bool = False) -> CognitiveAccount:
        scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
        path = f"{scope}/providers/Microsoft.CognitiveServices/accounts/{name}"
        return CognitiveAccount(path=path, name=name, kind=kind, region=region, has_newer_metrics=newer)

    prod = account("rg-AI-Prod", f"AOAI-{org.capitalize()}-EUS", "OpenAI", "eastus")
    europe = account("rg-ai-europe", f"foundry-{org}-swc", "AIServices", "swedencentral", newer=True)
    agents = account("RG-Agents", f"Foundry-{org}-EUS2", "AIServices", "eastus2", newer=True)
    speech = account("rg-AI-Prod", f"speech-{org}", "SpeechServices", "eastus")

    def deployment(
        owner: CognitiveAccount,
        name: str,
        sku: str,
        capacity: int,
        deployed: str,
        *,
        later: tuple[tuple[dt.datetime, str], ...] = (),
        deleted_at: dt.datetime | None = None,
        tags: tuple[tuple[str, str], ...] = (),
        model_format: str = "OpenAI",
        scaled: tuple[tuple[dt.datetime, int], ...] = (),
        spillover: str | None = None,
    ) -> Deployment:
        """`deployed` is model@version."""
        model, _, version = deployed.partition("@")
        return Deployment(
            account=owner,
            name=name,
            sku=sku,
            capacity=capacity,
            model=model,
            versions=((_FOUNDED, version), *later),
            deleted_at=deleted_at,
            tags=tags,
            format=model_format,
            scaled=scaled,
            spillover=spillover,
        )

    switched = ((midnight(scenario.release_day), "2024-11-20"),)
    # After the morning on which the last day is read first, so that its usage is known to be its own until then.
    gone = midnight(scenario.last_day) + dt.timedelta(days=1, hours=9)
    scaled_up = ((midnight(scenario.release_day) + dt.timedelta(hours=13), 80),)
    given_up = midnight(scenario.shutdown_day) + dt.timedelta(hours=18)
    return Estate(
        subscription_id=subscription,
        tenant_id=_guid(scenario.seed, org, "azure tenant"),
        accounts=(prod, europe, agents, speech),
        deployments=(
            deployment(prod, "GPT-41-Prod", "GlobalStandard", 450, "gpt-4.1@2025-04-14", tags=(("team", "search"),)),
            deployment(prod, "gpt-4o-assist", "DataZoneStandard", 200, "gpt-4o@2024-08-06", later=switched),
            deployment(prod, "gpt-4o-mini-local", "Standard", 120, "gpt-4o-mini@2024-07-18"),
            deployment(
                prod,
                "gpt-41-ptu",
                "GlobalProvisionedManaged",
                50,
                "gpt-4.1@2025-04-14",
                scaled=scaled_up,
                spillover="gpt-41-prod",
            ),
            deployment(prod, "Nightly-Batch", "GlobalBatch", 5000, "gpt-4.1-mini@2025-04-14"),
            deployment(prod, "pilot", "GlobalStandard", 30, "gpt-4o-mini@2024-07-18", deleted_at=gone),
            deployment(prod, "embed-small", "GlobalStandard", 350, "text-embedding-3-small@1"),
            # More series than Azure Monitor gives unasked.
            deployment(prod, "gpt-5", "GlobalStandard", 150, "gpt-5@2025-08-07"),
            deployment(prod, "eval-ft", "DeveloperTier", 10, "gpt-4.1-mini@2025-04-14"),
            deployment(prod, "router", "GlobalStandard", 60, "gpt-4.1-mini@2025-04-14"),
            deployment(prod, "summaries", "DataZoneStandard", 90, "gpt-4.1-mini@2025-04-14"),
            deployment(europe, "Chat-EU", "DataZoneStandard", 300, "gpt-4.1@2025-04-14"),
            deployment(europe, "docs-batch-eu", "DataZoneBatch", 2000, "gpt-4o@2024-11-20"),
            deployment(europe, "eu-ptu", "DataZoneProvisionedManaged", 30, "gpt-4.1@2025-04-14"),
            # Nobody uses it.
            deployment(europe, "swc-ptu", "ProvisionedManaged", 100, "gpt-4o@2024-11-20"),
            deployment(agents, "Opus-Agents", "GlobalStandard", 80, "claude-opus-5@2", model_format="Anthropic"),
            deployment(agents, "sonnet", "GlobalStandard", 200, "claude-sonnet-5@1", model_format="Anthropic"),
            deployment(agents, "Chat-PTU", "GlobalProvisionedManaged", 15, "gpt-4.1@2025-04-14"),
            # Without traffic: what it was for would not be known to who reads for the first time once it is gone.
            deployment(
                agents, "trial-ptu", "GlobalProvisionedManaged", 20, "gpt-4.1-mini@2025-04-14", deleted_at=given_up
            ),
        ),
    )
