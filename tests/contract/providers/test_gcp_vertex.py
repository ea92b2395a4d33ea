"""What Vertex AI's series mean: one test for each trap of their labels."""

from decimal import Decimal

import pytest

from genai_finops.providers.base import MalformedPageError
from genai_finops.providers.config import ProviderConfigError

from .gcp_vertex_answers import answering, point, row_of, rows_of, series, source_over
from .scripted_source import DAY


def quantities(*found):
    return {(row.meter, row.service_tier): row.quantity for row in rows_of(*found)}


def test_traffic_within_provisioned_throughput_is_no_pay_as_you_go_usage():
    found = [series(request_type="dedicated", accounting_resource="projects/1/orders/7"), series(type="output")]
    assert [row.meter for row in rows_of(*found)] == ["output"]


def test_invocations_within_provisioned_throughput_are_no_pay_as_you_go_requests():
    assert rows_of(series("model_invocation_count", request_type="dedicated")) == []


def test_spillover_is_pay_as_you_go_and_keeps_its_name():
    row = row_of(series(request_type="spillover"))
    assert (row.service_tier, row.provider_service_tier, row.quantity) == ("standard", "spillover", Decimal(100))


def test_shared_and_spillover_of_one_model_are_two_rows():
    rows = rows_of(series(request_type="shared"), series(request_type="spillover"))
    assert {row.provider_service_tier for row in rows} == {"shared", "spillover"}


def test_a_new_request_type_is_pay_as_you_go_and_is_reported(caplog):
    row = row_of(series(request_type="overflow"))
    assert (row.service_tier, row.provider_service_tier) == ("standard", "overflow")
    assert "unknown_value=overflow of label=request_type" in caplog.text


@pytest.mark.parametrize(
    ("request_type", "tier"), [("flex", "flex"), ("shared_flex", "flex"), ("SHARED_PRIORITY", "priority")]
)
def test_flex_and_priority_requests_have_tiers_of_their_own(request_type, tier):
    row = row_of(series(request_type=request_type))
    assert (row.service_tier, row.provider_service_tier) == (tier, request_type)


def test_a_missing_request_type_is_pay_as_you_go():
    row = row_of(series(request_type=""))
    assert (row.service_tier, row.provider_service_tier) == ("standard", None)


@pytest.mark.parametrize("source", ["batch_global", "batch_us-central1"])
def test_the_batch_prefix_of_the_source_label_is_the_batch_tier(source):
    row = row_of(series(source=source))
    assert (row.service_tier, row.provider_service_tier) == ("batch", "shared+batch")


@pytest.mark.parametrize("source", ["global", "us-central1", "northamerica-northeast1", "eu", ""])
def test_a_source_label_without_prefix_is_the_standard_tier(source):
    assert row_of(series(source=source)).service_tier == "standard"


@pytest.mark.parametrize("source", ["platinum", "tuned_us-central1", "batch_", "us-central1_batch"])
def test_an_unknown_prefix_of_the_source_label_fails_because_it_may_have_a_price(source):
    with pytest.raises(MalformedPageError, match=f"label source is '{source}'"):
        rows_of(series(source=source))


@pytest.mark.parametrize(
    ("token_type", "meter"),
    [
        ("input", "uncached_input"),
        ("cache_read_input", "cache_read"),
        ("cache_write_input", "cache_write_5m"),
        ("cache_write_1h_input", "cache_write_1h"),
        ("output", "output"),
    ],
)
def test_the_token_types_of_claude_are_disjoint_meters(token_type, meter):
    row = row_of(series(publisher="anthropic", model="claude-opus-5", type=token_type))
    assert (row.meter, row.quantity) == (meter, Decimal(100))


@pytest.mark.parametrize(("token_type", "meter"), [("input", "input"), ("output", "output")])
@pytest.mark.parametrize("publisher", ["google", "meta"])
def test_input_of_other_publishers_does_not_say_its_cached_share(publisher, token_type, meter):
    assert row_of(series(publisher=publisher, type=token_type)).meter == meter


@pytest.mark.parametrize(
    ("publisher", "token_type"), [("google", "cache_read_input"), ("anthropic", "thinking"), ("meta", "total")]
)
def test_an_unknown_token_type_fails_by_name(publisher, token_type):
    with pytest.raises(MalformedPageError, match=f"label type is '{token_type}'"):
        rows_of(series(publisher=publisher, type=token_type))


def test_a_series_without_token_type_fails():
    with pytest.raises(MalformedPageError, match="label type is missing"):
        rows_of(series(type=""))


@pytest.mark.parametrize(
    ("modality", "meter"),
    [
        ("text", "input"),
        ("TEXT", "input"),
        ("audio", "input_audio"),
        ("image", "input_image"),
        ("VIDEO", "input_video"),
        ("document", "input"),
        ("", "input"),
    ],
)
def test_the_modality_decides_the_meter(modality, meter):
    assert row_of(series(modality=modality)).meter == meter


def test_output_has_modalities_too():
    assert row_of(series(type="output", modality="audio")).meter == "output_audio"


def test_an_unknown_modality_fails_because_it_may_have_a_price():
    with pytest.raises(MalformedPageError, match="label modality is 'hologram'"):
        rows_of(series(modality="hologram"))


