"""Cost Management's query: usage quantities of the subscription's machines by day, as far as the bill has come."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from genai_finops.simulator.azure_openai.estate import estate_of
from genai_finops.simulator.azure_openai.lists import next_link, position_of, require_version
from genai_finops.simulator.infrastructure_bill import RentedMachines, begun
from genai_finops.simulator.ledger import Ledger, midnight
from genai_finops.simulator.noise import draw
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireAnswer, WireRequest, encode, number

_PATH = re.compile(r"/arm/subscriptions/([^/]+)/providers/microsoft\.costmanagement/query", re.IGNORECASE)
_VERSIONS = frozenset({"2023-11-01", "2024-08-01", "2025-03-01"})
_DIMENSIONS = frozenset({"ResourceId", "Meter", "ResourceLocation"})
_MAX_GROUPS = 2
_ROWS_PER_PAGE = 11
_OTHERS = "Storage"


def answers(path: str) -> bool:
    """Whether a path is that of the query."""
    return _PATH.fullmatch(path) is not None


@lru_cache(maxsize=64)
def rented_of(scenario: Scenario, org: str) -> tuple[RentedMachines, ...]:
    """The machines of the subscription of `org`."""
    first = midnight(scenario.first_day)
    shift = dt.timedelta(minutes=draw(scenario.seed, org, "machines") % 50, seconds=41)
    scope = f"/subscriptions/{estate_of(scenario, org).subscription_id}/resourceGroups/RG-Train/providers"
    vms = f"{scope}/Microsoft.Compute/virtualMachines"
    workspace = f"{scope}/Microsoft.MachineLearningServices/workspaces/ml-{org}"

    def rented(
        label: str, region: str, days: tuple[float, float], machines: tuple[str, int], variant: str | None, **more: str
    ) -> RentedMachines:
        start, end = (first + dt.timedelta(days=day) for day in days)
        return RentedMachines(
            label=label,
            region=region,
            start=start + shift,
            end=end,
            count=machines[1],
            variant=variant,
            resource_id=machines[0],
            **more,
        )

    return begun(
        (
            rented("NC40ads H100 v5", "eastus2", (6.25, 14), (f"{vms}/gpu-1", 1), "nc40ads h100 v5"),
            rented(
                "ND96isr H100 v5 Spot",
                "swedencentral",
                (15.4, 17.2),
                (f"{vms}/Sweep-7", 2),
                "nd96isr h100 v5",
                service_tier="spot",
            ),
            rented("NC24ads A100 v4", "eastus2", (20, 23.5), (workspace, 2), "nc24ads a100 v4"),
            rented("D4s v5", "eastus2", (0, 90), (f"{vms}/web-1", 1), None),
        ),
        scenario.last_day,
    )


def query(request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any] | WireAnswer:
    """One page of the answer, or 204 where there is nothing. Raises Refusal."""
    estate = estate_of(account.scenario, account.org)
    found = _PATH.fullmatch(request.path)
    if found is None or found[1].lower() != estate.subscription_id:
        raise Refusal(404, "SubscriptionNotFound", f"The subscription of '{request.path}' could not be found.")
    if request.method != "POST":
        raise Refusal(405, "MethodNotAllowed", f"The method {request.method} is not allowed.")
    require_version(request, _VERSIONS)
    first, last, groups = _asked(request)
    rows = _rows(first, last, groups, account, ledger)
    position = position_of(request)
    shown = rows[position : position + _ROWS_PER_PAGE]
    if not shown:
        return WireAnswer(body=b"", status=204)
    following = position + _ROWS_PER_PAGE
    return {
        "id": f"subscriptions/{estate.subscription_id}/providers/Microsoft.CostManagement/query/5a1",
        "name": "5a1",
        "type": "Microsoft.CostManagement/query",
        "properties": {
            "nextLink": next_link(request, following) if following < len(rows) else None,
            "columns": [
                {"name": "UsageQuantity", "type": "Number"},
                {"name": "UsageDate", "type": "Number"},
                *({"name": name, "type": "String"} for name in groups),
                {"name": "Currency", "type": "String"},
            ],
            "rows": shown,
        },
    }


def throttled(refusal: Refusal) -> WireAnswer:
    """Several budgets are used up at once: the longest of the waits is the one that helps."""
    prefix = "x-ms-ratelimit-microsoft.costmanagement"
    wait = refusal.retry_after or "1"
    headers = {
        "retry-after": "1",
        f"{prefix}-qpu-retry-after": wait,
        f"{prefix}-entity-retry-after": "1",
        f"{prefix}-tenant-retry-after": "0",
        f"{prefix}-client-retry-after": "1",
        f"{prefix}-clienttype-retry-after": "0",
    }
    body = {"error": {"code": "429", "message": "Too many requests. Please retry."}}
    return WireAnswer(body=encode(body), status=429, headers=headers)


def _asked(request: WireRequest) -> tuple[dt.date, dt.date, list[str]]:
    try:
        asked = json.loads(request.content)
        period, dataset = asked["timePeriod"], asked["dataset"]
        first, last = (dt.datetime.fromisoformat(period[name]).date() for name in ("from", "to"))
        groups = [group["name"] for group in dataset["grouping"]]
        wanted = dataset["filter"]["dimensions"]
    except (ValueError, KeyError, TypeError):
        raise Refusal(400, "BadRequest", "Invalid query definition: Missing or invalid dataset.") from None
    if asked.get("type") not in {"ActualCost", "AmortizedCost", "Usage"} or asked.get("timeframe") != "Custom":
        raise Refusal(400, "BadRequest", "Invalid query definition: type or timeframe.")
    if dataset.get("granularity") != "Daily" or len(groups) > _MAX_GROUPS or not set(groups) <= _DIMENSIONS:
        raise Refusal(400, "BadRequest", "Invalid query definition: granularity or grouping.")
    aggregation: Mapping[str, Any] = dataset.get("aggregation", {})
    if [one.get("name") for one in aggregation.values()] != ["UsageQuantity"]:
        raise Refusal(400, "BadRequest", "Invalid query definition: the simulator adds up UsageQuantity only.")
    if wanted.get("name") != "ServiceName" or "Virtual Machines" not in wanted.get("values", ()):
        raise Refusal(400, "BadRequest", f"The simulator has no costs of {wanted.get('values')}, {_OTHERS} included.")
    return first, last, groups


def _rows(first: dt.date, last: dt.date, groups: list[str], account: Account, ledger: Ledger) -> list[list[Any]]:
    sums: dict[tuple[dt.date, tuple[str, ...]], Decimal] = {}
    for rented in rented_of(account.scenario, account.org):
        values = {
            # Ids come back in another case than Resource Manager's own.
            "ResourceId": (rented.resource_id or "").replace("/resourceGroups/", "/resourcegroups/"),
            "Meter": rented.label,
            "ResourceLocation": rented.region.upper(),
        }
        for n in range((last - first).days + 1):
            day = first + dt.timedelta(days=n)
            hours = rented.hours(day, ledger.now)
            if hours:
                key = (day, tuple(values[name] for name in groups))
                sums[key] = sums.get(key, Decimal(0)) + hours
    return [
        [number(hours.normalize()), int(f"{day:%Y%m%d}"), *key, "USD"]
        for (day, key), hours in sorted(sums.items(), key=lambda entry: entry[0])
    ]
