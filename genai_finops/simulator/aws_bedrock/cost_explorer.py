"""Cost Explorer's GetCostAndUsage over json 1.1: quantities of usage types by day, as far as the bill has come."""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from genai_finops.simulator.infrastructure_bill import RentedMachines, begun
from genai_finops.simulator.ledger import Ledger, midnight
from genai_finops.simulator.noise import draw
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireAnswer, WireRequest, encode

TARGET = "AWSInsightsIndexService"
CONTENT_TYPE = "application/x-amz-json-1.1"
#: The only region that the API has.
API_REGION = "us-east-1"

_US, _EU = "us-east-1", "eu-central-1"
_PARAMETERS = {"TimePeriod", "Granularity", "Metrics", "GroupBy", "Filter", "NextPageToken", "BillingViewArn"}
_METRICS = {"UsageQuantity"}
_KEYS = {"LINKED_ACCOUNT", "USAGE_TYPE", "REGION", "SERVICE"}
_MAX_GROUPS = 2
#: Groups on one page: few, so that there is always paging.
_LISTED = 9
_SERVICES = (
    ("ml.", "Amazon SageMaker"),
    ("-tokens", "Amazon Bedrock"),
    ("", "Amazon Elastic Compute Cloud - Compute"),
)
#: The bill of a month is closed on this day of the next one.
_CLOSED_ON = 5

Payload = dict[str, Any]


@lru_cache(maxsize=64)
def rented_of(scenario: Scenario, org: str) -> tuple[RentedMachines, ...]:
    """Everything on the bill of `org` that is counted in hours, and some that is not."""
    first = midnight(scenario.first_day)
    shift = dt.timedelta(minutes=draw(scenario.seed, org, "instances") % 50, seconds=23)

    def rented(
        label: str, region: str, days: tuple[float, float], count: int, variant: str | None, **more: str
    ) -> RentedMachines:
        start, end = (first + dt.timedelta(days=day) for day in days)
        return RentedMachines(
            label=label, region=region, start=start + shift, end=end, count=count, variant=variant, **more
        )

    return begun(
        (
            rented("USE1-BoxUsage:p5.48xlarge", _US, (4.25, 9.5), 2, "p5.48xlarge"),
            # In us-east-1 the usage types of older accounts have no prefix.
            rented("BoxUsage:p5.48xlarge", _US, (9, 9.25), 1, "p5.48xlarge"),
            rented("EUC1-SpotUsage:g5.12xlarge", _EU, (6.1, 11.7), 3, "g5.12xlarge", service_tier="spot"),
            rented("USE1-BoxUsage:trn1.32xlarge", _US, (20, 21), 1, "trn1.32xlarge"),
            rented("USE1-Train:ml.p5.48xlarge", _US, (12.3, 13.1), 1, "ml.p5.48xlarge", work="training"),
            rented("EUC1-Host:ml.g5.xlarge", _EU, (2, 90), 2, "ml.g5.xlarge", work="prediction"),
            rented("USE1-BoxUsage:m7i.large", _US, (0, 90), 5, None),
            rented("USE1-EBSOptimized:g5.12xlarge", _US, (6.1, 11.7), 3, None),
            rented("USE1-Host:ml.m5.large", _US, (1, 90), 1, None),
            rented("USE1-Claude4.6Sonnet-input-tokens", _US, (0, 90), 171, None),
            rented("EBS:VolumeUsage.gp3", "NoRegion", (0, 90), 11, None),
        ),
        scenario.last_day,
    )


def answer_cost_explorer(request: WireRequest, account: Account, ledger: Ledger) -> Payload:
    """The answer to the operation that the target header names. Raises Refusal."""
    operation = request.headers.get("x-amz-target", "").removeprefix(f"{TARGET}.")
    if request.method != "POST" or request.headers.get("content-type") != CONTENT_TYPE:
        raise Refusal(404, "UnknownOperationException", f"json 1.1 is POSTed as {CONTENT_TYPE}")
    if operation != "GetCostAndUsage":
        raise Refusal(400, "UnknownOperationException", f"Unknown operation {operation}")
    try:
        asked = json.loads(request.content)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refusal(400, "SerializationException", "the body is no JSON object")
    return _get_cost_and_usage(asked, account, ledger)


def refusal_json(refusal: Refusal) -> WireAnswer:
    """A refusal of Cost Explorer."""
    return WireAnswer(
        body=encode({"__type": f"com.amazon.aws.insights#{refusal.kind}", "Message": refusal.message}),
        status=refusal.status,
        media_type=CONTENT_TYPE,
        headers={} if refusal.retry_after is None else {"retry-after": refusal.retry_after},
    )


