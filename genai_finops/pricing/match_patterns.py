"""The catalogue's match clauses as RE2 expressions, which DuckDB and BigQuery both search with.

A clause tree becomes alternatives; each has one expression that must be found and, where the tree says so, one that
must not. Spellings are lower-cased before they are matched, as the catalogue does.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
)

Clause = ClauseAnd | ClauseContains | ClauseEndsWith | ClauseEquals | ClauseOr | ClauseRegex | ClauseStartsWith

_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")
#: `^(?!X)` and nothing else: RE2 has no lookahead, but a rule has an excluded expression.
_NEGATIVE_ONLY = re.compile(r"\^\(\?!(.*)\)", re.DOTALL)
_LOOKAROUND = re.compile(r"\(\?[=!<]|\\[1-9]")
_DAY_OF_YEAR = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
#: How an expression with a dashed date reads for the same date without dashes, which may end the spelling or be
#: followed by a dash or colon: (in the expression, replacement).
_COMPACTED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-(20\d{2})-(\d{2})-(\d{2})(?=[-:$])"), r"-\1\2\3"),
    (re.compile(r"-(20\d{2})-(\d{2})-(\d{2})\Z"), r"-\1\2\3(?:[-:]|$)"),
    (re.compile(r"-(20\d{2})-\Z"), rf"-\1{_DAY_OF_YEAR}(?:[-:]|$)".replace("\\d", r"\\d")),
    (re.compile(re.escape(r"-\d{4}-\d{2}-\d{2}")), rf"-20\d{{2}}{_DAY_OF_YEAR}".replace("\\d", r"\\d")),
)


class UntranslatableMatchError(ValueError):
    """A match clause that RE2 and one excluded expression cannot say. The message holds the clause."""


@dataclass(frozen=True, slots=True)
class MatchPattern:
    """Found by `pattern` and not found by `excluded`."""

    pattern: str
    excluded: str | None = None


def match_patterns(clause: Clause, *, compact_dates: bool = False) -> tuple[MatchPattern, ...]:
    """Alternatives that together match what the clause matches; those without an exclusion come first, as one.

    With compact_dates: what it matches once a date written -20260423 is read as -2026-04-23. The catalogue reads it so
    only when no model matches the spelling as it stands. Empty where the clause has no date.

    Raises UntranslatableMatchError.
    """
    alternatives = list(dict.fromkeys(_alternatives(clause)))
    if compact_dates:
        alternatives = [compact for alternative in alternatives if (compact := _compacted(alternative)) is not None]
    plain = [alternative.pattern for alternative in alternatives if alternative.excluded is None]
    joined = (MatchPattern("|".join(plain)),) if plain else ()
    return (*joined, *(alternative for alternative in alternatives if alternative.excluded is not None))


def _compacted(dashed: MatchPattern) -> MatchPattern | None:
    pattern = dashed.pattern
    for expression, replacement in _COMPACTED:
        pattern = expression.sub(replacement, pattern)
    return None if pattern == dashed.pattern else MatchPattern(pattern, dashed.excluded)


def _alternatives(clause: Clause) -> Iterable[MatchPattern]:
    match clause:
        case ClauseOr():
            for part in clause.or_:
                yield from _alternatives(part)
        case ClauseAnd():
            yield _conjunction(clause)
        case ClauseRegex():
            yield MatchPattern(_re2(clause.regex))
        case ClauseEquals():
            yield MatchPattern(f"^{_literal(clause.equals)}$")
        case ClauseStartsWith():
            yield MatchPattern(f"^{_literal(clause.starts_with)}")
        case ClauseEndsWith():
            yield MatchPattern(f"{_literal(clause.ends_with)}$")
        case ClauseContains():
            yield MatchPattern(_literal(clause.contains))


def _conjunction(clause: ClauseAnd) -> MatchPattern:
    """One positive part and any number of `^(?!...)` parts."""
    negative: list[str] = []
    positive: list[Clause] = []
    for part in clause.and_:
        lookahead = _NEGATIVE_ONLY.fullmatch(part.regex) if isinstance(part, ClauseRegex) else None
        if lookahead:
            negative.append(f"^(?:{_re2(lookahead.group(1))})")
        else:
            positive.append(part)
    found = match_patterns(positive[0]) if len(positive) == 1 else ()
    if len(found) != 1 or found[0].excluded is not None:
        raise UntranslatableMatchError(f"no single RE2 expression says {clause}")
    return MatchPattern(found[0].pattern, "|".join(negative) or None)


def _re2(regex: str) -> str:
    if _LOOKAROUND.search(regex):
        raise UntranslatableMatchError(f"RE2 has no lookaround and no backreference: {regex}")
    return regex


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text.lower())
