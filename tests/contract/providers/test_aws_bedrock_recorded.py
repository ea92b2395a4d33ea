"""Payloads that others recorded, read where they lie: GENAI_FINOPS_TEST_DATA names the folder above `payloads`."""

import datetime as dt
import json
import os
from pathlib import Path

import httpx
import pytest

from genai_finops.providers.base import Window

from .aws_answers import ScriptedAws, rows_over

_VARIABLE = "GENAI_FINOPS_TEST_DATA"
pytestmark = pytest.mark.skipif(_VARIABLE not in os.environ, reason=f"{_VARIABLE} is not set")


def recorded(name: str) -> dict[str, object]:
    content: dict[str, object] = json.loads(
        (Path(os.environ[_VARIABLE]) / "payloads" / "aws_bedrock" / name).read_text()
    )
    return content


def test_the_recorded_answers_give_the_values_in_them():
    listing, data = recorded("cloudwatch_list_metrics.json"), recorded("cloudwatch_get_metric_data.json")
    metrics: list[dict[str, object]] = listing["Metrics"]  # type: ignore[assignment]
    results: list[dict[str, list[int]]] = data["MetricDataResults"]  # type: ignore[assignment]
    date = dt.datetime.fromtimestamp(results[0]["Timestamps"][0], tz=dt.UTC).date()
    # The recording client numbered its own queries: input first, output second.
    labels = {"InputTokenCount": results[0], "OutputTokenCount": results[1]}

    def answer(request: httpx.Request) -> httpx.Response:
        target = request.headers.get("x-amz-target", "")
        if target.endswith("ListMetrics"):
            namespace = json.loads(request.content)["Namespace"]
            found = [metric for metric in metrics if metric["Namespace"] == namespace]
            return httpx.Response(200, json={"Metrics": found})
        if target.endswith("GetMetricData"):
            queries = json.loads(request.content)["MetricDataQueries"]
            nothing = {"Timestamps": [], "Values": []}
            return httpx.Response(
                200,
                json={
                    "MetricDataResults": [
                        {**labels.get(query["Label"], nothing), "Id": query["Id"]} for query in queries
                    ]
                },
            )
        return ScriptedAws()(request)

    rows = rows_over(answer, Window.of_days(date, date), control_totals=False)
    assert {(row.provider_model_id, row.meter): int(row.quantity) for row in rows} == {
        ("anthropic.claude-3-sonnet", "uncached_input"): results[0]["Values"][0],
        ("anthropic.claude-3-sonnet", "output"): results[1]["Values"][0],
    }
