"""Azure as a client sees it: its hosts below one mount, their credentials, errors and routes."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from genai_finops.simulator.azure_openai import (
    cost_management,
    lists,
    metrics,
    page_faults,
    reservations,
    retail_prices,
    tokens,
)
from genai_finops.simulator.azure_openai.capacity import capacity
from genai_finops.simulator.azure_openai.estate import CognitiveAccount, Estate, estate_of
from genai_finops.simulator.azure_openai.query import TOP_LEVEL
from genai_finops.simulator.azure_openai.traffic import PROVIDER, build_account
from genai_finops.simulator.capacity import CapacityEstate
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.provider import ReportedCharge
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireAnswer, WireRequest

_ARM, _DATA_PLANE, _LOGIN = "/arm", "/metrics", "/login"
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)(/.*)?")
_ACCOUNTS = re.compile(r"/subscriptions/[^/]+/providers/microsoft\.cognitiveservices/accounts", re.IGNORECASE)
_RESOURCE = re.compile(
    r"(/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.cognitiveservices/accounts/[^/]+)"
    r"/(deployments|providers/microsoft\.insights/metrics|providers/microsoft\.insights/metricdefinitions)",
    re.IGNORECASE,
)
_ORDERS = re.compile(r"/providers/microsoft\.capacity/reservationorders(?:/([^/]+)(/.+))?", re.IGNORECASE)
_TRANSACTIONS = re.compile(
    r"/providers/microsoft\.billing/billingaccounts/([^/]+)/providers/microsoft\.consumption/reservationtransactions",
    re.IGNORECASE,
)
_BATCH = re.compile(r"/([a-z0-9]+)(/subscriptions/[^/]+)/metrics:getBatch", re.IGNORECASE)
_FAILURES = {
    401: ("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time."),
    403: ("AuthorizationFailed", "The client does not have authorization to perform the action over the scope."),
    429: ("TooManyRequests", "The request is being throttled as the limit has been reached for this operation."),
    500: ("InternalServerError", "The server encountered an internal error. Please retry the request."),
    503: ("ServiceUnavailable", "The service is unavailable."),
    529: ("Throttled", "The metrics back end is throttled."),
}


class AzureOpenAI:
    """The simulated Azure."""

    id = PROVIDER
    mount = "/azure_openai"
    faults = page_faults.KINDS
    #: Of both routes, but not of the definitions.
    usage_path = "/metrics"
    request_id_header = "x-ms-request-id"

    def __init__(self) -> None:
        self._retail_throttle = retail_prices.Throttle()

    def addresses(self, url: str) -> Mapping[str, str]:
        """Resource Manager, Entra, the data planes of the regions, and the public price list."""
        return {
            "base_url": f"{url}{self.mount}{_ARM}",
            "auth_url": f"{url}{self.mount}{_LOGIN}",
            "metrics_url": f"{url}{self.mount}{_DATA_PLANE}/{{region}}",
            "retail_prices_url": f"{url}{self.mount}{retail_prices.HOST}",
        }

    def account_options(self, account: Account) -> Mapping[str, str]:
        """Who pays for reservations, and that machine hours are read."""
        payer = reservations.billing_account_of(account.scenario, account.org)
        return {"billing_account": payer, "infrastructure": "true"}

    def admin_key(self, seed: int, org: str) -> str:
        """An app with the roles Reader, Monitoring Reader, Reservations Reader and Enrollment Reader."""
        # The tenant does not depend on the days of the scenario.
        return tokens.credential(seed, org, estate_of(Scenario(seed=seed), org).tenant_id)

    def inference_key(self, seed: int, org: str) -> str:
        """An app without a role."""
        return tokens.without_role(self.admin_key(seed, org))

    def build_account(self, scenario: Scenario, org: str) -> Account:
        """The subscription of `org`."""
        return build_account(scenario, org)

    def authorize(self, request: WireRequest, orgs: Mapping[str, str], wall_clock: dt.datetime) -> str:
        """The organisation of a client's secret at the token endpoint, or of a bearer token elsewhere.

        The price list asks for none and is the same for everyone: it is answered as for the first organisation.
        """
        if request.path.startswith(retail_prices.HOST):
            return next(iter(orgs.values()))
        if request.path.startswith(_LOGIN):
            return tokens.identify_client(request, orgs)[0]
        is_data_plane = request.path.startswith(_DATA_PLANE)
        audience = tokens.METRICS_AUDIENCE if is_data_plane else tokens.ARM_AUDIENCE
        org, may_read = tokens.identify_bearer(request.headers.get("authorization", ""), audience, orgs, wall_clock)
        if may_read:
            return org
        if is_data_plane:
            raise Refusal(401, "AuthorizationFailed", "The client has no Monitoring Reader on the subscription.")
        raise self.failure(403)

    def answer(self, request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any] | WireAnswer:
        """The body of a 200, or a whole answer."""
        scenario = account.scenario
        if request.path.startswith(retail_prices.HOST):
            return retail_prices.answer(request, self._retail_throttle)
        if request.path.startswith(_LOGIN):
            admin = self.admin_key(scenario.seed, account.org)
            _, audience, may_read = tokens.identify_client(request, {admin: account.org})
            # A token expires by the real clock, as authorize checks it.
            return tokens.token_answer(admin, audience, may_read=may_read, wall_clock=dt.datetime.now(dt.UTC))
        if cost_management.answers(request.path):
            return cost_management.query(request, account, ledger)
        estate = estate_of(scenario, account.org)
        if request.path.startswith(_DATA_PLANE):
            return _data_plane(request, estate, account, ledger)
        return _resource_manager(request, estate, account, ledger)

    def spoil(self, fault: Fault, payload: dict[str, Any], request: WireRequest) -> None:
        """Applies a page fault."""
        page_faults.spoil(fault, payload, request)

    def without_fault_token(self, request: WireRequest) -> WireRequest:
        """The request without a token of these faults."""
        return page_faults.without_fault_token(request)

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any] | WireAnswer:
        """Entra's envelope, the one of Monitor's single-resource route, or Resource Manager's."""
        if refusal.param == tokens.ENTRA:
            return {
                "error": refusal.kind,
                "error_description": refusal.message,
                "error_codes": [int(refusal.code or 0)],
                "timestamp": "2026-11-20 10:00:00Z",
                "trace_id": request_id,
                "correlation_id": request_id,
            }
        if cost_management.answers(refusal.path) and refusal.status == 429:  # noqa: PLR2004
            return cost_management.throttled(refusal)
        error: dict[str, Any] = {"code": refusal.kind, "message": refusal.message}
        return error if refusal.param == TOP_LEVEL else {"error": error}

    def failure(self, status: int, *, retry_after: str | None = None) -> Refusal:
        """The wording of a status."""
        kind, message = _FAILURES.get(status, ("ServiceUnavailable", "The service is unavailable."))
        return Refusal(status, kind, message, retry_after=retry_after)

    def capacity(self, account: Account) -> CapacityEstate:
        """Provisioned throughput and its reservations."""
        return capacity(account)

    def reported_only(self, account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:  # noqa: ARG002
        """None: there is no cost report here."""
        return iter(())


def _own(path: str, estate: Estate) -> None:
    found = _SUBSCRIPTION.fullmatch(path)
    if found is None or found[1].lower() != estate.subscription_id:
        named = found[1] if found else path
        raise Refusal(404, "SubscriptionNotFound", f"The subscription '{named}' could not be found.")


def _data_plane(request: WireRequest, estate: Estate, account: Account, ledger: Ledger) -> dict[str, Any]:
    found = _BATCH.fullmatch(request.path.removeprefix(_DATA_PLANE))
    if found is None or request.method != "POST":
        raise Refusal(404, "NotFound", f"No route answers {request.method} {request.path}.")
    _own(found[2], estate)
    return metrics.batch(request, found[1].lower(), estate, account, ledger)


def _resource_manager(request: WireRequest, estate: Estate, account: Account, ledger: Ledger) -> dict[str, Any]:
    path = request.path.removeprefix(_ARM)
    if request.method != "GET":
        raise Refusal(405, "MethodNotAllowed", f"The method {request.method} is not allowed for {path}.")
    if path.lower().startswith("/providers/"):
        return _tenant(request, path, account, ledger)
    _own(path, estate)
    if _ACCOUNTS.fullmatch(path):
        return lists.accounts(request, estate)
    found = _RESOURCE.fullmatch(path)
    if found is None:
        raise Refusal(404, "InvalidResourceType", f"The resource type could not be found: {path}")
    resource = _resource(found[1], estate)
    match found[2].lower().rpartition("/")[2]:
        case "deployments":
            return lists.deployments(request, resource, estate, ledger.now)
        case "metrics":
            return metrics.single(request, resource, account, ledger)
    return lists.definitions(request, resource)


def _tenant(request: WireRequest, path: str, account: Account, ledger: Ledger) -> dict[str, Any]:
    paid = _TRANSACTIONS.fullmatch(path)
    if paid is not None:
        return reservations.transactions(request, paid[1], account, ledger.now)
    found = _ORDERS.fullmatch(path)
    if found is not None and found[1] is None:
        return reservations.orders(request, account, ledger.now)
    if found is not None and found[2].lower() == "/reservations":
        return reservations.reservations(request, found[1], account, ledger.now)
    if found is not None and found[2].lower() == "/providers/microsoft.consumption/reservationsummaries":
        return reservations.summaries(request, found[1], account, ledger.now)
    raise Refusal(404, "InvalidResourceType", f"The resource type could not be found: {path}")


def _resource(path: str, estate: Estate) -> CognitiveAccount:
    resource = estate.account_at(path)
    if resource is None:
        raise Refusal(404, "ResourceNotFound", f"The resource '{path}' was not found.")
    return resource
