"""What usage types and meters of the clouds' bills say, and what a bill may not leave out."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.providers.aws_cost_explorer import COSTS, AwsInfrastructure, instance_use
from genai_finops.providers.azure_cost_management import LOCATIONS, METERS, AzureInfrastructure
from genai_finops.providers.base import MalformedPageError, Page, SourceAccount, UsageRow, Window
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.http import page_of

from .test_host_places import CONFIGS

DAY = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 1))
GPU = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/GPU-1"


@pytest.mark.parametrize(
    ("usage_type", "use"),
    [
        ("USE1-BoxUsage:p5.48xlarge", ("p5.48xlarge", "standard", "compute")),
        ("BoxUsage:p4d.24xlarge", ("p4d.24xlarge", "standard", "compute")),
        ("APN1-SpotUsage:g6e.12xlarge", ("g6e.12xlarge", "spot", "compute")),
        ("USW2-BoxUsage:trn2.48xlarge", ("trn2.48xlarge", "standard", "compute")),
        ("EUC1-BoxUsage:inf2.xlarge", ("inf2.xlarge", "standard", "compute")),
        ("USE1-BoxUsage:p6-b200.48xlarge", ("p6-b200.48xlarge", "standard", "compute")),
        ("USE1-Train:ml.p5.48xlarge", ("ml.p5.48xlarge", "standard", "training")),
        ("EUC1-Host:ml.g5.xlarge", ("ml.g5.xlarge", "standard", "prediction")),
        ("Notebk:ml.g4dn.xlarge", ("ml.g4dn.xlarge", "standard", "compute")),
        ("USE1-Studio:JupyterLab-ml.g5.xlarge", ("ml.g5.xlarge", "standard", "compute")),
        ("USE1-BoxUsage:m7i.large", None),
        ("USE1-Host:ml.m5.large", None),
        ("USE1-UnusedBox:p5.48xlarge", None),
        ("USE1-EBSOptimized:g5.12xlarge", None),
        ("USE1-Claude4.6Sonnet-input-tokens", None),
        ("EBS:VolumeUsage.gp3", None),
        ("DataTransfer-Out-Bytes", None),
    ],
)
def test_usage_types_of_instances_with_accelerators_are_understood(usage_type, use):
    found = instance_use(usage_type)
    assert (found and (found.instance, found.service_tier, found.work)) == use


def _source(provider: str, kind: Any) -> Any:
    config = load_provider_configs(CONFIGS, {})[provider]
    options = {"regions": "us-east-1"} if provider == "aws_bedrock" else {}
    return kind(config, config.flows["infrastructure"], None, SourceAccount(id="s", options=options))


def _page(content: Any, source: str) -> Page:
    return page_of(json.dumps(content).encode(), source=source, request={})


def aws_rows(*groups: tuple[str, str, str], unit: str = "N/A", day: str = "2026-10-01") -> list[UsageRow]:
    content = {
        "ResultsByTime": [
            {
                "TimePeriod": {"Start": day, "End": "2026-10-02"},
                "Total": {},
                "Groups": [
                    {"Keys": [usage_type, region], "Metrics": {"UsageQuantity": {"Amount": amount, "Unit": unit}}}
                    for usage_type, region, amount in groups
                ],
                "Estimated": True,
            }
        ]
    }
    return list(_source("aws_bedrock", AwsInfrastructure).normalise([_page(content, COSTS)], DAY))


def test_hours_of_one_instance_type_and_region_are_added_up_before_they_are_rounded():
    rows = aws_rows(
        ("USE1-BoxUsage:p5.48xlarge", "us-east-1", "1.0000004"), ("BoxUsage:p5.48xlarge", "us-east-1", "2.0000004")
    )
    assert [(row.quantity, row.region_id) for row in rows] == [(Decimal("3.000001"), "us-east-1")]


@pytest.mark.parametrize(
    ("groups", "more", "named"),
    [
        ([("USE1-BoxUsage:p5.48xlarge", "us-east-1", "a lot")], {}, "no number as text"),
        ([("USE1-BoxUsage:p5.48xlarge", "us-east-1", "-3")], {}, "not a number of hours"),
        ([("USE1-BoxUsage:p5.48xlarge", "us-east-1", "3")], {"unit": "GB-Mo"}, "not hours"),
        ([("USE1-BoxUsage:p5.48xlarge", "us-east-1", "3")] * 2, {}, "comes twice"),
        ([], {"day": "2026-09-30"}, "no day of the window"),
    ],
)
def test_a_bill_of_aws_that_cannot_be_right_is_refused(groups, more, named):
    with pytest.raises(MalformedPageError, match=named):
        aws_rows(*groups, **more)


def test_a_day_without_an_answer_is_a_page_that_is_missing():
    with pytest.raises(MalformedPageError, match="a page is missing"):
        list(_source("aws_bedrock", AwsInfrastructure).normalise([_page({"ResultsByTime": []}, COSTS)], DAY))


def azure_rows(*rows: tuple[Any, Any, Any, Any], columns: tuple[str, ...] = ()) -> list[UsageRow]:
    """Rows as UsageQuantity, UsageDate, ResourceId, Meter; `columns`: their order on the wire."""
    names = ("UsageQuantity", "UsageDate", "ResourceId", "Meter")
    told = columns or names
    content = {
        "properties": {
            "nextLink": None,
            "columns": [{"name": name, "type": "String"} for name in told],
            "rows": [[row[names.index(name)] for name in told] for row in rows],
        }
    }
    located = {
        "properties": {
            "columns": [{"name": name} for name in ("UsageDate", "UsageQuantity", "ResourceLocation", "ResourceId")],
            "rows": [[20261001, 24, "East US 2", GPU.upper()]],
        }
    }
    source = _source("azure_openai", AzureInfrastructure)
    return list(source.normalise([_page(content, METERS), _page(located, LOCATIONS)], DAY))


def test_values_are_found_by_the_names_of_their_columns():
    [row] = azure_rows(
        (24, 20261001, GPU, "NC40ads H100 v5"), columns=("Meter", "UsageDate", "ResourceId", "UsageQuantity")
    )
    assert (row.variant, row.quantity, row.region_id) == ("nc40ads h100 v5", 24, "eastus2")
    assert (row.resource_id, row.resource_name, row.resource_type) == (GPU.lower(), "gpu-1", "Virtual machine")


@pytest.mark.parametrize(
    ("meter", "read"),
    [
        ("ND96isr H100 v5 Spot", ("nd96isr h100 v5", "spot")),
        ("NC6s v3 Low Priority", ("nc6s v3 low priority", "spot")),
        ("Standard_NV36ads_A10_v5", ("nv36ads_a10_v5", "standard")),
        ("NP10s", ("np10s", "standard")),
        ("D4s v5", None),
        ("Network Appliance Unit", None),
    ],
)
def test_meters_of_the_n_series_are_machines_with_accelerators(meter, read):
    found = [(row.variant, row.service_tier) for row in azure_rows((1, 20261001, GPU, meter))]
    assert found == ([] if read is None else [read])


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ((1, "20261001", GPU, "NC6s v3"), "UsageDate is '20261001'"),
        ((1, 20261301, GPU, "NC6s v3"), "no day"),
        ((1, 20261002, GPU, "NC6s v3"), "outside the window"),
        ((-1, 20261001, GPU, "NC6s v3"), "not a number of hours"),
        (("1", 20261001, GPU, "NC6s v3"), "not a number of hours"),
    ],
)
def test_a_bill_of_azure_that_cannot_be_right_is_refused(row, named):
    with pytest.raises(MalformedPageError, match=named):
        azure_rows(row)
