"""Provisioned throughput of Azure OpenAI: the units of each deployment by the hour, what they served, and reservations.

Resource Manager lists what is provisioned now; the dated states of its lists say what was provisioned in an hour.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from genai_finops.providers import azure_deployments as deployments
from genai_finops.providers import azure_metrics as metrics
from genai_finops.providers.azure_capacity import (
    ProvisionedPeriod,
    account_of,
    provisioned_periods,
    with_evidence,
)
from genai_finops.providers.azure_capacity_rows import capacity_rows, load_rows, outcome_rows
from genai_finops.providers.azure_deployments import ACCOUNTS, DEPLOYMENTS, LISTED_AT, CognitiveAccount
from genai_finops.providers.azure_load import LOAD, OUTCOMES, Load, load_answers, load_requests, read_load
from genai_finops.providers.azure_metrics import DEFINITIONS, METRICS, TOTAL, Wanted
from genai_finops.providers.azure_monitor import Group, MetricsRequest, by_group, group_of
from genai_finops.providers.azure_reservation_lists import ReservationLists
from genai_finops.providers.azure_reservations import (
    ORDERS,
    RESERVATIONS,
    SUMMARIES,
    TRANSACTIONS,
    differing_summaries,
    order_ids,
    reservations,
)
from genai_finops.providers.azure_rows import usage_rows
from genai_finops.providers.azure_source import AzureOptions, AzureSource
from genai_finops.providers.base import MalformedPageError, Page, ProbeCheck, ProviderResource, UsageRow, Window
from genai_finops.providers.commitments import COMMITMENT, CapacityCommitment
from genai_finops.providers.records import UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.resources import ResourceHistory, merged_states
from genai_finops.providers.source import Options

log = logging.getLogger(__name__)

_SOURCES = frozenset(
    {ACCOUNTS, DEPLOYMENTS, DEFINITIONS, METRICS, TOTAL, LOAD, OUTCOMES, ORDERS, RESERVATIONS, TRANSACTIONS, SUMMARIES}
)
_DAY = dt.timedelta(days=1)
#: A purchase may be dated before the reservation takes effect.
_BEFORE_TERM = dt.timedelta(days=31)


class AzureCommitmentOptions(AzureOptions):
    """Options of the flow."""

    #: Whether reservations are read; an account's option of the same name comes before.
    reservations: bool = True


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the lists of one fetch, and those before, say."""

    at: dt.datetime
    accounts: Mapping[str, CognitiveAccount]
    history: ResourceHistory
    periods: tuple[ProvisionedPeriod, ...]

    def read_accounts(self, window: Window) -> dict[str, CognitiveAccount]:
        """The accounts that had anything provisioned in the window: the others are not asked for metrics."""
        used = {
            account_of(found.resource.resource_id) for found in self.periods if found.overlaps(window.start, window.end)
        }
        return {key: account for key, account in self.accounts.items() if key in used}

    def load_window(self, window: Window, retention_days: int) -> Window:
        """The window, from the day on which a deployment was last seen that was missed in it: the samples since then
        say when it was deleted."""
        oldest = _midnight(self.at) - _DAY * (retention_days - 1)
        starts = [
            max(_midnight(found.last_seen), oldest)
            for found in self.periods
            if found.last_seen is not None and found.overlaps(window.start, window.end)
        ]
        return Window(start=min([window.start, *starts]), end=window.end)


