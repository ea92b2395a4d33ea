"""A subscription that a test describes, as Azure answers for it."""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx

from genai_finops.providers.base import ProviderResource, ResourceState, SourceAccount, UsageRow, Window
from genai_finops.providers.source import HttpUsageSource

from .scripted_source import DAY, scripted_source

SUBSCRIPTION = "5f1d2c3b-7a64-4e0f-9b1c-2d8e6f4a0b17"
SECRET = json.dumps({"tenant_id": "contoso.example", "client_id": "app-1", "client_secret": "not-a-real-secret-1"})
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-AI"
OLDER = ("ProcessedPromptTokens", "GeneratedTokens", "AzureOpenAIRequests", "TokenTransaction")
NEWER = ("InputTokens", "OutputTokens", "cacheReadInputTokens", "ephemeral5mInputTokens", "ephemeral1hInputTokens")
DIMENSIONS = ("ModelDeploymentName", "ModelName", "ModelVersion")
HOUR = "2026-10-01T09:00:00Z"


def path_of(account: str) -> str:
    return f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{account}"


def id_of(account: str, deployment: str) -> str:
    return f"{path_of(account)}/deployments/{deployment}".lower()


def account(name: str = "AOAI", *, kind: str = "OpenAI", location: str = "eastus", **more: Any) -> dict[str, Any]:
    return {"id": path_of(name), "name": name, "kind": kind, "location": location, **more}


def deployment(
    name: str,
    *,
    of: str = "AOAI",
    sku: str = "GlobalStandard",
    model: str = "gpt-4.1",
    version: str = "2025-04-14",
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": f"{path_of(of)}/deployments/{name}",
        "name": name,
        "sku": {"name": sku, "capacity": 10},
        "properties": {"model": {"format": "OpenAI", "name": model, "version": version}},
        **more,
    }


def series(total: Any = 100.0, *, at: str = HOUR, **dimensions: str) -> dict[str, Any]:
    named = [{"name": {"value": name, "localizedValue": name}, "value": value} for name, value in dimensions.items()]
    return {"metadatavalues": named, "data": [{"timeStamp": at, "total": total}]}


def metric(name: str, *found: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": {"value": name}, "unit": "Count", "timeseries": list(found), "errorCode": "Success", **more}


ORDER = "/providers/Microsoft.Capacity/reservationOrders/0a1b2c3d-0000-4000-8000-000000000001"


def reservation(number: int = 1, *, sku: str = "GlobalProvisionedManaged", **changed: Any) -> dict[str, Any]:
    """A reservation of fifty units for a month. `changed` are properties."""
    return {
        "id": f"{ORDER}/reservations/R-{number}",
        "location": "eastus",
        "sku": {"name": sku},
        "properties": {
            "reservedResourceType": "OpenAIPTU",
            "displayName": "PTU",
            "appliedScopeType": "Shared",
            "quantity": 50,
            "term": "P1M",
            "billingPlan": "Upfront",
            "effectiveDateTime": "2026-09-20T10:30:00.1234567Z",
            "expiryDateTime": "2026-10-20T10:30:00Z",
            "renew": False,
            **changed,
        },
    }


def transaction(amount: Any, *, quantity: int = 50, **changed: Any) -> dict[str, Any]:
    """A payment for the order. `changed` are properties."""
    return {
        "properties": {
            "eventDate": "2026-09-20T10:30:00Z",
            "eventType": "Purchase",
            "reservationOrderId": ORDER.rpartition("/")[2],
            "quantity": quantity,
            "amount": amount,
            "currency": "EUR",
            "billingFrequency": "OneTime",
            **changed,
        }
    }


def empty(name: str) -> dict[str, Any]:
    """A metric without a series."""
    return metric(name, unit="Percent" if "Utilization" in name else "Count")


def definition(name: str, dimensions: Sequence[str] = DIMENSIONS) -> dict[str, Any]:
    return {"name": {"value": name}, "dimensions": [{"value": dimension} for dimension in dimensions]}


def state(
    name: str,
    *,
    first: str,
    of: str = "AOAI",
    sku: str = "GlobalStandard",
    model: str = "gpt-4.1-2025-04-14",
    **more: Any,
) -> ResourceState:
    seen = dt.datetime.fromisoformat(first)
    resource = ProviderResource(
        resource_type="Deployment",
        resource_id=id_of(of, name),
        resource_name=name,
        provider_model_id=model,
        sku_name=sku,
        **more,
    )
    return ResourceState(resource=resource, first_observed_at=seen, last_observed_at=seen)


@dataclass
class Subscription:
    """What is there. `metrics` are the answers by metric, of every account; a metric that is not named is empty."""

    accounts: Sequence[Mapping[str, Any]] = (account(),)
    deployments: Sequence[Mapping[str, Any]] = (deployment("chat"),)
    definitions: Sequence[Mapping[str, Any]] = tuple(definition(name) for name in OLDER[:3])
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reservations: Sequence[Mapping[str, Any]] = ()
    transactions: Sequence[Mapping[str, Any]] = ()
    summaries: Sequence[Mapping[str, Any]] = ()
    #: Goes over an answer of metrics before it is sent.
    change: Callable[[httpx.Request, dict[str, Any]], Any] = lambda _, content: content
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.path
        if path.endswith("/token"):
            scope = parse_qs(request.content.decode())["scope"][0]
            return httpx.Response(200, json={"expires_in": 3599, "access_token": f"token-for-{scope}"})
        if path.startswith("/providers/"):
            return httpx.Response(200, json={"value": self._reserved(path), "nextLink": None})
        if path.endswith("/metricDefinitions"):
            return httpx.Response(200, json={"value": list(self.definitions)})
        if path.endswith("/deployments"):
            own = [entry for entry in self.deployments if entry["id"].startswith(path + "/")]
            return httpx.Response(200, json={"value": own, "nextLink": None})
        if path.endswith("/accounts"):
            return httpx.Response(200, json={"value": list(self.accounts), "nextLink": None})
        return httpx.Response(200, json=self.change(request, self._metrics(request)))

    def _reserved(self, path: str) -> list[Any]:
        if path.endswith("/reservationOrders"):
            return [{"id": ORDER, "properties": {}}] if self.reservations else []
        if path.endswith("/reservations"):
            return list(self.reservations)
        return list(self.summaries if path.endswith("/reservationSummaries") else self.transactions)

    def _metrics(self, request: httpx.Request) -> dict[str, Any]:
        names = request.url.params["metricnames"].split(",")
        answer = {"interval": "PT1H", "value": [self.metrics.get(name) or empty(name) for name in names]}
        if request.method == "GET":
            return answer
        ids = json.loads(request.content)["resourceids"]
        return {"values": [{**answer, "resourceid": path.lower()} for path in ids]}

    def requests(self, ending: str) -> list[httpx.Request]:
        """What was asked below this ending of a path."""
        return [request for request in self.asked if request.url.path.endswith(ending)]


def source_over(
    answer: Callable[[httpx.Request], httpx.Response],
    *,
    account_options: Mapping[str, str] | None = None,
    account_id: str = SUBSCRIPTION,
    **more: Any,
) -> HttpUsageSource:
    return scripted_source(
        "azure_openai", SECRET, answer, account=SourceAccount(id=account_id, options=account_options or {}), **more
    )


def rows_of(subscription: Subscription, window: Window = DAY, **more: Any) -> list[UsageRow]:
    with source_over(subscription, **more) as source:
        return list(source.normalise(list(source.fetch(window)), window))


def only(subscription: Subscription, **more: Any) -> UsageRow:
    """The one row of it."""
    [row] = rows_of(subscription, **more)
    return row
