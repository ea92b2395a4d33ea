"""What the flows of Azure OpenAI and Azure AI Foundry have in common: Entra's tokens, Resource Manager's lists, and the
token metrics of Azure Monitor by deployment and hour.
"""

import datetime as dt
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, cast

import httpx

from genai_finops.providers import azure_deployments as deployments
from genai_finops.providers import azure_metrics as metrics
from genai_finops.providers.azure_arm import arm_pages, classify_arm
from genai_finops.providers.azure_deployments import ACCOUNTS, DEPLOYMENT, DEPLOYMENTS, CognitiveAccount
from genai_finops.providers.azure_metrics import METRICS, TOTAL, Measured, MetricAnswers, Wanted
from genai_finops.providers.azure_monitor import AzureMonitor, Group, MetricsRequest, by_group, group_of, instant
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    Page,
    PermanentProviderError,
    ProbeCheck,
    ProviderResource,
    Window,
)
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.entra_auth import ClientCredential, EntraAuth
from genai_finops.providers.http import AuthContext
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import HttpUsageSource, Options

log = logging.getLogger(__name__)

_COGNITIVE_VERSION = ("api-version", "2025-09-01")
_DAY = dt.timedelta(days=1)
_SUBSCRIPTION = re.compile(r"[0-9A-Za-z-]{1,64}")
_PERMILLE = 1000


class AzureOptions(Options):
    """Options of a flow."""

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
    #: Whether reservations are read; None: as the flow says.
    reservations: bool | None = None
    #: Billing account whose transactions say what was paid for reservations; empty: they are not read.
    billing_account: str = ""
    #: Whether hours of accelerated machines are read from Cost Management, which takes a role of its own.
    infrastructure: bool = False


