"""A provider behind a token endpoint: words per day and region, asked by POST, the cursor in the body, days sparse."""

import datetime as dt
import json
from collections.abc import Generator, Iterator, Sequence
from typing import ClassVar
from urllib.parse import urlencode

import httpx

from genai_finops.providers.base import (
    MalformedPageError,
    Page,
    PermanentProviderError,
    TransientProviderError,
    UsageRow,
    Window,
)
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.http import AuthContext
from genai_finops.providers.records import Record, UnknownFields, UsageTotals
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.registry import register
from genai_finops.providers.retry import RetryableError, classify_status, retry_after_seconds
from genai_finops.providers.source import HttpUsageSource, Options


class _AccountOptions(Options):
    regions: str


class _TokenAuth(httpx.Auth):
    """Buys a token with the first request and sends it with each."""

    requires_response_body = True

    def __init__(self, address: str, secret: dict[str, str], context: AuthContext) -> None:
        self._address = address
        self._secret = secret
        self._redactor: Redactor = context.redactor
        self._now = context.options.now
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._token is None:
            form = urlencode({"client_id": self._secret["client_id"], "client_secret": self._secret["client_secret"]})
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            self._token = self._read((yield httpx.Request("POST", self._address, content=form, headers=headers)))
            self._redactor.learn(self._token)
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request

    def _read(self, response: httpx.Response) -> str:
        if response.status_code != 200:
            verdict = classify_status(response.status_code, response.headers, None)
            message = f"gated token: HTTP {response.status_code}; {verdict.remedy}"
            if issubclass(verdict.error, TransientProviderError):
                raise RetryableError(message, retry_after=retry_after_seconds(response.headers, self._now()))
            raise verdict.error(message)
        try:
            return str(response.json()["token"])
        except (ValueError, LookupError):
            raise RetryableError("gated token: the answer holds none") from None


@register
class GatedUsage(HttpUsageSource):
    """Usage of one account, region by region."""

    provider: ClassVar[str] = "gated"
    flow: ClassVar[str] = "payg"
    account_options_model: ClassVar[type[Options]] = _AccountOptions

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:
        return _TokenAuth(f"{config.host('auth_url')}/token", json.loads(secret), context)

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        return (secret, json.loads(secret)["client_secret"])

    def fetch(self, window: Window) -> Iterator[Page]:
        self.refuse_future(window)
        assert isinstance(self.account_options, _AccountOptions)
        for region in self.account_options.regions.split(","):
            yield from self._region(region, window)

    def _region(self, region: str, window: Window) -> Iterator[Page]:
        asked = {"from": int(window.start.timestamp()), "until": int(window.end.timestamp())}
        cursor, seen = "", set()
        for _ in range(self.flow_config.max_pages):
            page = self.session.request(
                "POST",
                "/usage",
                source="usage",
                place={"region": region},
                content=json.dumps({**asked, "cursor": cursor} if cursor else asked).encode(),
            )
            yield page
            cursor = page.content.get("next") or ""
            if not cursor:
                return
            if cursor in seen:
                raise PermanentProviderError(f"gated usage: cursor {cursor!r} comes a second time")
            seen.add(cursor)
        raise PermanentProviderError(f"gated usage: more than {self.flow_config.max_pages} pages")

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        unknown, totals = UnknownFields(), UsageTotals()
        for page in pages:
            for record in Record.of(page.content, provider="gated", page=page, place="page").children("points"):
                unknown.add(record, {"at", "words"})
                start = dt.datetime.fromtimestamp(record.count("at"), dt.UTC)
                if not window.start <= start < window.end:
                    raise MalformedPageError(f"gated usage: {start.isoformat()} is outside the window")
                totals.add(
                    UsageRow(
                        period_start=start,
                        period_end=start + dt.timedelta(days=1),
                        meter="uncached_input",
                        quantity=record.quantity("words"),
                        page=page.sha256,
                        service_tier="standard",
                    )
                )
        unknown.report()
        return iter(totals)
