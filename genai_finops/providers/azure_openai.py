"""Azure OpenAI and Azure AI Foundry: token metrics of Azure Monitor, by deployment and hour.

Metrics name deployments; which model and SKU a deployment has is in Resource Manager's lists, which forget what is
deleted or changed. A row is resolved by the state that its deployment had in that hour.
"""

import datetime as dt
import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, cast

import httpx

from genai_finops.providers import azure_deployments as deployments
from genai_finops.providers import azure_metrics as metrics
from genai_finops.providers.azure_arm import arm_pages, classify_arm
from genai_finops.providers.azure_deployments import ACCOUNTS, DEPLOYMENTS, CognitiveAccount
from genai_finops.providers.azure_metrics import DEFINITIONS, METRICS, TOTAL, Measured, MetricAnswers, Wanted
from genai_finops.providers.azure_rows import usage_rows
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    Page,
    PermanentProviderError,
    ProbeCheck,
    ProviderResource,
    UsageRow,
    Window,
)
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.entra_auth import ClientCredential, EntraAuth
from genai_finops.providers.http import AuthContext, Params
from genai_finops.providers.records import UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.resources import ResourceHistory
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import HttpUsageSource, Options

log = logging.getLogger(__name__)

_COGNITIVE_VERSION = ("api-version", "2025-09-01")
_MONITOR_VERSION = ("api-version", "2024-02-01")
#: Resources in one request to the metrics data plane.
_BATCH = 50
_DAY = dt.timedelta(days=1)
_SUBSCRIPTION = re.compile(r"[0-9A-Za-z-]{1,64}")
_PERMILLE = 1000


class AzureOptions(Options):
    """Options of the flow."""

    arm_scope: str = "https://management.azure.com/.default"
    metrics_scope: str = "https://metrics.monitor.azure.com/.default"
    #: Which of the two sets of metric names is read; auto takes the newer one where an account has it.
    metric_names: Literal["auto", "models", "azure_openai"] = "auto"
    #: Days that Azure Monitor keeps.
    retention_days: int = 93
    #: Series asked for, of one metric of one account.
    top_series: int = 1000
    #: How far the sum by deployment may fall short of the account's total, in thousandths of the total.
    control_tolerance_permille: int = 5


class AzureAccountOptions(Options):
    """Options of a subscription. The lists are separated by commas."""

    #: `resource`: one request for each account. `batch`: the metrics data plane, 50 accounts of a region at once.
    route: Literal["resource", "batch"] = "resource"
    #: Only accounts in these resource groups; empty: all.
    resource_groups: str = ""
    #: Only accounts of these names; empty: all.
    accounts: str = ""


