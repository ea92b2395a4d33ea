"""GCP Vertex AI: hours of GPUs, TPU chips and machines of custom jobs and of endpoints with machines of their own.

Jobs are in lists with their machines and times. Endpoints are counted by Cloud Monitoring, once a minute; which machine
a deployed model has is in a list that forgets it once it is undeployed, so that states of earlier lists are looked up.
"""

import datetime as dt
import logging
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, cast

import httpx
from pydantic import Field

from genai_finops.providers.base import (
    MalformedPageError,
    Page,
    ProbeCheck,
    ProviderResource,
    UsageRow,
    Window,
)
from genai_finops.providers.cloud_monitoring import (
    SCOPE,
    Point,
    distinct_points,
    metric_descriptors,
    project_segment,
    refuse_expired,
    time_series,
)
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.google_auth import check_google_secret, google_auth, google_secret_parts
from genai_finops.providers.google_errors import classify_google
from genai_finops.providers.http import AuthContext
from genai_finops.providers.machine_time import MachineHours, elapsed_hours, hour_parts
from genai_finops.providers.pagination import cursor_pages
from genai_finops.providers.records import UnknownFields
from genai_finops.providers.registry import register
from genai_finops.providers.resources import ResourceHistory
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import HttpUsageSource, Options
from genai_finops.providers.vertex_account import VertexAccountOptions, locations_of
from genai_finops.providers.vertex_lists import (
    CUSTOM_JOB,
    DEPLOYED_MODEL,
    ENDPOINTS,
    JOBS,
    LISTED_AT,
    LOCATION,
    CustomJob,
    deployed_id,
    job_id,
    machine_of,
    read_deployed,
    read_jobs,
    whole_locations,
)
from genai_finops.providers.vertex_machines import BilledUnit, billed_units

log = logging.getLogger(__name__)

#: The lists have no scope for reading alone; what may be done is left to the role of the service account.
_CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
_ONLINE = "aiplatform.googleapis.com/prediction/online/"
_REPLICAS = f"{_ONLINE}replicas"
REPLICAS = "prediction/online/replicas"
_LABELS = ("resource.labels.location", "resource.labels.endpoint_id", "metric.labels.deployed_model_id")
_HOUR_SECONDS = 3600
#: A gauge is sampled once a minute: the sum of an hour's samples is its replica-minutes.
_SAMPLES_OF_AN_HOUR = 60


class VertexInfrastructureOptions(Options):
    """Options of the flow."""

    #: Days that Cloud Monitoring keeps.
    retention_days: int = Field(42, ge=1)
    #: Points in one page of time series, whatever their number of series.
    page_points: int = Field(20_000, ge=1, le=100_000)
    #: Jobs that were created longer ago than this before a window are taken to be over.
    job_days: int = Field(60, ge=1)


