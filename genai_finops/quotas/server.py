"""A small HTTP endpoint for gateways: the block list, checks, and how requests ended."""

import contextlib
import datetime as dt
import hmac
import ipaddress
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from genai_finops.control.database import ControlDatabaseError
from genai_finops.errors import FinopsError
from genai_finops.quotas.block_list import block_list_path, write_block_list
from genai_finops.quotas.estimate import CostEstimator
from genai_finops.quotas.gate import QuotaGate
from genai_finops.quotas.request_amount import RequestAmount
from genai_finops.quotas.request_scope import RequestScope
from genai_finops.quotas.wire import Asked, decision_object, read_check, read_end
from genai_finops.settings import Settings

TOKEN_VARIABLE = "GENAI_FINOPS_QUOTA_TOKEN"
_LARGEST_BODY = 64 * 1024
_OPEN_PATHS = ("/healthz",)
_log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


def quota_token(settings: Settings, host: str) -> str | None:
    """The token that callers must send; None where none is needed, which is on a loopback address only.

    Raises FinopsError where one is needed and not set.
    """
    token = settings.environ.get(TOKEN_VARIABLE)
    if token is not None and not token.strip():
        raise FinopsError(f"{TOKEN_VARIABLE} is set but empty", remedy=f"Give {TOKEN_VARIABLE} a value or unset it.")
    if token is None and not _is_loopback(host):
        raise FinopsError(
            f"Others could reach the quotas on {host} without a token",
            remedy=f"Set {TOKEN_VARIABLE} to a random text that callers send, or listen on 127.0.0.1.",
        )
    return token


def build_app(
    settings: Settings,
    gate: QuotaGate,
    *,
    token: str | None,
    clock: Callable[[], dt.datetime],
    refresh_seconds: float = 30,
    estimator: CostEstimator | None = None,
) -> Starlette:
    """The application. It writes the block list every `refresh_seconds`, whether or not ticks do too."""
    endpoint = _Endpoint(settings, gate, clock, estimator or CostEstimator(settings))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(endpoint.keep_block_list, refresh_seconds)
            yield
            tasks.cancel_scope.cancel()
        gate.close()

    routes = [
        ("/healthz", endpoint.health, "GET"),
        ("/blocklist", endpoint.block_list, "GET"),
        ("/check", endpoint.check, "POST"),
        ("/settle", endpoint.settle, "POST"),
        ("/release", endpoint.release, "POST"),
    ]
    return Starlette(
        routes=[Route(path, _guarded(handler, path, token), methods=[method]) for path, handler, method in routes],
        lifespan=lifespan,
    )


class _Endpoint:
    """What is answered. Work that waits for the control database is done in threads."""

    def __init__(
        self, settings: Settings, gate: QuotaGate, clock: Callable[[], dt.datetime], estimator: CostEstimator
    ) -> None:
        self._settings = settings
        self._gate = gate
        self._clock = clock
        self._estimator = estimator

    async def health(self, _: Request) -> Response:
        budgets = await run_in_threadpool(self._gate.refresh)
        return JSONResponse({"status": "ok", "budgets": budgets})

    async def block_list(self, request: Request) -> Response:
        path = block_list_path(self._settings)
        if not await anyio.Path(path).exists():
            await run_in_threadpool(write_block_list, self._settings, self._clock())
        content = await anyio.Path(path).read_bytes()
        headers = {"etag": f'"{json.loads(content)["version"]}"', "cache-control": "no-cache"}
        if headers["etag"] in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="application/json", headers=headers)

    async def check(self, request: Request) -> Response:
        asked = read_check(await _body(request))
        return JSONResponse(await run_in_threadpool(self._check, asked))

    async def settle(self, request: Request) -> Response:
        asked = read_end(await _body(request))
        return JSONResponse({"outcome": await run_in_threadpool(self._settle, asked)})

    async def release(self, request: Request) -> Response:
        asked = read_end(await _body(request))
        ended = await run_in_threadpool(self._gate.release, asked.reservation_id or "", now=self._clock())
        return JSONResponse({"outcome": ended})

    async def keep_block_list(self, seconds: float) -> None:
        while True:
            try:
                await run_in_threadpool(write_block_list, self._settings, self._clock())
            except (FinopsError, OSError) as error:
                _log.warning("the block list was not written: %s", error)
            await anyio.sleep(seconds)

    def _check(self, asked: Asked) -> dict[str, Any]:
        now = self._clock()
        scope = RequestScope.of(asked.dimensions, asked.tags)
        return decision_object(self._gate.check(scope, self._amount(asked, now, is_upper_bound=True), now=now))

    def _settle(self, asked: Asked) -> str:
        now = self._clock()
        amount = self._amount(asked, now, is_upper_bound=False)
        return self._gate.settle(asked.reservation_id or "", amount, now=now)

    def _amount(self, asked: Asked, now: dt.datetime, *, is_upper_bound: bool) -> RequestAmount:
        if asked.usage is None:
            return asked.amount
        return self._estimator.amount(
            asked.dimensions, asked.usage, fallback=asked.amount, is_upper_bound=is_upper_bound, now=now
        )


def _guarded(handler: Handler, path: str, token: str | None) -> Handler:
    async def answer(request: Request) -> Response:
        if path not in _OPEN_PATHS and not _is_allowed(request, token):
            return JSONResponse({"error": "A bearer token is needed"}, 401, {"www-authenticate": "Bearer"})
        try:
            return await handler(request)
        except ControlDatabaseError as error:
            # What the database said may name hosts and users; a caller needs to know only that it should try again.
            _log.warning("the control database did not answer: %s", error)
            return JSONResponse({"error": "The control database did not answer"}, 503, {"retry-after": "1"})
        except FinopsError as error:
            return JSONResponse({"error": str(error)}, 422)

    return answer


def _is_allowed(request: Request, token: str | None) -> bool:
    if token is None:
        return True
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), token.strip().encode())


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _LARGEST_BODY:
            raise FinopsError("The body is too long", remedy=f"Send {_LARGEST_BODY} bytes at most.")
    return bytes(content)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
