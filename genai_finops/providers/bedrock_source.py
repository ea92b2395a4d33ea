"""What the flows of AWS Bedrock have in common: keys and regions of an account, its metrics, and its control plane."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, cast

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
    Window,
)
from genai_finops.providers.bedrock_usage import METERS, PROVIDER, RUNTIME, model_of
from genai_finops.providers.cloudwatch import METRICS, CloudWatch, Metric, listed, next_token_pages, points
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.http import AuthContext
from genai_finops.providers.records import UnknownFields
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import HttpUsageSource, Options

#: Type of the resources that remember a series of metrics, for the time when ListMetrics has forgotten it.
SERIES = "Model"
#: What makes a series: its namespace, and names and values of its dimensions.
Series = tuple[str, tuple[tuple[str, str], ...]]
#: A right in a region that is tried at a moment; gives a detail.
RegionCheck = Callable[[str, dt.datetime], str]

_ACCOUNT_ID = re.compile(r"\d{12}")
_ROLE_ACCOUNT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):role/.*")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
#: Hourly sums, from which daily ones are made, are kept this long.
_RETENTION = dt.timedelta(days=455)


def _are_regions(text: str) -> str:
    regions = words_of(text)
    if not regions or len(set(regions)) != len(regions) or not all(_REGION.fullmatch(region) for region in regions):
        raise ValueError("must be different regions, parted by commas, such as us-east-1,eu-central-1")
    return text


def words_of(text: str) -> tuple[str, ...]:
    """What an option parts by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


class BedrockAccountOptions(Options):
    """Options of an AWS account."""

    #: Regions that are read, parted by commas.
    regions: Annotated[str, AfterValidator(_are_regions)]
    #: Further ModelIds to ask for in each region, parted by commas: those that ListMetrics has forgotten.
    model_ids: str = ""
    #: Whether hours of accelerated machines are read from Cost Explorer, which charges for every request.
    infrastructure: bool = False


class BedrockSource(HttpUsageSource):
    """One AWS account over signed requests. A flow gives `flow`, `namespaces`, `fetch` and `normalise`."""

    provider: ClassVar[str] = PROVIDER
    account_options_model: ClassVar[type[Options]] = BedrockAccountOptions
    #: Namespaces of CloudWatch that are listed.
    namespaces: ClassVar[tuple[str, ...]]

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
        region = words_of(options.regions)[0]
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
    def regions(self) -> tuple[str, ...]:
        """Regions that are read, as the account names them."""
        return words_of(cast("BedrockAccountOptions", self.account_options).regions)

    @property
    def cloudwatch(self) -> CloudWatch:
        """The metrics of the account."""
        return CloudWatch(
            self.session, provider=self.provider, host="monitoring_url", max_pages=self.flow_config.max_pages
        )

    def account(self) -> Account | None:
        """The AWS account of the keys, by STS. Raises ProviderError."""
        identity = cast("AwsAuth", self.session.auth).caller_identity()
        if not _ACCOUNT_ID.fullmatch(identity.account_id):
            raise MalformedPageError(f"{self.provider} sts GetCallerIdentity: Account is no id of 12 digits")
        return Account(id=identity.account_id, name=identity.account_id)

    def refuse_forgotten(self, window: Window, now: dt.datetime) -> None:
        """Raises PermanentProviderError for a window of which CloudWatch has forgotten a part."""
        kept_since = now - _RETENTION
        earliest = kept_since.date() + dt.timedelta(days=1)
        if window.start.date() < earliest:
            raise PermanentProviderError(
                f"{self.provider} {self.flow}: CloudWatch keeps hourly sums for {_RETENTION.days} days, and "
                f"{window.start.date().isoformat()} is gone; the earliest whole day is {earliest.isoformat()}"
            )

    def list_region(
        self, path: str, region: str, *, source: str, query: Sequence[tuple[str, str]] = ()
    ) -> Iterator[Page]:
        """Every page of a list of Bedrock's control plane. Raises ProviderError."""

        def ask(token: str | None) -> Page:
            params = [*query, ("maxResults", str(self.flow_config.page_entries))]
            return self.session.get(
                path,
                source=source,
                params=params if token is None else [*params, ("nextToken", token)],
                headers={SIGNED_FOR: f"bedrock/{region}"},
                place={"region": region},
                recorded={"region": region},
            )

        subject = f"{self.provider} {source} {region}"
        return next_token_pages(ask, field="nextToken", subject=subject, max_pages=self.flow_config.max_pages)

    def region_checks(self, now: dt.datetime, actions: Mapping[str, RegionCheck]) -> Sequence[ProbeCheck]:
        """That the keys are of the account, and each action of the policy in each region."""
        found = [ProbeCheck(name="sts:GetCallerIdentity", needs="keys of this account", run=self._check_identity)]
        found += [
            ProbeCheck(
                name=f"{action} {region}",
                needs=f"{action} in an IAM policy of the principal",
                run=lambda check=check, region=region: check(region, now),  # type: ignore[misc]
            )
            for region in self.regions
            for action, check in {
                "cloudwatch:ListMetrics": self._check_list,
                "cloudwatch:GetMetricData": self._check_data,
                **actions,
            }.items()
        ]
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
        pages = [next(self.cloudwatch.list_metrics(region, namespace)) for namespace in self.namespaces]
        found = list(listed(pages, provider=self.provider, unknown=UnknownFields()))
        return f"{len(found)} metrics with data in the last two weeks"

    def _check_data(self, region: str, now: dt.datetime) -> str:
        yesterday = Window.of_days(now.date() - dt.timedelta(days=1), now.date() - dt.timedelta(days=1))
        metric = Metric(RUNTIME, "Invocations", ())
        pages = list(self.cloudwatch.sums(region, [metric], yesterday, 86400))
        sums = points(pages, yesterday, provider=self.provider, unknown=UnknownFields())
        counts = [point.value for series in sums.values() for point in series.values()]
        return f"{sum(counts)} invocations yesterday" if counts else "answers; no total of yesterday"

    def known_series(self, region: str) -> Iterator[Series]:
        """The series of metrics of a region that earlier lists named."""
        for state in self.known_resources:
            resource = state.resource
            namespace = resource.tags.get("Namespace", "")
            if resource.resource_type == SERIES and resource.region_id == region and namespace in METERS:
                dimensions = ((name, value) for name, value in resource.tags.items() if name != "Namespace")
                yield namespace, tuple(sorted(dimensions))


def listed_metrics(pages: Iterable[Page], unknown: UnknownFields) -> Iterator[tuple[str, Metric]]:
    """Region and metric of what ListMetrics named, whatever else is among the pages. Raises MalformedPageError."""
    lists = (page for page in pages if page.source == METRICS)
    return listed(lists, provider=PROVIDER, unknown=unknown)


def series_resources(found: Iterable[tuple[str, Metric]]) -> Iterator[ProviderResource]:
    """Each series of a model once, as a resource that remembers it."""
    seen: set[str] = set()
    for region, metric in found:
        model = model_of(metric)
        words = "/".join(f"{name}={value}" for name, value in metric.dimensions)
        identifier = f"{region}/{metric.namespace}/{words}".lower()
        if model is not None and identifier not in seen:
            seen.add(identifier)
            yield ProviderResource(
                resource_type=SERIES,
                resource_id=identifier,
                resource_name=model,
                region_id=region,
                provider_model_id=model,
                tags={"Namespace": metric.namespace, **dict(metric.dimensions)},
            )