@register
class VertexInfrastructure(HttpUsageSource):
    """Hours of one project by UTC hour, job or deployed model, and accelerator, chip or machine."""

    provider: ClassVar[str] = "gcp_vertex"
    flow: ClassVar[str] = "infrastructure"
    options_model: ClassVar[type[Options]] = VertexInfrastructureOptions
    account_options_model: ClassVar[type[Options]] = VertexAccountOptions

    @staticmethod
    def classify(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
        """By google.rpc.Status."""
        return classify_google(status, headers, body)

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:
        """Tokens for monitoring data and for Vertex AI's lists."""
        return google_auth(secret, context, config=config, scopes=[SCOPE, _CLOUD_PLATFORM])

    @classmethod
    def check_secret(cls, secret: str) -> None:
        """A service account's key file, an authorized_user file, or the word application-default."""
        check_google_secret(secret, cls.provider)

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        """The key file and the private key in it."""
        return google_secret_parts(secret)

    @property
    def options(self) -> VertexInfrastructureOptions:
        """The flow's options."""
        return cast("VertexInfrastructureOptions", self.read_options(self.flow_config))

    @property
    def locations(self) -> tuple[str, ...]:
        """Locations that are read."""
        return locations_of(cast("VertexAccountOptions", self.account_options).locations)

    def fetch(self, window: Window) -> Iterator[Page]:
        """Jobs and endpoints of each location, and the replicas of all endpoints. Raises ProviderError."""
        now = self.refuse_future(window)
        refuse_expired(window, now, provider=self.provider, retention_days=self.options.retention_days)
        if not self.locations:
            return
        for location in self.locations:
            yield from self._list(JOBS, location, now, created=window)
        yield from self._endpoints(now)
        # A project that never deployed a model has no such metric, and is refused its series.
        if _REPLICAS in self._described():
            for part in window.split(self.flow_config.window_days):
                yield from self._replicas(part)

    def fetch_lists(self) -> Iterator[Page]:
        """The endpoints of each location, which forget models that are undeployed. Raises ProviderError."""
        return self._endpoints(self.session.now().replace(microsecond=0))

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        """The deployed models with their machines."""
        for state in read_deployed(pages, provider=self.provider, project=self.account_id):
            yield state.resource

    def listed_types(self, pages: Sequence[Page]) -> frozenset[str]:
        """Deployed models, where the endpoints of all locations are listed whole."""
        is_whole = bool(self.locations) and whole_locations(pages, ENDPOINTS) >= set(self.locations)
        return frozenset({DEPLOYED_MODEL} if is_whole else ())

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """That jobs and endpoints of each location can be listed, and the project's metrics."""
        viewer = f"roles/aiplatform.viewer on project {self.account_id}, and the Vertex AI API enabled in it"
        found = [
            ProbeCheck(
                name=f"list {source} {location}",
                needs=viewer,
                run=lambda source=source, location=location: self._probe(source, location, now),  # type: ignore[misc]
            )
            for location in self.locations
            for source in (JOBS, ENDPOINTS)
        ]
        if not found:
            return ()
        monitoring = f"roles/monitoring.viewer on project {self.account_id}"
        return (*found, ProbeCheck(name="list metrics", needs=monitoring, run=self._probe_metrics))

    def _probe(self, source: str, location: str, now: dt.datetime) -> str:
        yesterday = now.date() - dt.timedelta(days=1)
        created = Window.of_days(yesterday, yesterday) if source == JOBS else None
        page = next(self._list(source, location, now, created=created))
        return f"{len(page.content.get(source, ()))} in the first page of {location}"

    def _probe_metrics(self) -> str:
        return "has replicas" if _REPLICAS in self._described() else "the project has not deployed a model yet"

    def _endpoints(self, now: dt.datetime) -> Iterator[Page]:
        for location in self.locations:
            yield from self._list(ENDPOINTS, location, now)

    def _list(self, source: str, location: str, now: dt.datetime, *, created: Window | None = None) -> Iterator[Page]:
        params = [("pageSize", str(self.flow_config.page_entries))]
        if created is not None:
            since = created.start - dt.timedelta(days=self.options.job_days)
            between = f'create_time>="{_instant(since)}" AND create_time<"{_instant(created.end)}"'
            params.append(("filter", between))
        path = f"/v1/projects/{project_segment(self.account_id, self.provider)}/locations/{location}/{source}"
        return cursor_pages(
            lambda asked: self.session.get(
                path,
                source=source,
                params=asked,
                host="aiplatform_url",
                place={"region": location},
                recorded={LOCATION: location, LISTED_AT: now.isoformat()},
            ),
            params,
            subject=f"{self.provider} {source} {location}",
            max_pages=self.flow_config.max_pages,
            cursor="nextPageToken",
            parameter="pageToken",
        )

    def _described(self) -> dict[str, frozenset[str]]:
        return metric_descriptors(
            self.session,
            self.account_id,
            _ONLINE,
            provider=self.provider,
            page_size=self.flow_config.page_entries,
            max_pages=self.flow_config.max_pages,
        )

    def _replicas(self, window: Window) -> Iterator[Page]:
        return time_series(
            self.session,
            self.account_id,
            f'metric.type = "{_REPLICAS}"',
            window,
            provider=self.provider,
            source=REPLICAS,
            group_by=_LABELS,
            page_size=self.options.page_points,
            max_pages=self.flow_config.max_pages,
            # The mean of an hour in which a model was deployed for ten minutes is that of these ten minutes.
            aligner="ALIGN_SUM",
            alignment_seconds=_HOUR_SECONDS,
        )

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Rows by hour and key. Raises MalformedPageError."""
        for page in pages:
            if page.source not in {JOBS, ENDPOINTS, REPLICAS}:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
        hours = MachineHours.none()
        seen: set[tuple[str, str]] = set()
        for job in read_jobs(pages, provider=self.provider):
            # A job that began while its list was read may be on two pages of it.
            if (job.location, job.id) not in seen:
                seen.add((job.location, job.id))
                self._add_job(hours, job, window)
        listed = read_deployed(pages, provider=self.provider, project=self.account_id)
        history = ResourceHistory((*self.known_resources, *listed))
        unknown = UnknownFields()
        series = [page for page in pages if page.source == REPLICAS]
        unlisted: set[str] = set()
        for point in distinct_points(series, provider=self.provider, unknown=unknown):
            self._add_replicas(hours, point, history, unlisted)
        unknown.report()
        for resource_id in sorted(unlisted):
            log.warning(
                "provider=%s deployed_model=%s: its machine is in no list and has no price", self.provider, resource_id
            )
        return hours.rows()

    def _add_job(self, hours: MachineHours, job: CustomJob, window: Window) -> None:
        if job.start is None:
            return
        if job.is_on_kept_machines:
            log.warning("provider=%s custom_job=%s: on a persistent resource, which is not read", self.provider, job.id)
            return
        for start, end in hour_parts(max(job.start, window.start), min(job.end, window.end)):
            for pool in job.pools:
                for unit in billed_units(pool.spec, shares_machines=False) if pool.replicas else ():
                    row = _row(
                        start,
                        unit,
                        page=job.page,
                        work="training",
                        service_tier=job.service_tier,
                        resource=ProviderResource(
                            resource_type=CUSTOM_JOB,
                            resource_id=job_id(self.account_id, job),
                            resource_name=job.name,
                            region_id=job.location,
                        ),
                    )
                    hours.add(row, elapsed_hours(start, end) * pool.replicas * unit.units)

    def _add_replicas(self, hours: MachineHours, point: Point, history: ResourceHistory, unlisted: set[str]) -> None:
        location, endpoint, deployed = (self._label(point, name) for name in _LABELS)
        resource_id = deployed_id(self.account_id, location, endpoint, deployed)
        resource = history.at(DEPLOYED_MODEL, resource_id, point.start)
        if resource is None:
            unlisted.add(resource_id)
            resource = ProviderResource(
                resource_type=DEPLOYED_MODEL, resource_id=resource_id, resource_name=deployed, region_id=location
            )
        machine = machine_of(resource)
        # Hours of a machine that is not known are shown, but as what no price is for.
        units = (
            billed_units(machine[0], shares_machines=True) if machine else (BilledUnit("node_hour", None, Fraction(1)),)
        )
        for unit in units:
            row = _row(
                point.start,
                unit,
                page=point.page,
                work="prediction",
                service_tier=machine[1] if machine else "standard",
                resource=resource,
            )
            hours.add(row, Fraction(point.value) / _SAMPLES_OF_AN_HOUR * unit.units)

    def _label(self, point: Point, name: str) -> str:
        owner, _, label = name.partition(".labels.")
        value = (point.resource_labels if owner == "resource" else point.metric_labels).get(label)
        if not value:
            raise MalformedPageError(
                f"{self.provider} {REPLICAS}: label {label} of the period to {point.end.isoformat()} is missing "
                f"(page {point.page})"
            )
        return value


def _row(
    start: dt.datetime, unit: BilledUnit, *, page: str, work: str, service_tier: str, resource: ProviderResource
) -> UsageRow:
    hour = start.replace(minute=0, second=0, microsecond=0)
    return UsageRow(
        period_start=hour,
        period_end=hour + dt.timedelta(hours=1),
        meter=unit.meter,
        quantity=Decimal(0),
        page=page,
        service_tier=service_tier,
        provider_service_tier=work,
        resource_id=resource.resource_id,
        resource_name=resource.resource_name,
        resource_type=resource.resource_type,
        region_id=resource.region_id,
        variant=unit.variant,
    )


def _instant(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
