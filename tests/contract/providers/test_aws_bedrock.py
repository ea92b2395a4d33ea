"""The traps of AWS Bedrock's metrics, one by one."""

import datetime as dt
import json
from decimal import Decimal

import httpx
import pytest

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    PermanentProviderError,
    ProviderResource,
    ResourceState,
    TransientProviderError,
    Window,
)

from .aws_answers import (
    ACCOUNT,
    MANTLE,
    MIDNIGHT,
    MODEL,
    REGION,
    ScriptedAws,
    profile,
    quantities,
    rows_over,
    source_over,
)
from .scripted_source import DAY

PROFILE_ARN = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/x1y2z3"
TIERED = {"ModelId": MODEL, "ServiceTier": "flex", "ResolvedServiceTier": "flex"}


def test_input_excludes_cached_tokens_so_that_nothing_is_taken_off_it():
    aws = ScriptedAws().put("InputTokenCount", 500).put("CacheReadInputTokenCount", 1200)
    assert quantities(rows_over(aws)) == {"uncached_input": 500, "cache_read": 1200}


@pytest.mark.parametrize("spelling", ["CacheReadInputTokenCount", "CacheReadInputTokens"])
def test_both_spellings_of_the_cache_read_metric_are_read(spelling):
    assert quantities(rows_over(ScriptedAws().put(spelling, 900))) == {"cache_read": 900}


@pytest.mark.parametrize("spelling", ["CacheWriteInputTokenCount", "CacheWriteInputTokens"])
def test_both_spellings_of_the_cache_write_metric_are_read(spelling):
    assert quantities(rows_over(ScriptedAws().put(spelling, 90))) == {"cache_write": 90}


def test_two_spellings_of_one_metric_are_never_added():
    aws = ScriptedAws().put("CacheReadInputTokenCount", 900).put("CacheReadInputTokens", 900)
    assert quantities(rows_over(aws)) == {"cache_read": 900}


def test_where_the_spellings_differ_the_larger_counts_and_it_is_reported(caplog):
    aws = ScriptedAws().put("CacheReadInputTokenCount", 900).put("CacheReadInputTokens", 700)
    assert quantities(rows_over(aws)) == {"cache_read": 900}
    assert "two spellings differ" in caplog.text


def test_the_series_without_dimensions_is_never_added():
    aws = ScriptedAws().put("InputTokenCount", 500).put("InputTokenCount", 500, {})
    assert quantities(rows_over(aws)) == {"uncached_input": 500}


def test_a_total_that_the_models_do_not_reach_is_usage_that_is_missing_and_fails():
    aws = ScriptedAws().put("InputTokenCount", 500).put("InputTokenCount", 800, {})
    with pytest.raises(MalformedPageError, match=r"500 by model but 800 .*model_ids"):
        rows_over(aws)


def test_models_that_exceed_the_total_are_counted_twice_and_fail():
    aws = ScriptedAws().put("InputTokenCount", 500).put("InputTokenCount", 400, {})
    with pytest.raises(MalformedPageError, match="500 by model but 400"):
        rows_over(aws)


def test_without_control_totals_no_total_is_asked_for_and_none_can_fail():
    aws = ScriptedAws().put("InputTokenCount", 500).put("InputTokenCount", 800, {})
    assert quantities(rows_over(aws, control_totals=False)) == {"uncached_input": 500}
    queries = [
        query
        for *_, operation, body in aws.asked
        if operation == "GetMetricData"
        for query in body["MetricDataQueries"]
    ]
    assert all(query["MetricStat"]["Metric"]["Dimensions"] for query in queries)


def test_a_total_in_motion_is_read_again_and_not_taken_for_a_loss():
    aws = ScriptedAws().put("InputTokenCount", 500).put("InputTokenCount", 501, {})
    reads = iter(range(100))

    def answer(request: httpx.Request) -> httpx.Response:
        if b"MetricDataQueries" in request.content and next(reads) > 0:
            aws.put("InputTokenCount", 501)
        return aws(request)

    assert quantities(rows_over(answer)) == {"uncached_input": 501}


def test_a_total_that_never_stands_still_is_a_passing_failure():
    aws = ScriptedAws().put("InputTokenCount", 500)
    reads = iter(range(1000, 2000))

    def answer(request: httpx.Request) -> httpx.Response:
        aws.put("InputTokenCount", next(reads), {})
        return aws(request)

    with pytest.raises(TransientProviderError, match="changed during"):
        rows_over(answer)