class AzureSource(HttpUsageSource):
    """Base of the flows: one subscription."""

    provider: ClassVar[str] = "azure_openai"
    options_model: ClassVar[type[Options]] = AzureOptions
    account_options_model: ClassVar[type[Options]] = AzureAccountOptions

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:
        """Entra tokens, one for Resource Manager and one for the metrics data plane."""
        flow = next(values for name, values in config.flows.items() if name == cls.flow)
        options = cast(AzureOptions, cls.read_options(flow))
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
    def _monitor(self) -> AzureMonitor:
        options = self._options
        return AzureMonitor(
            self.session,
            subscription=self._subscription,
            route=self._account_options.route,
            top_series=options.top_series,
        )

    @property
    def _subscription(self) -> str:
        if not _SUBSCRIPTION.fullmatch(self.account_id):
            raise PermanentProviderError(
                f"{self.provider}: account {self.account_id!r} is no subscription id; set the account's id to it"
            )
        return f"/subscriptions/{self.account_id}"

    def fetch_lists(self) -> Iterator[Page]:
        """Accounts, and the deployments of each. Raises ProviderError."""
        now = self.session.now().replace(microsecond=0)
        lists = []
        for page in self._list_accounts(now):
            lists.append(page)
            yield page
        self._refuse_unknown_names(lists)
        for account in self._accounts(lists):
            yield from self._list_deployments(account, now)

    def listed_types(self, pages: Sequence[Page]) -> frozenset[str]:
        """Deployments, once those of every account are listed. One that the account's options leave out counts as gone:
        it is no longer read.
        """
        listed = {page.request["account"] for page in pages if page.source == DEPLOYMENTS}
        is_listed = any(page.source == ACCOUNTS for page in pages)
        is_whole = is_listed and all(account.id in listed for account in self._accounts(pages))
        return frozenset({DEPLOYMENT}) if is_whole else frozenset()

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

    def _list_accounts(self, now: dt.datetime) -> Iterator[Page]:
        path = f"{self._subscription}/providers/Microsoft.CognitiveServices/accounts"
        return self._list(path, source=ACCOUNTS, recorded={deployments.LISTED_AT: now.isoformat()})

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
        found = {
            account.id: account
            for account in deployments.read_accounts(pages, provider=self.provider)
            if account.has_deployments and self._is_chosen(account.id)
        }
        return [found[key] for key in sorted(found)]

    def _is_chosen(self, account_id: str) -> bool:
        """Whether the account's options let the account of this id be read."""
        groups, names = _names(self._account_options.resource_groups), _names(self._account_options.accounts)
        parts = account_id.split("/")
        group = parts[parts.index("resourcegroups") + 1] if "resourcegroups" in parts[:-1] else ""
        return (not groups or group in groups) and (not names or parts[-1] in names)

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

    def _read_tokens(
        self, window: Window, accounts: Sequence[CognitiveAccount], wanted: Mapping[Group, Wanted]
    ) -> Iterator[Page]:
        """The control totals and the split of every account over one window.

        The control total is read before the split: counters only grow, so that what arrives in between is no loss.
        """
        for group, members in by_group(accounts).items():
            asked = wanted[group]
            if asked.total is not None:
                yield from self._monitor.read(window, members, MetricsRequest(source=TOTAL, names=(asked.total,)))
            split = MetricsRequest(source=METRICS, names=asked.metrics, split=asked.filter)
            yield from self._monitor.read(window, members, split)

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        """The deployments, as listed now."""
        regions = {account.id: account.region for account in self._accounts(pages)}
        for state in deployments.read_deployments(pages, provider=self.provider, regions=regions):
            yield state.resource

    def _measured(
        self, pages: Sequence[Page], window: Window, accounts: Mapping[str, CognitiveAccount]
    ) -> list[Measured]:
        """The totals by deployment and hour, checked against those of the accounts."""
        answers = MetricAnswers(self.provider, window.start, window.end)
        split: list[Measured] = []
        totals: list[Measured] = []
        for page in pages:
            if page.source in {METRICS, TOTAL}:
                (split if page.source == METRICS else totals).extend(answers.read(page))
        self._check_coverage(accounts, answers, METRICS, window)
        self._check_totals(split, totals)
        answers.unknown.report()
        return split

    def _refuse_unknown_pages(self, pages: Sequence[Page], known: frozenset[str]) -> None:
        for page in pages:
            if page.source not in known:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")

    def _check_coverage(
        self, accounts: Mapping[str, CognitiveAccount], answers: MetricAnswers, source: str, window: Window
    ) -> None:
        answered = {(account, start) for found, account, start in answers.answered if found == source}
        for part in window.split(self.flow_config.window_days):
            for account in accounts.values():
                if (account.id, instant(part.start)) not in answered:
                    raise MalformedPageError(
                        f"{self.provider} {source}: no answer for {account.id} in {account.region} from "
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
            ProbeCheck(name="accounts", needs="Reader on the subscription", run=lambda: self._probe_accounts(now)),
            ProbeCheck(name="deployments", needs="Reader on the subscription", run=lambda: self._probe_lists(now)),
            ProbeCheck(name="metrics", needs=f"Monitoring Reader on {scope}", run=lambda: self._probe_metrics(now)),
        )

    def _probe_accounts(self, now: dt.datetime) -> str:
        return f"{len(self._accounts(list(self._list_accounts(now))))} accounts with deployments"

    def _probe_lists(self, now: dt.datetime) -> str:
        accounts = self._accounts(list(self._list_accounts(now)))
        pages = [page for account in accounts[:1] for page in self._list_deployments(account, now)]
        return f"{len(list(self.resources(pages)))} deployments in {accounts[0].name}" if accounts else "no account"

    def _probe_metrics(self, now: dt.datetime) -> str:
        accounts = self._accounts(list(self._list_accounts(now)))[:1]
        yesterday = now.date() - _DAY
        for account in accounts:
            page = self._monitor.define(account)
            wanted = metrics.wanted_metrics(page, provider=self.provider, choice=self._options.metric_names)
            list(self._read_tokens(Window.of_days(yesterday, yesterday), accounts, {group_of(account): wanted}))
            return f"{', '.join(wanted.metrics)} of {account.name} by the {self._account_options.route} route"
        return "no account"


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())
