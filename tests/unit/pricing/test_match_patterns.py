"""Match clauses of the catalogue as RE2 expressions."""

import re

import pytest
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
)

from genai_finops.pricing.match_patterns import Clause, MatchPattern, UntranslatableMatchError, match_patterns


@pytest.mark.parametrize(
    ("clause", "pattern"),
    [
        (ClauseEquals("gpt-4.1"), r"^gpt-4\.1$"),
        (ClauseStartsWith("GPT-4o"), "^gpt-4o"),
        (ClauseEndsWith("-latest"), "-latest$"),
        (ClauseContains("a+b"), r"a\+b"),
        (ClauseRegex(r"^o\d$"), r"^o\d$"),
        (ClauseOr([ClauseEquals("a"), ClauseOr([ClauseEquals("b"), ClauseEquals("a")])]), "^a$|^b$"),
    ],
)
def test_a_clause_becomes_one_expression(clause: Clause, pattern: str) -> None:
    assert match_patterns(clause) == (MatchPattern(pattern),)


def test_a_negative_lookahead_becomes_an_excluded_expression() -> None:
    clause = ClauseOr([ClauseAnd([ClauseStartsWith("flash"), ClauseRegex("^(?!.*-tts)")]), ClauseEquals("other")])

    assert match_patterns(clause) == (MatchPattern("^other$"), MatchPattern("^flash", "^(?:.*-tts)"))


@pytest.mark.parametrize(
    "clause",
    [
        ClauseRegex("a(?=b)"),
        ClauseRegex(r"(a)\1"),
        ClauseAnd([ClauseContains("a"), ClauseContains("b")]),
    ],
)
def test_what_re2_cannot_say_is_refused(clause: Clause) -> None:
    with pytest.raises(UntranslatableMatchError):
        match_patterns(clause)


@pytest.mark.parametrize(
    ("clause", "spelling", "is_found"),
    [
        (ClauseEquals("gpt-5.5-2026-04-23"), "gpt-5.5-20260423", True),
        (ClauseEquals("gpt-5.5-2026-04-23"), "gpt-5.5-20260424", False),
        (ClauseStartsWith("x-2026-04-23"), "x-20260423:org", True),
        (ClauseStartsWith("x-2026-04-23"), "x-202604231", False),
        (ClauseStartsWith("ft:gpt-4o-2024-"), "ft:gpt-4o-20240806:org::id", True),
        (ClauseStartsWith("ft:gpt-4o-2024-"), "ft:gpt-4o-20241306:org::id", False),
        (ClauseRegex(r"^gpt-6-sol-\d{4}-\d{2}-\d{2}$"), "gpt-6-sol-20260901", True),
    ],
)
def test_a_date_without_dashes_is_found(clause: Clause, spelling: str, is_found: bool) -> None:
    (compact,) = match_patterns(clause, compact_dates=True)

    assert (re.search(compact.pattern, spelling) is not None) is is_found


def test_a_clause_without_a_date_has_no_compact_spelling() -> None:
    assert match_patterns(ClauseEquals("gpt-5.5"), compact_dates=True) == ()
