"""AWS Cost Explorer: hours of EC2 and SageMaker instances with accelerators, by usage type, region and day.

The bill prices instances, so that instance hours are read and no accelerators in them. Each answer costs 0.01 USD.
"""

import datetime as dt
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, cast

from genai_finops.providers.aws_auth import SIGNED_FOR
from genai_finops.providers.aws_errors import classify_aws, error_codes
from genai_finops.providers.base import (
    MalformedPageError,
    Page,
    ProbeCheck,
    TransientProviderError,
    UsageRow,
    Window,
)
from genai_finops.providers.bedrock_source import BedrockAccountOptions, BedrockSource, words_of
from genai_finops.providers.cloudwatch import next_token_pages
from genai_finops.providers.machine_time import rounded_rows
from genai_finops.providers.records import Record, UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import Options

log = logging.getLogger(__name__)

COSTS = "ce/GetCostAndUsage"

_TARGET = "AWSInsightsIndexService.GetCostAndUsage"
_METRIC = "UsageQuantity"
_GROUPS = ("USAGE_TYPE", "REGION")
_ANSWER_FIELDS = frozenset({"GroupDefinitions", "ResultsByTime", "DimensionValueAttributes", "NextPageToken"})
_RESULT_FIELDS = frozenset({"TimePeriod", "Total", "Groups", "Estimated"})
#: Cost Explorer says N/A of quantities that are grouped by usage type.
_UNITS = frozenset({"n/a", "hrs", "hours", "hour"})
_PASSING = frozenset({"DataUnavailableException", "RequestChangedException", "BillingViewHealthStatusException"})
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
#: `USE1-BoxUsage:p5.48xlarge`, `EUC1-Host:ml.g5.xlarge`; in us-east-1 the first part may be missing.
_USAGE_TYPE = re.compile(
    r"(?:[A-Z]{2,4}\d{0,2}-)?(?P<kind>[A-Za-z:-]+?)[:-](?P<instance>(?:ml\.)?[a-z0-9-]+\.[a-z0-9-]+)"
)
#: Families with GPUs (p, g, gr), Trainium, Inferentia or Gaudi, known or to come.
_ACCELERATED = re.compile(r"(?:ml\.)?(?:p|g|gr|trn|inf|dl)\d[a-z0-9-]*\.")
_EC2 = {"BoxUsage": "standard", "SpotUsage": "spot"}
#: What is charged beside an instance's hours, by the same hours.
_SURCHARGES = frozenset({"EBSOptimized"})
_SAGEMAKER = {"Train": "training", "SpotTrain": "training", "Host": "prediction", "Tsform": "prediction"}
_DAY = dt.timedelta(days=1)


class AwsInfrastructureOptions(Options):
    """Options of the flow."""

    #: The region in cost_explorer_url.
    api_region: str = "us-east-1"
    #: Kinds of charges, parted by commas.
    record_types: str = "Usage"
    #: Names of services, parted by commas, that are asked for; empty for all.
    services: str = ""


@dataclass(frozen=True, slots=True)
class InstanceUse:
    """What a usage type says: the instance, how it was bought, and the work that it did."""

    instance: str
    service_tier: str
    work: str


