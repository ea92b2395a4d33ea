"""Running the simulator: in a thread for tests and the demo, or as a process of its own."""

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from genai_finops.simulator.capacity import BoughtCommitment
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.registry import PROVIDERS, admin_key, provider_named
from genai_finops.simulator.request_logs.files import WrittenLogs, write_request_logs
from genai_finops.simulator.request_logs.truth import AttributionTruth, attribution_truth
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.server import build_app
from genai_finops.simulator.state import SeenRequest, SimulatorState
from genai_finops.simulator.truth import Grain, truth

DEFAULT_NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
_UNLIMITED_RATE = "100000"
_START_SECONDS = 10.0
_POLL_SECONDS = 0.005


class Simulator:
    """A running simulator, seen from the same process."""

    def __init__(self, state: SimulatorState, url: str) -> None:
        self._state = state
        #: `http://host:port`, without a path.
        self.url = url

    @property
    def now(self) -> dt.datetime:
        """The simulator's clock."""
        return self._state.ledger.now

    @property
    def scenario(self) -> Scenario:
        """What is simulated."""
        return self._state.world.scenario

    @property
    def requests(self) -> list[SeenRequest]:
        """What the providers were asked, oldest first."""
        return list(self._state.requests)

    def clear_requests(self) -> None:
        """Forgets what was asked."""
        self._state.requests.clear()

    def base_url(self, provider: str) -> str:
        """What a client of the provider takes for its base URL."""
        return provider_named(provider).addresses(self.url)["base_url"]

    def environment(self, *providers: str) -> dict[str, str]:
        """The variables that point the platform here without limiting its pace; of all providers by default."""
        return environment(self.url, self.now, providers or tuple(PROVIDERS))

    def account_options(self, org: str, provider: str) -> Mapping[str, str]:
        """What the platform has to know of the account beside its id."""
        return provider_named(provider).account_options(self._state.world.accounts[provider, org])

    def admin_key(self, org: str, provider: str) -> str:
        """The key that reads the organisation's usage."""
        return admin_key(self.scenario.seed, org, provider)

    def inference_key(self, org: str, provider: str) -> str:
        """A key that the usage endpoints refuse with 403."""
        return provider_named(provider).inference_key(self.scenario.seed, org)

    def account_id(self, org: str, provider: str) -> str:
        """The provider's id of the organisation."""
        return self._state.world.accounts[provider, org].account_id

    def commitments(self, org: str, provider: str) -> tuple[BoughtCommitment, ...]:
        """What the organisation ever bought of reserved capacity, whether or not an interface lists it."""
        return provider_named(provider).capacity(self._state.world.accounts[provider, org]).commitments

    def truth(self, grain: Grain = "day") -> dict[str, Any]:
        """What the reports amount to at the present clock; see `truth.truth` for the shape."""
        return truth(self._state.world, self.now, grain, ledger=self._state.ledger)

    def write_request_logs(self, folder: Path) -> WrittenLogs:
        """Write the logs of all requests of the scenario; see `files.write_request_logs`."""
        return write_request_logs(self._state.world, folder)

    def attribution_truth(self) -> AttributionTruth:
        """Who caused what the reports amount to at the present clock, as far as the logs can tell."""
        return attribution_truth(self._state.world, self.now)

    def set_fault(
        self,
        provider: str,
        kind: str,
        *,
        org: str | None = None,
        path_prefix: str | None = None,
        times: int | None = None,
        after: int = 0,
        **options: object,
    ) -> None:
        """Lets matching requests go wrong; see `FaultBoard.add` and `Fault`. Raises ValueError for an unknown kind."""
        fault = Fault(kind=kind, options={key: str(value) for key, value in options.items() if value is not None})
        self._state.faults.add(
            fault, provider=provider_named(provider).id, org=org, path_prefix=path_prefix, times=times, after=after
        )

    def clear_faults(self) -> None:
        """All requests go well again."""
        self._state.faults.clear()

    def advance(self, now: dt.datetime) -> None:
        """Moves the clock forward, which lets late usage arrive."""
        self._state.advance(now)


def environment(url: str, now: dt.datetime, providers: Iterable[str]) -> dict[str, str]:
    """The variables that point the platform at a simulator at `url` with this clock, without limiting its pace."""
    variables = {"GENAI_FINOPS_SIMULATED_NOW": now.isoformat()}
    for provider in providers:
        prefix = f"GENAI_FINOPS_{provider.upper()}"
        for name, address in provider_named(provider).addresses(url).items():
            variables[f"{prefix}_{name.upper()}"] = address
        # The simulator has no quota; the pace of a real provider would make everyone wait.
        variables[f"{prefix}_MAX_REQUESTS_PER_MINUTE"] = _UNLIMITED_RATE
    return variables


def _server(state: SimulatorState) -> uvicorn.Server:
    config = uvicorn.Config(
        build_app(state),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        # The log names paths with their queries; nothing here is worth keeping beside the request list.
        log_config=None,
        access_log=False,
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    # Only of sockets that name TCP does asyncio switch off Nagle's algorithm; with it each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


@contextmanager
def running_simulator(
    *, scenario: Scenario | None = None, now: dt.datetime = DEFAULT_NOW, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Simulator]:
    """Serves the scenario from a thread, by default on a free loopback port, until the block ends."""
    state = SimulatorState(scenario or Scenario(), now)
    listener = _listen(host, port)
    server = _server(state)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="simulator")
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield Simulator(state, f"http://{host}:{listener.getsockname()[1]}")
    finally:
        state.stopping.set()
        server.should_exit = True
        thread.join(timeout=_START_SECONDS)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"the simulator did not start within {_START_SECONDS:.0f} s; is its port free?")
        time.sleep(_POLL_SECONDS)


def describe(simulator: Simulator) -> dict[str, Any]:
    """Where a running simulator listens and what it simulates; without keys."""
    scenario = simulator.scenario
    return {
        "url": simulator.url,
        "port": int(simulator.url.rpartition(":")[2]),
        "base_urls": {provider: simulator.base_url(provider) for provider in PROVIDERS},
        "environment": simulator.environment(),
        "seed": scenario.seed,
        "from": scenario.first_day.isoformat(),
        "to": scenario.last_day.isoformat(),
        "now": simulator.now.isoformat(),
        "orgs": list(scenario.orgs),
    }
