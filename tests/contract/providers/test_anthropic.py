"""What is particular to Anthropic: series by geography and speed, a control total, nested cache writes."""

import datetime as dt
import json
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_finops.providers.base import (
    MalformedPageError,
    Page,
    UsageRow,
    Window,
)
from genai_finops.providers.http import page_of

from .anthropic_answers import SERIES, empty_page, page, source_over, usage
from .scripted_source import DAY


def pages_of(results: dict[tuple[str, str], list[Any]], total: list[Any] | None = None) -> list[Page]:
    """A page for each series, and a control total that is the sum of them unless another is given."""
    summed = [row for rows in results.values() for row in rows] if total is None else total
    parts = [
        page_of(
            json.dumps(page(results.get((geo, speed), []))).encode(),
            source="usage_report/messages",
            request={"inference_geo": geo, "speed": speed},
        )
        for geo, speed in SERIES
    ]
    return [*parts, page_of(json.dumps(page(summed)).encode(), source="usage_report/messages total", request={})]


def normalise(pages: list[Page]) -> list[UsageRow]:
    with source_over(empty_page) as anthropic:
        return list(anthropic.normalise(pages, DAY))


def rows_of(*results: Any, series: tuple[str, str] = ("global", "standard")) -> list[UsageRow]:
    return normalise(pages_of({series: list(results)}))


def test_the_four_input_classes_output_and_searches_are_read():
    assert {row.meter: int(row.quantity) for row in rows_of(usage())} == {
        "uncached_input": 1500,
        "cache_read": 4000,
        "cache_write_5m": 200,
        "cache_write_1h": 100,
        "output": 300,
        "web_search": 25,
    }


def test_two_rows_with_one_key_are_added_up():
    rows = rows_of(usage(), usage(output_tokens=7))
    assert [row.quantity for row in rows if row.meter == "output"] == [Decimal(307)]


@pytest.mark.parametrize(
    ("tier", "speed", "canonical", "spelling"),
    [
        ("standard", "standard", "standard", "standard"),
        ("batch", "standard", "batch", "batch"),
        ("priority", "standard", "committed", "priority"),
        ("priority_on_demand", "standard", "priority_on_demand", "priority_on_demand"),
        ("flex", "standard", "flex", "flex"),
        ("flex_discount", "standard", "flex", "flex_discount"),
        ("standard", "fast", "fast", "standard+fast"),
    ],
)
def test_tier_and_speed_become_one_canonical_tier(tier, speed, canonical, spelling):
    rows = rows_of(usage(service_tier=tier), series=("global", speed))
    assert {(row.service_tier, row.provider_service_tier) for row in rows} == {(canonical, spelling)}


@pytest.mark.parametrize(("filtered", "geography"), [("global", "global"), ("us", "us"), ("not_available", None)])
def test_the_geography_is_that_of_the_series(filtered, geography):
    assert {row.geography for row in rows_of(usage(), series=(filtered, "standard"))} == {geography}


@pytest.mark.parametrize(
    ("label", "above", "up_to"), [("0-200k", 0, 200_000), ("200k-1M", 200_000, 1_000_000), (None, None, None)]
)
def test_the_context_band_has_its_bounds_in_tokens(label, above, up_to):
    rows = rows_of(usage(context_window=label))
    assert {(r.context_band, r.context_tokens_above, r.context_tokens_up_to) for r in rows} == {(label, above, up_to)}


def test_the_default_workspace_is_no_sub_account():
    rows = rows_of(usage(workspace_id=None))
    assert {(row.sub_account_id, row.sub_account_name, row.sub_account_type) for row in rows} == {(None, None, None)}


def test_workspaces_have_their_name_or_else_their_id():
    listing = {"data": [{"id": "wrkspc_1", "name": "Support"}], "has_more": False}
    listed = page_of(json.dumps(listing).encode(), source="workspaces", request={})
    pages = pages_of({("us", "standard"): [usage(), usage(workspace_id="wrkspc_gone")]})
    assert {(row.sub_account_id, row.sub_account_name) for row in normalise([listed, *pages])} == {
        ("wrkspc_1", "Support"),
        ("wrkspc_gone", "wrkspc_gone"),
    }


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"cache_creation": ...}, "cache_creation", id="missing-cache-writes"),
        pytest.param({"cache_creation": {"ephemeral_5m_input_tokens": 1}}, "ephemeral_1h", id="missing-lifetime"),
        pytest.param({"cache_creation": 300}, "cache_creation", id="flat-cache-writes"),
        pytest.param({"server_tool_use": ...}, "server_tool_use", id="missing-searches"),
        pytest.param({"cache_creation_input_tokens": 9}, "cache_creation_input_tokens", id="unknown-count"),
        pytest.param({"output_tokens": -1}, "output_tokens", id="negative"),
        pytest.param({"service_tier": "turbo"}, "turbo", id="unknown-tier"),
        pytest.param({"service_tier": None}, "service_tier", id="no-tier"),
        pytest.param({"context_window": "large"}, "large", id="unknown-band"),
        pytest.param({"workspace_id": ...}, "workspace_id", id="missing-dimension"),
    ],
)
def test_a_row_that_cannot_be_understood_is_refused_with_field_and_page(changes, named):
    with pytest.raises(MalformedPageError) as refused:
        rows_of(usage(**changes))
    assert named in str(refused.value)
    assert "usage_report/messages data[0] results[0]" in str(refused.value)