@register
class AwsInfrastructure(BedrockSource):
    """Instance hours of one AWS account by UTC day, region and instance type."""

    flow: ClassVar[str] = "infrastructure"
    options_model: ClassVar[type[Options]] = AwsInfrastructureOptions
    namespaces: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def classify(status: int, headers: Any, body: Any) -> Verdict:
        """By code; data that are being prepared are there later."""
        if error_codes(headers, body) & _PASSING:
            return Verdict(TransientProviderError, "run the partition again later")
        return classify_aws(status, headers, body)

    @property
    def _options(self) -> AwsInfrastructureOptions:
        return cast("AwsInfrastructureOptions", self.read_options(self.flow_config))

    @property
    def _is_read(self) -> bool:
        return cast("BedrockAccountOptions", self.account_options).infrastructure

    def fetch(self, window: Window) -> Iterator[Page]:
        """One series of requests for the whole window, because each of them is charged for. Raises ProviderError.

        Nothing is asked for an account without the option `infrastructure`.
        """
        self.refuse_future(window)
        if not self._is_read:
            return
        for part in window.split(self.flow_config.window_days):
            yield from self._costs(part)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """That the keys are of the account, and the action of the policy; nothing for an account that is not read."""
        if not self._is_read:
            return ()

        def read() -> str:
            yesterday = now.date() - _DAY
            page = next(self._costs(Window.of_days(yesterday, yesterday)))
            return f"answers, for 0.01 USD; {len(page.content.get('ResultsByTime', ()))} day"

        needs = "ce:GetCostAndUsage in an IAM policy of the principal"
        return (
            ProbeCheck(name="sts:GetCallerIdentity", needs="keys of this account", run=self._check_identity),
            ProbeCheck(name="ce:GetCostAndUsage", needs=needs, run=read),
        )

    def _costs(self, window: Window) -> Iterator[Page]:
        region = self._options.api_region
        body = self._body(window)

        def ask(token: str | None) -> Page:
            asked = body if token is None else {**body, "NextPageToken": token}
            return self.session.request(
                "POST",
                "/",
                source=COSTS,
                host="cost_explorer_url",
                headers={
                    "Content-Type": "application/x-amz-json-1.1",
                    "X-Amz-Target": _TARGET,
                    SIGNED_FOR: f"ce/{region}",
                },
                content=json.dumps(asked, separators=(",", ":")).encode(),
                recorded={"start": window.start.isoformat(), "end": window.end.isoformat()},
            )

        subject = f"{self.provider} {COSTS}"
        return next_token_pages(ask, field="NextPageToken", subject=subject, max_pages=self.flow_config.max_pages)

    def _body(self, window: Window) -> dict[str, Any]:
        wanted = {
            # A payer sees the accounts of its whole organisation.
            "LINKED_ACCOUNT": [self.account_id],
            "RECORD_TYPE": list(words_of(self._options.record_types)),
            "SERVICE": list(words_of(self._options.services)),
        }
        filters = [{"Dimensions": {"Key": key, "Values": values}} for key, values in wanted.items() if values]
        return {
            "TimePeriod": {"Start": window.start.date().isoformat(), "End": window.end.date().isoformat()},
            "Granularity": "DAILY",
            "Metrics": [_METRIC],
            "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in _GROUPS],
            "Filter": {"And": filters} if len(filters) > 1 else filters[0],
        }

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Rows by day, region and instance type. Raises MalformedPageError, also where a day is missing."""
        unknown = UnknownFields()
        unread: Counter[str] = Counter()
        totals = UsageTotals()
        days: set[dt.date] = set()
        seen: set[tuple[dt.date, str, str]] = set()
        for page in pages:
            if page.source != COSTS:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
            answer = Record.of(page.content, provider=self.provider, page=page, place="body")
            unknown.add(answer, _ANSWER_FIELDS)
            for result in answer.children("ResultsByTime"):
                unknown.add(result, _RESULT_FIELDS)
                day = _day(result, window)
                days.add(day)
                for group in result.children("Groups"):
                    usage_type, region, quantity = _group(group)
                    # Pages go on within a day, but say nothing twice.
                    if (day, usage_type, region) in seen:
                        group.fail(f"{usage_type} of {day.isoformat()} in {region} comes twice")
                    seen.add((day, usage_type, region))
                    use = instance_use(usage_type)
                    if use is not None:
                        totals.add(_row(day, use, region, quantity, page=page.sha256))
                    elif _accelerated(usage_type) is not None:
                        unread[usage_type] += 1
        missing = sorted(set(window.days) - days)
        if missing:
            raise MalformedPageError(
                f"{self.provider} {COSTS}: no answer for {len(missing)} of {len(window.days)} days, the first "
                f"{missing[0].isoformat()}; a page is missing"
            )
        unknown.report()
        for usage_type, count in sorted(unread.items()):
            log.warning("provider=%s usage_type=%s days=%d: its hours are not read", self.provider, usage_type, count)
        return rounded_rows(totals)


def instance_use(usage_type: str) -> InstanceUse | None:
    """What a usage type says of an instance with accelerators; None for other instances and for other charges."""
    found = _accelerated(usage_type)
    if found is None:
        return None
    kind, instance = found
    if instance.startswith("ml."):
        return InstanceUse(instance, "spot" if kind.startswith("Spot") else "standard", _SAGEMAKER.get(kind, "compute"))
    return InstanceUse(instance, _EC2[kind], "compute") if kind in _EC2 else None


def _accelerated(usage_type: str) -> tuple[str, str] | None:
    """What is charged of an instance with accelerators, and the instance; None for everything else."""
    found = _USAGE_TYPE.fullmatch(usage_type)
    if found is None or found["kind"] in _SURCHARGES or not _ACCELERATED.match(found["instance"]):
        return None
    return found["kind"], found["instance"]


def _day(result: Record, window: Window) -> dt.date:
    period = result.child("TimePeriod")
    try:
        start, end = (dt.date.fromisoformat(str(period.text(name))) for name in ("Start", "End"))
    except ValueError:
        period.fail(f"Start {period.content.get('Start')!r} or End {period.content.get('End')!r} is no day")
    if end - start != _DAY or start not in window.days:
        period.fail(f"{start.isoformat()} to {end.isoformat()} is no day of the window")
    return start


def _group(group: Record) -> tuple[str, str, Decimal]:
    keys = group.required("Keys")
    if not isinstance(keys, list) or len(keys) != len(_GROUPS) or not all(isinstance(key, str) for key in keys):
        group.fail(f"field Keys is {keys!r}, not a usage type and a region")
    metric = group.child("Metrics").child(_METRIC)
    usage_type, region = keys
    text = metric.text("Amount")
    try:
        quantity = Decimal(text or "")
    except InvalidOperation:
        metric.fail(f"Amount is {text!r}, no number as text")
    if _accelerated(usage_type) is not None:
        if not quantity.is_finite() or quantity < 0:
            metric.fail(f"Amount is {text!r} of {usage_type}, not a number of hours")
        unit = str(metric.content.get("Unit"))
        if unit.lower() not in _UNITS:
            metric.fail(f"Unit is {unit!r} of {usage_type}, not hours")
    return usage_type, region, quantity


def _row(day: dt.date, use: InstanceUse, region: str, quantity: Decimal, *, page: str) -> UsageRow:
    start = dt.datetime.combine(day, dt.time(0), tzinfo=dt.UTC)
    return UsageRow(
        period_start=start,
        period_end=start + _DAY,
        meter="node_hour",
        quantity=quantity,
        page=page,
        service_tier=use.service_tier,
        provider_service_tier=use.work,
        region_id=region if _REGION.fullmatch(region) else None,
        variant=use.instance,
    )
