"""Anthropic's Admin API: credentials, errors and routes."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from genai_finops.simulator import page_faults
from genai_finops.simulator.anthropic import costs, lists, usage
from genai_finops.simulator.anthropic.traffic import build_account
from genai_finops.simulator.capacity import NO_CAPACITY, CapacityEstate
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.noise import token
from genai_finops.simulator.provider import ReportedCharge
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest

_ORGANIZATIONS = "/v1/organizations"
_VERSION = "2023-06-01"
_FAILURES = {
    401: ("authentication_error", "invalid x-api-key"),
    403: ("permission_error", "This API key does not have permission to use the specified resource."),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}


class Anthropic:
    """The simulated Claude API."""

    id = "anthropic"
    mount = "/anthropic"
    faults = page_faults.KINDS
    usage_path = "usage_report/messages"
    request_id_header = "request-id"

    def addresses(self, url: str) -> Mapping[str, str]:
        """One host."""
        return {"base_url": url + self.mount}

    def account_options(self, account: Account) -> Mapping[str, str]:  # noqa: ARG002  # the key decides the account
        """None."""
        return {}

    def admin_key(self, seed: int, org: str) -> str:
        """The organisation's admin key."""
        return f"sk-ant-admin01-sim-{org}-{token(40, seed, org, 'anthropic admin key')}"

    def inference_key(self, seed: int, org: str) -> str:
        """A standard key, which the Admin API refuses."""
        return f"sk-ant-api03-sim-{org}-{token(40, seed, org, 'anthropic api key')}"

    def build_account(self, scenario: Scenario, org: str) -> Account:
        """The organisation of `org`."""
        return build_account(scenario, org)

    def authorize(self, request: WireRequest, orgs: Mapping[str, str], wall_clock: dt.datetime) -> str:  # noqa: ARG002
        """The organisation that the key belongs to; the version header is checked after the key."""
        key = request.headers.get("x-api-key", "")
        if not key:
            raise Refusal(401, "authentication_error", "x-api-key header is required")
        if key not in orgs:
            raise self.failure(403 if key.startswith("sk-ant-api") else 401)
        version = request.headers.get("anthropic-version")
        if version is None:
            raise Refusal(400, "invalid_request_error", "anthropic-version: header is required")
        if version != _VERSION:
            message = f'anthropic-version: "{version}" is not a valid version'
            raise Refusal(400, "invalid_request_error", message)
        return orgs[key]

    def answer(self, request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
        """The body of a 200."""
        if request.method != "GET":
            raise Refusal(405, "invalid_request_error", f"Method {request.method} is not allowed for {request.path}.")
        match request.path.removeprefix(_ORGANIZATIONS):
            case "/usage_report/messages":
                return usage.usage_page(request, account, ledger)
            case "/cost_report":
                return costs.costs_page(request, account, ledger)
            case "/workspaces":
                return lists.workspaces(request, account, ledger.now)
            case "/api_keys":
                return lists.api_keys(request, account)
            case "/users":
                return lists.users(request, account)
            case "/me":
                return lists.me(account)
        raise Refusal(404, "not_found_error", f"Not found: {request.path}")

    def spoil(self, fault: Fault, payload: dict[str, Any], request: WireRequest) -> None:
        """Applies a page fault."""
        page_faults.spoil(fault, payload, request)

    def without_fault_token(self, request: WireRequest) -> WireRequest:
        """The request without a page token of these faults."""
        return page_faults.without_fault_token(request)

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:
        """Anthropic's error envelope."""
        error = {"type": refusal.kind, "message": refusal.message}
        return {"type": "error", "error": error, "request_id": request_id}

    def failure(self, status: int, *, retry_after: str | None = None) -> Refusal:
        """The wording of a status."""
        kind, message = _FAILURES.get(status, ("api_error", "Service unavailable"))
        return Refusal(status, kind, message, retry_after=retry_after)

    def capacity(self, account: Account) -> CapacityEstate:  # noqa: ARG002 - sells no capacity by the hour
        return NO_CAPACITY

    def reported_only(self, account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:
        """Charges of the cost report without a cost in the truth."""
        return costs.reported_only(account, ledger)