def test_a_model_that_listmetrics_forgot_is_still_read_by_what_earlier_lists_named():
    aws = ScriptedAws().put("OutputTokenCount", 70)
    with source_over(aws) as source:
        known = list(source.resources(list(source.fetch(DAY))))
    seen = dt.datetime(2026, 10, 2, tzinfo=dt.UTC)
    states = [ResourceState(resource=found, first_observed_at=seen, last_observed_at=seen) for found in known]
    aws.forgotten = {"OutputTokenCount"}
    assert rows_over(aws) == []
    assert quantities(rows_over(aws, known_resources=states)) == {"output": 70}


def test_a_metric_that_stopped_two_weeks_ago_is_asked_for_beside_the_ones_that_did_not():
    aws = ScriptedAws().put("InputTokenCount", 500).put("CacheWriteInputTokens", 40)
    aws.forgotten = {"CacheWriteInputTokens"}
    assert quantities(rows_over(aws)) == {"uncached_input": 500, "cache_write": 40}


def test_a_forgotten_model_can_be_named_by_the_account():
    aws = ScriptedAws().put("InputTokenCount", 500)
    aws.forgotten = {"InputTokenCount"}
    assert quantities(rows_over(aws, account={"model_ids": f"amazon.nova-lite-v1:0,{MODEL}"})) == {
        "uncached_input": 500
    }


def test_usage_under_two_sets_of_dimensions_is_counted_once_by_the_most_specific_one():
    aws = ScriptedAws().put("InputTokenCount", 500).put("InputTokenCount", 500, TIERED)
    rows = rows_over(aws)
    assert [(row.quantity, row.service_tier) for row in rows] == [(Decimal(500), "flex")]


def test_what_the_specific_dimensions_do_not_cover_keeps_the_models_own_series():
    aws = ScriptedAws().put("InputTokenCount", 500).put("InputTokenCount", 200, TIERED)
    rows = rows_over(aws)
    assert {(row.service_tier, row.provider_service_tier): int(row.quantity) for row in rows} == {
        ("flex", "flex"): 200,
        ("standard", None): 300,
    }


def test_the_exact_dimensions_that_are_listed_are_asked_for_because_a_subset_matches_nothing():
    aws = ScriptedAws().put("InputTokenCount", 200, TIERED)
    assert quantities(rows_over(aws)) == {"uncached_input": 200}


@pytest.mark.parametrize(
    ("asked", "given", "tier"),
    [
        ("default", "default", "standard"),
        ("priority", "priority", "priority"),
        ("reserved", "reserved", "committed"),
        ("reserved", "standard", "standard"),
        ("flex", "flex", "flex"),
    ],
)
def test_the_tier_that_was_given_decides_and_not_the_one_that_was_asked_for(asked, given, tier):
    dimensions = {"ModelId": MODEL, "ServiceTier": asked, "ResolvedServiceTier": given}
    rows = rows_over(ScriptedAws().put("InputTokenCount", 200, dimensions))
    assert [(row.service_tier, row.provider_service_tier) for row in rows] == [(tier, given)]


def test_an_unknown_service_tier_is_refused_because_its_price_would_be_guessed():
    aws = ScriptedAws().put("InputTokenCount", 200, {"ModelId": MODEL, "ServiceTier": "platinum"})
    with pytest.raises(MalformedPageError, match="platinum"):
        rows_over(aws)


def test_an_unknown_dimension_loses_no_tokens_and_is_reported(caplog):
    aws = ScriptedAws().put("InputTokenCount", 200, {"ModelId": MODEL, "Planet": "mars"})
    assert quantities(rows_over(aws)) == {"uncached_input": 200}
    assert "unknown_dimension=Planet" in caplog.text


def test_a_context_window_becomes_a_band_with_its_bounds():
    rows = rows_over(ScriptedAws().put("InputTokenCount", 9, {"ModelId": MODEL, "ContextWindow": "200k-1M"}))
    assert [(r.context_band, r.context_tokens_above, r.context_tokens_up_to) for r in rows] == [
        ("200k-1M", 200_000, 1_000_000)
    ]


def test_images_are_told_apart_by_size():
    dimensions = {"ModelId": "amazon.nova-canvas-v1:0", "ImageSize": "1024x1024", "BucketedStepSize": "50"}
    rows = rows_over(ScriptedAws().put("OutputImageCount", 12, dimensions))
    assert [(row.meter, row.variant, int(row.quantity)) for row in rows] == [("image", "1024x1024:50", 12)]


