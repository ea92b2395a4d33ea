"""What a running simulator knows: its world, its clock, its faults and what it was asked."""

import datetime as dt
import threading
from collections import deque
from dataclasses import dataclass

from genai_finops.simulator.faults import FaultBoard
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.world import build_world

_REMEMBERED_REQUESTS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    """One request to a provider, without headers. `org` is None where the credential was refused."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    provider: str
    org: str | None
    #: Status of the answer; a fault of the transport may have kept it from arriving.
    status: int
    fault: str | None


class SimulatorState:
    """Shared between the server's thread and the one that steers it; the clock changes by replacing the ledger."""

    def __init__(self, scenario: Scenario, now: dt.datetime) -> None:
        self.world = build_world(scenario)
        self.ledger = Ledger(scenario, now)
        self.faults = FaultBoard()
        self.requests: deque[SeenRequest] = deque(maxlen=_REMEMBERED_REQUESTS)
        #: Set when the server stops: answers that are held back are given up.
        self.stopping = threading.Event()

    def advance(self, now: dt.datetime) -> None:
        """Sets the clock. Raises ValueError for a moment before the present one or without UTC offset 0."""
        ledger = Ledger(self.world.scenario, now)
        if now < self.ledger.now:
            raise ValueError(f"the clock cannot go back from {self.ledger.now.isoformat()} to {now.isoformat()}")
        self.ledger = ledger
