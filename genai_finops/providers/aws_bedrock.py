"""AWS Bedrock: tokens per model from CloudWatch, region by region, and the inference profiles behind them."""

import datetime as dt
import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, cast

import httpx
from pydantic import AfterValidator

from genai_finops.providers.aws_auth import SIGNED_FOR, AwsAuth, credential_of
from genai_finops.providers.aws_errors import classify_aws
from genai_finops.providers.base import (
    Account,
    CredentialError,
    MalformedPageError,
    Page,
    PermanentProviderError,
    ProbeCheck,
    ProviderResource,
    TransientProviderError,
    UsageRow,
    Window,
)
from genai_finops.providers.bedrock_models import PROFILE
from genai_finops.providers.bedrock_profiles import PROFILES, TAGS, listed_profiles, tags_by_arn
from genai_finops.providers.bedrock_usage import (
    MANTLE,
    METERS,
    MODEL_DIMENSION,
    PROVIDER,
    RUNTIME,
    Sums,
    check_totals,
    metrics_to_ask,
    refuse_unknown,
    unknown_dimensions,
    usage_rows,
)
from genai_finops.providers.cloudwatch import (
    METRIC_DATA,
    METRICS,
    CloudWatch,
    Metric,
    listed,
    next_token_pages,
    points,
)
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.http import AuthContext
from genai_finops.providers.records import UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import HttpUsageSource, Options

log = logging.getLogger(__name__)

#: Type of the resources that remember a series of metrics, for the time when ListMetrics has forgotten it.
_SERIES = "Model"
_NAMESPACES = (RUNTIME, MANTLE)

_ACCOUNT_ID = re.compile(r"\d{12}")
_ROLE_ACCOUNT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):role/.*")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
#: Hourly sums, from which daily ones are made, are kept this long.
_RETENTION = dt.timedelta(days=455)
#: Reads of the totals and their parts before usage is taken to be in motion.
_READS = 3


def _are_regions(text: str) -> str:
    regions = _split(text)
    if not regions or len(set(regions)) != len(regions) or not all(_REGION.fullmatch(region) for region in regions):
        raise ValueError("must be different regions, parted by commas, such as us-east-1,eu-central-1")
    return text


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class BedrockOptions(Options):
    """Options of the flow."""

    #: Seconds of one sum.
    period_seconds: Literal[3600, 86400] = 86400
    #: False for a principal that may not list them: their usage then has no model.
    inference_profiles: bool = True
    #: False where tags are not needed; they cost one request for each profile.
    profile_tags: bool = True
    #: False where the series without dimensions counts other things than the models' own.
    control_totals: bool = True
    #: Names of metrics, parted by commas, that are no usage although their name looks like it.
    ignored_metrics: str = ""


class BedrockAccountOptions(Options):
    """Options of an AWS account."""

    #: Regions that are read, parted by commas.
    regions: Annotated[str, AfterValidator(_are_regions)]
    #: Further ModelIds to ask for in each region, parted by commas: those that ListMetrics has forgotten.
    model_ids: str = ""