def test_the_mantle_namespace_is_read_by_model_and_project():
    dimensions = {"Model": "openai.gpt-oss-120b-1:0", "Project": "proj_1"}
    aws = ScriptedAws()
    for metric, value in (("TotalInputTokens", 700), ("TotalOutputTokens", 90), ("Inferences", 3)):
        aws.put(metric, value, dimensions, namespace=MANTLE)
    rows = rows_over(aws)
    assert quantities(rows) == {"input": 700, "output": 90, "request": 3}
    assert {(row.sub_account_id, row.sub_account_type, row.provider_model_id) for row in rows} == {
        ("proj_1", "Project", "openai.gpt-oss-120b-1:0")
    }


def test_mantles_input_is_input_of_unknown_cached_share_and_not_uncached_input():
    aws = ScriptedAws().put("TotalInputTokens", 700, {"Model": "m.x", "Project": "p"}, namespace=MANTLE)
    assert set(quantities(rows_over(aws))) == {"input"}


@pytest.mark.parametrize(
    ("model_id", "geography"),
    [
        (MODEL, "regional"),
        (f"us.{MODEL}", "regional"),
        (f"eu.{MODEL}", "regional_eu"),
        (f"apac.{MODEL}", "regional_ap"),
        (f"jp.{MODEL}", "regional_ap"),
        (f"au.{MODEL}", "regional_ap"),
        (f"global.{MODEL}", "global"),
        ("amazon.nova-pro-v1:0:24k", "regional"),
    ],
)
def test_a_model_id_keeps_its_spelling_and_says_its_geography(model_id, geography):
    rows = rows_over(ScriptedAws().put("InputTokenCount", 9, {"ModelId": model_id}))
    assert [(row.provider_model_id, row.geography, row.region_id) for row in rows] == [(model_id, geography, REGION)]


@pytest.mark.parametrize(
    ("region", "geography"),
    [("us-east-1", "regional"), ("eu-central-1", "regional_eu"), ("sa-east-1", "regional_other")],
)
def test_a_model_without_a_prefix_has_the_price_of_the_region_that_was_called(region, geography):
    rows = rows_over(ScriptedAws().put("InputTokenCount", 9, region=region), account={"regions": region})
    assert [(row.region_id, row.geography) for row in rows] == [(region, geography)]


def test_an_application_profile_has_the_price_of_its_region():
    aws = ScriptedAws(profiles={"eu-central-1": [profile("x1y2z3")]})
    aws.put("InputTokenCount", 9, {"ModelId": "x1y2z3"}, region="eu-central-1")
    rows = rows_over(aws, account={"regions": "eu-central-1"})
    assert [(row.provider_model_id, row.geography) for row in rows] == [(MODEL, "regional_eu")]


def test_provisioned_throughput_is_a_commitment_and_gives_no_usage_but_is_part_of_the_total():
    arn = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:provisioned-model/abc123def456"
    aws = ScriptedAws().put("InputTokenCount", 500).put("InputTokenCount", 300, {"ModelId": arn})
    aws.put("InputTokenCount", 800, {})
    rows = rows_over(aws)
    assert [(row.provider_model_id, int(row.quantity)) for row in rows] == [(MODEL, 500)]


@pytest.mark.parametrize("model_id", ["x1y2z3", PROFILE_ARN])
def test_an_application_profile_is_resolved_by_id_and_by_arn(model_id):
    aws = ScriptedAws(profiles={REGION: [profile("x1y2z3")]}).put("InputTokenCount", 9, {"ModelId": model_id})
    rows = rows_over(aws)
    found = [(r.provider_model_id, r.resource_id, r.resource_name, r.resource_type, r.geography) for r in rows]
    assert found == [(MODEL, "x1y2z3", "tenant-acme", "Inference profile", "regional")]


def test_a_profile_over_a_global_one_is_priced_as_global():
    arns = (f"arn:aws:bedrock:{REGION}::foundation-model/{MODEL}", f"arn:aws:bedrock:::foundation-model/{MODEL}")
    aws = ScriptedAws(profiles={REGION: [profile("x1y2z3", *arns)]})
    rows = rows_over(aws.put("InputTokenCount", 9, {"ModelId": "x1y2z3"}))
    assert [(row.provider_model_id, row.geography) for row in rows] == [(f"global.{MODEL}", "global")]


