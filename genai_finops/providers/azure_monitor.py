"""Asking Azure Monitor for metrics of Cognitive Services accounts, one by one or by the data plane of their region."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from genai_finops.providers import azure_metrics as metrics
from genai_finops.providers.azure_deployments import CognitiveAccount
from genai_finops.providers.azure_metrics import DEFINITIONS
from genai_finops.providers.base import Page, Window
from genai_finops.providers.http import Params, ProviderSession

#: Region and kind of accounts, which decide what metrics they have.
Group = tuple[str, str]

_VERSION = ("api-version", "2024-02-01")
#: Resources in one request to the metrics data plane.
_BATCH = 50


def group_of(account: CognitiveAccount) -> Group:
    """The group of an account."""
    return account.region, account.kind.lower()


def by_group(accounts: Sequence[CognitiveAccount]) -> Mapping[Group, list[CognitiveAccount]]:
    """The accounts of each group, in their order."""
    groups: defaultdict[Group, list[CognitiveAccount]] = defaultdict(list)
    for account in accounts:
        groups[group_of(account)].append(account)
    return groups


def instant(moment: dt.datetime) -> str:
    """As Azure Monitor takes moments."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsRequest:
    """What to ask for. `source` names the answers' pages."""

    source: str
    names: tuple[str, ...]
    #: In Azure's filter language; empty: nothing is split.
    split: str = ""
    #: Separated by commas.
    aggregation: str = "total"


class AzureMonitor:
    """The metrics of one subscription, by one of the two routes."""

    def __init__(
        self, session: ProviderSession, *, subscription: str, route: Literal["resource", "batch"], top_series: int
    ) -> None:
        self._session = session
        self._subscription = subscription
        self._is_batch = route == "batch"
        self._top = str(top_series)

    def definitions(self, accounts: Sequence[CognitiveAccount]) -> Iterator[tuple[Group, Page]]:
        """One page for each group. Raises ProviderError."""
        for group, members in by_group(accounts).items():
            yield group, self.define(members[0])

    def define(self, account: CognitiveAccount) -> Page:
        """The metrics that an account has. Raises ProviderError."""
        path = f"{account.path}/providers/Microsoft.Insights/metricDefinitions"
        params = [_VERSION, ("metricnamespace", metrics.NAMESPACE)]
        return self._session.get(path, source=DEFINITIONS, params=params, recorded={"account": account.id})

    def read(self, window: Window, members: Sequence[CognitiveAccount], asked: MetricsRequest) -> Iterator[Page]:
        """Metrics of accounts of one group, in hours. Raises ProviderError."""
        if self._is_batch:
            for first in range(0, len(members), _BATCH):
                yield self._read_batch(window, members[first : first + _BATCH], asked)
        else:
            for account in members:
                yield self._read_account(window, account, asked)

    def _read_account(self, window: Window, account: CognitiveAccount, asked: MetricsRequest) -> Page:
        params: Params = [
            _VERSION,
            ("timespan", f"{instant(window.start)}/{instant(window.end)}"),
            *_common(asked),
            # Otherwise Azure may answer with wider points.
            ("AutoAdjustTimegrain", "false"),
            # Splits by several dimensions that are documented are refused by the check.
            *([("$filter", asked.split), ("top", self._top), ("ValidateDimensions", "false")] if asked.split else []),
        ]
        path = f"{account.path}/providers/Microsoft.Insights/metrics"
        recorded = {"account": account.id, **self._recorded(window, asked)}
        return self._session.get(path, source=asked.source, params=params, recorded=recorded)

    def _read_batch(self, window: Window, members: Sequence[CognitiveAccount], asked: MetricsRequest) -> Page:
        params: Params = [
            _VERSION,
            ("starttime", instant(window.start)),
            ("endtime", instant(window.end)),
            *_common(asked),
            # Without the dollar sign here.
            *([("filter", asked.split), ("top", self._top)] if asked.split else []),
        ]
        return self._session.request(
            "POST",
            f"{self._subscription}/metrics:getBatch",
            source=asked.source,
            params=params,
            headers={"Content-Type": "application/json"},
            content=json.dumps({"resourceids": [account.path for account in members]}).encode(),
            recorded={"region": members[0].region, **self._recorded(window, asked)},
            host="metrics_url",
            place={"region": members[0].region},
        )

    def _recorded(self, window: Window, asked: MetricsRequest) -> dict[str, str]:
        recorded = {"start": instant(window.start), "metricnames": ",".join(asked.names)}
        return recorded | ({"filter": asked.split, "top": self._top} if asked.split else {})


def _common(asked: MetricsRequest) -> Params:
    return [
        ("interval", metrics.INTERVAL),
        ("metricnamespace", metrics.NAMESPACE),
        ("metricnames", ",".join(asked.names)),
        ("aggregation", asked.aggregation),
    ]
