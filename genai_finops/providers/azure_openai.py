"""Azure OpenAI and Azure AI Foundry: token metrics of Azure Monitor, by deployment and hour.

Metrics name deployments; which model and SKU a deployment has is in Resource Manager's lists, which forget what is
deleted or changed. A row is resolved by the state that its deployment had in that hour.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from genai_finops.providers import azure_deployments as deployments
from genai_finops.providers import azure_metrics as metrics
from genai_finops.providers.azure_deployments import ACCOUNTS, DEPLOYMENTS
from genai_finops.providers.azure_metrics import DEFINITIONS, METRICS, TOTAL, Wanted
from genai_finops.providers.azure_monitor import Group
from genai_finops.providers.azure_rows import usage_rows
from genai_finops.providers.azure_source import AzureAccountOptions, AzureOptions, AzureSource
from genai_finops.providers.base import Page, UsageRow, Window
from genai_finops.providers.records import UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.resources import ResourceHistory
from genai_finops.providers.source import Options

_SOURCES = frozenset({ACCOUNTS, DEPLOYMENTS, DEFINITIONS, METRICS, TOTAL})


@register
class AzureOpenAIUsage(AzureSource):
    """Pay-as-you-go usage of one subscription. Provisioned deployments are left to the flow of commitments."""

    flow: ClassVar[str] = "payg"
    options_model: ClassVar[type[Options]] = AzureOptions
    account_options_model: ClassVar[type[Options]] = AzureAccountOptions

    def fetch(self, window: Window) -> Iterator[Page]:
        """Accounts, their deployments, and the metrics of each account. Raises ProviderError."""
        now = self.refuse_future(window)
        self._refuse_forgotten(window, now)
        lists = []
        for page in self.fetch_lists():
            lists.append(page)
            yield page
        accounts = self._accounts(lists)
        wanted: dict[Group, Wanted] = {}
        for group, page in self._monitor.definitions(accounts):
            yield page
            wanted[group] = metrics.wanted_metrics(page, provider=self.provider, choice=self._options.metric_names)
        for part in window.split(self.flow_config.window_days):
            yield from self._read_tokens(part, accounts, wanted)

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """One row for each meter, deployment and hour. Raises MalformedPageError, also where an account's answer is
        missing or its deployments fall short of its total; TransientProviderError where Azure could not read a metric.
        """
        accounts = {account.id: account for account in self._accounts(pages)}
        regions = {account.id: account.region for account in accounts.values()}
        listed = deployments.read_deployments(pages, provider=self.provider, regions=regions)
        history = ResourceHistory((*self.known_resources, *listed))
        self._refuse_unknown_pages(pages, _SOURCES)
        rows = UsageTotals()
        for row in usage_rows(self._measured(pages, window, accounts), accounts, history, provider=self.provider):
            rows.add(row)
        return iter(rows)
