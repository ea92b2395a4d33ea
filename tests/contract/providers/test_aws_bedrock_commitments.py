"""The traps of Bedrock's provisioned throughput, one by one."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from genai_finops.providers.base import MalformedPageError, PermanentProviderError, ResourceState, UsageRow, Window
from genai_finops.providers.bedrock_provisioned import PROVISIONED
from genai_finops.providers.commitments import COMMITMENT, CapacityCommitment
from genai_finops.providers.resources import merged_states

from .aws_answers import ACCOUNT, MIDNIGHT, MODEL, REGION, ScriptedAws, arn_of, provisioned, rows_over, source_over
from .scripted_source import DAY, NOW

ARN = arn_of()
ON_ARN = {"ModelId": ARN}
COMMITTED = {"commitmentDuration": "OneMonth", "commitmentExpirationTime": "2026-10-01T00:00:00Z"}
MORNING = DAY.start + dt.timedelta(hours=6)
NOON = DAY.start + dt.timedelta(hours=12)


def having(*models: dict[str, Any]) -> ScriptedAws:
    return ScriptedAws(models={REGION: list(models)})


def commitment_rows(aws: Any, window: Window = DAY, **options: Any) -> list[UsageRow]:
    return rows_over(aws, window, flow="commitment", **options)


def units(rows: Iterable[UsageRow]) -> dict[int, Decimal]:
    """Unit-hours by hour of the day."""
    return {row.period_start.hour: row.quantity for row in rows if row.meter == "model_unit_hour"}


def listed_at(*lists: tuple[dt.datetime, ScriptedAws]) -> tuple[ResourceState, ...]:
    """What a platform knows that has read these lists."""
    states: tuple[ResourceState, ...] = ()
    for moment, aws in lists:
        with source_over(aws, flow="commitment", known_resources=states, now=moment.isoformat()) as source:
            pages = list(source.fetch_lists())
            found = list(source.resources(pages))
            states = merged_states(states, found, moment, complete=source.listed_types(pages))
    return states


def test_a_model_is_its_units_in_every_hour_whether_it_serves_or_not():
    rows = commitment_rows(having(provisioned()))
    assert units(rows) == {hour: Decimal(2) for hour in range(24)}
    assert {(row.meter, row.service_tier, row.provider_model_id, row.resource_id, row.geography) for row in rows} == {
        ("model_unit_hour", "committed", MODEL, ARN, "regional")
    }


def test_tokens_on_the_arn_are_committed_tokens_of_the_listed_model():
    at = MIDNIGHT + 3 * 3600
    aws = having(provisioned()).put("InputTokenCount", 500, ON_ARN, at=at).put("OutputTokenCount", 70, ON_ARN, at=at)
    aws.put("Invocations", 4, ON_ARN, at=at).put("InvocationThrottles", 2, ON_ARN, at=at)
    aws.put("InputTokenCount", 9, {"ModelId": MODEL}, at=at)
    served = [row for row in commitment_rows(aws) if row.meter != "model_unit_hour"]
    assert {row.meter: int(row.quantity) for row in served} == {
        "uncached_input": 500,
        "output": 70,
        "request": 4,
        "throttled_request": 2,
    }
    columns = {(row.period_start.hour, row.service_tier, row.provider_model_id, row.resource_id) for row in served}
    assert columns == {(3, "committed", MODEL, ARN)}


def test_two_spellings_of_a_cache_metric_are_never_added():
    aws = having(provisioned()).put("CacheReadInputTokenCount", 900, ON_ARN).put("CacheReadInputTokens", 900, ON_ARN)
    assert [row.quantity for row in commitment_rows(aws) if row.meter == "cache_read"] == [900]


def test_pay_as_you_go_leaves_provisioned_throughput_out():
    aws = having(provisioned()).put("InputTokenCount", 500, ON_ARN).put("InputTokenCount", 500, {})
    assert rows_over(aws) == []


def test_usage_of_a_model_that_no_list_named_keeps_its_tokens_without_units_and_is_reported(caplog):
    rows = commitment_rows(ScriptedAws().put("InputTokenCount", 500, ON_ARN))
    assert [(row.meter, row.provider_model_id, row.resource_id) for row in rows] == [("uncached_input", None, ARN)]
    assert f"model={ARN}: has usage but was never listed" in caplog.text


def test_a_model_that_is_being_created_has_no_units_until_it_is_in_service():
    creating = provisioned(
        status="Creating", creationTime="2026-10-01T05:40:00Z", lastModifiedTime="2026-10-01T05:40:00Z"
    )
    ready = provisioned(creationTime="2026-10-01T05:40:00Z", lastModifiedTime="2026-10-01T06:15:00Z")
    known = listed_at((MORNING, having(creating)))
    assert units(commitment_rows(having(ready), known_resources=known)) == {
        6: Decimal("1.5"),
        **{hour: Decimal(2) for hour in range(7, 24)},
    }


def test_units_that_are_asked_for_are_not_yet_billed():
    rows = commitment_rows(having(provisioned(status="Updating", desiredModelUnits=5)))
    assert set(units(rows).values()) == {Decimal(2)}


def test_a_failed_model_is_not_billed_and_is_reported(caplog):
    assert commitment_rows(having(provisioned(status="Failed", **COMMITTED))) == []
    assert "status Failed" in caplog.text


def test_a_model_that_was_deleted_between_two_lists_ends_at_the_second():
    known = listed_at((MORNING, having(provisioned())), (NOON, having()))
    assert set(units(commitment_rows(having(), known_resources=known))) == set(range(12))


def test_a_model_that_this_list_is_the_first_to_miss_ends_now():
    known = listed_at((MORNING, having(provisioned())))
    rows = commitment_rows(having(), known_resources=known, now=(DAY.start + dt.timedelta(hours=15.5)).isoformat())
    assert units(rows) == {**{hour: Decimal(2) for hour in range(15)}, 15: Decimal(1)}
    assert {row.page for row in rows} != {""}


def test_nothing_is_provisioned_after_now():
    rows = commitment_rows(having(provisioned()), now=(NOON + dt.timedelta(minutes=15)).isoformat())
    assert units(rows) == {**{hour: Decimal(2) for hour in range(12)}, 12: Decimal("0.5")}


def test_an_expired_commitment_is_still_units_until_the_model_is_deleted():
    week = Window.of_days(dt.date(2026, 9, 29), dt.date(2026, 10, 3))
    rows = commitment_rows(having(provisioned(**COMMITTED)), week)
    assert sum(row.quantity for row in rows) == 2 * 24 * 5


def test_a_model_without_a_duration_is_no_commitment_and_one_with_it_is_one_of_this_model_only():
    aws = having(provisioned(), provisioned("fff000", **COMMITTED))
    found = [state.resource for state in listed_at((NOON, aws)) if state.resource.resource_type == COMMITMENT]
    [bought] = [CapacityCommitment.of_resource(resource) for resource in found]
    assert bought == CapacityCommitment(
        commitment_id=arn_of("fff000"),
        contract_id=arn_of("fff000"),
        commitment_type="Provisioned Throughput Commitment",
        meter="model_unit_hour",
        quantity=Decimal(2),
        term="P1M",
        starts_at=dt.datetime(2026, 9, 1, tzinfo=dt.UTC),
        ends_at=dt.datetime(2026, 10, 1, tzinfo=dt.UTC),
        payment="hourly",
        name="claude-prod",
        applies_to="resource",
        covered_resource_id=arn_of("fff000"),
        provider_model_id=MODEL,
        region_id=REGION,
    )


def test_a_commitment_that_is_being_created_has_not_begun():
    creating = provisioned(status="Creating", **COMMITTED)
    assert {state.resource.resource_type for state in listed_at((NOON, having(creating)))} == {PROVISIONED}


def test_a_custom_model_keeps_its_arn_because_its_price_may_differ():
    custom = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:custom-model/amazon.titan-text-express-v1/x1"
    rows = commitment_rows(having(provisioned(modelArn=custom)))
    assert {row.provider_model_id for row in rows} == {custom}


def test_a_model_that_was_changed_serves_each_hour_as_what_it_was_then():
    new = "anthropic.claude-haiku-4-5-20251001-v1:0"
    changed = provisioned(
        modelArn=f"arn:aws:bedrock:{REGION}::foundation-model/{new}", lastModifiedTime="2026-10-01T08:00:00Z"
    )
    aws = having(changed)
    for hour in (7, 8):
        aws.put("OutputTokenCount", 5, ON_ARN, at=MIDNIGHT + hour * 3600)
    rows = commitment_rows(aws, known_resources=listed_at((MORNING, having(provisioned()))))
    assert {row.period_start.hour: row.provider_model_id for row in rows if row.meter == "output"} == {7: MODEL, 8: new}
    assert [row.period_start.hour for row in rows if row.provider_model_id == new and row.meter != "output"] == list(
        range(8, 24)
    )


def test_a_model_that_listmetrics_forgot_is_asked_for_by_the_list_and_by_its_earlier_series():
    tiered = {**ON_ARN, "ContextWindow": "0k-200k"}
    aws = having(provisioned()).put("OutputTokenCount", 40, ON_ARN).put("OutputTokenCount", 40, tiered)
    with source_over(aws, flow="commitment") as source:
        found = list(source.resources(list(source.fetch(DAY))))
    known = merged_states((), found, NOON)
    aws.forgotten = {"OutputTokenCount"}
    assert [row.context_band for row in commitment_rows(aws) if row.meter == "output"] == [None]
    remembered = commitment_rows(aws, known_resources=known)
    assert [(row.quantity, row.context_band) for row in remembered if row.meter == "output"] == [(40, "0k-200k")]


def test_a_model_that_was_gone_before_the_window_is_not_asked_for():
    served = having(provisioned()).put("OutputTokenCount", 40, ON_ARN)
    with source_over(served, flow="commitment") as source:
        found = list(source.resources(list(source.fetch(DAY))))
    known = merged_states(merged_states((), found, MORNING), (), NOON, complete={PROVISIONED})
    aws = having()
    tomorrow = Window.of_days(dt.date(2026, 10, 2), dt.date(2026, 10, 2))
    assert commitment_rows(aws, tomorrow, known_resources=known) == []
    assert "GetMetricData" not in {operation for _, _, operation, _ in aws.asked}


@pytest.mark.parametrize("region", [None, REGION])
def test_types_are_listed_whole_only_where_every_region_ends_its_pages(region):
    def answer(request: httpx.Request) -> httpx.Response:
        return having()(request)

    with source_over(answer, flow="commitment", account={"regions": f"{REGION},eu-west-1"}) as source:
        pages = [page for page in source.fetch_lists() if region is None or page.request["region"] == region]
        assert source.listed_types(pages) == (frozenset() if region else {PROVISIONED, COMMITMENT})


def test_a_page_that_names_another_one_is_no_whole_list():
    def answer(request: httpx.Request) -> httpx.Response:
        more = {} if "nextToken" in request.url.params else {"nextToken": "more"}
        return httpx.Response(200, json={"provisionedModelSummaries": [], **more})

    with source_over(answer, flow="commitment") as source:
        pages = list(source.fetch_lists())
        assert source.listed_types(pages[:1]) == frozenset()
        assert source.listed_types(pages) == {PROVISIONED, COMMITMENT}


def test_a_model_in_a_region_that_is_no_longer_read_is_out_of_sight_and_not_gone(caplog):
    known = listed_at((MORNING, having(provisioned())))
    with source_over(having(), flow="commitment", account={"regions": "eu-west-1"}, known_resources=known) as source:
        pages = list(source.fetch(DAY))
        assert source.listed_types(pages) == frozenset()
        assert list(source.normalise(pages, DAY)) == []
    assert f"region={REGION}: has provisioned models but is not read" in caplog.text


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"status": "Paused"}, "status is 'Paused'"),
        ({"status": None}, "status is missing"),
        ({"modelUnits": None}, "modelUnits is missing"),
        ({"modelUnits": -1}, "modelUnits is -1"),
        ({"modelUnits": 1.5}, "modelUnits is 1.5|modelUnits is Decimal"),
        ({"modelArn": None}, "modelArn is missing"),
        ({"provisionedModelArn": MODEL}, "provisionedModelArn is"),
        ({"creationTime": None}, "creationTime is missing"),
        ({"creationTime": "2026-09-01T00:00:00"}, "without a time zone"),
        ({"lastModifiedTime": "yesterday"}, "not a date and time"),
        ({**COMMITTED, "commitmentDuration": "TwoYears"}, "commitmentDuration is 'TwoYears'"),
        ({"commitmentDuration": "OneMonth"}, "commitmentExpirationTime is missing"),
        ({**COMMITTED, "commitmentExpirationTime": "2026-09-01T00:00:00Z"}, "not after creationTime"),
        ({"hologramUnits": 3}, "hologramUnits = 3 may be usage"),
    ],
)
def test_a_page_that_is_wrong_is_refused_by_the_name_of_its_field(fields, named):
    with pytest.raises(MalformedPageError, match=named):
        commitment_rows(having(provisioned(**fields)))


def test_an_unknown_field_without_a_number_is_reported_only(caplog):
    assert units(commitment_rows(having(provisioned(mood="calm"))))
    assert "unknown_field=mood" in caplog.text


def test_an_unknown_metric_of_a_provisioned_model_that_may_be_usage_is_refused_unless_it_is_ignored():
    aws = having(provisioned()).put("HologramTokenCount", 5, ON_ARN)
    with pytest.raises(MalformedPageError, match=r"HologramTokenCount.*ignored_metrics"):
        commitment_rows(aws)
    assert units(commitment_rows(aws, ignored_metrics="HologramTokenCount"))


def test_days_that_cloudwatch_has_forgotten_are_refused():
    old = Window.of_days(dt.date(2025, 7, 1), dt.date(2025, 7, 1))
    with pytest.raises(PermanentProviderError, match=r"commitment: CloudWatch keeps hourly sums for 455 days"):
        commitment_rows(having(), old)


def test_lists_are_read_without_asking_for_metrics():
    aws = having(provisioned())
    listed_at((dt.datetime.fromisoformat(NOW), aws))
    assert {(service, operation) for service, _, operation, _ in aws.asked} == {
        ("bedrock", "provisioned-model-throughputs")
    }
