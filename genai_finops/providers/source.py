"""What the sources of all providers have in common: a session, a flow's values, a clock, and a name."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from genai_finops.providers.base import (
    Account,
    CredentialError,
    Page,
    PermanentProviderError,
    ProbeCheck,
    ProviderResource,
    ResourceState,
    SourceAccount,
    UsageRow,
    Window,
)
from genai_finops.providers.config import FlowConfig, ProviderConfig, ProviderConfigError
from genai_finops.providers.http import AuthContext, ProviderSession, static_auth
from genai_finops.providers.retry import Verdict, classify_status


class Options(BaseModel):
    """The `options` of a flow that a provider's module knows; the others are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpUsageSource(ABC):
    """Base of the sources. A source gives `provider`, `flow`, `fetch` and `normalise`; the rest where it differs."""

    provider: ClassVar[str]
    flow: ClassVar[str]
    #: Model of the flow's `options`.
    options_model: ClassVar[type[Options]] = Options
    #: Model of the account's options.
    account_options_model: ClassVar[type[Options]] = Options

    def __init__(
        self,
        config: ProviderConfig,
        flow: FlowConfig,
        session: ProviderSession,
        account: SourceAccount | None = None,
        known_resources: Sequence[ResourceState] = (),
    ) -> None:
        self.config = config
        self.flow_config = flow
        self.session = session
        account = account or SourceAccount(id="")
        self.account_id = account.id
        self.account_options = self.read_account_options(account)
        #: States of this account's resources from earlier fetches.
        self.known_resources = tuple(known_resources)

    @abstractmethod
    def fetch(self, window: Window) -> Iterator[Page]:
        """Every page of the window. Raises ProviderError."""

    @abstractmethod
    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """The rows of all the pages of one fetch. Raises MalformedPageError."""

    @staticmethod
    def classify(status: int, headers: Any, body: Any) -> Verdict:
        """What an answer other than 200 means at this provider."""
        return classify_status(status, headers, body)

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:  # noqa: ARG003
        """The authentication of a request. A provider with auth kind `provider` overrides it."""
        return static_auth(config.auth, secret, provider=config.id)

    @classmethod
    def check_secret(cls, secret: str) -> None:
        """Raise CredentialError for a secret that cannot be one of this provider; names the field, never a value."""
        if not secret.strip():
            raise CredentialError(f"{cls.provider}: the credential is empty; store the key")

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        """Everything in the secret that must never be shown."""
        return (secret, secret.strip())

    @classmethod
    def read_options(cls, flow: FlowConfig) -> Options:
        """The flow's options, checked. Raises ProviderConfigError for one that is unknown or of another type."""
        return _validated(cls.options_model, flow.options, subject=f"{flow.source}: key options", owner="this flow")

    @classmethod
    def read_account_options(cls, account: SourceAccount) -> Options:
        """The account's options, checked. Raises ProviderConfigError as read_options."""
        subject = f"{cls.provider} account {account.id}: option"
        return _validated(cls.account_options_model, account.options, subject=subject, owner="an account")

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:  # noqa: ARG002
        """What the lists among the pages describe; nothing where usage names no resources."""
        return iter(())

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """One check for each right that reading needs; by default that usage of yesterday can be asked for."""

        def read() -> str:
            yesterday = now.date() - dt.timedelta(days=1)
            page = next(iter(self.fetch(Window.of_days(yesterday, yesterday))), None)
            return "no page" if page is None else f"{page.source} answers"

        return (ProbeCheck(name="usage", needs="a key that may read usage", run=read),)

    def listed_types(self, pages: Sequence[Page]) -> frozenset[str]:  # noqa: ARG002 - sources without lists look at none
        """No type: what a list does not show is not gone."""
        return frozenset()

    def fetch_lists(self) -> Iterator[Page]:
        """The lists of what is there now, without usage; none by default. Read every hour, because lists forget."""
        return iter(())

    def account(self) -> Account | None:
        """The account behind the credential; None where the provider has no endpoint that says it."""
        return None

    @property
    def requests_made(self) -> int:
        """HTTP requests sent so far, repeats included."""
        return self.session.requests_made

    @property
    def repeats_made(self) -> int:
        """How many of these requests were repeats."""
        return self.session.repeats_made

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def refuse_future(self, window: Window) -> dt.datetime:
        """The current time in whole seconds. Raises PermanentProviderError where a day of the window has not begun."""
        # Providers count in whole seconds: a day is there for them once its first second is over.
        now = self.session.now().replace(microsecond=0)
        last = window.end - dt.timedelta(days=1)
        if last >= now:
            raise PermanentProviderError(
                f"{self.provider} {self.flow}: day {last.date().isoformat()} has not begun at {now.isoformat()}; "
                f"ask for days up to {now.date().isoformat()}"
            )
        return now


def _validated(model: type[Options], values: Mapping[str, Any], *, subject: str, owner: str) -> Options:
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in problem["loc"])
        known = ", ".join(sorted(model.model_fields)) or "none"
        raise ProviderConfigError(
            f"{subject}.{key}: {problem['msg']}", remedy=f"The options of {owner} are: {known}."
        ) from error