def test_fast_mode_outside_the_standard_tier_is_refused():
    with pytest.raises(MalformedPageError, match="fast mode"):
        rows_of(usage(service_tier="batch"), series=("global", "fast"))


@pytest.mark.parametrize(
    ("total", "named"),
    [
        pytest.param(
            [usage(output_tokens=301)], r"output of model claude-opus-5 on 2026-10-01 is 300 .* 301", id="more"
        ),
        pytest.param([], r"is 4000 .* 0 in total \(6 sums differ\)", id="nothing"),
        pytest.param([usage(model="claude-haiku-4-5")], r"12 sums differ", id="other-model"),
    ],
)
def test_parts_that_miss_the_control_total_are_refused_with_both_numbers(total, named):
    with pytest.raises(MalformedPageError, match=named):
        normalise(pages_of({("us", "fast"): [usage()]}, total))


def test_a_series_that_is_not_among_the_pages_is_missed():
    with pytest.raises(MalformedPageError, match=r"global standard: no bucket"):
        normalise(pages_of({})[1:])


CLASSES = ("uncached_input_tokens", "cache_read_input_tokens", "output_tokens")


@st.composite
def usage_rows(draw: st.DrawFn) -> dict[str, Any]:
    count = st.integers(0, 10**12)
    return usage(
        **{name: draw(count) for name in CLASSES},
        cache_creation={"ephemeral_1h_input_tokens": draw(count), "ephemeral_5m_input_tokens": draw(count)},
        model=draw(st.sampled_from(["claude-opus-5", "claude-haiku-4-5"])),
        workspace_id=draw(st.sampled_from([None, "wrkspc_1"])),
    )


@given(st.dictionaries(st.sampled_from([(geo, "standard") for geo, _ in SERIES]), st.lists(usage_rows(), max_size=3)))
def test_classes_add_up_to_anthropics_totals_for_any_rows(results):
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in normalise(pages_of(results)):
        sums[row.meter] += row.quantity
    everything = [row for rows in results.values() for row in rows]
    assert {
        name: sums[name.removesuffix("_tokens").removesuffix("_input") + suffix]
        for name, suffix in (
            ("uncached_input_tokens", "_input"),
            ("cache_read_input_tokens", ""),
            ("output_tokens", ""),
        )
    } == {name: sum(row[name] for row in everything) for name in CLASSES}
    assert sums["cache_write_5m"] == sum(row["cache_creation"]["ephemeral_5m_input_tokens"] for row in everything)
    assert sums["cache_write_1h"] == sum(row["cache_creation"]["ephemeral_1h_input_tokens"] for row in everything)


@pytest.fixture
def recorded() -> dict[str, Any]:
    root = os.environ.get("GENAI_FINOPS_TEST_DATA")
    if not root:
        pytest.skip("GENAI_FINOPS_TEST_DATA is not set: pages of other projects are not at hand")
    path = Path(root) / "payloads" / "anthropic" / "usage_report_messages.json"
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def completed(content: dict[str, Any]) -> dict[str, Any]:
    """The page with the fields that its authors left out, and that Anthropic always sends."""
    absent = usage(
        uncached_input_tokens=0,
        cache_creation={"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        cache_read_input_tokens=0,
        server_tool_use={"web_search_requests": 0},
    )
    buckets = [{**bucket, "results": [absent | row for row in bucket["results"]]} for bucket in content["data"]]
    return {**content, "data": buckets}


def normalise_recorded(content: dict[str, Any]) -> list[UsageRow]:
    window = Window.of_days(dt.date(2023, 11, 14), dt.date(2023, 11, 15))
    empty = {**content, "data": [{**bucket, "results": []} for bucket in content["data"]]}
    parts = [
        page_of(
            json.dumps(content if series == SERIES[0] else empty).encode(),
            source="usage_report/messages",
            request={"inference_geo": series[0], "speed": series[1]},
        )
        for series in SERIES
    ]
    total = page_of(json.dumps(content).encode(), source="usage_report/messages total", request={})
    with source_over(empty_page) as anthropic:
        return list(anthropic.normalise([*parts, total], window))


def test_a_page_of_another_project_is_read_whole(recorded):
    rows = normalise_recorded(completed(recorded))
    sums = {meter: sum(int(r.quantity) for r in rows if r.meter == meter) for meter in {r.meter for r in rows}}
    assert sums == {
        "uncached_input": 1500 + 100 + 200,
        "cache_read": 200 + 300,
        "cache_write_5m": 500,
        "cache_write_1h": 1000,
        "output": 500 + 50 + 100,
    }


def test_a_page_that_leaves_a_cache_class_out_is_refused(recorded):
    with pytest.raises(MalformedPageError, match="is missing"):
        normalise_recorded(recorded)
