"""Vertex AI's lists of one location, and the metric of replicas: what a reader of infrastructure asks."""

import base64
import binascii
import datetime as dt
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

from genai_finops.simulator.gcp_vertex.infrastructure import DeployedModel, Job, Machine, infrastructure_of
from genai_finops.simulator.google import oauth
from genai_finops.simulator.google.errors import GoogleRefusal, invalid
from genai_finops.simulator.google.monitoring import Metric, Series
from genai_finops.simulator.google.service_account import project_number
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import WireRequest, parse_whole

#: Path below the provider's mount; one host for each location follows.
HOST = "/aiplatform"
REPLICAS = Metric(
    type="aiplatform.googleapis.com/prediction/online/replicas",
    labels=("deployed_model_id", "spot", "model_display_name", "endpoint_display_name"),
    resource_type="aiplatform.googleapis.com/Endpoint",
    kind="GAUGE",
    description="Number of active replicas used by the deployed model. Sampled every 60 seconds.",
)

_ROUTE = re.compile(rf"{HOST}/([a-z0-9-]+)/v1/projects/([^/]+)/locations/([^/]+)/(customJobs|endpoints)")
_SCOPES = frozenset({"https://www.googleapis.com/auth/aiplatform", oauth.CLOUD_PLATFORM})
_PARAMETERS = frozenset({"filter", "pageSize", "pageToken", "readMask", "orderBy"})
_TERM = re.compile(r'create_time\s*(>=|<=|>|<|=)\s*"([^"]+)"')
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
#: Fewer than a client may ask for, so that there is always paging.
_LISTED = 3
_MINUTE = 60


def answers(path: str) -> bool:
    """Whether a path is one of Vertex AI's."""
    return path.startswith(f"{HOST}/")


def access(path: str) -> oauth.Access:
    """What listing needs."""
    permission = "aiplatform.customJobs.list" if path.endswith("customJobs") else "aiplatform.endpoints.list"
    return oauth.Access(scopes=_SCOPES, permission=permission, service="aiplatform.googleapis.com")


