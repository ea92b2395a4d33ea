"""Buckets and page tokens."""

import datetime as dt

import pytest

from genai_finops.simulator.buckets import WIDTHS, Grid, page_position, page_token, query_digest


def _at(day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 10, day, hour, minute, tzinfo=dt.UTC)


def test_the_first_and_last_bucket_are_clipped_to_the_window() -> None:
    grid = Grid(start=_at(1, 7, 30), end=_at(3, 12), width=WIDTHS["1d"])
    assert list(grid.slice(0, 9)) == [(_at(1, 7, 30), _at(2)), (_at(2), _at(3)), (_at(3), _at(3, 12))]


@pytest.mark.parametrize(
    ("end", "width", "count"),
    [(_at(2), "1d", 1), (_at(2, 0, 1), "1d", 2), (_at(2), "1h", 24), (_at(1, 1), "1m", 60), (_at(1), "1d", 0)],
    ids=["one day", "a minute more", "hours", "minutes", "nothing"],
)
def test_a_window_has_as_many_buckets_as_it_touches(end: dt.datetime, width: str, count: int) -> None:
    assert Grid(start=_at(1), end=end, width=WIDTHS[width]).count == count


def test_slices_continue_where_the_last_one_ended() -> None:
    grid = Grid(start=_at(1), end=_at(11), width=WIDTHS["1d"])
    assert [*grid.slice(0, 4), *grid.slice(4, 4), *grid.slice(8, 4)] == list(grid.slice(0, 99))


def test_a_token_belongs_to_its_query() -> None:
    mine = query_digest("acme", "/usage", [("limit", "7"), ("page", "anything")])
    other = query_digest("acme", "/usage", [("limit", "8")])
    token = page_token(mine, 14)
    assert (page_position(token, mine), page_position(token, other)) == (14, None)


@pytest.mark.parametrize("text", ["", "page_", "page_%%%", "nonsense", "page_bm9uc2Vuc2U="])
def test_other_text_is_no_token(text: str) -> None:
    assert page_position(text, "0" * 16) is None