def test_a_deleted_profile_is_resolved_by_what_an_earlier_list_said():
    seen = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
    resource = ProviderResource(
        resource_type="Inference profile", resource_id="x1y2z3", resource_name="gone", provider_model_id=MODEL
    )
    state = ResourceState(resource=resource, first_observed_at=seen, last_observed_at=seen)
    aws = ScriptedAws().put("InputTokenCount", 9, {"ModelId": "x1y2z3"})
    rows = rows_over(aws, known_resources=[state])
    assert [(row.provider_model_id, row.resource_name) for row in rows] == [(MODEL, "gone")]


def test_an_unknown_profile_is_a_visible_row_without_a_model():
    rows = rows_over(ScriptedAws().put("InputTokenCount", 9, {"ModelId": PROFILE_ARN}))
    assert [(r.provider_model_id, r.resource_id, r.geography, int(r.quantity)) for r in rows] == [
        (None, "x1y2z3", None, 9)
    ]


def test_a_profile_over_several_models_has_none_rather_than_a_guess():
    arns = (f"arn:aws:bedrock:{REGION}::foundation-model/{m}" for m in ("amazon.nova-pro-v1:0", MODEL))
    aws = ScriptedAws(profiles={REGION: [profile("x1y2z3", *arns)]})
    rows = rows_over(aws.put("InputTokenCount", 9, {"ModelId": "x1y2z3"}))
    assert [row.provider_model_id for row in rows] == [None]


def test_profiles_are_kept_with_model_and_tags():
    aws = ScriptedAws(profiles={REGION: [profile("x1y2z3")]}, tags={"x1y2z3": [{"key": "team", "value": "search"}]})
    with source_over(aws) as source:
        found = list(source.resources(list(source.fetch(DAY))))
    assert [(r.resource_type, r.resource_id, r.provider_model_id, r.tags) for r in found] == [
        ("Inference profile", "x1y2z3", MODEL, {"team": "search"})
    ]


def test_every_configured_region_is_read():
    aws = ScriptedAws().put("InputTokenCount", 5).put("InputTokenCount", 7, region="eu-central-1")
    rows = rows_over(aws, account={"regions": "us-east-1, eu-central-1"})
    assert {row.region_id: int(row.quantity) for row in rows} == {"us-east-1": 5, "eu-central-1": 7}


def test_data_is_sparse_and_a_day_without_points_is_no_usage():
    window = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 3))
    aws = ScriptedAws().put("InputTokenCount", 5, at=MIDNIGHT + 2 * 86400)
    rows = rows_over(aws, window)
    assert [row.period_start.date() for row in rows] == [dt.date(2026, 10, 3)]


def test_hourly_sums_are_rows_of_an_hour():
    aws = ScriptedAws().put("InputTokenCount", 5, at=MIDNIGHT + 3600)
    row = rows_over(aws, period_seconds=3600)[0]
    assert (row.period_start.hour, row.period_end - row.period_start) == (1, dt.timedelta(hours=1))


def test_days_that_cloudwatch_no_longer_keeps_are_refused_with_the_earliest_one():
    old = Window.of_days(dt.date(2025, 7, 1), dt.date(2025, 7, 1))
    with source_over(ScriptedAws()) as source, pytest.raises(PermanentProviderError, match=r"455 days.*2025-07-08"):
        list(source.fetch(old))


def test_the_earliest_day_that_is_kept_can_be_read():
    first = Window.of_days(dt.date(2025, 7, 8), dt.date(2025, 7, 8))
    assert rows_over(ScriptedAws(), first) == []


def test_more_than_500_queries_are_parted():
    aws = ScriptedAws()
    for number in range(100):
        aws.put("InputTokenCount", 1, {"ModelId": f"maker.model-{number}"})
    assert quantities(rows_over(aws)) == {"uncached_input": 100}
    sizes = [len(body["MetricDataQueries"]) for *_, operation, body in aws.asked if operation == "GetMetricData"]
    assert sizes == [500, 308]


