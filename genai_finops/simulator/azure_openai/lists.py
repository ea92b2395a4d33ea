"""Resource Manager's lists: accounts, deployments, and the definitions of metrics."""

import base64
import binascii
import datetime as dt
from typing import Any
from urllib.parse import quote, urlencode

from genai_finops.simulator.azure_openai.catalogue import NEWER, OLDER, Metric
from genai_finops.simulator.azure_openai.estate import CognitiveAccount, Deployment, Estate
from genai_finops.simulator.wire import Refusal, WireRequest

SKIP_TOKEN = "$skiptoken"
_VERSIONS = frozenset({"2023-05-01", "2024-10-01", "2025-06-01", "2025-09-01"})
MONITOR_VERSIONS = frozenset({"2018-01-01", "2019-07-01", "2021-05-01", "2023-10-01", "2024-02-01"})
_ACCOUNTS_PER_PAGE = 2
_DEPLOYMENTS_PER_PAGE = 4


def require_version(request: WireRequest, known: frozenset[str]) -> str:
    """The api-version. Raises Refusal where it is missing or unknown."""
    version = request.last("api-version")
    if version is None:
        raise Refusal(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if version not in known:
        message = f"The api-version '{version}' is invalid. The supported versions are '{','.join(sorted(known))}'."
        raise Refusal(400, "InvalidApiVersionParameter", message)
    return version


def instant(moment: dt.datetime) -> str:
    """As systemData writes it, with seven digits of a second."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.0000000Z"


def next_link(request: WireRequest, position: int | str) -> str:
    """The absolute address of the page at a position, or with the token that is given."""
    token = position if isinstance(position, str) else base64.b64encode(f"at:{position}".encode()).decode()
    others = [(name, value) for name, value in request.params if name != SKIP_TOKEN]
    address = request.raw_path.partition("?")[0]
    query = urlencode([*others, (SKIP_TOKEN, token)], quote_via=quote, safe="$")
    return f"http://{request.headers.get('host', 'localhost')}{address}?{query}"


def position_of(request: WireRequest) -> int:
    """Where the page begins. Raises Refusal for a token that is none."""
    token = request.last(SKIP_TOKEN)
    if token is None:
        return 0
    try:
        prefix, _, position = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        prefix, position = "", ""
    if prefix != "at" or not position.isdigit():
        raise Refusal(400, "InvalidSkipToken", f"The skip token '{token}' is invalid.")
    return int(position)


def page_of(request: WireRequest, objects: list[dict[str, Any]], size: int) -> dict[str, Any]:
    """The objects of the page that is asked for. Raises Refusal."""
    first = position_of(request)
    following = first + size
    return {
        "value": objects[first:following],
        "nextLink": next_link(request, following) if following < len(objects) else None,
    }


def accounts(request: WireRequest, estate: Estate) -> dict[str, Any]:
    """`Microsoft.CognitiveServices/accounts` of the subscription, whatever their kind."""
    require_version(request, _VERSIONS)
    return page_of(request, [_account(account) for account in estate.accounts], _ACCOUNTS_PER_PAGE)


def _account(account: CognitiveAccount) -> dict[str, Any]:
    return {
        "id": account.path,
        "name": account.name,
        "type": "Microsoft.CognitiveServices/accounts",
        "kind": account.kind,
        "location": account.region,
        "sku": {"name": "S0"},
        "tags": {},
        "properties": {
            "endpoint": f"https://{account.name.lower()}.cognitiveservices.azure.com/",
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
        },
        "etag": '"0500e1a7"',
    }


def deployments(request: WireRequest, account: CognitiveAccount, estate: Estate, now: dt.datetime) -> dict[str, Any]:
    """The deployments that are there now; those that are gone have left no trace."""
    require_version(request, _VERSIONS)
    objects = []
    for deployment in estate.deployments:
        state = deployment.state_at(now)
        if deployment.account.id == account.id and state is not None:
            objects.append(_deployment(deployment, state[1], now))
    return page_of(request, objects, _DEPLOYMENTS_PER_PAGE)


def _deployment(deployment: Deployment, version: str, now: dt.datetime) -> dict[str, Any]:
    # The id comes back in another case than the account's own list has it.
    path = deployment.account.path.replace("resourceGroups", "resourcegroups").replace("/Microsoft", "/microsoft")
    capacity = deployment.capacity_at(now)
    spillover = {"spilloverDeploymentName": deployment.spillover} if deployment.spillover else {}
    return {
        "id": f"{path}/deployments/{deployment.name}",
        "name": deployment.name,
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "sku": {"name": deployment.sku, "capacity": capacity},
        "properties": {
            "provisioningState": "Succeeded",
            "model": {"format": deployment.format, "name": deployment.model, "version": version},
            "versionUpgradeOption": "OnceNewDefaultVersionAvailable",
            "currentCapacity": capacity,
            **spillover,
            "capabilities": {"chatCompletion": "true"},
            "rateLimits": [{"key": "request", "renewalPeriod": 10, "count": 300}],
        },
        "systemData": {
            "createdAt": instant(deployment.versions[0][0]),
            "lastModifiedAt": instant(deployment.modified_at(now)),
        },
        "tags": dict(deployment.tags),
        "etag": '"0500e1a8"',
    }


def definitions(request: WireRequest, account: CognitiveAccount) -> dict[str, Any]:
    """The metrics that the account has: the older ones, and the newer ones where they exist."""
    require_version(request, MONITOR_VERSIONS)
    found = [*OLDER.values(), *(NEWER.values() if account.has_newer_metrics else ())]
    return {"value": [_definition(metric, account) for metric in found]}


def _definition(metric: Metric, account: CognitiveAccount) -> dict[str, Any]:
    resource = account.path
    return {
        "id": f"{resource}/providers/microsoft.insights/metricdefinitions/{metric.name}",
        "resourceId": resource,
        "namespace": "Microsoft.CognitiveServices/accounts",
        "category": metric.category,
        "name": {"value": metric.name, "localizedValue": metric.label},
        "displayDescription": metric.label,
        "isDimensionRequired": False,
        "unit": metric.unit,
        "primaryAggregationType": "Total" if metric.unit == "Count" else "Average",
        "supportedAggregationTypes": ["None", "Average", "Minimum", "Maximum", "Total", "Count"],
        "metricAvailabilities": [{"timeGrain": grain, "retention": "P93D"} for grain in ("PT1M", "PT1H", "P1D")],
        "dimensions": [{"value": name, "localizedValue": name} for name in metric.dimensions],
    }