@register
class AzureCommitments(AzureSource):
    """Provisioned capacity of one subscription, the traffic on it, and the reservations that pay for it."""

    flow: ClassVar[str] = "commitment"
    options_model: ClassVar[type[Options]] = AzureCommitmentOptions

    @property
    def _reads_reservations(self) -> bool:
        of_account = self._account_options.reservations
        return cast(AzureCommitmentOptions, self._options).reservations if of_account is None else of_account

    @property
    def _reservation_lists(self) -> ReservationLists:
        return ReservationLists(self.session, provider=self.provider, max_pages=self.flow_config.max_pages)

    def fetch_lists(self) -> Iterator[Page]:
        """Accounts, deployments, and reservations with what was paid for them. Raises ProviderError."""
        yield from super().fetch_lists()
        if not self._reads_reservations:
            return
        lists = []
        for page in self._reservation_lists.orders():
            lists.append(page)
            yield page
        for page in self._reservation_lists.reservations(tuple(lists)):
            lists.append(page)
            yield page
        billing_account = self._account_options.billing_account
        found = self._commitments(lists)
        if billing_account and found:
            first = min(commitment.starts_at for commitment in found) - _BEFORE_TERM
            today = self.session.now().date()
            yield from self._reservation_lists.transactions(billing_account, first.date(), today)

    def fetch(self, window: Window) -> Iterator[Page]:
        """The lists, and the metrics of each account that had anything provisioned in the window.

        Raises ProviderError.
        """
        now = self.refuse_future(window)
        self._refuse_forgotten(window, now)
        lists = []
        for page in self.fetch_lists():
            lists.append(page)
            yield page
        yield from self._reservation_lists.summaries(window, self._commitments(lists))
        listed = self._listed(lists)
        accounts = list(listed.read_accounts(window).values())
        wanted: dict[Group, Wanted] = {}
        more: dict[Group, tuple[MetricsRequest, ...]] = {}
        for group, page in self._monitor.definitions(accounts):
            yield page
            wanted[group] = metrics.wanted_metrics(page, provider=self.provider, choice=self._options.metric_names)
            more[group] = tuple(load_requests(page, provider=self.provider))
        for part in window.split(self.flow_config.window_days):
            yield from self._read_tokens(part, accounts, wanted)
        for group, members in by_group(accounts).items():
            for asked in more[group]:
                for part in self._window_of(asked.source, window, listed).split(self.flow_config.window_days):
                    yield from self._monitor.read(part, members, asked)

    def _window_of(self, source: str, window: Window, listed: _Listed) -> Window:
        return listed.load_window(window, self._options.retention_days) if source == LOAD else window

    def listed_types(self, pages: Sequence[Page]) -> frozenset[str]:
        """Deployments, and commitments where all reservations are read."""
        asked = {page.request["order"] for page in pages if page.source == RESERVATIONS}
        is_listed = any(page.source == ORDERS for page in pages)
        is_whole = is_listed and all(path.lower() in asked for path in order_ids(pages, provider=self.provider))
        return super().listed_types(pages) | (frozenset({COMMITMENT}) if is_whole else frozenset())

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        """The deployments and reservations, as listed now. Raises MalformedPageError."""
        yield from super().resources(pages)
        for commitment in self._commitments(pages):
            yield commitment.as_resource()

    def _commitments(self, pages: Sequence[Page]) -> list[CapacityCommitment]:
        return list(reservations(pages, provider=self.provider, subscription=self.account_id))

    def _listed(self, pages: Sequence[Page]) -> _Listed:
        accounts = {account.id: account for account in self._accounts(pages)}
        moments = [dt.datetime.fromisoformat(page.request[LISTED_AT]) for page in pages if LISTED_AT in page.request]
        if not moments:
            raise MalformedPageError(
                f"{self.provider} {ACCOUNTS}: no list is among the pages; what is there is not known"
            )
        at = max(moments)
        states = merged_states(
            self.known_resources, AzureSource.resources(self, pages), at, complete=self.listed_types(pages)
        )
        history = ResourceHistory(states)
        return _Listed(at, accounts, history, provisioned_periods(history, self._is_chosen))

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Capacity, tokens and statistics by deployment and hour, none of it after the lists. Raises as the
        pay-as-you-go flow does."""
        self._refuse_unknown_pages(pages, _SOURCES)
        for difference in differing_summaries(pages, self._commitments(pages), provider=self.provider):
            log.warning("provider=%s reservation %s", self.provider, difference)
        listed = self._listed(pages)
        accounts = listed.read_accounts(window)
        load = self._load(pages, window, listed, accounts)
        periods = tuple(with_evidence(listed.periods, load.samples))
        measured = self._measured(pages, window, accounts)
        page_of = self._list_pages(pages)
        until = min(listed.at, window.end)
        rows = UsageTotals()
        _add(rows, capacity_rows(periods, listed.accounts, page_of, window.start, until))
        _add(rows, usage_rows(measured, accounts, listed.history, provider=self.provider, is_committed=True))
        _add(rows, load_rows(load, periods, listed.accounts, window.start, until))
        spills_from = deployments.spillover_sources(pages, provider=self.provider)
        _add(rows, outcome_rows(load, listed.history, listed.accounts, spills_from))
        return iter(rows)

    def _load(
        self, pages: Sequence[Page], window: Window, listed: _Listed, accounts: Mapping[str, CognitiveAccount]
    ) -> Load:
        earliest = self._window_of(LOAD, window, listed)
        answers = load_answers(self.provider, earliest.start, window.end)
        load = read_load(pages, answers)
        groups = {account.id: group_of(account) for account in accounts.values()}
        for page in pages:
            if page.source != DEFINITIONS:
                continue
            group = groups[page.request["account"]]
            members = {key: account for key, account in accounts.items() if group_of(account) == group}
            asked = tuple(load_requests(page, provider=self.provider))
            for request in asked:
                self._check_coverage(members, answers, request.source, self._window_of(request.source, window, listed))
            if LOAD not in {request.source for request in asked}:
                log.warning(
                    "provider=%s region=%s: no metric of the load on provisioned units", self.provider, group[0]
                )
        answers.unknown.report()
        return load

    def _list_pages(self, pages: Sequence[Page]) -> Mapping[str, str]:
        """The page that lists a deployment, its account or, for what is gone with its account, all accounts ("")."""
        found: dict[str, str] = {}
        for page in pages:
            if page.source == ACCOUNTS:
                found.setdefault("", page.sha256)
            if page.source == DEPLOYMENTS:
                found.setdefault(page.request["account"], page.sha256)
                for state in deployments.read_deployments([page], provider=self.provider, regions={}):
                    found.setdefault(state.resource.resource_id, page.sha256)
        return found

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """Also reservations, where they are read."""
        checks = [*super().checks(now)]
        if self._reads_reservations:
            needs = "Reservations Reader on /providers/Microsoft.Capacity"
            checks.append(ProbeCheck(name="reservations", needs=needs, run=self._probe_reservations))
        if self._reads_reservations and self._account_options.billing_account:
            needs = "Billing account reader or Enrollment reader on the billing account"
            checks.append(ProbeCheck(name="transactions", needs=needs, run=lambda: self._probe_transactions(now)))
        return checks

    def _probe_reservations(self) -> str:
        lists = list(self._reservation_lists.orders())
        orders = len(order_ids(lists, provider=self.provider))
        lists += self._reservation_lists.reservations(tuple(lists))
        return f"{len(self._commitments(lists))} reservations of provisioned throughput in {orders} orders"

    def _probe_transactions(self, now: dt.datetime) -> str:
        billing_account = self._account_options.billing_account
        today = now.date()
        pages = list(self._reservation_lists.transactions(billing_account, today - _BEFORE_TERM, today))
        return f"{len(pages)} pages of the last {_BEFORE_TERM.days} days"


def _add(rows: UsageTotals, found: Iterable[UsageRow]) -> None:
    for row in found:
        rows.add(row)


def _midnight(moment: dt.datetime) -> dt.datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
