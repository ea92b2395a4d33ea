"""Who sends the simulated requests: tenants, their users, what they do, and in which conversation."""

import datetime as dt
from functools import lru_cache
from random import Random
from typing import NamedTuple

from genai_finops.simulator.noise import draw, generator, token
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Stream

_TENANTS = ("harbor", "juniper", "lumen", "meridian", "orchard", "pinecrest", "quarry", "saffron")
_FEWEST_TENANTS = 5
_USERS_OF_THE_LARGEST = 14
_TASKS = ("answer", "summarize", "triage", "translate", "extract", "review", "search", "draft")
_TASKS_OF_A_STREAM = 3
#: One conversation in this many is of somebody who is not signed in.
_NAMELESS = 40
#: Requests of one conversation on one day, on average.
_TURNS = 4
#: What is embedded in bulk or sent in batches is part of no conversation.
_ALONE = ("batch",)
_OVERNIGHT = "overnight"


class Consumer(NamedTuple):
    """Who caused a request. None where the log does not say."""

    tenant_id: str | None
    user_id: str | None
    task: str | None
    conversation_id: str | None


@lru_cache(maxsize=64)
def tenants_of(scenario: Scenario, org: str) -> tuple[str, ...]:
    """Five to eight tenants, the largest first."""
    count = _FEWEST_TENANTS + draw(scenario.seed, org, "tenants") % (len(_TENANTS) - _FEWEST_TENANTS + 1)
    first = draw(scenario.seed, org, "first tenant") % len(_TENANTS)
    return tuple(_TENANTS[(first + position) % len(_TENANTS)] for position in range(count))


@lru_cache(maxsize=64)
def _weighted_tenants(scenario: Scenario, org: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    tenants = tenants_of(scenario, org)
    total = 0.0
    cumulative = []
    for position in range(len(tenants)):
        total += 1 / (position + 1)
        cumulative.append(total)
    return tenants, tuple(cumulative)


class ConsumerDraw:
    """The consumers of one stream on one day. The same stream and day give the same ones, whatever was drawn before.

    The last conversation of a day goes on in the first request of the next one.
    """

    def __init__(self, scenario: Scenario, org: str, stream: Stream, day: dt.date, requests: int) -> None:
        self._scenario = scenario
        self._org = org
        self._stream = stream
        self._day = day
        self._last = requests - 1
        self._conversations = max(1, requests // _TURNS)
        self._is_alone = stream.plan.service_tier in _ALONE or "embedding_input" in stream.plan.per_request
        self._drawn: dict[tuple[dt.date, object], Consumer] = {}

    def of(self, position: int, random: Random) -> Consumer:
        """The consumer of a request by its position among those of the day."""
        if position == 0:
            return self._conversation(self._day - dt.timedelta(days=1), _OVERNIGHT)
        if position == self._last:
            return self._conversation(self._day, _OVERNIGHT)
        # The lower of two draws: some conversations are long, most are short.
        number = int(min(random.random(), random.random()) * self._conversations)
        return self._conversation(self._day, number)

    def _conversation(self, day: dt.date, number: object) -> Consumer:
        found = self._drawn.get((day, number))
        if found is None:
            name = (self._scenario.seed, self._stream.name, day, "conversation", number)
            found = self._drawn[day, number] = self._draw(name)
        return found

    def _draw(self, name: tuple[object, ...]) -> Consumer:
        random = generator(*name)
        tenants, cumulative = _weighted_tenants(self._scenario, self._org)
        [tenant] = random.choices(tenants, cum_weights=cumulative)
        users = max(2, _USERS_OF_THE_LARGEST // (tenants.index(tenant) + 1))
        user = f"{tenant}-u{int(min(random.random(), random.random()) * users) + 1}"
        first = draw(self._stream.name, "tasks") % len(_TASKS)
        task = _TASKS[(first + random.randrange(_TASKS_OF_A_STREAM)) % len(_TASKS)]
        return Consumer(
            tenant_id=tenant,
            user_id=None if random.randrange(_NAMELESS) == 0 else user,
            task=task,
            conversation_id=None if self._is_alone else f"c-{token(16, *name)}",
        )
