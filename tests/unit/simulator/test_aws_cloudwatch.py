"""The quirks of the simulated CloudWatch, which must not be tidier than AWS's."""

import datetime as dt
import json
from functools import cache
from typing import Any

import pytest

from genai_finops.simulator.aws_bedrock.cloudwatch import CONTENT_TYPE, TARGET, answer_cloudwatch
from genai_finops.simulator.aws_bedrock.traffic import GPT_OSS, NOVA_PRO, SONNET_4_5, build_account
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest

SCENARIO = Scenario(orgs=("acme",))
NOW = dt.datetime(2026, 11, 8, 6, tzinfo=dt.UTC)
START = dt.datetime(2026, 10, 27, tzinfo=dt.UTC)
REGION = "us-east-1"
MODEL = f"us.{SONNET_4_5}"


@cache
def account() -> Account:
    return build_account(SCENARIO, "acme")


def ask(operation: str, body: dict[str, Any], now: dt.datetime = NOW) -> dict[str, Any]:
    headers = {"x-amz-target": f"{TARGET}.{operation}", "content-type": CONTENT_TYPE}
    request = WireRequest(method="POST", path="/", params=(), headers=headers, content=json.dumps(body).encode())
    return answer_cloudwatch(request, REGION, account(), Ledger(SCENARIO, now))


def query(metric: str, dimensions: dict[str, str], *, identifier: str = "m0", period: int = 86400) -> dict[str, Any]:
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    told = {"Namespace": "AWS/Bedrock", "MetricName": metric, "Dimensions": named}
    return {"Id": identifier, "MetricStat": {"Metric": told, "Period": period, "Stat": "Sum"}}


def data(*queries: dict[str, Any], days: int = 1, now: dt.datetime = NOW, **more: Any) -> dict[str, Any]:
    end = START + dt.timedelta(days=days)
    body = {"StartTime": START.timestamp(), "EndTime": end.timestamp(), "MetricDataQueries": queries, **more}
    return ask("GetMetricData", body, now)


def values(*queries: dict[str, Any], **more: Any) -> list[float]:
    return [value for result in data(*queries, **more)["MetricDataResults"] for value in result["Values"]]


def listed(now: dt.datetime = NOW, **more: Any) -> list[dict[str, Any]]:
    metrics: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = ask("ListMetrics", {**more, **token}, now)
        metrics += page["Metrics"]
        if "NextToken" not in page:
            return metrics
        token = {"NextToken": page["NextToken"]}


def test_a_subset_of_the_dimensions_matches_nothing():
    tiers = {"ServiceTier": "flex", "ResolvedServiceTier": "flex"}
    assert values(query("InputTokenCount", {"ModelId": NOVA_PRO, **tiers}))
    assert values(query("InputTokenCount", {"ModelId": NOVA_PRO, "ServiceTier": "flex"})) == []


def test_the_models_own_series_is_the_sum_of_its_tiers():
    parts = [
        query("InputTokenCount", {"ModelId": NOVA_PRO, "ServiceTier": t, "ResolvedServiceTier": t}, identifier=t)
        for t in ("standard", "flex")
    ]
    assert sum(values(*parts)) == sum(values(query("InputTokenCount", {"ModelId": NOVA_PRO})))


def test_the_series_without_dimensions_is_the_sum_of_all_models():
    models = {d["Value"] for m in listed(Namespace="AWS/Bedrock") for d in m["Dimensions"] if d["Name"] == "ModelId"}
    each = [
        query("OutputTokenCount", {"ModelId": model}, identifier=f"m{number}")
        for number, model in enumerate(sorted(models))
    ]
    assert sum(values(*each)) == sum(values(query("OutputTokenCount", {})))


def test_an_absent_metric_is_empty_and_complete():
    results = data(query("NoSuchMetric", {"ModelId": MODEL}))["MetricDataResults"]
    assert [(result["Values"], result["StatusCode"]) for result in results] == [([], "Complete")]


