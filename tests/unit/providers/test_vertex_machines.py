"""What a machine of Vertex AI is billed for, by what its specification says and what it leaves out."""

from fractions import Fraction
from typing import Any

import pytest

from genai_finops.providers.base import MalformedPageError
from genai_finops.providers.http import page_of
from genai_finops.providers.records import Record
from genai_finops.providers.vertex_machines import MachineSpec, billed_units, tpu_slice

PAGE = page_of(b"{}", source="customJobs", request={})


def spec_of(**fields: Any) -> MachineSpec:
    return MachineSpec.of(Record("gcp_vertex", PAGE, "machineSpec", fields))


def billed(*, shares_machines: bool = False, **fields: Any) -> dict[tuple[str, str | None], Fraction]:
    units = billed_units(spec_of(**fields), shares_machines=shares_machines)
    return {(unit.meter, unit.variant): unit.units for unit in units}


@pytest.mark.parametrize(
    ("fields", "generation", "chips"),
    [
        ({"machineType": "ct5p-hightpu-4t", "tpuTopology": "2x2x2"}, "v5p", 8),
        ({"machineType": "ct6e-standard-4t", "tpuTopology": "2x4"}, "v6e", 8),
        ({"machineType": "ct6e-standard-8t"}, "v6e", 8),
        ({"machineType": "ct5lp-hightpu-1t"}, "v5e", 1),
        ({"machineType": "ct9x-hightpu-4t"}, "9x", 4),
        ({"machineType": "cloud-tpu", "acceleratorType": "TPU_V3", "acceleratorCount": 8}, "v3", 4),
        ({"machineType": "cloud-tpu", "acceleratorType": "TPU_V5_LITEPOD", "acceleratorCount": 4}, "v5e", 4),
        ({"acceleratorType": "TPU_V4_POD", "acceleratorCount": 1, "tpuTopology": "4x4x4"}, "v4", 64),
    ],
)
def test_a_machine_with_tpus_is_billed_by_its_chips_alone(fields, generation, chips):
    assert billed(**fields) == {("tpu_chip_hour", generation): chips}


@pytest.mark.parametrize(
    ("name", "slice_"),
    [
        ("v5p-128", ("v5p", 64)),
        ("v4-8", ("v4", 4)),
        ("v5litepod-8", ("v5e", 8)),
        ("V6E-16", ("v6e", 16)),
        ("v9-8", None),
        ("a3-highgpu-8g", None),
    ],
)
def test_slices_that_are_named_by_cores_have_half_as_many_chips(name, slice_):
    assert tpu_slice(name) == slice_


def test_gpus_are_billed_beside_their_machine():
    assert billed(machineType="a3-highgpu-8g", acceleratorType="NVIDIA_H100_80GB", acceleratorCount=8) == {
        ("gpu_hour", "nvidia_h100_80gb"): 8,
        ("node_hour", "a3-highgpu-8g"): 1,
    }


@pytest.mark.parametrize(("count", "share"), [(1, 8), (2, 4), (3, 2), (4, 2), (5, 1), (8, 1)])
def test_replicas_for_predictions_that_need_few_gpus_share_a_machine(count, share):
    fields = {"machineType": "a3-highgpu-8g", "acceleratorType": "NVIDIA_H100_80GB", "acceleratorCount": count}
    assert billed(shares_machines=True, **fields)["node_hour", "a3-highgpu-8g"] == Fraction(1, share)
    assert billed(shares_machines=False, **fields)["node_hour", "a3-highgpu-8g"] == 1


def test_gpus_that_are_attached_to_a_general_machine_do_not_share_it():
    fields = {"machineType": "n1-standard-8", "acceleratorType": "NVIDIA_TESLA_T4", "acceleratorCount": 1}
    assert billed(shares_machines=True, **fields)["node_hour", "n1-standard-8"] == 1


def test_a_machine_without_accelerators_is_a_machine():
    fields = {"machineType": "N1-Standard-4", "acceleratorType": "ACCELERATOR_TYPE_UNSPECIFIED"}
    assert billed(**fields) == {("node_hour", "n1-standard-4"): 1}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"machineType": "a2-highgpu-1g", "acceleratorType": "NVIDIA_TESLA_A100"}, "without an acceleratorCount"),
        ({"machineType": "ct6e-standard-4t", "tpuTopology": "2 by 4"}, "tpuTopology is '2 by 4'"),
        ({"machineType": "n1-standard-4", "acceleratorCount": "1"}, "acceleratorCount"),
    ],
)
def test_a_specification_that_says_no_number_is_refused(fields, named):
    with pytest.raises(MalformedPageError, match=named):
        spec_of(**fields)
