"""A running simulator, and clients of one of its organisations."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import httpx
import pytest

from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

Params = Sequence[tuple[str, Any]]


class Reader:
    """A client of one provider with the admin key of one organisation."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def __call__(self, path: str, params: Params = (), **more: Any) -> httpx.Response:
        return self._client.get(path, params=list(params), **more)

    def buckets(self, path: str, params: Params, **more: Any) -> list[dict[str, Any]]:
        """All buckets of all pages; numbers with a fraction as Decimal."""
        buckets: list[dict[str, Any]] = []
        page: list[tuple[str, str]] = []
        while True:
            answer = self(path, [*params, *page], **more)
            assert answer.status_code == 200, answer.text
            content = json.loads(answer.text, parse_float=Decimal)
            buckets += content["data"]
            if not content["next_page"] or not content["data"]:
                return buckets
            page = [("page", content["next_page"])]

    def rows(self, path: str, params: Params, **more: Any) -> list[dict[str, Any]]:
        """All rows of all buckets."""
        return [row for bucket in self.buckets(path, params, **more) for row in bucket["results"]]

    def totals(self, path: str, params: Params, **more: Any) -> Counter[str]:
        """Totals of all counts, with nested ones by their own name."""
        totals: Counter[str] = Counter()
        for row in self.rows(path, params, **more):
            flat = {**row, **row.get("cache_creation", {}), **row.get("server_tool_use", {})}
            totals.update({k: v for k, v in flat.items() if isinstance(v, int) and not isinstance(v, bool)})
        return totals


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    scenario = Scenario(first_day=dt.date(2026, 10, 26), orgs=("acme", "globex"))
    with running_simulator(scenario=scenario, now=dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    """Without faults and memories of an earlier test."""
    running.clear_faults()
    running.clear_requests()
    yield running
    running.clear_faults()


@pytest.fixture(scope="session")
def openai_client(running: Simulator) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {running.admin_key('acme', 'openai')}"}
    with httpx.Client(base_url=running.base_url("openai"), headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def anthropic_client(running: Simulator) -> Iterator[httpx.Client]:
    headers = {"x-api-key": running.admin_key("acme", "anthropic"), "anthropic-version": "2023-06-01"}
    with httpx.Client(base_url=running.base_url("anthropic"), headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def openai(simulator: Simulator, openai_client: httpx.Client) -> Reader:
    return Reader(openai_client)


@pytest.fixture
def anthropic(simulator: Simulator, anthropic_client: httpx.Client) -> Reader:
    return Reader(anthropic_client)
