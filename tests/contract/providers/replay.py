"""A transport that answers with a payload folder's pages, and what case.json says about requests."""

import copy
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx

from genai_finops.providers.config import ProviderConfig
from genai_finops.simulator.wire import encode, number

from .json_paths import apply_change, targets, values
from .scripted_source import Answer


def fits(found: Sequence[Any], wanted: Any) -> bool:
    """Whether values of a request are what a MATCH of case.json wants."""
    if wanted is None:
        return not found
    if isinstance(wanted, list):
        return list(found) == wanted
    if isinstance(wanted, dict):
        pattern = wanted["pattern"] if "pattern" in wanted else re.escape(wanted["contains"])
        return any(re.search(pattern, str(value)) for value in found)
    return wanted in found


def json_body(request: httpx.Request) -> Any:
    """The parsed body; None where it is no JSON."""
    try:
        return json.loads(request.content, parse_float=Decimal)
    except ValueError:
        return None


def form_body(request: httpx.Request) -> dict[str, list[str]]:
    """The fields of a form body."""
    return parse_qs(request.content.decode("utf-8", errors="replace"), keep_blank_values=True)


def said(request: httpx.Request, place: Mapping[str, Any]) -> list[Any]:
    """What a request says at a PLACE of case.json."""
    if place.get("link"):
        return [str(request.url)]
    if "query" in place:
        return request.url.params.get_list(place["query"])
    if "form" in place:
        return form_body(request).get(place["form"], [])
    return values(json_body(request), place["body"])


def without(request: httpx.Request, place: Mapping[str, Any]) -> tuple[str, str]:
    """Address and body of a request less what it says at a PLACE."""
    if "query" in place:
        return str(request.url.copy_remove_param(place["query"])), request.content.decode()
    if "form" in place:
        rest = {name: value for name, value in form_body(request).items() if name != place["form"]}
        return str(request.url), json.dumps(rest, sort_keys=True)
    content = json_body(request)
    for container, key in list(targets(content, place["body"])):
        container.pop(key, None)
    return str(request.url), json.dumps(content, sort_keys=True, default=str)


def says(request: httpx.Request, wanted: Mapping[str, Any]) -> bool:
    """Whether query, headers, JSON body and form of a request are as a REQUEST of case.json wants them."""
    headers = {name: [request.headers[name]] if name in request.headers else [] for name in wanted.get("headers", {})}
    return (
        all(fits(request.url.params.get_list(name), value) for name, value in wanted.get("query", {}).items())
        and all(fits(headers[name], value) for name, value in wanted.get("headers", {}).items())
        and all(fits(values(json_body(request), path), value) for path, value in wanted.get("body", {}).items())
        and all(fits(form_body(request).get(name, []), value) for name, value in wanted.get("form", {}).items())
    )


def is_asked(request: httpx.Request, wanted: Mapping[str, Any], config: ProviderConfig) -> bool:
    """Whether a request is one that a REQUEST of case.json describes."""
    host = wanted.get("host", {"name": "base_url"})
    address = httpx.URL(host if isinstance(host, str) else config.host(host["name"], host))
    url = request.url
    return (
        request.method == wanted.get("method", "GET")
        and (url.scheme, url.host, url.port) == (address.scheme, address.host, address.port)
        and url.path.startswith(address.path.rstrip("/"))
        and ("path" not in wanted or url.path.removeprefix(address.path.rstrip("/")) == wanted["path"])
        and says(request, wanted)
    )


@dataclass(frozen=True, slots=True)
class Served:
    """One answer with a page."""

    request: httpx.Request
    page: str
    exchange: Mapping[str, Any]

    @property
    def is_auth(self) -> bool:
        """Whether it came from a token endpoint."""
        return bool(self.exchange.get("auth"))


def _unchanged(_name: str, content: Any) -> Any:
    return content


class Replay(httpx.BaseTransport):
    """Answers from pages. Answers in `first` come before any page, at token endpoints or at the others."""

    def __init__(
        self, config: ProviderConfig, exchanges: Sequence[Mapping[str, Any]], pages: Mapping[str, Any]
    ) -> None:
        self.config = config
        self.exchanges = exchanges
        self.pages = pages
        self.first: list[Answer] = []
        self.first_at_auth = False
        self.requests: list[httpx.Request] = []
        self.served: list[Served] = []
        #: Called for a page before it is sent; may change it.
        self.on_page: Callable[[str, Any], Any] = _unchanged
        self._times: dict[int, int] = {}
        self._astray: tuple[Mapping[str, Any], set[str]] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        number_of, exchange = self._exchange(request)
        if self.first and bool(exchange.get("auth")) is self.first_at_auth:
            return self.first.pop(0)(request)
        name = self._page(number_of, exchange)
        self.served.append(Served(request, name, exchange))
        content = self.on_page(name, copy.deepcopy(self.pages[name]))
        return httpx.Response(200, content=body_of(content), headers={"x-request-id": "req_1"})

    def usage_served(self) -> list[Served]:
        """Answers that came from no token endpoint."""
        return [served for served in self.served if not served.is_auth]

    def lead_astray(self, paged: Mapping[str, Any], next_cursor: Callable[[int], str]) -> None:
        """Let the first page of a series name a made-up cursor, and answer that with the first page again.

        `next_cursor` is given how many cursors were made up so far; of a link it gives what is appended.
        """
        given: set[str] = set()
        count = 0

        def change(name: str, content: Any) -> Any:
            nonlocal count
            if name in paged["pages"]:
                cursor = next_cursor(count)
                count += 1
                if paged["sent_as"].get("link"):
                    link = httpx.URL(str(values(self.pages[paged["pages"][0]], paged["cursor"])[0]))
                    cursor = str(link.copy_set_param("astray", cursor))
                given.add(cursor)
                for path, value in paged.get("more", {}).items():
                    apply_change(content, {"at": path, "set": value})
                apply_change(content, {"at": paged["cursor"], "set": cursor})
            return content

        self.on_page = change
        self._astray = (paged, given)

    def _exchange(self, request: httpx.Request) -> tuple[int, Mapping[str, Any]]:
        if self._astray:
            paged, given = self._astray
            if given.intersection(map(str, said(request, paged["sent_as"]))):
                return -1, {"page": paged["pages"][0]}
        for place, exchange in enumerate(self.exchanges):
            if is_asked(request, exchange, self.config):
                return place, exchange
        target = request.headers.get("x-amz-target", "")
        raise AssertionError(f"no payload answers {request.method} {request.url} {target} {request.content.decode()}")

    def _page(self, place: int, exchange: Mapping[str, Any]) -> str:
        pages = [exchange["page"]] if isinstance(exchange["page"], str) else exchange["page"]
        time = self._times.get(place, 0)
        self._times[place] = time + 1
        return str(pages[min(time, len(pages) - 1)])


def body_of(content: Any) -> bytes:
    """JSON in which decimals keep all their digits."""
    return encode(json.loads(json.dumps(content, default=number)))
