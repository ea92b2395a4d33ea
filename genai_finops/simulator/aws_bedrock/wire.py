"""AWS: four services behind one mount, signatures, errors and routes."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from genai_finops.simulator.aws_bedrock import cost_explorer, page_faults
from genai_finops.simulator.aws_bedrock.cloudwatch import CONTENT_TYPE, TARGET, answer_cloudwatch
from genai_finops.simulator.aws_bedrock.control_plane import OPERATIONS, answer_bedrock
from genai_finops.simulator.aws_bedrock.credentials import Caller, application_credential, caller_of, reader_credential
from genai_finops.simulator.aws_bedrock.price_list_api import API_REGION, answer_price_list, refusal_json
from genai_finops.simulator.aws_bedrock.provisioned import estate_of
from genai_finops.simulator.aws_bedrock.signature import claim_of, verify
from genai_finops.simulator.aws_bedrock.sts import answer_sts, refusal_xml
from genai_finops.simulator.aws_bedrock.traffic import build_account, regions_of
from genai_finops.simulator.capacity import CapacityEstate
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.provider import ReportedCharge
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireAnswer, WireRequest, encode

_ROUTE = re.compile(r"/(monitoring|bedrock|pricing|ce|sts)/([a-z0-9-]+)(/.*)")
#: Of the services whose operation is named in a header.
_ACTION_PREFIXES = {"monitoring": "cloudwatch", "pricing": "pricing", "ce": "ce"}
_FAILURES = {
    401: (403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    403: (403, "AccessDenied", "User is not authorized to perform: cloudwatch:GetMetricData"),
    # CloudWatch throttles with 400 and says no Retry-After.
    429: (400, "ThrottlingException", "Rate exceeded"),
    500: (500, "InternalServiceFault", "The request processing has failed due to an unknown error."),
}


class AwsBedrock:
    """The simulated CloudWatch, Bedrock control plane, Price List and STS of AWS."""

    id = "aws_bedrock"
    mount = "/aws_bedrock"
    faults = page_faults.KINDS
    usage_path = "/monitoring/"
    request_id_header = "x-amzn-requestid"

    def addresses(self, url: str) -> Mapping[str, str]:
        """One address for each service and region; the price list is asked in one region about all."""
        base = url + self.mount
        return {
            "base_url": f"{base}/bedrock/{{region}}",
            "monitoring_url": f"{base}/monitoring/{{region}}",
            "sts_url": f"{base}/sts/{{region}}",
            "pricing_url": f"{base}/pricing/{API_REGION}",
            "cost_explorer_url": f"{base}/ce/{cost_explorer.API_REGION}",
        }

    def account_options(self, account: Account) -> Mapping[str, str]:
        """The regions, and that machine hours are read."""
        return {"regions": ",".join(regions_of(account.scenario, account.org)), "infrastructure": "true"}

    def admin_key(self, seed: int, org: str) -> str:
        """Keys that may read usage, of some organisations through a role."""
        return reader_credential(seed, org)

    def inference_key(self, seed: int, org: str) -> str:
        """Keys without the right to read usage."""
        return application_credential(seed, org)

    def build_account(self, scenario: Scenario, org: str) -> Account:
        """The AWS account of `org`."""
        return build_account(scenario, org)

    def authorize(self, request: WireRequest, orgs: Mapping[str, str], wall_clock: dt.datetime) -> str:
        """The organisation whose keys signed the request."""
        service, region, path = _route(request)
        caller = _verified_caller(request, service, region, orgs, wall_clock)
        # STS asks for no right: AssumeRole is granted by the role's trust policy.
        if service != "sts":
            _refuse_denied(caller, _action(request, service, path), service)
        return caller.org

    def answer(self, request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any] | WireAnswer:
        """The body of a 200."""
        service, region, path = _route(request)
        if service == "sts":
            return answer_sts(request, account)
        if service == "monitoring":
            return answer_cloudwatch(request, region, account, ledger)
        if service == "pricing":
            return answer_price_list(request)
        if service == "ce":
            return cost_explorer.answer_cost_explorer(request, account, ledger)
        return answer_bedrock(request, path, region, account, ledger)

    def spoil(self, fault: Fault, payload: dict[str, Any], request: WireRequest) -> None:
        """Applies a page fault."""
        page_faults.spoil(fault, payload, request)

    def without_fault_token(self, request: WireRequest) -> WireRequest:
        """The request without a page token of these faults."""
        return page_faults.without_fault_token(request)

    def error_body(self, refusal: Refusal, request_id: str) -> WireAnswer:
        """A refusal in the wording of its service: XML of STS, JSON of the others with the code in headers as well."""
        service = refusal.path.split("/", 2)[1] if refusal.path.startswith("/") else ""
        if service == "sts":
            return refusal_xml(refusal, request_id)
        if service == "pricing":
            return refusal_json(refusal)
        if service == "ce":
            return cost_explorer.refusal_json(refusal)
        retry_after = {} if refusal.retry_after is None else {"retry-after": refusal.retry_after}
        if service == "bedrock":
            return WireAnswer(
                body=encode({"message": refusal.message}),
                status=refusal.status,
                headers={"x-amzn-errortype": f"{refusal.kind}:http://internal.amazon.com/coral/", **retry_after},
            )
        kind = f"{TARGET}#{refusal.kind}"
        fault = "Sender" if refusal.status < 500 else "Receiver"  # noqa: PLR2004
        return WireAnswer(
            body=encode({"__type": kind, "message": refusal.message, "Message": refusal.message}),
            status=refusal.status,
            media_type=CONTENT_TYPE,
            headers={
                "x-amzn-errortype": kind,
                "x-amzn-query-error": f"{refusal.kind.removesuffix('Exception')};{fault}",
                **retry_after,
            },
        )

    def failure(self, status: int, *, retry_after: str | None = None) -> Refusal:
        """AWS's wording of a status, with the status that AWS gives it."""
        real_status, code, message = _FAILURES.get(status, (503, "ServiceUnavailable", "Service is unavailable."))
        return Refusal(real_status, code, message, retry_after=retry_after)

    def capacity(self, account: Account) -> CapacityEstate:
        """Provisioned throughput."""
        return estate_of(account.scenario, account.org)

    def reported_only(self, account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:  # noqa: ARG002
        """None: CloudWatch reports no money."""
        return iter(())


def _route(request: WireRequest) -> tuple[str, str, str]:
    match = _ROUTE.fullmatch(request.path)
    if match is None:
        raise Refusal(404, "UnknownOperationException", f"no service at {request.path}")
    service, region, path = match.groups()
    return service, region, path


def _action(request: WireRequest, service: str, path: str) -> str:
    if service in _ACTION_PREFIXES:
        return f"{_ACTION_PREFIXES[service]}:{request.headers.get('x-amz-target', '').rpartition('.')[2]}"
    return f"bedrock:{OPERATIONS.get(path, 'UnknownOperation')}"


def _verified_caller(
    request: WireRequest, service: str, region: str, orgs: Mapping[str, str], wall_clock: dt.datetime
) -> Caller:
    claim = claim_of(request)
    caller = caller_of(claim.access_key_id, request.headers.get("x-amz-security-token"), orgs)
    if caller is None:
        code = "InvalidClientTokenId" if service in {"monitoring", "sts"} else "UnrecognizedClientException"
        raise Refusal(403, code, "The security token included in the request is invalid.")
    verify(request, claim, caller.keys, service=service, region=region, wall_clock=wall_clock)
    return caller


def _refuse_denied(caller: Caller, action: str, service: str) -> None:
    if caller.may_read:
        return
    code = "AccessDenied" if service == "monitoring" else "AccessDeniedException"
    message = (
        f"User: arn:aws:iam::*:user/{caller.keys.access_key_id} is not authorized to perform: {action} "
        f"because no identity-based policy allows the {action} action"
    )
    raise Refusal(400 if service in {"pricing", "ce"} else 403, code, message)
