"""The alias rules recognise what the catalogue's own matcher recognises, in Python and in DuckDB."""

import re
from collections.abc import Iterator

import duckdb
import polars as pl
import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ClauseAnd, ClauseOr, ClauseRegex

from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.catalogue import catalogue_provider
from genai_finops.pricing.catalogue_map import PROVIDERS
from genai_finops.pricing.frames import alias_rules_frame
from genai_finops.pricing.match_patterns import Clause

RULES = sorted(read_alias_rules().rules, key=lambda rule: rule.rank)
ENDINGS = (
    "",
    "-latest",
    "-20251211",
    "-2025-12-11",
    "-2025-12-1",
    "@20251101",
    "-x",
    "x",
    ":org::id",
    "-v1:0",
    "-mini",
)


def literals(clause: Clause) -> Iterator[str]:
    """Texts that a clause names; of an expression, a text that it describes."""
    match clause:
        case ClauseOr():
            for part in clause.or_:
                yield from literals(part)
        case ClauseAnd():
            for part in clause.and_:
                yield from literals(part)
        case ClauseRegex():
            text = clause.regex.strip("^$").replace(r"\d{8}", "20260101").replace(r"\d{4}-\d{2}-\d{2}", "2026-01-31")
            yield text.replace("[-@]", "@").replace("\\", "")
        case _:
            yield next(iter(vars(clause).values()))


def spellings_of(provider_id: str) -> list[str]:
    mapped = next(mapped for mapped in PROVIDERS if mapped.provider == provider_id)
    models = catalogue_provider(get_snapshot(), mapped).models
    names = {name.lower() for model in models for name in (model.id, *literals(model.match))}
    dashless = {re.sub(r"-(20\d\d)-(\d\d)-(\d\d)", r"-\1\2\3", name) for name in names}
    prefixed = {f"models/{name}" for name in names} | {f"ft:{name}:org::id" for name in names}
    return sorted({name + ending for name in names | dashless for ending in ENDINGS} | prefixed | {"", "unknown"})


def expected(provider_id: str) -> dict[str, str | None]:
    """As the catalogue finds it, except that a fine-tuned spelling never becomes a model that is not fine-tuned."""
    mapped = next(mapped for mapped in PROVIDERS if mapped.provider == provider_id)
    provider = catalogue_provider(get_snapshot(), mapped)
    found = {spelling: provider.find_model(spelling) for spelling in spellings_of(provider_id)}
    return {
        spelling: model.id if model and (model.id.startswith("ft:") or not spelling.startswith("ft:")) else None
        for spelling, model in found.items()
    }


def by_python(provider_id: str, spelling: str) -> str | None:
    matches = (
        rule.model_id
        for rule in RULES
        if rule.provider == provider_id
        and re.search(rule.pattern, spelling)
        and not (rule.excluded_pattern and re.search(rule.excluded_pattern, spelling))
    )
    return next(matches, None)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_python_finds_what_the_catalogue_finds(provider: str) -> None:
    found = {spelling: by_python(provider, spelling) for spelling in spellings_of(provider)}

    assert found == expected(provider)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_duckdb_finds_what_the_catalogue_finds(provider: str) -> None:
    # Every fifth one: DuckDB compiles an expression that comes from a column for each pair of spelling and rule.
    spellings = pl.DataFrame({"spelling": spellings_of(provider)[::5]})
    with duckdb.connect() as connection:
        connection.register("spellings", spellings)
        connection.register("rules", alias_rules_frame())
        found = connection.execute(
            """
            select spelling, arg_min(rules.model_id, rules.rank)
            from spellings
            left join rules
                on rules.provider = $provider
                and regexp_matches(spelling, rules.pattern)
                and not coalesce(regexp_matches(spelling, rules.excluded_pattern), false)
            group by spelling
            """,
            {"provider": provider},
        ).fetchall()

    of_the_catalogue = expected(provider)
    assert dict(found) == {spelling: of_the_catalogue[spelling] for spelling in spellings["spelling"]}


@pytest.mark.parametrize(
    ("provider", "spelling", "model"),
    [
        ("openai", "gpt-4o-2024-08-06", "gpt-4o"),
        ("openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("openai", "gpt-5.5-2026-04-23", "gpt-5.5"),
        ("openai", "gpt-5.5-20260423", "gpt-5.5"),
        ("openai", "omni-moderation-latest", "moderation"),
        ("openai", "ft:gpt-4o-2024-08-06:org::id", "ft:gpt-4o"),
        ("openai", "ft:gpt-4.1-2025-04-14:org::id", None),
        ("openai", "ft:gpt-4.1-2025-04-14:org:moderation:id", None),
        ("openai", "ft:gpt-4-0613:org::id", None),
        ("openai", "gpt-99", None),
        ("anthropic", "claude-3-5-sonnet-20241022", "claude-3-5-sonnet"),
        ("anthropic", "claude-haiku-4-5", "claude-haiku-4-5"),
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("anthropic", "claude-opus-99", None),
    ],
)
def test_a_spelling_is_its_model_or_unknown(provider: str, spelling: str, model: str | None) -> None:
    assert by_python(provider, spelling) == model


def test_every_model_has_a_family_and_a_developer() -> None:
    assert {rule.model_id for rule in RULES if not (rule.model_family and rule.model_developer)} == set()


@pytest.mark.parametrize(
    ("model", "family"),
    [("gpt-4o-mini", "GPT-4o"), ("gpt-5.5", "GPT-5"), ("o4-mini", "o-series"), ("claude-opus-5-5", "Claude Opus")],
)
def test_a_family_is_the_makers_name_for_it(model: str, family: str) -> None:
    assert {rule.model_family for rule in RULES if rule.model_id == model} == {family}