def answer(request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
    """One page of a list; `{}` where there is nothing. Raises Refusal."""
    route = _ROUTE.fullmatch(request.path)
    if route is None or request.method != "GET":
        raise GoogleRefusal(404, f"The requested URL {request.path} was not found on this server.")
    host, project, location, listed = route.groups()
    if host != location:
        raise invalid(f"List of found errors: 1.Field: parent; Message: location must be {host}.")
    if project != account.account_id:
        raise oauth.permission_denied(access(request.path).permission)
    for name, _ in request.params:
        if name not in _PARAMETERS:
            raise invalid(f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.')
    is_wanted = _filter(request.last("filter"))
    number = project_number(account.scenario.seed, account.org, account.provider)
    parent = f"projects/{number}/locations/{location}"
    estate = infrastructure_of(account.scenario, account.org)
    if listed == "customJobs":
        jobs = [job for job in estate.jobs if job.location == location and job.created <= ledger.now]
        found = [_job(job, parent, ledger.now) for job in jobs if is_wanted(job.created)]
    else:
        found = [_endpoint(model, parent, ledger.now) for model in estate.deployed if model.location == location]
    return _page(request, listed, found)


def replica_series(account: Account, ledger: Ledger) -> Iterator[Series]:
    """The replicas of every deployed model, one sample a minute."""
    number = project_number(account.scenario.seed, account.org, account.provider)
    for model in infrastructure_of(account.scenario, account.org).deployed:
        yield Series(
            metric=REPLICAS,
            metric_labels={
                "deployed_model_id": model.id,
                "spot": str(model.is_spot).lower(),
                "model_display_name": model.name,
                "endpoint_display_name": model.endpoint_name,
            },
            resource_labels={
                "resource_container": number,
                "location": model.location,
                "endpoint_id": model.endpoint_id,
            },
            quantity=_samples(model, ledger),
        )


def _samples(model: DeployedModel, ledger: Ledger) -> Callable[[dt.datetime, dt.datetime], int]:
    return lambda start, end: model.replica_seconds(start, min(end, ledger.now)) // _MINUTE


def _filter(text: str | None) -> Callable[[dt.datetime], bool]:
    """What a filter by time of creation lets through. Raises Refusal."""
    if not text:
        return lambda _: True
    terms = []
    for part in text.split(" AND "):
        found = _TERM.fullmatch(part.strip())
        if found is None:
            raise invalid(f"Provided filter is not valid: {part}")
        terms.append((_COMPARISONS[found[1]], dt.datetime.fromisoformat(found[2])))
    return lambda created: all(compare(created, moment) for compare, moment in terms)


def _page(request: WireRequest, listed: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    size = parse_whole(request.last("pageSize") or str(_LISTED))
    if size is None or size < 1:
        raise invalid(f'Invalid value at "page_size" (TYPE_INT32), "{request.last("pageSize")}"')
    token = request.last("pageToken")
    try:
        position = int(base64.b64decode(token, validate=True)) if token else 0
    except (binascii.Error, ValueError):
        raise invalid("Page token is invalid.") from None
    end = position + min(size, _LISTED)
    page: dict[str, Any] = {listed: found[position:end]} if found[position:end] else {}
    if end < len(found):
        page["nextPageToken"] = base64.b64encode(str(end).encode()).decode()
    return page


def _job(job: Job, parent: str, now: dt.datetime) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": f"{parent}/customJobs/{job.id}",
        "displayName": job.name,
        "jobSpec": {
            "workerPoolSpecs": [
                {
                    "machineSpec": _machine(machine),
                    "replicaCount": str(replicas),
                    "diskSpec": {"bootDiskType": "pd-ssd", "bootDiskSizeGb": 100},
                    "containerSpec": {"imageUri": "us-docker.pkg.dev/train/train:latest"},
                }
                for machine, replicas in job.pools
            ],
            "scheduling": {"strategy": job.strategy, "timeout": "604800s"},
        },
        "state": job.state_at(now),
        "createTime": _instant(job.created),
        "updateTime": _instant(min(now, job.end or now)),
        "labels": {"team": "research"},
    }
    if job.start is not None and job.start <= now:
        shown["startTime"] = _instant(job.start)
    if job.end is not None and job.end <= now:
        shown["endTime"] = _instant(job.end)
        if job.state == "JOB_STATE_FAILED":
            shown["error"] = {"code": 3, "message": "The replica workerpool0-0 exited with a non-zero status of 1."}
    return shown


def _endpoint(model: DeployedModel, parent: str, now: dt.datetime) -> dict[str, Any]:
    """The endpoint stays; what was deployed on it leaves no trace."""
    shown: dict[str, Any] = {
        "name": f"{parent}/endpoints/{model.endpoint_id}",
        "displayName": model.endpoint_name,
        "createTime": "2026-06-01T08:00:00.123456Z",
        "updateTime": "2026-06-01T08:00:00.123456Z",
        "etag": "AMEw9yOb",
        "labels": {"team": "search"},
    }
    if model.deployed_at <= now < model.undeployed_at:
        shown["deployedModels"] = [
            {
                "id": model.id,
                "model": f"{parent}/models/{model.id}9",
                "displayName": model.name,
                "createTime": _instant(model.deployed_at),
                "dedicatedResources": {
                    "machineSpec": _machine(model.machine),
                    "minReplicaCount": 1,
                    "maxReplicaCount": 4,
                    **({"spot": True} if model.is_spot else {}),
                },
            }
        ]
    return shown


def _machine(machine: Machine) -> dict[str, Any]:
    shown: dict[str, Any] = {"machineType": machine.machine_type}
    if machine.accelerator_type is not None:
        shown |= {"acceleratorType": machine.accelerator_type, "acceleratorCount": machine.accelerator_count}
    if machine.tpu_topology is not None:
        shown["tpuTopology"] = machine.tpu_topology
    return shown


def _instant(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
