"""Machines that an organisation rents on Vertex AI, dated: custom jobs, and models deployed on machines of their own.

What each machine is billed for is written beside it, so that the truth does not follow from the rule that reads it.
"""

import datetime as dt
from dataclasses import dataclass, field
from functools import lru_cache

from genai_finops.simulator.ledger import midnight
from genai_finops.simulator.noise import draw
from genai_finops.simulator.scenario import Scenario

US, EU = "us-central1", "europe-west4"
LOCATIONS = (US, EU)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine specification. `billed`: meter, variant and units of one replica in an hour."""

    machine_type: str
    billed: tuple[tuple[str, str, int], ...]
    accelerator_type: str | None = None
    accelerator_count: int = 0
    tpu_topology: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A custom job. `start` None: it never got machines. `pools` are machines with their number."""

    id: str
    name: str
    location: str
    created: dt.datetime
    start: dt.datetime | None
    #: None: it has not been started.
    end: dt.datetime | None
    state: str
    pools: tuple[tuple[Machine, int], ...]
    strategy: str = "STANDARD"
    service_tier: str = "standard"

    def state_at(self, now: dt.datetime) -> str:
        """The state that a list says."""
        if self.start is None or now < self.start:
            return "JOB_STATE_QUEUED"
        return self.state if self.end is not None and self.end <= now else "JOB_STATE_RUNNING"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedModel:
    """A model on machines of its own. `levels`: from each moment on, at a whole minute, that many replicas run."""

    endpoint_id: str
    endpoint_name: str
    id: str
    name: str
    location: str
    machine: Machine
    levels: tuple[tuple[dt.datetime, int], ...]
    undeployed_at: dt.datetime
    is_spot: bool = False

    @property
    def deployed_at(self) -> dt.datetime:
        """When its first replica ran."""
        return self.levels[0][0]

    def replica_seconds(self, start: dt.datetime, end: dt.datetime) -> int:
        """Replicas times seconds in [start, end)."""
        ends = [*(moment for moment, _ in self.levels[1:]), self.undeployed_at]
        return sum(
            replicas * max(int((min(stops, end) - max(begins, start)).total_seconds()), 0)
            for (begins, replicas), stops in zip(self.levels, ends, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InfrastructureEstate:
    """All machines of one project."""

    jobs: tuple[Job, ...] = field(repr=False)
    deployed: tuple[DeployedModel, ...] = field(repr=False)


_H100 = "NVIDIA_H100_80GB"
_A3_ONE = Machine(
    machine_type="a3-highgpu-1g",
    accelerator_type=_H100,
    accelerator_count=1,
    billed=(("gpu_hour", "nvidia_h100_80gb", 1), ("node_hour", "a3-highgpu-1g", 1)),
)
_A3_EIGHT = Machine(
    machine_type="a3-highgpu-8g",
    accelerator_type=_H100,
    accelerator_count=8,
    billed=(("gpu_hour", "nvidia_h100_80gb", 8), ("node_hour", "a3-highgpu-8g", 1)),
)
_A2 = Machine(
    machine_type="a2-highgpu-1g",
    accelerator_type="NVIDIA_TESLA_A100",
    accelerator_count=1,
    billed=(("gpu_hour", "nvidia_tesla_a100", 1), ("node_hour", "a2-highgpu-1g", 1)),
)
_T4 = Machine(
    machine_type="n1-standard-8",
    accelerator_type="NVIDIA_TESLA_T4",
    accelerator_count=1,
    billed=(("gpu_hour", "nvidia_tesla_t4", 1), ("node_hour", "n1-standard-8", 1)),
)
_TWO_T4 = Machine(
    machine_type="n1-standard-8",
    accelerator_type="NVIDIA_TESLA_T4",
    accelerator_count=2,
    billed=(("gpu_hour", "nvidia_tesla_t4", 2), ("node_hour", "n1-standard-8", 1)),
)
_CPU = Machine(machine_type="n1-standard-4", billed=(("node_hour", "n1-standard-4", 1),))
_V5E = Machine(machine_type="ct5lp-hightpu-4t", tpu_topology="2x4", billed=(("tpu_chip_hour", "v5e", 8),))
_V5P = Machine(machine_type="ct5p-hightpu-4t", tpu_topology="2x2x2", billed=(("tpu_chip_hour", "v5p", 8),))


@lru_cache(maxsize=64)
def infrastructure_of(scenario: Scenario, org: str) -> InfrastructureEstate:
    """What the project of `org` rents in the days of the scenario; what would begin after them is left out."""
    first = midnight(scenario.first_day)
    over = midnight(scenario.last_day) + dt.timedelta(days=1)
    # Organisations differ by when their jobs begin.
    shift = dt.timedelta(minutes=draw(scenario.seed, org, "infrastructure") % 40, seconds=11)

    def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> dt.datetime:
        return first + dt.timedelta(days=day, hours=hour, minutes=minute, seconds=second)

    def job(
        number: int,
        name: str,
        start: dt.datetime | None,
        end: dt.datetime | None,
        *pools: tuple[Machine, int],
        state: str = "JOB_STATE_SUCCEEDED",
        created: dt.datetime | None = None,
        location: str = US,
        strategy: str = "STANDARD",
    ) -> Job:
        return Job(
            id=f"70000000000000{number:02}",
            name=name,
            location=location,
            created=created or (start or first) - dt.timedelta(minutes=14),
            start=start,
            end=end,
            state=state,
            pools=pools,
            strategy=strategy,
            service_tier="spot" if strategy == "SPOT" else "standard",
        )

    jobs = (
        job(1, "llm-finetune", at(5, 21, 10) + shift, at(6, 6, 0, 17) + shift, (_A3_ONE, 1), (_A3_ONE, 7)),
        job(2, "llm-finetune-retry", at(8, 9, 5), at(8, 9, 47, 30), (_A3_EIGHT, 1), state="JOB_STATE_FAILED"),
        job(3, "embeddings-v5e", at(10), at(10, 18, 20) + shift, (_V5E, 1)),
        job(4, "pretrain-v5p", at(12, 6) + shift, at(14, 1, 30), (_V5P, 2)),
        job(5, "sweep", at(15, 3) + shift, at(15, 19), (_A2, 4), state="JOB_STATE_CANCELLED", strategy="SPOT"),
        job(6, "waits-for-ever", None, None, (_A3_EIGHT, 2), created=at(16, 8)),
        job(7, "prepare-data", at(18, 7, 30) + shift, at(18, 8, 2), (_CPU, 2), location=EU),
        job(8, "nightly-eval", at(34, 1, 15) + shift, at(36, 4), (_CPU, 1), (_A3_ONE, 1)),
    )
    deployed = (
        DeployedModel(
            endpoint_id="5100000000000000001",
            endpoint_name="Ranker",
            id="810001",
            name="ranker-v3",
            location=US,
            machine=_T4,
            levels=((at(3, 8, 20), 1), (at(7, 9, 30), 3), (at(7, 17), 1)),
            undeployed_at=at(20, 12),
        ),
        DeployedModel(
            endpoint_id="5100000000000000002",
            endpoint_name="Embedder",
            id="810002",
            name="embedder",
            location=EU,
            machine=_TWO_T4,
            levels=((at(18, 6), 2),),
            undeployed_at=at(60),
            is_spot=True,
        ),
    )
    return InfrastructureEstate(
        jobs=tuple(found for found in jobs if (found.start or found.created) < over),
        deployed=tuple(found for found in deployed if found.deployed_at < over),
    )
