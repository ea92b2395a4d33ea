"""What the sources of all providers have in common: a session, a flow's values, a clock, and a name."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from genai_finops.providers.base import Account, Page, PermanentProviderError, UsageRow, Window
from genai_finops.providers.config import FlowConfig, ProviderConfig, ProviderConfigError
from genai_finops.providers.http import ProviderSession, SessionOptions, static_auth
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

    def __init__(self, config: ProviderConfig, flow: FlowConfig, session: ProviderSession) -> None:
        self.config = config
        self.flow_config = flow
        self.session = session

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
    def authenticate(cls, config: ProviderConfig, secret: str, options: SessionOptions) -> httpx.Auth:  # noqa: ARG003
        """The authentication of a request. A provider with auth kind `provider` overrides it."""
        return static_auth(config.auth, secret, provider=config.id)

    @classmethod
    def read_options(cls, flow: FlowConfig) -> Options:
        """The flow's options, checked. Raises ProviderConfigError for one that is unknown or of another type."""
        try:
            return cls.options_model.model_validate(flow.options)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            key = ".".join(str(part) for part in problem["loc"])
            known = ", ".join(sorted(cls.options_model.model_fields)) or "none"
            raise ProviderConfigError(
                f"{flow.source}: key options.{key}: {problem['msg']}",
                remedy=f"The options of this flow are: {known}.",
            ) from error

    def account(self) -> Account | None:
        """The account behind the credential; None where the provider has no endpoint that says it."""
        return None

    @property
    def requests_made(self) -> int:
        """HTTP requests sent so far, repeats included."""
        return self.session.requests_made

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
