"""The search for cycles is off while anybody reads, and afterwards as it was before."""

import gc
import os
from collections.abc import Iterator

import pytest

from genai_finops.attribution.formats.cycle_search import without_cycles


@pytest.fixture(autouse=True)
def on_again() -> Iterator[None]:
    """Other tests need it."""
    yield
    gc.enable()


def test_it_stays_off_until_the_last_of_overlapping_readers_ends() -> None:
    first, second = without_cycles(), without_cycles()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off() -> None:
    gc.disable()
    with without_cycles():
        pass
    assert not gc.isenabled()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_that_is_forked_meanwhile_has_it_on() -> None:
    with without_cycles():
        child = os.fork()
        if not child:
            os._exit(0 if gc.isenabled() else 1)
        _, status = os.waitpid(child, 0)
    assert status == 0