def pages_of(*answers: dict[str, object]):
    """An AWS that answers GetMetricData with these bodies, given the Ids of the queries."""
    aws = ScriptedAws().put("InputTokenCount", 1)
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if b"MetricDataQueries" not in request.content:
            return aws(request)
        queries = json.loads(request.content)["MetricDataQueries"]
        wanted = {
            q["Id"]: q["Label"]
            for q in queries
            if q["MetricStat"]["Metric"]["Dimensions"] and q["Label"] == "InputTokenCount"
        }
        content = left.pop(0) if len(left) > 1 else left[0]
        others = (
            []
            if content.get("NextToken")
            else [{"Id": q["Id"], "Timestamps": [], "Values": []} for q in queries if q["Id"] not in wanted]
        )
        results = [{"Id": identifier, **content["result"]} for identifier in wanted]  # type: ignore[dict-item]
        body = {name: value for name, value in content.items() if name != "result"}
        return httpx.Response(200, json={"MetricDataResults": [*results, *others], **body})

    return answer


def _result(at: int, value: object, status: str = "Complete") -> dict[str, object]:
    return {"Timestamps": [at], "Values": [value], "StatusCode": status}


TWO_DAYS = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 10, 2))


def test_a_page_that_repeats_an_id_with_partial_data_is_merged_and_not_replaced():
    answer = pages_of(
        {"result": _result(MIDNIGHT, 5.0, "PartialData"), "NextToken": "t"},
        {"result": _result(MIDNIGHT + 86400, 7.0)},
    )
    assert quantities(rows_over(answer, TWO_DAYS, control_totals=False)) == {"uncached_input": 12}


def test_partial_data_without_a_token_is_a_page_that_is_missing():
    with pytest.raises(MalformedPageError, match=r"PartialData.*NextToken"):
        rows_over(pages_of({"result": _result(MIDNIGHT, 5.0, "PartialData")}), control_totals=False)


def test_a_sum_that_comes_twice_with_two_values_is_refused():
    answer = pages_of(
        {"result": _result(MIDNIGHT, 5.0, "PartialData"), "NextToken": "t"}, {"result": _result(MIDNIGHT, 7.0)}
    )
    with pytest.raises(MalformedPageError, match="comes twice"):
        rows_over(answer, control_totals=False)


def test_an_id_without_an_answer_is_a_page_that_is_missing():
    aws = ScriptedAws().put("InputTokenCount", 1)

    def answer(request: httpx.Request) -> httpx.Response:
        if b"MetricDataQueries" not in request.content:
            return aws(request)
        return httpx.Response(200, json={"MetricDataResults": []})

    with pytest.raises(MalformedPageError, match="a page is missing"):
        rows_over(answer, control_totals=False)


@pytest.mark.parametrize(
    ("status", "error"), [("InternalError", TransientProviderError), ("Forbidden", CredentialError)]
)
def test_a_status_code_inside_a_200_is_an_error(status, error):
    with pytest.raises(error, match=status):
        rows_over(pages_of({"result": _result(MIDNIGHT, 5.0, status)}), control_totals=False)


def test_messages_are_reported(caplog):
    messages = [{"Code": "MaxMetricsExceeded", "Value": "too many"}]
    rows_over(pages_of({"result": _result(MIDNIGHT, 5.0), "Messages": messages}), control_totals=False)
    assert "MaxMetricsExceeded" in caplog.text


@pytest.mark.parametrize("value", [-1.0, 1.5, "5", None, True])
def test_a_sum_that_is_no_count_is_refused(value):
    with pytest.raises(MalformedPageError, match="Values"):
        rows_over(pages_of({"result": _result(MIDNIGHT, value)}), control_totals=False)


def test_an_unknown_metric_that_may_be_usage_is_refused_by_name():
    aws = ScriptedAws().put("HologramTokenCount", 5)
    with pytest.raises(MalformedPageError, match=r"HologramTokenCount.*ignored_metrics"):
        rows_over(aws)


def test_an_unknown_metric_can_be_declared_no_usage():
    aws = ScriptedAws().put("HologramTokenCount", 5).put("InputTokenCount", 5)
    assert quantities(rows_over(aws, ignored_metrics="HologramTokenCount")) == {"uncached_input": 5}


@pytest.mark.parametrize("metric", ["EstimatedTPMQuotaUsage", "TimeToFirstToken", "InvocationLatency"])
def test_metrics_that_are_no_usage_give_no_rows(metric):
    assert rows_over(ScriptedAws().put(metric, 5)) == []


def test_a_new_metric_without_quantities_is_reported_only(caplog):
    assert rows_over(ScriptedAws().put("GuardrailVerdicts", 5)) == []
    assert "unknown_metric=GuardrailVerdicts" in caplog.text
