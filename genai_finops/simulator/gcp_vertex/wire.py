"""Vertex AI as a reader of usage and prices sees it: a token endpoint, Cloud Monitoring, Cloud Billing's catalogue."""

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from genai_finops.simulator.capacity import CapacityEstate
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.gcp_vertex import infrastructure_lists
from genai_finops.simulator.gcp_vertex.catalogue import service
from genai_finops.simulator.gcp_vertex.infrastructure import LOCATIONS
from genai_finops.simulator.gcp_vertex.metrics import METRICS, series_of
from genai_finops.simulator.gcp_vertex.provisioned import estate_of
from genai_finops.simulator.gcp_vertex.traffic import build_account
from genai_finops.simulator.google import billing_catalog, errors, monitoring, oauth, page_faults
from genai_finops.simulator.google.service_account import key_file
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.provider import ReportedCharge
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest

_TOKEN_PATH = "/token"
_ALL_METRICS = (*METRICS, infrastructure_lists.REPLICAS)
_LIST = re.compile(r"^/v3/projects/([^/]+)/(timeSeries|metricDescriptors)$")
_SCOPES = frozenset(
    {
        "https://www.googleapis.com/auth/monitoring.read",
        "https://www.googleapis.com/auth/monitoring",
        oauth.CLOUD_PLATFORM,
    }
)
_FAULTS_OF_LABELS = {
    "unknown_model": page_faults.change_label("resource", "model_user_id", "mystery-model-9"),
    # Where the request came from decides the tier; a request_type that is new is pay-as-you-go.
    "unknown_tier": page_faults.change_label("metric", "source", "platinum"),
}


class GcpVertex:
    """The simulated Vertex AI."""

    id = "gcp_vertex"
    mount = "/gcp_vertex"
    faults = page_faults.KINDS | frozenset(_FAULTS_OF_LABELS)
    usage_path = "timeSeries"
    request_id_header = "x-goog-request-id"

    def __init__(self) -> None:
        self._service = service()
        self._memory = monitoring.SeriesMemory()

    def addresses(self, url: str) -> Mapping[str, str]:
        """Cloud Monitoring, the token endpoint, the catalogue of prices, and Vertex AI in each location."""
        base = url + self.mount
        return {
            "base_url": base,
            "token_url": base + _TOKEN_PATH,
            "billing_catalog_url": base,
            "aiplatform_url": f"{base}{infrastructure_lists.HOST}/{{region}}",
        }

    def account_options(self, account: Account) -> Mapping[str, str]:  # noqa: ARG002  # the same for all
        """The locations of jobs and endpoints."""
        return {"locations": ",".join(LOCATIONS)}

    def admin_key(self, seed: int, org: str) -> str:
        """Key file of a service account with roles/monitoring.viewer."""
        return key_file(seed, org, self.id, role="usage-reader")

    def inference_key(self, seed: int, org: str) -> str:
        """Key file of a service account that may call models only."""
        return key_file(seed, org, self.id, role="model-caller")

    def build_account(self, scenario: Scenario, org: str) -> Account:
        """The project of `org`."""
        return build_account(scenario, org)

    def authorize(self, request: WireRequest, orgs: Mapping[str, str], wall_clock: dt.datetime) -> str:
        """The organisation of the service account."""
        return oauth.authorize(request, orgs, wall_clock, token_path=_TOKEN_PATH, access=_access)

    def answer(self, request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
        """The body of a 200."""
        if request.path == _TOKEN_PATH:
            return oauth.issue(request, self.admin_key(account.scenario.seed, account.org))
        if billing_catalog.answers(request.path):
            return billing_catalog.list_skus(request, self._service, ledger.now)
        if infrastructure_lists.answers(request.path):
            return infrastructure_lists.answer(request, account, ledger)
        match = _LIST.match(request.path)
        if match is None or request.method != "GET":
            raise errors.GoogleRefusal(404, f"The requested URL {request.path} was not found on this server.")
        project, listed = match.groups()
        if project != account.account_id:
            raise oauth.permission_denied(_access(request).permission)
        if listed == "metricDescriptors":
            return monitoring.list_metric_descriptors(request, project, _ALL_METRICS)
        series = itertools.chain(series_of(account, ledger), infrastructure_lists.replica_series(account, ledger))
        return monitoring.list_time_series(request, _ALL_METRICS, series, ledger, self._memory)

    def spoil(self, fault: Fault, payload: dict[str, Any], request: WireRequest) -> None:
        """Applies a page fault."""
        page_faults.spoil(fault, payload, request, **_FAULTS_OF_LABELS)

    def without_fault_token(self, request: WireRequest) -> WireRequest:
        """The request without a page token of these faults."""
        return page_faults.without_fault_token(request)

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:  # noqa: ARG002  # it is in a header
        """Google's error envelope."""
        return errors.error_body(refusal)

    def failure(self, status: int, *, retry_after: str | None = None) -> Refusal:
        """The wording of a status."""
        return errors.failure(status, retry_after=retry_after)

    def capacity(self, account: Account) -> CapacityEstate:
        """Orders of provisioned throughput and what was drawn of them."""
        return estate_of(account)

    def reported_only(self, account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:  # noqa: ARG002
        """None: what is billed beside usage is in the billing export."""
        return iter(())


def _access(request: WireRequest) -> oauth.Access:
    if billing_catalog.answers(request.path):
        return billing_catalog.ACCESS
    if infrastructure_lists.answers(request.path):
        return infrastructure_lists.access(request.path)
    listed = "metricDescriptors" if request.path.endswith("/metricDescriptors") else "timeSeries"
    return oauth.Access(scopes=_SCOPES, permission=f"monitoring.{listed}.list", service="monitoring.googleapis.com")