def test_points_come_newest_first_unless_asked_otherwise():
    wanted = query("InputTokenCount", {"ModelId": MODEL})
    newest_first = data(wanted, days=3)["MetricDataResults"][0]["Timestamps"]
    oldest_first = data(wanted, days=3, ScanBy="TimestampAscending")["MetricDataResults"][0]["Timestamps"]
    assert newest_first == sorted(oldest_first, reverse=True)
    assert len(oldest_first) == 3


def test_pages_repeat_an_id_with_partial_data_and_hold_every_point_once():
    wanted = [query("InputTokenCount", {"ModelId": m}, identifier=i) for i, m in (("a", MODEL), ("b", NOVA_PRO))]
    pages = [data(*wanted, days=3, MaxDatapoints=2)]
    while "NextToken" in pages[-1]:
        pages.append(data(*wanted, days=3, MaxDatapoints=2, NextToken=pages[-1]["NextToken"]))
    results = [result for page in pages for result in page["MetricDataResults"]]
    assert [(result["Id"], result["StatusCode"]) for result in results] == [
        ("a", "PartialData"),
        ("a", "Complete"),
        ("b", "PartialData"),
        ("b", "Complete"),
    ]
    points = [(result["Id"], stamp) for result in results for stamp in result["Timestamps"]]
    assert len(points) == len(set(points)) == 6


@pytest.mark.parametrize(
    ("period", "age", "is_kept"), [(60, 14, True), (60, 16, False), (300, 62, True), (300, 64, False)]
)
def test_a_finer_period_than_is_kept_gives_nothing_and_no_error(period, age, is_kept):
    now = START + dt.timedelta(days=age)
    found = values(query("InputTokenCount", {"ModelId": MODEL}, period=period), now=now)
    assert bool(found) is is_kept


def test_hours_are_kept_for_455_days():
    wanted = query("InputTokenCount", {"ModelId": MODEL}, period=3600)
    assert values(wanted, now=START + dt.timedelta(days=455, hours=-1))
    assert values(wanted, now=START + dt.timedelta(days=457)) == []


def test_listmetrics_forgets_after_two_weeks():
    last = dt.datetime(2026, 11, 4, tzinfo=dt.UTC)
    assert listed(last + dt.timedelta(days=13))
    assert listed(last + dt.timedelta(days=16)) == []


def test_listmetrics_shows_both_namespaces_and_both_spellings():
    metrics = listed()
    assert {metric["Namespace"] for metric in metrics} == {"AWS/Bedrock", "AWS/BedrockMantle"}
    names = {metric["MetricName"] for metric in metrics}
    assert {"CacheReadInputTokenCount", "CacheReadInputTokens"} <= names
    assert any(d["Value"] == GPT_OSS for m in metrics for d in m["Dimensions"])


@pytest.mark.parametrize(
    ("queries", "more", "said"),
    [
        ([query("X", {}, identifier="Model.id")], {}, "expected pattern"),
        ([query("X", {}, identifier="1a")], {}, "expected pattern"),
        ([query("X", {}), query("Y", {})], {}, "not unique"),
        ([query("X", {}, identifier=f"m{n}") for n in range(501)], {}, "greater than 500"),
        ([], {}, "required"),
        ([query("X", {}, period=61)], {}, "Period"),
        ([query("X", {})], {"MaxDatapoints": 100_801}, "MaxDatapoints"),
        ([query("X", {})], {"Colour": "red"}, "Unknown parameter"),
    ],
)
def test_what_cloudwatch_refuses_is_refused(queries, more, said):
    with pytest.raises(Refusal, match=said):
        data(*queries, **more)


def test_a_token_of_another_query_is_refused():
    wanted = query("InputTokenCount", {"ModelId": MODEL})
    token = data(wanted, days=3, MaxDatapoints=1)["NextToken"]
    with pytest.raises(Refusal) as refused:
        data(wanted, days=2, MaxDatapoints=1, NextToken=token)
    assert refused.value.kind == "InvalidNextToken"
