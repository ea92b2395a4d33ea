"""OpenAI's administration API below `/v1`: credentials, errors and routes."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from genai_finops.simulator import page_faults
from genai_finops.simulator.capacity import NO_CAPACITY, CapacityEstate
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.noise import token
from genai_finops.simulator.openai import costs, lists, usage
from genai_finops.simulator.openai.traffic import build_account
from genai_finops.simulator.provider import ReportedCharge
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest

_USAGE = re.compile(r"/organization/usage/(\w+)")
_PROJECT_KEYS = re.compile(r"/organization/projects/([\w-]+)/api_keys")

_FAILURES = {
    401: ("invalid_request_error", "Incorrect API key provided.", "invalid_api_key"),
    403: (
        "invalid_request_error",
        "You have insufficient permissions for this operation. Missing scopes: api.usage.read.",
        "insufficient_scope",
    ),
    429: ("requests", "Rate limit reached for requests.", "rate_limit_exceeded"),
    500: ("server_error", "The server had an error while processing your request.", None),
    503: ("server_error", "The engine is currently overloaded, please try again later.", None),
}


class OpenAI:
    """The simulated OpenAI platform."""

    id = "openai"
    mount = "/openai/v1"
    faults = page_faults.KINDS
    usage_path = "usage/completions"
    request_id_header = "x-request-id"

    def addresses(self, url: str) -> Mapping[str, str]:
        """One host."""
        return {"base_url": url + self.mount}

    def account_options(self, account: Account) -> Mapping[str, str]:  # noqa: ARG002  # the key decides the account
        """None."""
        return {}

    def admin_key(self, seed: int, org: str) -> str:
        """The organisation's admin key."""
        return f"sk-admin-sim-{org}-{token(32, seed, org, 'openai admin key')}"

    def inference_key(self, seed: int, org: str) -> str:
        """A project key, which the administration API refuses."""
        return f"sk-proj-sim-{org}-{token(32, seed, org, 'openai project key')}"

    def build_account(self, scenario: Scenario, org: str) -> Account:
        """The organisation of `org`."""
        return build_account(scenario, org)

    def authorize(self, request: WireRequest, orgs: Mapping[str, str], wall_clock: dt.datetime) -> str:  # noqa: ARG002
        """The organisation that the bearer token belongs to."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            message = (
                "You didn't provide an API key. You need to provide it in an Authorization header using Bearer auth."
            )
            raise Refusal(401, "invalid_request_error", message)
        if key in orgs:
            return orgs[key]
        raise self.failure(403 if key.startswith(("sk-proj-", "sk-svcacct-")) else 401)

    def answer(self, request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
        """The body of a 200."""
        if request.method != "GET":
            raise Refusal(405, "invalid_request_error", f"Method {request.method} is not allowed for {request.path}.")
        if (found := _USAGE.fullmatch(request.path)) and found[1] in usage.ENDPOINTS:
            return usage.usage_page(found[1], request, account, ledger)
        if request.path == "/organization/costs":
            return costs.costs_page(request, account, ledger)
        if request.path == "/organization/projects":
            return lists.projects(request, account, ledger.now)
        if found := _PROJECT_KEYS.fullmatch(request.path):
            return lists.project_keys(found[1], request, account, ledger.now)
        if request.path == "/organization/users":
            return lists.users(request, account)
        raise Refusal(404, "invalid_request_error", f"Invalid URL (GET /v1{request.path})")

    def spoil(self, fault: Fault, payload: dict[str, Any], request: WireRequest) -> None:
        """Applies a page fault."""
        page_faults.spoil(fault, payload, request)

    def without_fault_token(self, request: WireRequest) -> WireRequest:
        """The request without a page token of these faults."""
        return page_faults.without_fault_token(request)

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]:  # noqa: ARG002  # it is in the header only
        """OpenAI's error envelope."""
        error = {"message": refusal.message, "type": refusal.kind, "param": refusal.param, "code": refusal.code}
        return {"error": error}

    def failure(self, status: int, *, retry_after: str | None = None) -> Refusal:
        """The wording of a status."""
        kind, message, code = _FAILURES.get(
            status, ("server_error", "The server is overloaded or not ready yet.", None)
        )
        return Refusal(status, kind, message, code=code, retry_after=retry_after)

    def capacity(self, account: Account) -> CapacityEstate:  # noqa: ARG002 - sells no capacity by the hour
        return NO_CAPACITY

    def reported_only(self, account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:
        """Charges of the costs endpoint without a cost in the truth."""
        return costs.reported_only(account, ledger)
