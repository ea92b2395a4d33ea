"""The HTTP side: one application for all providers, and the control endpoints below `/_sim`."""

import asyncio
import datetime as dt
import itertools
import json
from dataclasses import asdict, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from genai_finops.simulator.faults import FAULT_HEADER, STATUS_FAULTS, TRANSPORT_FAULTS, Fault, parse_fault
from genai_finops.simulator.noise import token
from genai_finops.simulator.provider import SimulatedProvider
from genai_finops.simulator.registry import PROVIDERS, provider_named
from genai_finops.simulator.state import SeenRequest, SimulatorState
from genai_finops.simulator.truth import truth
from genai_finops.simulator.wire import Refusal, WireAnswer, WireRequest, encode

_HELD_SECONDS = 30.0
_POLL_SECONDS = 0.02
_HTML = b"<!DOCTYPE html><html><head><title>Service Notice</title></head><body><h1>Please stand by</h1></body></html>"
_SECRET_HEADERS = {"authorization", "x-api-key", "x-goog-api-key", "x-amz-security-token", "cookie"}


class _CutResponse(Response):
    """Announces its whole length, sends half of the body, then the connection ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        # Returning without the rest makes the server close the socket; this lets the half leave it before.
        await asyncio.sleep(_POLL_SECONDS)


def build_app(state: SimulatorState) -> Starlette:
    """The application that serves `state`."""
    front = _Front(state)
    control = _Control(state)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/_sim/faults", control.add_fault, methods=["POST"]),
            Route("/_sim/faults", control.clear_faults, methods=["DELETE"]),
            Route("/_sim/clock", control.set_clock, methods=["POST"]),
            Route("/_sim/truth", control.show_truth, methods=["GET"]),
            Route("/_sim/requests", control.show_requests, methods=["GET"]),
            Route("/{path:path}", front.respond, methods=methods),
        ]
    )


class _Front:
    """Finds the provider of a request and lets it answer, rightly or with a fault."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._numbers = itertools.count(1)

    async def respond(self, request: Request) -> Response:
        path = request.url.path
        for provider in PROVIDERS.values():
            if path.startswith(provider.mount + "/"):
                return await self._respond_as(provider, request, path.removeprefix(provider.mount))
        mounts = ", ".join(provider.mount for provider in PROVIDERS.values())
        return JSONResponse({"error": f"no provider is mounted at {path}; mounted are {mounts}"}, status_code=404)

    async def _respond_as(self, provider: SimulatedProvider, request: Request, path: str) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        request_id = f"req_sim{token(20, self._state.world.scenario.seed, next(self._numbers))}"
        org: str | None = None
        fault: Fault | None = None
        try:
            wire = await _wire_request(request, path, headers)
            org, refused = self._identify(provider, wire)
            fault = self._fault_of(provider, org, path, headers)
            _refuse(provider, fault, refused)
            answer = self._answer(provider, org or "", _without_credentials(wire), fault)
        except Refusal as refusal:
            refusal.path = path
            answer = _refused(provider, refusal, request_id)
        self._state.requests.append(
            SeenRequest(
                method=request.method,
                path=path,
                params=tuple(request.query_params.multi_items()),
                provider=provider.id,
                org=org,
                status=answer.status,
                fault=fault.kind if fault else None,
            )
        )
        answer = replace(answer, headers={provider.request_id_header: request_id, **answer.headers})
        if fault and fault.kind in TRANSPORT_FAULTS:
            return await self._transport(fault, request, answer)
        return _response(Response, answer.body, answer)

    def _identify(self, provider: SimulatedProvider, wire: WireRequest) -> tuple[str | None, Refusal | None]:
        """The organisation, or why there is none. A fault may come before the refusal."""
        try:
            wall_clock = dt.datetime.now(dt.UTC)
            return provider.authorize(wire, self._state.world.keys[provider.id], wall_clock), None
        except Refusal as refusal:
            return None, refusal

    def _fault_of(
        self, provider: SimulatedProvider, org: str | None, path: str, headers: dict[str, str]
    ) -> Fault | None:
        if FAULT_HEADER not in headers:
            return self._state.faults.due(provider.id, org, path)
        try:
            return parse_fault(headers[FAULT_HEADER])
        except ValueError as error:
            raise Refusal(400, "invalid_request_error", str(error)) from None

    def _answer(self, provider: SimulatedProvider, org: str, wire: WireRequest, fault: Fault | None) -> WireAnswer:
        ledger = self._state.ledger
        account = self._state.world.accounts[provider.id, org]
        is_page_fault = fault is not None and fault.kind not in TRANSPORT_FAULTS
        payload = provider.answer(provider.without_fault_token(wire) if is_page_fault else wire, account, ledger)
        if isinstance(payload, WireAnswer):
            return payload
        if fault is not None and is_page_fault:
            provider.spoil(fault, payload, wire)
        return WireAnswer(body=encode(payload))

    async def _transport(self, fault: Fault, request: Request, answer: WireAnswer) -> Response:
        if fault.kind == "not_json":
            return Response(_HTML, status_code=200, headers=dict(answer.headers), media_type="text/html")
        if fault.kind == "truncated_body":
            return _response(Response, answer.body[: len(answer.body) * 2 // 3], answer)
        if fault.kind == "timeout":
            await self._hold(request, float(fault.options.get("seconds", _HELD_SECONDS)))
            return _response(Response, answer.body, answer)
        return _response(_CutResponse, answer.body, answer)

    async def _hold(self, request: Request, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            if self._state.stopping.is_set() or await request.is_disconnected():
                return
            await asyncio.sleep(_POLL_SECONDS)


async def _wire_request(request: Request, path: str, headers: dict[str, str]) -> WireRequest:
    query = request.scope["query_string"].decode("ascii")
    raw_path = request.scope["raw_path"].decode("ascii")
    return WireRequest(
        method=request.method,
        path=path,
        raw_path=f"{raw_path}?{query}" if query else raw_path,
        params=request.query_params.multi_items(),
        headers=headers,
        content=await request.body(),
    )


def _without_credentials(wire: WireRequest) -> WireRequest:
    return replace(wire, headers={name: value for name, value in wire.headers.items() if name not in _SECRET_HEADERS})


def _refused(provider: SimulatedProvider, refusal: Refusal, request_id: str) -> WireAnswer:
    said = provider.error_body(refusal, request_id)
    if isinstance(said, WireAnswer):
        return said
    retry_after = {} if refusal.retry_after is None else {"retry-after": refusal.retry_after}
    return WireAnswer(body=encode(said), status=refusal.status, headers=retry_after)


def _response(kind: type[Response], body: bytes, answer: WireAnswer) -> Response:
    return kind(body, status_code=answer.status, headers=dict(answer.headers), media_type=answer.media_type)


def _refuse(provider: SimulatedProvider, fault: Fault | None, refused: Refusal | None) -> None:
    """Raises what keeps the provider from answering: a fault or the credential."""
    if fault and fault.kind in STATUS_FAULTS:
        refusal = provider.failure(STATUS_FAULTS[fault.kind], retry_after=fault.options.get("retry_after"))
        # Some providers were seen to answer a missing permission with 401.
        refusal.status = int(fault.options.get("status", refusal.status))
        raise refusal
    if refused:
        raise refused


class _Control:
    """Endpoints that steer the simulator. They need no credential: the server listens on loopback."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state

    async def add_fault(self, request: Request) -> Response:
        try:
            told = await _json_object(request)
            provider = provider_named(str(told.pop("provider", None)))
            places = {name: told.pop(name, None) for name in ("org", "path_prefix", "times")}
            after = int(told.pop("after", None) or 0)
            kind = str(told.pop("kind", None))
            fault = Fault(kind=kind, options={key: str(value) for key, value in told.items() if value is not None})
        except (ValueError, LookupError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        self._state.faults.add(fault, provider=provider.id, after=after, **places)
        return Response(status_code=204)

    async def clear_faults(self, _: Request) -> Response:
        self._state.faults.clear()
        return Response(status_code=204)

    async def set_clock(self, request: Request) -> Response:
        try:
            told = await _json_object(request)
            self._state.advance(dt.datetime.fromisoformat(str(told.get("now"))))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({"now": self._state.ledger.now.isoformat()})

    async def show_truth(self, request: Request) -> Response:
        grain = request.query_params.get("grain", "day")
        if grain not in {"day", "hour"}:
            return JSONResponse({"error": f"unknown grain {grain!r}; use day or hour"}, status_code=400)
        ledger = self._state.ledger
        found = truth(self._state.world, ledger.now, "hour" if grain == "hour" else "day", ledger=ledger)
        return JSONResponse(found)

    async def show_requests(self, _: Request) -> Response:
        return JSONResponse({"requests": [asdict(seen) for seen in self._state.requests]})


async def _json_object(request: Request) -> dict[str, Any]:
    told = json.loads(await request.body())
    if not isinstance(told, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004  # the caller answers it as one bad request
    return told
