"""The traffic of the deployments: what the metrics count and what the truth is."""

from collections.abc import Mapping
from typing import Any

from genai_finops.simulator.azure_openai.estate import EMPTY, CognitiveAccount, Deployment, Estate, estate_of
from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import (
    EVEN_HOURS,
    NIGHT_HOURS,
    OFFICE_HOURS,
    Account,
    Plan,
    SubAccount,
    build_streams,
)

PROVIDER = "azure_openai"
#: The only source of streams: metrics.
METRICS = "metrics"
_CHAT = {"input": 2100.0, "output": 480.0}
_SEARCH = {"input": 5200.0, "output": 310.0}
_DOCUMENTS = {"input": 6400.0, "output": 240.0}
_PLAIN = {"input": 320.0, "output": 12.0}
_EMBED = {"embedding_input": 760.0}
_AGENT = {
    "uncached_input": 700.0,
    "cache_read": 8800.0,
    "cache_write_5m": 1200.0,
    "cache_write_1h": 210.0,
    "output": 690.0,
}
_PLAIN_CLAUDE = {"uncached_input": 1700.0, "output": 420.0}
#: What it costs is its capacity.
_PROVISIONED = {"input": 3000.0, "output": 350.0, "request": 1.0}
_SPILLED = {"input": 3000.0, "output": 350.0}
#: Requests that the capacity had no room for.
_OVERFLOW_HOURS = (0,) * 9 + (2, 3, 2, 1, 3, 4, 2) + (0,) * 8


def _geography(deployment: Deployment) -> str:
    if deployment.sku == "DeveloperTier":
        return "unknown"
    if deployment.sku.startswith("Global"):
        return "global"
    if deployment.sku.startswith("DataZone"):
        return "data_zone_eu" if deployment.account.region == "swedencentral" else "data_zone_us"
    return "regional"


def _spelled(model: str, version: str) -> str:
    """A dated version is part of the model's id; other versions are counters."""
    return f"{model}-{version}" if len(version) == len("2025-04-14") else model


class _Builder:
    """Collects the plans of one subscription."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.plans: list[Plan] = []

    def use(
        self,
        name: str,
        requests: int,
        per_request: Mapping[str, float],
        *,
        version: int = 0,
        dimensions: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """Traffic of a deployment."""
        deployment = self.estate.named(name)
        wire_version = deployment.versions[version][1]
        is_batch = deployment.sku.endswith("Batch")
        is_provisioned = deployment.sku.endswith("ProvisionedManaged")
        self.plans.append(
            Plan(
                source=METRICS,
                dimensions={
                    "account": deployment.account.id,
                    "model": _spelled(deployment.model, wire_version),
                    "modeldeploymentname": deployment.name.lower(),
                    "modelname": deployment.model,
                    "modelversion": wire_version,
                    **(dimensions or {}),
                },
                requests=requests,
                per_request=per_request,
                service_tier="batch" if is_batch else "committed" if is_provisioned else "standard",
                flow="commitment" if is_provisioned else "payg",
                provider_service_tier=deployment.sku,
                geography=_geography(deployment),
                resource_id=deployment.id,
                resource_name=deployment.name,
                region_id=deployment.account.region,
                **{
                    "hours": NIGHT_HOURS if is_batch else OFFICE_HOURS,
                    # Of provisioned traffic they are one of the meters.
                    "counts_requests": not is_provisioned,
                    **more,
                },
            )
        )

    def unnamed(self, account: CognitiveAccount, requests: int, per_request: Mapping[str, float]) -> None:
        """Traffic that the metrics cannot tell the deployment of."""
        self.plans.append(
            Plan(
                source=METRICS,
                dimensions={
                    "account": account.id,
                    "model": None,
                    "modeldeploymentname": EMPTY,
                    "modelname": EMPTY,
                    "modelversion": EMPTY,
                },
                requests=requests,
                per_request=per_request,
                geography="unknown",
                resource_id=f"{account.id}/deployments/{EMPTY.lower()}",
                resource_name=EMPTY,
                region_id=account.region,
                hours=EVEN_HOURS,
                active_percent=85,
            )
        )


def _plan(builder: _Builder, scenario: Scenario) -> None:
    switch = scenario.release_day
    builder.use("gpt-41-prod", 900, _SEARCH, spikes=True)
    builder.use("gpt-4o-assist", 500, _CHAT, end_day=switch)
    builder.use("gpt-4o-assist", 520, _CHAT, version=1, first_day=switch)
    builder.use("gpt-4o-mini-local", 260, _CHAT)
    builder.use("gpt-41-ptu", 1500, _PROVISIONED)
    builder.use("nightly-batch", 420, _DOCUMENTS)
    builder.use("pilot", 150, _CHAT, end_day=scenario.shutdown_day)
    builder.use("embed-small", 1900, _EMBED)
    builder.unnamed(builder.estate.accounts[0], 12, {"input": 90.0, "output": 15.0})
    builder.use("chat-eu", 640, _CHAT)
    builder.use("docs-batch-eu", 300, _DOCUMENTS)
    builder.use("gpt-5", 380, _CHAT)
    builder.use("eu-ptu", 800, _PROVISIONED)
    builder.use("opus-agents", 210, _AGENT)
    builder.use("sonnet", 340, _PLAIN_CLAUDE)
    builder.use("eval-ft", 25, _CHAT, active_percent=40)
    builder.use("router", 700, _PLAIN)
    builder.use("summaries", 130, _DOCUMENTS, active_percent=70)
    builder.use("chat-ptu", 3000, _PROVISIONED)
    # What is too much for gpt-41-ptu is served, and charged for, where it spills over to.
    spilled = {"isspillover": "True"}
    builder.use("gpt-41-prod", 60, _SPILLED, dimensions=spilled, hours=_OVERFLOW_HOURS, active_percent=45)
    refused = {"statuscode": "429"}
    builder.use("eu-ptu", 25, {}, dimensions=refused, hours=_OVERFLOW_HOURS, active_percent=55, counts_requests=True)


def build_account(scenario: Scenario, org: str) -> Account:
    """The subscription of `org`."""
    estate = estate_of(scenario, org)
    builder = _Builder(estate)
    _plan(builder, scenario)
    sub_accounts = tuple(
        SubAccount(id=account.id, name=account.name, created_at=midnight(scenario.first_day))
        for account in estate.accounts
    )
    return Account(
        scenario=scenario,
        org=org,
        provider=PROVIDER,
        account_id=estate.subscription_id,
        name=f"{org}-ai",
        sub_accounts=sub_accounts,
        api_keys=(),
        members=(),
        streams=build_streams(
            scenario, org, PROVIDER, builder.plans, sub_accounts=sub_accounts, sub_account_dimension="account"
        ),
    )