@register
class BedrockUsage(HttpUsageSource):
    """On-demand usage of one AWS account, by period, region, model, profile, service tier and project."""

    provider: ClassVar[str] = PROVIDER
    flow: ClassVar[str] = "payg"
    options_model: ClassVar[type[Options]] = BedrockOptions
    account_options_model: ClassVar[type[Options]] = BedrockAccountOptions

    @staticmethod
    def classify(status: int, headers: Any, body: Any) -> Verdict:
        """By code: CloudWatch throttles with 400."""
        return classify_aws(status, headers, body)

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:
        """Signature Version 4. Raises CredentialError also for a role of another account."""
        credential = credential_of(secret, provider=cls.provider)
        account = context.account
        role = _ROLE_ACCOUNT.fullmatch(credential.role_arn or "")
        if role and account.id and role.group(1) != account.id:
            raise CredentialError(
                f"{cls.provider}: the credential's role_arn is of account {role.group(1)}, not {account.id}; "
                f"store it for its own account"
            )
        options = cast("BedrockAccountOptions", cls.read_account_options(account))
        region = _split(options.regions)[0]
        sts_url = config.host("sts_url", {"region": region})
        return AwsAuth(credential, context, provider=cls.provider, sts_url=sts_url, sts_region=region)

    @classmethod
    def check_secret(cls, secret: str) -> None:
        """Raises CredentialError for what is no credential of AWS."""
        credential_of(secret, provider=cls.provider)

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        """The secret key and the session token, and the text as a whole."""
        credential = credential_of(secret, provider=cls.provider)
        parts = (secret, secret.strip(), credential.secret_access_key, credential.session_token)
        return tuple(part for part in parts if part)

    @property
    def _options(self) -> BedrockOptions:
        return cast("BedrockOptions", self.read_options(self.flow_config))

    @property
    def _regions(self) -> tuple[str, ...]:
        return _split(cast("BedrockAccountOptions", self.account_options).regions)

    @property
    def _cloudwatch(self) -> CloudWatch:
        return CloudWatch(
            self.session, provider=self.provider, host="monitoring_url", max_pages=self.flow_config.max_pages
        )

    def fetch(self, window: Window) -> Iterator[Page]:
        """Profiles, metrics and sums of each region. Raises ProviderError.

        Where the models do not add up to the total, it is read again: TransientProviderError where usage is in motion.
        """
        self._refuse_forgotten(window, self.refuse_future(window))
        for region in self._regions:
            if self._options.inference_profiles:
                yield from self._list_profiles(region)
            listing = [page for namespace in _NAMESPACES for page in self._cloudwatch.list_metrics(region, namespace)]
            yield from listing
            series = self._series(region, listed(listing, provider=self.provider, unknown=UnknownFields()))
            metrics = metrics_to_ask(series, with_totals=self._options.control_totals)
            for part in window.split(self.flow_config.window_days):
                yield from self._read_settled(region, metrics, part)

    def account(self) -> Account | None:
        """The AWS account of the keys, by STS. Raises ProviderError."""
        identity = cast("AwsAuth", self.session.auth).caller_identity()
        if not _ACCOUNT_ID.fullmatch(identity.account_id):
            raise MalformedPageError(f"{self.provider} sts GetCallerIdentity: Account is no id of 12 digits")
        return Account(id=identity.account_id, name=identity.account_id)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """That the keys are of the account, and each action of the policy in each region."""
        found = [ProbeCheck(name="sts:GetCallerIdentity", needs="keys of this account", run=self._check_identity)]
        for region in self._regions:
            checks = [("cloudwatch:ListMetrics", self._check_list), ("cloudwatch:GetMetricData", self._check_data)]
            if self._options.inference_profiles:
                checks.append(("bedrock:ListInferenceProfiles", self._check_profiles))
            for action, check in checks:
                found.append(
                    ProbeCheck(
                        name=f"{action} {region}",
                        needs=f"{action} in an IAM policy of the principal",
                        run=lambda check=check, region=region: check(region, now),  # type: ignore[misc]
                    )
                )
        return tuple(found)

    def _check_identity(self) -> str:
        account = self.account()
        found = account.id if account else ""
        if found != self.account_id:
            raise CredentialError(
                f"{self.provider}: the keys are of account {found}, not of {self.account_id}; store those of "
                f"{self.account_id}, or a role_arn of it"
            )
        return f"account {found}"

    def _check_list(self, region: str, _: dt.datetime) -> str:
        pages = [next(self._cloudwatch.list_metrics(region, namespace)) for namespace in _NAMESPACES]
        found = list(listed(pages, provider=self.provider, unknown=UnknownFields()))
        return f"{len(found)} metrics with data in the last two weeks"

    def _check_data(self, region: str, now: dt.datetime) -> str:
        yesterday = Window.of_days(now.date() - dt.timedelta(days=1), now.date() - dt.timedelta(days=1))
        metric = Metric(RUNTIME, "Invocations", ())
        pages = list(self._cloudwatch.sums(region, [metric], yesterday, 86400))
        sums = points(pages, yesterday, provider=self.provider, unknown=UnknownFields())
        counts = [point.value for series in sums.values() for point in series.values()]
        return f"{sum(counts)} invocations yesterday" if counts else "answers; no total of yesterday"

    def _check_profiles(self, region: str, _: dt.datetime) -> str:
        profiles = list(listed_profiles([next(self._profile_pages(region))], UnknownFields()))
        if profiles and self._options.profile_tags:
            self._tags_page(region, profiles[0][1])
            return "answers, with the tags of a profile"
        return "answers" if profiles else "answers; no profile whose tags could be read"

    def _refuse_forgotten(self, window: Window, now: dt.datetime) -> None:
        kept_since = now - _RETENTION
        earliest = kept_since.date() + dt.timedelta(days=1)
        if window.start.date() < earliest:
            raise PermanentProviderError(
                f"{self.provider} {self.flow}: CloudWatch keeps hourly sums for {_RETENTION.days} days, and "
                f"{window.start.date().isoformat()} is gone; the earliest whole day is {earliest.isoformat()}"
            )

    def _series(self, region: str, found: Iterable[tuple[str, Metric]]) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
        """Namespace and dimensions of all series with a model: listed, remembered, and named by the account."""
        series = {
            (metric.namespace, metric.dimensions)
            for _, metric in found
            if metric.namespace in METERS
            and any(name == MODEL_DIMENSION[metric.namespace] for name, _ in metric.dimensions)
        }
        for state in self.known_resources:
            resource = state.resource
            namespace = resource.tags.get("Namespace", "")
            if resource.resource_type == _SERIES and resource.region_id == region and namespace in METERS:
                dimensions = ((name, value) for name, value in resource.tags.items() if name != "Namespace")
                series.add((namespace, tuple(sorted(dimensions))))
        for model_id in _split(cast("BedrockAccountOptions", self.account_options).model_ids):
            series.add((RUNTIME, ((MODEL_DIMENSION[RUNTIME], model_id),)))
        return series

    def _read_settled(self, region: str, metrics: Sequence[Metric], window: Window) -> list[Page]:
        before: list[bytes] = []
        for _ in range(_READS):
            pages = list(self._cloudwatch.sums(region, metrics, window, self._options.period_seconds))
            try:
                if self._options.control_totals:
                    check_totals(points(pages, window, provider=self.provider, unknown=UnknownFields()))
            except MalformedPageError:
                bodies = [page.body for page in pages]
                if bodies != before:
                    before = bodies
                    continue
            # What is wrong twice is not in motion: normalising the pages says what it is.
            return pages
        raise TransientProviderError(
            f"{self.provider} {METRIC_DATA} {region}: usage of {window.start.date().isoformat()} to "
            f"{window.days[-1].isoformat()} changed during each of {_READS} reads; run the partition again later"
        )

    def _profile_pages(self, region: str) -> Iterator[Page]:
        def ask(token: str | None) -> Page:
            params = [("type", "APPLICATION"), ("maxResults", str(self.flow_config.page_entries))]
            return self.session.get(
                "/inference-profiles",
                source=PROFILES,
                params=params if token is None else [*params, ("nextToken", token)],
                headers={SIGNED_FOR: f"bedrock/{region}"},
                place={"region": region},
                recorded={"region": region},
            )

        subject = f"{self.provider} {PROFILES} {region}"
        return next_token_pages(ask, field="nextToken", subject=subject, max_pages=self.flow_config.max_pages)

    def _tags_page(self, region: str, arn: str) -> Page:
        return self.session.request(
            "POST",
            "/listTagsForResource",
            source=TAGS,
            headers={SIGNED_FOR: f"bedrock/{region}", "Content-Type": "application/json"},
            content=json.dumps({"resourceARN": arn}).encode(),
            place={"region": region},
            recorded={"region": region, "arn": arn},
        )

    def _list_profiles(self, region: str) -> Iterator[Page]:
        pages = list(self._profile_pages(region))
        yield from pages
        if self._options.profile_tags:
            for _, arn in listed_profiles(pages, UnknownFields()):
                yield self._tags_page(region, arn)

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        """The application inference profiles with model and tags, and the series of metrics that were listed."""
        tags = tags_by_arn(pages)
        for profile, arn in listed_profiles(pages, UnknownFields()):
            yield replace(profile, tags=tags.get(arn, {}))
        seen: set[str] = set()
        for region, metric in self._listed(pages):
            dimensions = dict(metric.dimensions)
            model = dimensions.get(MODEL_DIMENSION.get(metric.namespace, ""))
            words = "/".join(f"{name}={value}" for name, value in metric.dimensions)
            identifier = f"{region}/{metric.namespace}/{words}".lower()
            if model is not None and identifier not in seen:
                seen.add(identifier)
                yield ProviderResource(
                    resource_type=_SERIES,
                    resource_id=identifier,
                    resource_name=model,
                    region_id=region,
                    provider_model_id=model,
                    tags={"Namespace": metric.namespace, **dimensions},
                )

    def _listed(self, pages: Sequence[Page]) -> Iterator[tuple[str, Metric]]:
        lists = (page for page in pages if page.source == METRICS)
        return listed(lists, provider=self.provider, unknown=UnknownFields())

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Disjoint meters per period and key. Raises MalformedPageError, also where models miss the total."""
        unknown = UnknownFields()
        for page in pages:
            if page.source not in {PROFILES, TAGS, METRICS, METRIC_DATA}:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
        profiles = self._known_profiles() | {
            profile.resource_id: profile for profile, _ in listed_profiles(pages, unknown)
        }
        self._check_listed(pages, unknown)
        data = [page for page in pages if page.source == METRIC_DATA]
        sums: Sums = points(data, window, provider=self.provider, unknown=unknown)
        if self._options.control_totals:
            check_totals(sums)
        totals = UsageTotals()
        for row in usage_rows(sums, profiles, dt.timedelta(seconds=self._options.period_seconds)):
            totals.add(row)
        unknown.report()
        return iter(totals)

    def _known_profiles(self) -> dict[str, ProviderResource]:
        """Profiles of earlier lists: their usage is still read after they are deleted."""
        states = sorted(self.known_resources, key=lambda state: state.last_observed_at)
        return {
            state.resource.resource_id: state.resource for state in states if state.resource.resource_type == PROFILE
        }

    def _check_listed(self, pages: Sequence[Page], unknown: UnknownFields) -> None:
        lists = (page for page in pages if page.source == METRICS)
        ignored = _split(self._options.ignored_metrics)
        found = {metric for _, metric in listed(lists, provider=self.provider, unknown=unknown)}
        new = {metric.name for metric in found if metric.namespace in METERS and refuse_unknown(metric, ignored)}
        split = {
            name
            for metric in found
            if metric.name in METERS.get(metric.namespace, {})
            for name in unknown_dimensions(metric)
        }
        for kind, names in (("unknown_metric", new), ("unknown_dimension", split)):
            for name in sorted(names):
                log.warning(
                    "provider=%s source=%s %s=%s: kept in the raw page only", self.provider, METRICS, kind, name
                )
