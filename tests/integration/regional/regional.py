"""A provider with regions as account options, a secret of two parts, and two rights to be checked."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import httpx
from pydantic import field_validator

from genai_finops.providers.base import CredentialError, MissingRightError, Page, ProbeCheck, UsageRow, Window
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.http import AuthContext, static_auth
from genai_finops.providers.registry import register
from genai_finops.providers.retry import Verdict, classify_status
from genai_finops.providers.source import HttpUsageSource, Options

_PARTS = ("client_id", "client_secret")


class RegionalAccount(Options):
    """Options of an account."""

    regions: tuple[str, ...]

    @field_validator("regions", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.split(",") if isinstance(value, str) else value

    @field_validator("regions")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for region in value:
            if region not in {"us-east-1", "eu-west-1"}:
                raise ValueError(f"{region!r} is no region")
        return value


@register
class RegionalUsage(HttpUsageSource):
    """Usage of one account in several regions."""

    provider: ClassVar[str] = "regional"
    flow: ClassVar[str] = "payg"
    account_options_model: ClassVar[type[Options]] = RegionalAccount

    @staticmethod
    def classify(status: int, headers: Any, body: Any) -> Verdict:
        if status == 403:
            return Verdict(MissingRightError, "grant the role")
        return classify_status(status, headers, body)

    @classmethod
    def check_secret(cls, secret: str) -> None:
        try:
            parts = json.loads(secret)
        except json.JSONDecodeError:
            raise CredentialError("regional: the credential is not JSON") from None
        for name in _PARTS:
            if not isinstance(parts, dict) or not parts.get(name):
                raise CredentialError(f"regional: the credential lacks {name}")

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        return (secret, *(str(json.loads(secret)[name]) for name in _PARTS))

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:  # noqa: ARG003
        cls.check_secret(secret)
        return static_auth(config.auth, json.loads(secret)["client_secret"], provider=config.id)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:  # noqa: ARG002
        def ask(path: str) -> str:
            self.session.get(path, source=path)
            return f"{path} answers"

        return (
            ProbeCheck(name="read usage", needs="the role UsageReader", run=lambda: ask("/usage")),
            ProbeCheck(name="list models", needs="the role ModelViewer", run=lambda: ask("/models")),
        )

    def fetch(self, window: Window) -> Iterator[Page]:  # noqa: ARG002
        yield self.session.get("/usage", source="/usage")

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:  # noqa: ARG002
        return iter(())