def _get_cost_and_usage(asked: Mapping[str, Any], account: Account, ledger: Ledger) -> Payload:
    for name in asked:
        if name not in _PARAMETERS:
            raise _invalid(f"Unknown parameter {name}")
    if asked.get("Granularity") != "DAILY" or set(asked.get("Metrics", ())) != _METRICS:
        raise _invalid("the simulator knows DAILY UsageQuantity only")
    keys = [group.get("Key") for group in asked.get("GroupBy", ())]
    if not 0 < len(keys) <= _MAX_GROUPS or not set(keys) <= _KEYS:
        raise _invalid(f"GroupBy takes one or two of {', '.join(sorted(_KEYS))}")
    first, last = _period(asked, ledger)
    wanted = _filter(asked.get("Filter"))
    entries = [
        (day, key, amount)
        for day in (first + dt.timedelta(days=n) for n in range((last - first).days))
        for key, amount in sorted(_groups(keys, wanted, account, day, ledger).items())
    ]
    position = _position(asked)
    shown = entries[position : position + _LISTED]
    is_last = position + _LISTED >= len(entries)
    days = {day for day, _, _ in shown}
    if is_last:
        # Days without a group are answered too, in the end.
        days |= {first + dt.timedelta(days=n) for n in range((last - first).days)} - {day for day, _, _ in entries}
    answer: Payload = {
        "GroupDefinitions": [{"Type": "DIMENSION", "Key": key} for key in keys],
        "ResultsByTime": [_result(day, [entry for entry in shown if entry[0] == day], ledger) for day in sorted(days)],
        "DimensionValueAttributes": [],
    }
    if not is_last:
        answer["NextPageToken"] = base64.b64encode(f"at:{position + _LISTED}".encode()).decode()
    return answer


def _groups(
    keys: list[str], wanted: Mapping[str, frozenset[str]], account: Account, day: dt.date, ledger: Ledger
) -> dict[tuple[str, ...], Decimal]:
    groups: dict[tuple[str, ...], Decimal] = {}
    for rented in rented_of(account.scenario, account.org):
        values = {
            "LINKED_ACCOUNT": account.account_id,
            "USAGE_TYPE": rented.label,
            "REGION": rented.region,
            "SERVICE": next(name for part, name in _SERVICES if part in rented.label),
            "RECORD_TYPE": "Usage",
        }
        hours = rented.hours(day, ledger.now)
        if hours and all(values[key] in found for key, found in wanted.items()):
            group = tuple(values[key] for key in keys)
            groups[group] = groups.get(group, Decimal(0)) + hours
    return groups


def _result(day: dt.date, entries: list[tuple[dt.date, tuple[str, ...], Decimal]], ledger: Ledger) -> Payload:
    closed = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=_CLOSED_ON)
    return {
        "TimePeriod": {"Start": day.isoformat(), "End": (day + dt.timedelta(days=1)).isoformat()},
        "Total": {},
        "Groups": [
            {"Keys": list(key), "Metrics": {"UsageQuantity": {"Amount": f"{amount:f}", "Unit": "N/A"}}}
            for _, key, amount in entries
        ],
        "Estimated": ledger.now.date() < closed,
    }


def _period(asked: Mapping[str, Any], ledger: Ledger) -> tuple[dt.date, dt.date]:
    period = asked.get("TimePeriod", {})
    try:
        first, last = (dt.date.fromisoformat(str(period.get(name))) for name in ("Start", "End"))
    except ValueError:
        raise _invalid("Start and End of TimePeriod are days") from None
    if first >= last:
        raise _invalid("Start date (and hour) should be before end date (and hour)")
    if last > ledger.now.date() + dt.timedelta(days=1):
        raise _invalid("End date is in the future")
    return first, last


def _filter(asked: Any) -> dict[str, frozenset[str]]:
    """Values by dimension. Raises Refusal for what the simulator does not know."""
    expressions = asked.get("And", [asked]) if isinstance(asked, dict) else []
    found = {}
    for expression in expressions:
        dimension = expression.get("Dimensions", {})
        key = dimension.get("Key")
        if set(expression) != {"Dimensions"} or key not in _KEYS | {"RECORD_TYPE"}:
            raise _invalid(f"Filter {json.dumps(expression)} is not one of dimensions")
        found[str(key)] = frozenset(dimension.get("Values", ()))
    return found


def _position(asked: Mapping[str, Any]) -> int:
    token = asked.get("NextPageToken")
    if token is None:
        return 0
    try:
        prefix, _, position = base64.b64decode(str(token), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        prefix, position = "", ""
    if prefix != "at" or not position.isdigit():
        raise Refusal(400, "InvalidNextTokenException", "The pagination token is invalid.")
    return int(position)


def _invalid(message: str) -> Refusal:
    return Refusal(400, "ValidationException", message)
