"""What the Gemini API's metrics amount to: limits repeat, billing tiers add up, and the free tier stays apart."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from genai_finops.providers.base import MalformedPageError, Page, UsageRow
from genai_finops.providers.gemini_monitoring import METRICS, labels_to_read, monitored_rows
from genai_finops.providers.http import page_of
from genai_finops.providers.records import UnknownFields


def series(metric: str, value: int, **labels: str) -> Mapping[str, Any]:
    return {
        "metric": {"type": METRICS + metric, "labels": labels},
        "resource": {"type": "generativelanguage.googleapis.com/Location", "labels": {"location": "global"}},
        "metricKind": "DELTA",
        "valueType": "INT64",
        "points": [
            {
                "interval": {"startTime": "2026-10-01T00:00:00Z", "endTime": "2026-10-02T00:00:00Z"},
                "value": {"int64Value": str(value)},
            }
        ],
    }


def page(*content: Mapping[str, Any]) -> Page:
    body = json.dumps({"timeSeries": list(content)}).encode()
    recorded = {"start": "2026-10-01T00:00:00Z", "end": "2026-10-02T00:00:00Z", "alignment_seconds": "86400"}
    return page_of(body, source="monitoring", request=recorded)


def rows(*content: Mapping[str, Any]) -> Sequence[tuple[str, str, str | None, int]]:
    found: list[UsageRow] = list(monitored_rows([page(*content)], UnknownFields()))
    return sorted((row.meter, row.service_tier, row.provider_model_id, int(row.quantity)) for row in found)


def quota(tier: str, value: int, limit: str, model: str = "gemini-2.5-flash") -> Mapping[str, Any]:
    return series(f"quota/generate_content_{tier}_input_token_count/usage", value, model=model, limit_name=limit)


def output(value: int, model: str = "gemini-2.5-flash", modality: str = "TEXT") -> Mapping[str, Any]:
    return series("generate_content_usage_output_token_count", value, model=model, output_modality=modality)


def test_the_largest_of_the_limits_is_the_usage():
    assert rows(quota("paid_tier", 500, "PerMinute"), quota("paid_tier", 510, "PerDay")) == [
        ("input", "standard", "gemini-2.5-flash", 510)
    ]


def test_a_project_that_rose_a_billing_tier_within_the_day_has_both_parts():
    found = rows(quota("paid_tier", 500, "PerMinute"), quota("paid_tier_2", 70, "PerMinute"))
    assert sum(quantity for *_, quantity in found) == 570


def test_tokens_of_the_free_tier_are_free_with_their_output():
    assert rows(quota("free_tier", 90, "PerMinute"), output(7)) == [
        ("input", "free", "gemini-2.5-flash", 90),
        ("output", "free", "gemini-2.5-flash", 7),
    ]


def test_output_of_a_day_with_both_tiers_is_not_taken_for_free():
    found = rows(quota("free_tier", 90, "PerMinute"), quota("paid_tier", 10, "PerMinute"), output(7))
    assert ("output", "standard", "gemini-2.5-flash", 7) in found


def test_output_is_metered_by_its_modality():
    assert rows(output(7, modality="IMAGE")) == [("output_image", "standard", "gemini-2.5-flash", 7)]


def test_an_unknown_modality_is_refused_by_name():
    with pytest.raises(MalformedPageError, match="SMELL"):
        rows(output(7, modality="SMELL"))


@pytest.mark.parametrize(
    "metric",
    ["quota/generate_content_paid_tier_input_token_count/limit", "quota/some_new_thing/usage", "api/request_count"],
)
def test_limits_and_other_metrics_are_not_read_as_usage(metric):
    assert labels_to_read(METRICS + metric) is None
