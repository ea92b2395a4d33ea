"""Which request a fault strikes."""

import pytest

from genai_finops.simulator.faults import Fault, FaultBoard, parse_fault

PATH = "/organization/usage/completions"


def _kinds(board: FaultBoard, count: int, org: str = "acme") -> list[str | None]:
    found = [board.due("openai", org, PATH) for _ in range(count)]
    return [fault.kind if fault else None for fault in found]


def test_a_fault_strikes_the_given_number_of_times_after_the_given_number_of_requests() -> None:
    board = FaultBoard()
    board.add(Fault(kind="server_error"), provider="openai", after=1, times=2)
    assert _kinds(board, 5) == [None, "server_error", "server_error", None, None]


def test_a_fault_without_a_number_strikes_until_it_is_cleared() -> None:
    board = FaultBoard()
    board.add(Fault(kind="server_error"), provider="openai")
    before = _kinds(board, 3)
    board.clear()
    assert (before, _kinds(board, 2)) == (["server_error"] * 3, [None, None])


@pytest.mark.parametrize(
    "place",
    [
        {"provider": "anthropic"},
        {"provider": "openai", "org": "globex"},
        {"provider": "openai", "path_prefix": "costs"},
    ],
    ids=["another provider", "another organisation", "another path"],
)
def test_a_fault_spares_requests_elsewhere(place: dict[str, str]) -> None:
    board = FaultBoard()
    board.add(Fault(kind="server_error"), **place)  # type: ignore[arg-type]
    assert _kinds(board, 2) == [None, None]


def test_a_fault_that_is_used_up_leaves_the_next_one_to_strike() -> None:
    board = FaultBoard()
    board.add(Fault(kind="rate_limited"), provider="openai", times=1)
    board.add(Fault(kind="server_error"), provider="openai", times=1)
    assert _kinds(board, 3) == ["rate_limited", "server_error", None]


def test_a_header_gives_kind_and_options() -> None:
    assert parse_fault("timeout; seconds=0.2") == Fault(kind="timeout", options={"seconds": "0.2"})


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown fault 'gremlin'"):
        parse_fault("gremlin")