def test_images_sent_to_claude_are_tokens_like_any_other():
    assert row_of(series(publisher="anthropic", modality="image")).meter == "uncached_input"


@pytest.mark.parametrize("model", ["gemini-embedding-001", "text-embedding-005", "text-multilingual-embedding-002"])
def test_input_of_an_embedding_model_is_embedded(model):
    assert row_of(series(model=model)).meter == "embedding_input"


def test_a_refused_invocation_is_no_request():
    found = [
        series("model_invocation_count", points=[point("90")]),
        series("model_invocation_count", response_code="429", points=[point("9")]),
        series("model_invocation_count", response_code="500", points=[point("1")]),
    ]
    assert quantities(*found) == {("request", "standard"): Decimal(90)}


def test_characters_of_a_model_that_counts_tokens_are_not_added():
    found = [series(), series("character_count", points=[point("700")])]
    assert [row.meter for row in rows_of(*found)] == ["input"]


def test_characters_of_an_old_model_are_its_usage_by_direction():
    found = [
        series("character_count", model="text-bison@002", type=direction, points=[point("700")])
        for direction in ("input", "output")
    ]
    assert {(row.meter, row.variant, row.quantity) for row in rows_of(*found)} == {
        ("character", "input", Decimal(700)),
        ("character", "output", Decimal(700)),
    }


def test_models_of_the_same_name_are_kept_apart_by_publisher():
    rows = rows_of(series(publisher="meta", model="llama-4"), series(publisher="acme", model="llama-4"))
    assert {(row.resource_id, row.provider_model_id) for row in rows} == {
        ("publishers/meta/models/llama-4", "llama-4"),
        ("publishers/acme/models/llama-4", "llama-4"),
    }


@pytest.mark.parametrize(
    ("location", "geography"), [("global", "global"), ("us-central1", "regional"), ("eu", "regional")]
)
def test_the_global_endpoint_is_another_geography_than_regions(location, geography):
    row = row_of(series(location=location))
    assert (row.region_id, row.geography) == (location, geography)


@pytest.mark.parametrize(("value", "variant"), [("true", "explicit_caching"), ("false", None), ("", None)])
def test_explicit_caching_is_kept_because_billing_splits_by_it(value, variant):
    assert row_of(series(explicit_caching=value)).variant == variant


def test_traffic_with_and_without_explicit_caching_is_not_added_up():
    rows = rows_of(series(explicit_caching="true"), series(explicit_caching="false"))
    assert {row.variant for row in rows} == {"explicit_caching", None}


@pytest.mark.parametrize(
    ("label", "above", "up_to"),
    [
        ("128k", 0, 128_000),
        ("200k", 128_000, 200_000),
        ("1M", 200_000, 1_000_000),
        ("200000", 128_000, 200_000),
        ("0-200k", 0, 200_000),
        ("200k-1M", 200_000, 1_000_000),
        ("<=200k", 0, 200_000),
        (">200K", 200_000, None),
    ],
)
def test_the_longest_prompts_of_a_bucket_are_the_context_band(label, above, up_to):
    row = row_of(series(max_token_size=label))
    assert (row.context_band, row.context_tokens_above, row.context_tokens_up_to) == (label, above, up_to)


@pytest.mark.parametrize("label", ["long", "64k", "200k+"])
def test_a_bucket_of_prompts_that_nobody_described_leaves_the_band_unknown_and_is_reported(label, caplog):
    row = row_of(series(max_token_size=label))
    assert (row.context_band, row.context_tokens_above, row.context_tokens_up_to) == (None, None, None)
    assert f"unknown_value={label} of label=max_token_size" in caplog.text


def test_the_buckets_of_prompts_are_configured():
    row = row_of(series(max_token_size="64k"), options={"context_bounds": "32k,64k"})
    assert (row.context_tokens_above, row.context_tokens_up_to) == (32_000, 64_000)


def test_bounds_that_are_no_numbers_are_refused_before_anything_is_asked():
    with pytest.raises(ProviderConfigError, match="context_bounds"):
        source_over(answering(), options={"context_bounds": "short,long"})


@pytest.mark.parametrize("label", ["resource_container", "project_id", "monitored_resource_container"])
def test_the_project_label_is_not_needed_whatever_it_is_called(label):
    labels = {label: "123", "location": "global", "publisher": "google", "model_user_id": "gemini-2.5-pro"}
    assert row_of(series(resource=labels)).provider_model_id == "gemini-2.5-pro"


def test_a_series_without_model_is_visible_without_one():
    row = row_of(series(resource={"location": "global", "publisher": "google"}))
    assert (row.provider_model_id, row.resource_id, row.quantity) == (None, None, Decimal(100))


def test_points_newest_first_belong_to_the_day_that_ends_with_them():
    window = type(DAY).of_days(DAY.days[0], DAY.days[0].replace(day=2))
    points = [point("22", end="2026-10-03T00:00:00Z", start="2026-10-02T00:00:00Z"), point("11")]
    with source_over(answering(series(points=points))) as source:
        rows = list(source.normalise(list(source.fetch(window)), window))
    assert {(row.period_start.day, row.quantity) for row in rows} == {(1, Decimal(11)), (2, Decimal(22))}
