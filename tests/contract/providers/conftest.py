"""The conformance harness: replays a provider's payload folder at the transport, for any provider.

A payload folder holds the pages of one fetch and a case.json:

- `first_day`, `last_day`, `now`, `secret`
- `exchanges`: request path and query (null: must be absent) -> page; the first that matches answers
- `bounds`: what a request says about the window, `path`, `start` and `end` as [parameter, value]
- `paged`: pages of one series, with the field of its cursor and the parameter that sends it back
- `expected`: sums by day and meter
- `provider_totals`: a field summed over pages, and the meters that it splits into
- `changes`: what to change in which page to make it empty, big, incomplete, or unknown; `at` is a path, `*` means each.
  `named` says what the error or warning then names

Payloads are those of tests/contract/payloads, and of the folder payloads in GENAI_FINOPS_PROVIDERS_PATH.
"""

import copy
import datetime as dt
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from genai_finops.providers.base import Page, UsageRow, Window
from genai_finops.providers.config import ProviderConfig, load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import discover, usage_source
from genai_finops.providers.source import HttpUsageSource

from .scripted_source import CONFIGS, Answer, Unlimited

REPOSITORY = Path(__file__).resolve().parents[3]
PAYLOADS = REPOSITORY / "tests" / "contract" / "payloads"


def _unchanged(_request: httpx.Request, _name: str, content: Any) -> Any:
    return content


class Replay(httpx.BaseTransport):
    """Answers from pages. Answers in `first` are given before any page is."""

    def __init__(self, prefix: str, exchanges: Sequence[dict[str, Any]], pages: Mapping[str, Any]) -> None:
        self.prefix = prefix
        self.exchanges = exchanges
        self.pages = pages
        self.first: list[Answer] = []
        self.requests: list[httpx.Request] = []
        self.served: list[str] = []
        #: Called for a page before it is sent; may change it.
        self.on_page: Callable[[httpx.Request, str, Any], Any] = _unchanged

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.first:
            return self.first.pop(0)(request)
        name = self.page_name(request)
        self.served.append(name)
        content = self.on_page(request, name, copy.deepcopy(self.pages[name]))
        return httpx.Response(200, content=json.dumps(content).encode(), headers={"x-request-id": "req_1"})

    def page_name(self, request: httpx.Request) -> str:
        path = request.url.path.removeprefix(self.prefix)
        query = request.url.params
        for exchange in self.exchanges:
            wanted = exchange.get("query", {})
            if exchange["path"] == path and all(query.get(name) == value for name, value in wanted.items()):
                return str(exchange["page"])
        raise AssertionError(f"no payload answers {request.method} {request.url}")


@dataclass
class Trial:
    """One source over a replay, and what it did."""

    source: HttpUsageSource
    replay: Replay
    window: Window
    sleeps: list[float]

    def fetch(self) -> list[Page]:
        return list(self.source.fetch(self.window))

    def rows(self) -> list[UsageRow]:
        return list(self.source.normalise(self.fetch(), self.window))


@dataclass
class Case:
    """The payload folder of one provider."""

    config: ProviderConfig
    flow: str
    folder: Path
    spec: dict[str, Any]
    pages: dict[str, Any] = field(default_factory=dict)

    @property
    def secret(self) -> str:
        return str(self.spec["secret"])

    @property
    def window(self) -> Window:
        first, last = (dt.date.fromisoformat(self.spec[name]) for name in ("first_day", "last_day"))
        return Window.of_days(first, last)

    def changed(self, name: str) -> dict[str, Any]:
        """The pages with a change of case.json applied."""
        pages = copy.deepcopy(self.pages)
        for change in self.spec["changes"][name]:
            for page in [change["page"]] if isinstance(change["page"], str) else change["page"]:
                _apply(pages[page], change)
        return pages

    def trial(self, pages: Mapping[str, Any] | None = None, *, max_pages: int | None = None) -> Trial:
        config = self.config
        if max_pages is not None:
            flows = {name: flow.model_copy(update={"max_pages": max_pages}) for name, flow in config.flows.items()}
            config = config.model_copy(update={"flows": flows})
        replay = Replay(httpx.URL(config.base_url).path.rstrip("/"), self.spec["exchanges"], pages or self.pages)
        sleeps: list[float] = []
        now = dt.datetime.fromisoformat(self.spec["now"])
        options = SessionOptions(
            transport=replay,
            sleep=sleeps.append,
            clock=lambda: sum(sleeps),
            now=lambda: now,
            random=lambda: 1.0,
            rate_limiter=Unlimited(),
        )
        source = usage_source(config, self.secret, options, flow=self.flow)
        return Trial(source, replay, self.window, sleeps)

    def expected(self) -> dict[tuple[str, str], Decimal]:
        return {(row["day"], row["meter"]): Decimal(row["quantity"]) for row in self.spec["expected"]}

    def provider_totals(self) -> list[tuple[Decimal, Decimal]]:
        """What the provider says in total, and the sum of the meters that it is split into."""
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in self.trial().rows():
            sums[row.meter] += row.quantity
        return [
            (
                Decimal(sum(value for page in total["pages"] for value in _values(self.pages[page], total["at"]))),
                sum((sums[meter] for meter in total["meters"]), Decimal(0)),
            )
            for total in self.spec["provider_totals"]
        ]


def _targets(content: Any, path: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Container and key of everything that a path names."""
    head, rest = path[0], path[1:]
    keys: list[Any] = [int(head)] if head.isdigit() else [head]
    if head == "*":
        keys = list(range(len(content)))
    for key in keys:
        if rest:
            yield from _targets(content[key], rest)
        else:
            yield content, key


def _values(content: Any, path: str) -> list[Any]:
    return [container[key] for container, key in _targets(content, path.split("/"))]


def _apply(page: Any, change: Mapping[str, Any]) -> None:
    for container, key in list(_targets(page, change["at"].split("/"))):
        if change.get("delete"):
            del container[key]
        else:
            container[key] = change["set"]


def _cases() -> list[Any]:
    environ = dict(os.environ)
    discover(environ)
    folders = [PAYLOADS]
    if "GENAI_FINOPS_PROVIDERS_PATH" in environ:
        folders.append(Path(environ["GENAI_FINOPS_PROVIDERS_PATH"]) / "payloads")
    # Addresses and rates of the surroundings are no part of what is tested.
    plain = {name: value for name, value in environ.items() if name == "GENAI_FINOPS_PROVIDERS_PATH"}
    cases = []
    for provider, config in load_provider_configs(CONFIGS, plain).items():
        folder = next((folder / provider for folder in folders if (folder / provider).is_dir()), None)
        if folder is None:
            raise FileNotFoundError(
                f"provider {provider} has no payload folder; add tests/contract/payloads/{provider}"
            )
        spec = json.loads((folder / "case.json").read_text())
        pages = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json") if path.name != "case.json"}
        cases.extend(
            pytest.param(Case(config, flow, folder, spec, pages), id=f"{provider}-{flow}") for flow in config.flows
        )
    return cases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", _cases())


@pytest.fixture
def trial(case: Case) -> Iterator[Trial]:
    replayed = case.trial()
    with replayed.source:
        yield replayed
