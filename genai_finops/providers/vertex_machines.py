"""What a machine specification of Vertex AI bills: accelerators or chips, and the machine around them.

GPUs are billed beside the machine that they are in. The price of a TPU chip includes its host, so that machines of TPUs
are counted by their chips alone.
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from genai_finops.providers.records import Record

#: Generations by the first part of a machine type: `ct5p-hightpu-4t` has four chips of v5p.
_TPU_MACHINES = {
    "ct3": "v3",
    "ct3p": "v3",
    "ct4p": "v4",
    "ct5l": "v5e",
    "ct5lp": "v5e",
    "ct5p": "v5p",
    "ct6e": "v6e",
}
_TPU_MACHINE = re.compile(r"(ct\d[a-z]*)-[a-z]+-(\d{1,3})t")
_GPU_MACHINE = re.compile(r"a\d[a-z]*-[a-z]+-(\d{1,2})g")
#: Generations by accelerator type, and cores of one chip where the type counts cores.
_TPU_TYPES = {
    "tpu_v2": ("v2", 2),
    "tpu_v3": ("v3", 2),
    "tpu_v4_pod": ("v4", 2),
    "tpu_v5_litepod": ("v5e", 1),
}
#: Names of slices, as gcloud knows them.
_SLICES = {
    "v2": ("v2", 2),
    "v3": ("v3", 2),
    "v4": ("v4", 2),
    "v5p": ("v5p", 2),
    "v5litepod": ("v5e", 1),
    "v6e": ("v6e", 1),
}
_SLICE = re.compile(r"(v\d[a-z]*)-(\d{1,5})")
_TOPOLOGY = re.compile(r"\d{1,4}(x\d{1,4}){1,2}")
_UNSPECIFIED = "accelerator_type_unspecified"


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """One machine as a pool of workers or a deployed model names it; types in lower case, None where it names none."""

    machine_type: str | None = None
    accelerator_type: str | None = None
    accelerator_count: int = 0
    tpu_topology: str | None = None

    @classmethod
    def of(cls, record: Record) -> "MachineSpec":
        """From a machineSpec. Raises MalformedPageError for a count that is none and a topology of another form."""
        accelerator = _text(record, "acceleratorType")
        count = record.optional_count("acceleratorCount") or 0
        if accelerator == _UNSPECIFIED:
            accelerator = None
        if accelerator is not None and count == 0:
            record.fail(f"acceleratorType is {accelerator} without an acceleratorCount")
        topology = _text(record, "tpuTopology")
        if topology is not None and not _TOPOLOGY.fullmatch(topology):
            record.fail(f"field tpuTopology is {topology!r}, not numbers such as 2x4")
        return cls(
            machine_type=_text(record, "machineType"),
            accelerator_type=accelerator,
            accelerator_count=count,
            tpu_topology=topology,
        )


@dataclass(frozen=True, slots=True)
class BilledUnit:
    """Units of one meter that one replica is billed for."""

    meter: str
    variant: str | None
    units: Fraction


def tpu_slice(name: str) -> tuple[str, int] | None:
    """Generation and chips of a slice by its name; None where it is none. `v5p-N` counts cores, two of each chip."""
    found = _SLICE.fullmatch(name.lower())
    if found is None or found[1] not in _SLICES:
        return None
    generation, cores = _SLICES[found[1]]
    return generation, int(found[2]) // cores


def billed_units(spec: MachineSpec, *, shares_machines: bool) -> tuple[BilledUnit, ...]:
    """What one replica of the machine is billed for by the hour.

    `shares_machines`: replicas that need at most half of the GPUs of an accelerator-optimised machine are put on one
    machine together, as Vertex AI does for predictions; each then counts for its share of the machine.
    """
    chips = _chips(spec)
    if chips is not None:
        generation, count = chips
        return (BilledUnit("tpu_chip_hour", generation, Fraction(count)),)
    machine = BilledUnit("node_hour", spec.machine_type, _share(spec) if shares_machines else Fraction(1))
    if spec.accelerator_type is None:
        return (machine,)
    return (BilledUnit("gpu_hour", spec.accelerator_type, Fraction(spec.accelerator_count)), machine)


def _chips(spec: MachineSpec) -> tuple[str, int] | None:
    """Generation and chips of a replica with TPUs; None for another machine."""
    machine = _TPU_MACHINE.fullmatch(spec.machine_type or "")
    generation = _TPU_MACHINES.get(machine[1], machine[1].removeprefix("ct")) if machine else None
    typed = _TPU_TYPES.get(spec.accelerator_type or "")
    named = tpu_slice(spec.accelerator_type or "")
    if generation is None and typed is None and named is None:
        return None
    generation = generation or (typed or named or ("", 0))[0]
    if spec.tpu_topology is not None:
        # A replica is the whole slice, of however many machines it consists.
        return generation, math.prod(int(side) for side in spec.tpu_topology.split("x"))
    if machine is not None:
        return generation, int(machine[2])
    if typed is not None:
        return generation, -(-spec.accelerator_count // typed[1])
    return named


def _share(spec: MachineSpec) -> Fraction:
    machine = _GPU_MACHINE.fullmatch(spec.machine_type or "")
    if machine is None or not 0 < spec.accelerator_count <= int(machine[1]):
        return Fraction(1)
    return Fraction(1, int(machine[1]) // spec.accelerator_count)


def _text(record: Record, name: str) -> str | None:
    return (record.text(name) or "").lower() if record.content.get(name) else None