@register
class AzureOpenAIUsage(HttpUsageSource):
    """Pay-as-you-go usage of one subscription. Provisioned deployments are left to the flow of commitments."""

    provider: ClassVar[str] = "azure_openai"
    flow: ClassVar[str] = "payg"
    options_model: ClassVar[type[Options]] = AzureOptions
    account_options_model: ClassVar[type[Options]] = AzureAccountOptions

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:
        """Entra tokens, one for Resource Manager and one for the metrics data plane."""
        options = cast(AzureOptions, cls.read_options(config.flows["payg"]))
        return EntraAuth(
            ClientCredential.parse(secret, provider=cls.provider),
            provider=cls.provider,
            auth_url=config.hosts["auth_url"],
            scopes={config.base_url: options.arm_scope, config.hosts["metrics_url"]: options.metrics_scope},
            options=context.options,
            redactor=context.redactor,
        )

    @classmethod
    def check_secret(cls, secret: str) -> None:
        """Raises CredentialError that names the field."""
        ClientCredential.parse(secret, provider=cls.provider)

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        """The whole text and the client secret in it."""
        try:
            return (secret, secret.strip(), ClientCredential.parse(secret, provider=cls.provider).client_secret)
        except CredentialError:
            return (secret, secret.strip())

    @staticmethod
    def classify(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
        """By code, in both envelopes."""
        return classify_arm(status, headers, body)

    @property
    def _options(self) -> AzureOptions:
        return cast(AzureOptions, self.read_options(self.flow_config))

    @property
    def _account_options(self) -> AzureAccountOptions:
        return cast(AzureAccountOptions, self.account_options)

    @property
    def _subscription(self) -> str:
        if not _SUBSCRIPTION.fullmatch(self.account_id):
            raise PermanentProviderError(
                f"{self.provider}: account {self.account_id!r} is no subscription id; set the account's id to it"
            )
        return f"/subscriptions/{self.account_id}"

    def fetch(self, window: Window) -> Iterator[Page]:
        """Accounts, their deployments, and the metrics of each account. Raises ProviderError.

        The control total is read before the split: counters only grow, so that what arrives in between is no loss.
        """
        now = self.refuse_future(window)
        self._refuse_forgotten(window, now)
        lists = []
        for page in self._list_accounts():
            lists.append(page)
            yield page
        self._refuse_unknown_names(lists)
        accounts = self._accounts(lists)
        for account in accounts:
            yield from self._list_deployments(account, now)
        wanted: dict[tuple[str, str], Wanted] = {}
        for account in accounts:
            # The metrics belong to the type of resource, not to the single one.
            if _group(account) not in wanted:
                page = self._define(account)
                yield page
                wanted[_group(account)] = metrics.wanted_metrics(
                    page, provider=self.provider, choice=self._options.metric_names
                )
        for part in window.split(self.flow_config.window_days):
            yield from self._read(part, accounts, wanted)

    def _refuse_forgotten(self, window: Window, now: dt.datetime) -> None:
        days = self._options.retention_days
        oldest = now - _DAY * days
        if window.start < oldest:
            # The first day that is still there whole.
            first = (oldest + _DAY - dt.timedelta(microseconds=1)).date()
            raise PermanentProviderError(
                f"{self.provider} {self.flow}: Azure Monitor keeps metrics for {days} days and has forgotten "
                f"{window.start.date().isoformat()}; the earliest day that can be read is {first.isoformat()}"
            )

    def _list_accounts(self) -> Iterator[Page]:
        path = f"{self._subscription}/providers/Microsoft.CognitiveServices/accounts"
        return self._list(path, source=ACCOUNTS, recorded={})

    def _list_deployments(self, account: CognitiveAccount, now: dt.datetime) -> Iterator[Page]:
        recorded = {"account": account.id, deployments.LISTED_AT: now.isoformat()}
        return self._list(f"{account.path}/deployments", source=DEPLOYMENTS, recorded=recorded)

    def _list(self, path: str, *, source: str, recorded: Mapping[str, str]) -> Iterator[Page]:
        def get(link: str | None) -> Page:
            # A link has its own api-version.
            params = [_COGNITIVE_VERSION] if link is None else []
            return self.session.get(link or path, source=source, params=params, recorded=recorded)

        return arm_pages(get, subject=f"{self.provider} {source}", max_pages=self.flow_config.max_pages)

    def _accounts(self, pages: Sequence[Page]) -> list[CognitiveAccount]:
        """The accounts that are read, of the lists among the pages."""
        groups, names = _names(self._account_options.resource_groups), _names(self._account_options.accounts)
        found = {
            account.id: account
            for account in deployments.read_accounts(pages, provider=self.provider)
            if account.has_deployments
            and (not groups or account.resource_group in groups)
            and (not names or account.name.lower() in names)
        }
        return [found[key] for key in sorted(found)]

    def _refuse_unknown_names(self, pages: Sequence[Page]) -> None:
        """A name that is misspelt would leave usage out without a word."""
        listed = list(deployments.read_accounts(pages, provider=self.provider))
        for option, known in (
            ("resource_groups", {account.resource_group for account in listed}),
            ("accounts", {account.name.lower() for account in listed}),
        ):
            unknown = _names(getattr(self._account_options, option)) - known
            if unknown:
                raise PermanentProviderError(
                    f"{self.provider} account {self.account_id}: option {option} names {', '.join(sorted(unknown))}, "
                    f"where the subscription lists no Cognitive Services account; correct the option"
                )

    def _define(self, account: CognitiveAccount) -> Page:
        path = f"{account.path}/providers/Microsoft.Insights/metricDefinitions"
        params = [_MONITOR_VERSION, ("metricnamespace", metrics.NAMESPACE)]
        return self.session.get(path, source=DEFINITIONS, params=params, recorded={"account": account.id})

    def _read(
        self, window: Window, accounts: Sequence[CognitiveAccount], wanted: Mapping[tuple[str, str], Wanted]
    ) -> Iterator[Page]:
        """The control totals and the split of every account over one window."""
        groups: defaultdict[tuple[str, str], list[CognitiveAccount]] = defaultdict(list)
        for account in accounts:
            groups[_group(account)].append(account)
        for key, members in groups.items():
            asked = wanted[key]
            for source, names, split in ((TOTAL, (asked.total,), ""), (METRICS, asked.metrics, asked.filter)):
                if None in names:
                    continue
                told = tuple(name for name in names if name is not None)
                if self._account_options.route == "resource":
                    for account in members:
                        yield self._read_account(window, account, source, told, split)
                else:
                    for first in range(0, len(members), _BATCH):
                        yield self._read_batch(window, members[first : first + _BATCH], source, told, split)

    def _read_account(
        self, window: Window, account: CognitiveAccount, source: str, names: Sequence[str], split: str
    ) -> Page:
        params: Params = [
            _MONITOR_VERSION,
            ("timespan", f"{_instant(window.start)}/{_instant(window.end)}"),
            ("interval", metrics.INTERVAL),
            ("metricnamespace", metrics.NAMESPACE),
            ("metricnames", ",".join(names)),
            ("aggregation", "total"),
            # Otherwise Azure may answer with wider points.
            ("AutoAdjustTimegrain", "false"),
            # Splits by several dimensions that are documented are refused by the check.
            *([("$filter", split), ("top", self._top), ("ValidateDimensions", "false")] if split else []),
        ]
        path = f"{account.path}/providers/Microsoft.Insights/metrics"
        recorded = {"account": account.id, **self._recorded(window, names, split)}
        return self.session.get(path, source=source, params=params, recorded=recorded)

    def _read_batch(
        self, window: Window, members: Sequence[CognitiveAccount], source: str, names: Sequence[str], split: str
    ) -> Page:
        params: Params = [
            _MONITOR_VERSION,
            ("starttime", _instant(window.start)),
            ("endtime", _instant(window.end)),
            ("interval", metrics.INTERVAL),
            ("metricnamespace", metrics.NAMESPACE),
            ("metricnames", ",".join(names)),
            ("aggregation", "total"),
            # Without the dollar sign here.
            *([("filter", split), ("top", self._top)] if split else []),
        ]
        return self.session.request(
            "POST",
            f"{self._subscription}/metrics:getBatch",
            source=source,
            params=params,
            headers={"Content-Type": "application/json"},
            content=json.dumps({"resourceids": [account.path for account in members]}).encode(),
            recorded={"region": members[0].region, **self._recorded(window, names, split)},
            host="metrics_url",
            place={"region": members[0].region},
        )

    @property
    def _top(self) -> str:
        return str(self._options.top_series)

    def _recorded(self, window: Window, names: Sequence[str], split: str) -> dict[str, str]:
        recorded = {"start": _instant(window.start), "metricnames": ",".join(names)}
        return recorded | ({"filter": split, "top": self._top} if split else {})

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        """The deployments, as listed now."""
        regions = {account.id: account.region for account in self._accounts(pages)}
        for state in deployments.read_deployments(pages, provider=self.provider, regions=regions):
            yield state.resource

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """One row for each meter, deployment and hour. Raises MalformedPageError, also where an account's answer is
        missing or its deployments fall short of its total; TransientProviderError where Azure could not read a metric.
        """
        accounts = {account.id: account for account in self._accounts(pages)}
        regions = {account.id: account.region for account in accounts.values()}
        listed = deployments.read_deployments(pages, provider=self.provider, regions=regions)
        history = ResourceHistory((*self.known_resources, *listed))
        answers = MetricAnswers(self.provider, window.start, window.end)
        split: list[Measured] = []
        totals: list[Measured] = []
        for page in pages:
            if page.source in {METRICS, TOTAL}:
                (split if page.source == METRICS else totals).extend(answers.read(page))
            elif page.source not in {ACCOUNTS, DEPLOYMENTS, DEFINITIONS}:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
        self._check_coverage(accounts, answers, window)
        self._check_totals(split, totals)
        answers.unknown.report()
        rows = UsageTotals()
        for row in usage_rows(split, accounts, history, provider=self.provider):
            rows.add(row)
        return iter(rows)

    def _check_coverage(self, accounts: Mapping[str, CognitiveAccount], answers: MetricAnswers, window: Window) -> None:
        answered = {(account, start) for source, account, start in answers.answered if source == METRICS}
        for part in window.split(self.flow_config.window_days):
            for account in accounts.values():
                if (account.id, _instant(part.start)) not in answered:
                    raise MalformedPageError(
                        f"{self.provider} {METRICS}: no answer for {account.id} in {account.region} from "
                        f"{part.start.isoformat()} on; a page or a region is missing"
                    )

    def _check_totals(self, split: Sequence[Measured], totals: Sequence[Measured]) -> None:
        tolerance = self._options.control_tolerance_permille
        for account, day, total, summed in metrics.differing_totals(split, totals):
            said = (
                f"{self.provider} {METRICS}: the deployments of {account} add up to {summed} tokens on "
                f"{day.isoformat()}, the account's total is {total}"
            )
            if (total - summed) * _PERMILLE > total * tolerance:
                raise MalformedPageError(f"{said}; series are missing")
            # Metrics are no bill, and what arrives between two requests is in the second one only.
            log.warning("%s; kept as they are", said)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """Lists and metrics, with the role that each needs."""
        batch = self._account_options.route == "batch"
        scope = "the subscription" if batch else "the subscription or the accounts"
        return (
            ProbeCheck(name="accounts", needs="Reader on the subscription", run=self._probe_accounts),
            ProbeCheck(name="deployments", needs="Reader on the subscription", run=lambda: self._probe_lists(now)),
            ProbeCheck(name="metrics", needs=f"Monitoring Reader on {scope}", run=lambda: self._probe_metrics(now)),
        )

    def _probe_accounts(self) -> str:
        return f"{len(self._accounts(list(self._list_accounts())))} accounts with deployments"

    def _probe_lists(self, now: dt.datetime) -> str:
        accounts = self._accounts(list(self._list_accounts()))
        pages = [page for account in accounts[:1] for page in self._list_deployments(account, now)]
        return f"{len(list(self.resources(pages)))} deployments in {accounts[0].name}" if accounts else "no account"

    def _probe_metrics(self, now: dt.datetime) -> str:
        accounts = self._accounts(list(self._list_accounts()))[:1]
        yesterday = now.date() - _DAY
        for account in accounts:
            page = self._define(account)
            wanted = metrics.wanted_metrics(page, provider=self.provider, choice=self._options.metric_names)
            list(self._read(Window.of_days(yesterday, yesterday), accounts, {_group(account): wanted}))
            return f"{', '.join(wanted.metrics)} of {account.name} by the {self._account_options.route} route"
        return "no account"


def _group(account: CognitiveAccount) -> tuple[str, str]:
    return account.region, account.kind.lower()


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())


def _instant(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
