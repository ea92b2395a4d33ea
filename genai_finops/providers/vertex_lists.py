"""Custom jobs and endpoints of Vertex AI, as its lists of one location name them."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from genai_finops.providers.base import Page, ProviderResource, ResourceState
from genai_finops.providers.records import Record
from genai_finops.providers.vertex_machines import MachineSpec

JOBS = "customJobs"
ENDPOINTS = "endpoints"
DEPLOYED_MODEL = "Deployed model"
CUSTOM_JOB = "Custom job"
#: Keys of Page.request.
LOCATION, LISTED_AT = "location", "listed_at"

_NAME = re.compile(r"projects/[^/]+/locations/[^/]+/(?:customJobs|endpoints)/([^/]+)")
#: Who gets machines that may be taken away again; LOW_COST is the former name.
_TIERS = {"SPOT": "spot", "LOW_COST": "spot", "FLEX_START": "flex"}
_MACHINE_TAGS = {
    "machineType": "machine_type",
    "acceleratorType": "accelerator_type",
    "tpuTopology": "tpu_topology",
}
_COUNT, _SPOT = "acceleratorCount", "spot"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPool:
    """Machines of one kind in a job."""

    spec: MachineSpec
    replicas: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomJob:
    """A job and when it ran. `end` is when it was listed, where it was still running then."""

    id: str
    name: str
    location: str
    start: dt.datetime | None
    end: dt.datetime
    service_tier: str
    #: Where it ran on machines that are kept for jobs, and are billed whether one runs or not.
    is_on_kept_machines: bool
    pools: tuple[WorkerPool, ...]
    page: str


def read_jobs(pages: Sequence[Page], *, provider: str) -> Iterator[CustomJob]:
    """Every job of the lists among the pages. Raises MalformedPageError."""
    for record in _listed(pages, JOBS, provider):
        spec = record.child("jobSpec")
        scheduling = spec.child("scheduling") if "scheduling" in spec.content else None
        strategy = str(scheduling.content.get("strategy", "")) if scheduling else ""
        listed_at = dt.datetime.fromisoformat(record.page.request[LISTED_AT])
        yield CustomJob(
            id=_id(record),
            name=_needed(record, "displayName"),
            location=record.page.request[LOCATION],
            start=_moment(record, "startTime"),
            end=_moment(record, "endTime") or listed_at,
            service_tier=_TIERS.get(strategy, "standard"),
            is_on_kept_machines=bool(spec.content.get("persistentResourceId")),
            pools=tuple(_pool(pool) for pool in spec.children("workerPoolSpecs")),
            page=record.page.sha256,
        )


def _pool(record: Record) -> WorkerPool:
    # JSON of Google's interfaces writes 64-bit integers as text, and leaves out what is zero or not given.
    text = record.content.get("replicaCount", "0")
    if not isinstance(text, str) or not re.fullmatch(r"\d{1,9}", text):
        record.fail(f"field replicaCount is {text!r}, not a whole number as text")
    # A pool without machines keeps the place of one of its role.
    spec = MachineSpec.of(record.child("machineSpec")) if "machineSpec" in record.content else MachineSpec()
    return WorkerPool(spec=spec, replicas=int(text))


def read_deployed(pages: Sequence[Page], *, provider: str, project: str) -> Iterator[ResourceState]:
    """The deployed models of the lists among the pages, each as seen at the moment of its list.

    Their machine is in the tags. Raises MalformedPageError.
    """
    for record in _listed(pages, ENDPOINTS, provider):
        location = record.page.request[LOCATION]
        listed_at = dt.datetime.fromisoformat(record.page.request[LISTED_AT])
        for deployed in record.children("deployedModels") if "deployedModels" in record.content else ():
            resource = _deployed(deployed, record, location, project)
            yield ResourceState(resource=resource, first_observed_at=listed_at, last_observed_at=listed_at)


def _deployed(record: Record, endpoint: Record, location: str, project: str) -> ProviderResource:
    identifier = deployed_id(project, location, _id(endpoint), _needed(record, "id"))
    tags: dict[str, str] = {}
    machine = None
    if "dedicatedResources" in record.content:
        dedicated = record.child("dedicatedResources")
        spec = MachineSpec.of(dedicated.child("machineSpec"))
        machine = spec.machine_type
        stated = {tag: getattr(spec, name) for tag, name in _MACHINE_TAGS.items()}
        tags = {tag: value for tag, value in stated.items() if value is not None}
        if spec.accelerator_count:
            tags[_COUNT] = str(spec.accelerator_count)
        if dedicated.content.get("spot") is True:
            tags[_SPOT] = "true"
    return ProviderResource(
        resource_type=DEPLOYED_MODEL,
        resource_id=identifier,
        resource_name=str(record.content.get("displayName") or endpoint.content.get("displayName") or identifier),
        region_id=location,
        sku_name=machine,
        tags=tags,
        created_at=_moment(record, "createTime"),
    )


def deployed_id(project: str, location: str, endpoint: str, deployed: str) -> str:
    """The id under which a deployed model is remembered; lists name projects by number, metrics do not name them."""
    return f"projects/{project}/locations/{location}/endpoints/{endpoint}/deployedmodels/{deployed}".lower()


def job_id(project: str, job: CustomJob) -> str:
    """The id of a job as a resource."""
    return f"projects/{project}/locations/{job.location}/customjobs/{job.id}".lower()


def machine_of(resource: ProviderResource) -> tuple[MachineSpec, str] | None:
    """Machine and service tier of a deployed model; None where it has no machines of its own."""
    tags: Mapping[str, str] = resource.tags
    if "machineType" not in tags:
        return None
    stated = {name: tags.get(tag) for tag, name in _MACHINE_TAGS.items()}
    spec = MachineSpec(
        machine_type=stated["machine_type"],
        accelerator_type=stated["accelerator_type"],
        accelerator_count=int(tags.get(_COUNT, "0")),
        tpu_topology=stated["tpu_topology"],
    )
    return spec, "spot" if tags.get(_SPOT) == "true" else "standard"


def whole_locations(pages: Iterable[Page], source: str) -> frozenset[str]:
    """Locations whose list came to its last page."""
    return frozenset(
        page.request[LOCATION]
        for page in pages
        if page.source == source and isinstance(page.content, dict) and not page.content.get("nextPageToken")
    )


def _listed(pages: Sequence[Page], source: str, provider: str) -> Iterator[Record]:
    for page in pages:
        if page.source == source:
            answer = Record.of(page.content, provider=provider, page=page, place="body")
            if source in answer.content:
                yield from answer.children(source)


def _id(record: Record) -> str:
    name = _needed(record, "name")
    found = _NAME.fullmatch(name)
    if found is None:
        record.fail(f"field name is {name!r}, not the name of a job or an endpoint")
    return found[1]


def _needed(record: Record, name: str) -> str:
    value = record.text(name)
    if value is None:
        record.fail(f"field {name} is null")
    return value


def _moment(record: Record, name: str) -> dt.datetime | None:
    value = record.content.get(name)
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(str(value))
    except ValueError:
        record.fail(f"field {name} is {value!r}, not a date and time")
    if moment.tzinfo is None:
        record.fail(f"field {name} is {value!r}, without a time zone")
    return moment.astimezone(dt.UTC)
