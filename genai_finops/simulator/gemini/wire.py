"""The Gemini API's sources of usage and prices: Cloud Monitoring, a billing export in BigQuery and Cloud Billing's
catalogue, behind Google's tokens.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from genai_finops.simulator.capacity import NO_CAPACITY, CapacityEstate
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.gemini import page_faults
from genai_finops.simulator.gemini.bigquery import BigQuery
from genai_finops.simulator.gemini.billing_export import LOCATION, table_of
from genai_finops.simulator.gemini.catalogue import service
from genai_finops.simulator.gemini.monitoring import METRICS, metric_series
from genai_finops.simulator.gemini.traffic import build_account
from genai_finops.simulator.google import billing_catalog, errors, oauth
from genai_finops.simulator.google import page_faults as monitoring_faults
from genai_finops.simulator.google.monitoring import list_metric_descriptors, list_time_series
from genai_finops.simulator.google.oauth import CLOUD_PLATFORM, Access, permission_denied
from genai_finops.simulator.google.service_account import key_file
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.provider import ReportedCharge
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest

_TOKEN = "/token"
_AUTH = "https://www.googleapis.com/auth/"
_MONITORING = re.compile(r"/v3/projects/([\w.:-]+)/(timeSeries|metricDescriptors)")


class Gemini:
    """The simulated Gemini API."""

    id = "gemini"
    mount = "/gemini"
    request_id_header = "x-goog-request-id"
    faults = page_faults.KINDS
    usage_path = "/queries"

    def __init__(self) -> None:
        self._bigquery = BigQuery()
        self._service = service()

    def addresses(self, url: str) -> Mapping[str, str]:
        """Monitoring, BigQuery, the token endpoint and the catalogue of prices."""
        base = url + self.mount
        return {"base_url": base, "bigquery_url": base, "token_url": base + _TOKEN, "billing_catalog_url": base}

    def admin_key(self, seed: int, org: str) -> str:
        """The key file of the service account with the reader's roles."""
        return key_file(seed, org, self.id, role="finops-reader")

    def inference_key(self, seed: int, org: str) -> str:
        """The key file of a service account without them."""
        return key_file(seed, org, self.id, role="assistant")

    def account_options(self, account: Account) -> Mapping[str, str]:
        """Where the export lies. Without a near-real-time source every day's numbers have one meaning."""
        return {"export_table": table_of(account), "export_location": LOCATION, "near_real_time": "none"}

    def build_account(self, scenario: Scenario, org: str) -> Account:
        """The project of `org`."""
        return build_account(scenario, org)

    def authorize(self, request: WireRequest, orgs: Mapping[str, str], wall_clock: dt.datetime) -> str:
        """The organisation whose service account asks."""
        return oauth.authorize(request, orgs, wall_clock, token_path=_TOKEN, access=self._access)

    def _access(self, request: WireRequest) -> Access:
        if self._bigquery.answers(request.path):
            scopes = frozenset({f"{_AUTH}bigquery", CLOUD_PLATFORM})
            return Access(scopes=scopes, permission="bigquery.jobs.create", service="bigquery.googleapis.com")
        if billing_catalog.answers(request.path):
            return billing_catalog.ACCESS
        scopes = frozenset({f"{_AUTH}monitoring.read", f"{_AUTH}monitoring", CLOUD_PLATFORM})
        return Access(scopes=scopes, permission="monitoring.timeSeries.list", service="monitoring.googleapis.com")

    def answer(self, request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
        """The body of a 200."""
        if request.path == _TOKEN:
            return oauth.issue(request, self.admin_key(account.scenario.seed, account.org))
        if self._bigquery.answers(request.path):
            return self._bigquery.answer(request, account, ledger)
        if billing_catalog.answers(request.path):
            return billing_catalog.list_skus(request, self._service, ledger.now)
        found = _MONITORING.fullmatch(request.path)
        if found is None or request.method != "GET":
            raise Refusal(404, "NOT_FOUND", f"The requested URL {request.path} was not found on this server.")
        if found[1] != account.account_id:
            raise permission_denied("monitoring.timeSeries.list")
        if found[2] == "metricDescriptors":
            return list_metric_descriptors(request, account.account_id, METRICS)
        return list_time_series(request, METRICS, metric_series(account, ledger), ledger)

    def spoil(self, fault: Fault, payload: dict[str, Any], request: WireRequest) -> None:
        """Applies a page fault to a query's result or to time series."""
        if self._bigquery.answers(request.path):
            page_faults.spoil(fault, payload)
        else:
            monitoring_faults.spoil(fault, payload, request)

    def without_fault_token(self, request: WireRequest) -> WireRequest:
        """The request without a page token of these faults."""
        return monitoring_faults.without_fault_token(page_faults.without_fault_token(request))

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:  # noqa: ARG002  # it is in the header only
        """Google's error envelope."""
        return errors.error_body(refusal)

    def failure(self, status: int, *, retry_after: str | None = None) -> Refusal:
        """The wording of a status."""
        return errors.failure(status, retry_after=retry_after)

    def capacity(self, account: Account) -> CapacityEstate:  # noqa: ARG002 - sells no capacity by the hour
        return NO_CAPACITY

    def reported_only(self, account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:  # noqa: ARG002
        """None: the export's charges beside usage belong to the reported costs of the billing account."""
        return iter(())
