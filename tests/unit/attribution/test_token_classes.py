"""Overlapping counts become disjoint, and none of them gets lost."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_finops.attribution.token_classes import (
    CACHED_ABOVE_INPUT,
    DisjointCounts,
    disjoint_counts,
)
from genai_finops.schemas.meters import METERS
from genai_finops.schemas.tables.events import EVENT_METERS

counts = st.integers(0, 5000)
TOLD = [name for name in inspect.signature(disjoint_counts).parameters if name != "input_includes_cache"]


def test_the_classes_are_the_token_meters_of_an_event_in_its_order() -> None:
    tokens = tuple(name for name in EVENT_METERS if METERS[name].kind == "tokens")

    assert DisjointCounts._fields == (*tokens, "mended")


def test_an_input_that_includes_the_cache_is_split_into_three() -> None:
    found = disjoint_counts(
        input_tokens=5200, cache_read=4000, cache_write=200, output_tokens=310, input_includes_cache=True
    )

    assert found == DisjointCounts(uncached_input=1000, cache_read=4000, cache_write=200, output=310)


def test_an_input_that_excludes_the_cache_stays_as_it_is() -> None:
    found = disjoint_counts(input_tokens=5200, cache_read=4000, output_tokens=310, input_includes_cache=False)

    assert found == DisjointCounts(uncached_input=5200, cache_read=4000, output=310)


def test_more_cached_than_input_proves_that_the_source_counts_them_apart_and_is_named() -> None:
    found = disjoint_counts(input_tokens=3, cache_read=900, cache_write=100, input_includes_cache=True)

    assert found == DisjointCounts(uncached_input=3, cache_read=900, cache_write=100, mended=(CACHED_ABOVE_INPUT,))


@pytest.mark.parametrize(("total", "undated"), [(0, 0), (300, 0), (350, 50)])
def test_what_no_lifetime_names_of_the_cache_writes_is_of_unknown_lifetime(total: int, undated: int) -> None:
    found = disjoint_counts(
        input_tokens=0, cache_write=total, cache_write_5m=100, cache_write_1h=200, input_includes_cache=False
    )

    assert found[6:9] == (undated, 100, 200)


def test_cached_audio_is_part_of_the_audio_where_the_input_includes_the_cache() -> None:
    found = disjoint_counts(
        input_tokens=1000, cache_read=400, input_audio=300, cache_read_audio=100, input_includes_cache=True
    )

    assert found == DisjointCounts(uncached_input=400, uncached_input_audio=200, cache_read=300, cache_read_audio=100)


def test_embeddings_have_one_class() -> None:
    found = disjoint_counts(input_tokens=700, input_image=200, output_tokens=5, input_includes_cache=True)

    assert found.as_embedding() == DisjointCounts(embedding_input=700)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        disjoint_counts(input_tokens=5, cache_read=-1, input_includes_cache=True)


@given(
    told=st.fixed_dictionaries(dict.fromkeys(TOLD, counts)),
    includes=st.booleans(),
)
def test_no_class_is_negative_and_all_of_them_add_up_to_what_was_told(told: dict[str, int], includes: bool) -> None:
    found = disjoint_counts(**told, input_includes_cache=includes)

    written = max(told["cache_write"], told["cache_write_5m"] + told["cache_write_1h"])
    cached = told["cache_read"] + written
    is_beside = not includes or CACHED_ABOVE_INPUT in found.mended
    assert min(found[:14]) >= 0
    assert found.input_total == told["input_tokens"] + (cached if is_beside else 0)
    assert found.output_total == told["output_tokens"]
    assert found.cache_read + found.cache_read_audio == told["cache_read"]
