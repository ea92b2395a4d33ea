"""What every provider implements, and the errors it may raise."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Half-open UTC interval [start, end) of whole days."""

    start: dt.datetime
    end: dt.datetime

    def __post_init__(self) -> None:
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment.utcoffset() != dt.timedelta(0):
                raise ValueError(f"window {name} {moment!r} is not in UTC")
            if moment.time() != dt.time(0):
                raise ValueError(f"window {name} {moment.isoformat()} is not at midnight UTC")
        if self.start >= self.end:
            raise ValueError(f"window is empty: {self.start.isoformat()} is not before {self.end.isoformat()}")

    @classmethod
    def of_days(cls, first: dt.date, last: dt.date) -> "Window":
        """The window of the days first to last, both inclusive."""
        midnight = dt.time(0, tzinfo=dt.UTC)
        return cls(
            start=dt.datetime.combine(first, midnight),
            end=dt.datetime.combine(last + dt.timedelta(days=1), midnight),
        )

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The UTC days of the window, in order."""
        return tuple(self.start.date() + dt.timedelta(days=n) for n in range((self.end - self.start).days))

    def split(self, max_days: int) -> "tuple[Window, ...]":
        """Consecutive windows of at most max_days days that cover this one."""
        step = dt.timedelta(days=max_days)
        starts = [self.start + step * n for n in range(-(-(self.end - self.start) // step))]
        return tuple(Window(start=start, end=min(start + step, self.end)) for start in starts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One raw answer of a provider, as received, and what was asked for."""

    #: Which of the provider's requests this answers, for example `usage/completions`.
    source: str
    #: Parameters that the answer does not repeat but that its rows need (a filter value).
    request: Mapping[str, str]
    body: bytes
    #: Hex SHA-256 of body: the page's name in the lake.
    sha256: str
    #: The parsed body, numbers with a fraction as Decimal.
    content: Any = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """One metered quantity, normalised; the columns of the landing tables without lineage."""

    period_start: dt.datetime
    period_end: dt.datetime
    meter: str
    quantity: Decimal
    page: str
    service_tier: str
    provider_service_tier: str | None = None
    sub_account_id: str | None = None
    sub_account_name: str | None = None
    sub_account_type: str | None = None
    resource_id: str | None = None
    resource_name: str | None = None
    resource_type: str | None = None
    api_key_id: str | None = None
    provider_model_id: str | None = None
    region_id: str | None = None
    geography: str | None = None
    context_band: str | None = None
    context_tokens_above: int | None = None
    context_tokens_up_to: int | None = None
    variant: str | None = None
    #: What the row was read from, where the provider offers several: `billing_export`, `monitoring`.
    metering_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderResource:
    """Something that usage names, as a list of the provider describes it: a deployment, an inference profile."""

    #: `Deployment`, `Inference profile`, `Model`: a word of the provider, capitalised.
    resource_type: str
    #: In lower case, unique within its type and account.
    resource_id: str
    resource_name: str
    region_id: str | None = None
    #: Model that usage of the resource counts for; None where the list does not say.
    provider_model_id: str | None = None
    sku_name: str | None = None
    capacity: Decimal | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    created_at: dt.datetime | None = None
    modified_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceState:
    """A resource and the first and last moment at which a list described it in just these words."""

    resource: ProviderResource
    first_observed_at: dt.datetime
    last_observed_at: dt.datetime
    #: First list that no longer showed it, after the last one that did; None while it is listed.
    missed_at: dt.datetime | None = None


class ProviderError(Exception):
    """A provider could not be read. The message names provider, request and remedy, never a secret."""


class TransientProviderError(ProviderError):
    """Worth repeating later: overload, rate limit, cut connection, truncated answer."""


class PermanentProviderError(ProviderError):
    """Repeating changes nothing: a refused parameter, a page of an unknown shape."""


class CredentialError(PermanentProviderError):
    """The provider refused the credential: missing, wrong, expired, or without the needed scope."""


class MissingRightError(CredentialError):
    """The provider knows the credential, and refuses what was asked with it: a role, policy or scope is missing."""


class MalformedPageError(PermanentProviderError):
    """A page arrived whole but does not have the documented shape. Names field, value and page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account at the provider that a credential belongs to, as the provider names it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAccount:
    """The account that is read, as the control database names it, and what is to be known to read it."""

    id: str
    #: Regions, tables, routes: values that differ from account to account. Never a secret.
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCheck:
    """One right that reading needs. `run` asks for as little as proves it, gives a detail and raises ProviderError."""

    name: str
    #: Role, policy or scope that grants it.
    needs: str
    run: Callable[[], str]


class UsageSource(Protocol):
    """One provider and flow. Built by the registry from the provider's configuration.

    `fetch` does all the HTTP and yields every page of the window; it raises ProviderError and yields nothing silently
    short. `normalise` is pure and takes all the pages of one fetch, because names and control totals come on
    pages of their own; it raises MalformedPageError rather than guess.
    """

    provider: ClassVar[str]
    flow: ClassVar[str]

    def fetch(self, window: Window) -> Iterator[Page]: ...

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]: ...

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        """What the lists among the pages describe. Ingest keeps it, because lists forget what is deleted."""
        ...

    def listed_types(self, pages: Sequence[Page]) -> frozenset[str]:
        """Resource types of which the lists among the pages name all that there is: one that is missing is gone."""
        ...

    def fetch_lists(self) -> Iterator[Page]:
        """The lists of what is there now, without usage; `resources` and `listed_types` read them."""
        ...

    def account(self) -> Account | None:
        """The account behind the credential, asked of the provider; None where the provider has no such endpoint."""
        ...

    @property
    def requests_made(self) -> int:
        """HTTP requests sent so far, repeats included."""
        ...

    @property
    def repeats_made(self) -> int:
        """How many of these requests were repeats."""
        ...

    def close(self) -> None:
        """Close the connections. A source is also a context manager that does so."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
