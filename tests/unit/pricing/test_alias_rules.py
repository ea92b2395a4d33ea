"""The alias rules recognise what the catalogue's own matcher recognises, in Python and in DuckDB."""

import datetime as dt
import re
from collections.abc import Iterator

import duckdb
import polars as pl
import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ClauseAnd, ClauseOr, ClauseRegex, ModelInfo

from genai_finops.pricing.aliases import FURTHER_RANK, read_alias_rules
from genai_finops.pricing.catalogue_map import PROVIDERS, MappedProvider
from genai_finops.pricing.entries import catalogue_provider, priced_models
from genai_finops.pricing.frames import alias_rules_frame
from genai_finops.pricing.match_patterns import Clause
from genai_finops.pricing.model_names import bedrock_name
from genai_finops.pricing.spellings import PINNED

NOW = dt.datetime(2026, 11, 2, 6, tzinfo=dt.UTC)
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


def mapped_provider(provider_id: str) -> MappedProvider:
    return next(mapped for mapped in PROVIDERS if mapped.provider == provider_id)


def spellings_of(provider_id: str) -> list[str]:
    mapped = mapped_provider(provider_id)
    lists = [catalogue_provider(get_snapshot(), prices.catalogue_id) for prices in (mapped.own, *mapped.resold)]
    models = [model for prices in lists for model in prices.models]
    names = {name.lower() for model in models for name in (model.id, *literals(model.match))}
    dashless = {re.sub(r"-(20\d\d)-(\d\d)-(\d\d)", r"-\1\2\3", name) for name in names}
    prefixed = {f"models/{name}" for name in names} | {f"ft:{name}:org::id" for name in names}
    return sorted({name + ending for name in names | dashless for ending in ENDINGS} | prefixed | {"", "unknown"})


def expected(provider_id: str) -> dict[str, str | None]:
    """As the catalogue finds it, except that a fine-tuned spelling never becomes a model that is not fine-tuned."""
    provider = catalogue_provider(get_snapshot(), mapped_provider(provider_id).own.catalogue_id)
    found = {spelling: provider.find_model(spelling) for spelling in spellings_of(provider_id)}
    return {
        spelling: model.id if model and (model.id.startswith("ft:") or not spelling.startswith("ft:")) else None
        for spelling, model in found.items()
    }


def found_by_the_catalogue(provider_id: str) -> dict[str, ModelInfo]:
    """What the catalogue itself prices a spelling by, in the provider's list and those that it falls back to.

    A spelling that only a first party's list knows has the provider's own price if it names a model that has one.
    """
    mapped = mapped_provider(provider_id)
    lists = {prices.catalogue_id for prices in (mapped.own, *mapped.resold)}
    snapshot = get_snapshot()
    own = catalogue_provider(snapshot, mapped.own.catalogue_id)
    fallbacks = [prices for prices in snapshot.providers if prices.id in lists]
    found = {
        spelling: own.find_model(spelling, all_providers=fallbacks)
        for spelling in spellings_of(provider_id)
        if not spelling.startswith("ft:")
        and not any(name == provider_id and re.search(pattern, spelling) for name, pattern, _ in PINNED)
    }
    excluded = mapped.own.excluded
    return {
        spelling: model if model in own.models else own.find_model(model.id) or model
        for spelling, model in found.items()
        if model and not (excluded and re.search(excluded, model.id)) and not model.id.startswith("ft:")
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


@pytest.mark.parametrize("provider", ["gemini", "gcp_vertex", "aws_bedrock", "azure_openai"])
def test_a_spelling_has_the_price_that_the_catalogue_finds_for_it(provider: str) -> None:
    priced = {
        (named.model_id, named.geography): named.model
        for named in priced_models(get_snapshot(), mapped_provider(provider))
    }
    wrong = {
        spelling: (model.id, by_python(provider, spelling))
        for spelling, model in found_by_the_catalogue(provider).items()
        for geography in [bedrock_name(model.id).geography if provider == "aws_bedrock" else "global"]
        for ours in [priced.get((by_python(provider, spelling) or "", geography))]
        if ours is None or (ours.prices, ours.price_variants) != (model.prices, model.price_variants)
    }

    assert wrong == {}


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_duckdb_finds_what_the_catalogue_finds(provider: str) -> None:
    # Every fifth one: DuckDB compiles an expression that comes from a column for each pair of spelling and rule.
    spellings = pl.DataFrame({"spelling": spellings_of(provider)[::5]})
    with duckdb.connect() as connection:
        connection.register("spellings", spellings)
        connection.register("rules", alias_rules_frame(NOW))
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


def test_duckdb_reads_every_expression() -> None:
    with duckdb.connect() as connection:
        connection.register("rules", alias_rules_frame(NOW))
        read = connection.execute(
            """
            select
                count(regexp_matches('x', pattern)),
                count(regexp_matches('x', coalesce(excluded_pattern, '')))
            from rules
            """
        ).fetchone()

    assert read == (len(RULES), len(RULES))


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


@pytest.mark.parametrize(
    "prefix",
    ["", "us.", "eu.", "apac.", "jp.", "au.", "us-gov.", "global.", "arn:aws:bedrock:us-east-1::foundation-model/"],
)
@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("anthropic.claude-opus-5", "claude-opus-5"),
        ("anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4-0"),
        ("openai.gpt-5.6-terra", "gpt-5.6-terra"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        ("amazon.nova-pro-v1:0", "nova-pro"),
        ("amazon.nova-pro-v1:0:24k", "nova-pro"),
        ("amazon.nova-2-lite-v1:0", "nova-2-lite"),
        ("amazon.titan-embed-text-v1", "titan-embed-text-v1"),
        ("amazon.titan-embed-text-v2:0", "titan-embed-text-v2"),
        ("meta.llama3-3-70b-instruct-v1:0", "llama3-3-70b-instruct"),
        ("meta.llama3-3-70b-instruct-v1:0:128k", "llama3-3-70b-instruct"),
        ("deepseek.r1-v1:0", "deepseek-r1"),
        ("mistral.mistral-large-2402-v1:0", "mistral-large-2402"),
        ("anthropic.claude-opus-99", None),
    ],
)
def test_a_model_id_of_bedrock_is_its_model_with_any_prefix(prefix: str, name: str, model: str | None) -> None:
    assert by_python("aws_bedrock", prefix + name) == model


@pytest.mark.parametrize(
    "spelling", ["x1y2z3", "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123def456", "nova-pro-copy"]
)
def test_a_name_that_someone_chose_on_bedrock_is_no_model(spelling: str) -> None:
    assert by_python("aws_bedrock", spelling) is None


@pytest.mark.parametrize(
    ("provider", "spelling", "model"),
    [
        ("gcp_vertex", "gemini-2.5-pro", "gemini-2.5-pro"),
        ("gcp_vertex", "publishers/google/models/gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ("gcp_vertex", "claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("gcp_vertex", "publishers/anthropic/models/claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("gcp_vertex", "claude-opus-4-1@20250805", "claude-opus-4-1"),
        ("gcp_vertex", "claude-opus-4@20250514", "claude-opus-4-0"),
        ("gcp_vertex", "claude-sonnet-5", "claude-sonnet-5"),
        ("gcp_vertex", "claude-sonnet-5@default", "claude-sonnet-5"),
        ("gcp_vertex", "my-tuned-model", None),
        ("gemini", "models/gemini-3.6-flash", "gemini-3.6-flash"),
        ("gemini", "gemini-embedding-1.0", "gemini-embedding-001"),
        ("gemini", "gemini25flash", "gemini-2.5-flash"),
        ("gemini", "gemini25flashlite", "gemini-2.5-flash-lite"),
        ("gemini", "gemini-2.5-flash-lite-preview-tts", "gemini-2.5-flash-lite-preview-tts"),
        ("gemini", "gemini-1.5-flash-8b", "gemini-1.5-flash-8b"),
        ("gemini", "claude-opus-5", None),
        ("azure_openai", "gpt-4.1-2025-04-14", "gpt-4.1"),
        ("azure_openai", "gpt-4o-mini", "gpt-4o-mini"),
        ("azure_openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("azure_openai", "gpt-5-codex-2025-09-15", "gpt-5"),
        ("azure_openai", "gpt-35-turbo", "gpt-3.5-turbo"),
        ("azure_openai", "gpt-35-turbo-0125", "gpt-3.5-turbo"),
        ("azure_openai", "text-embedding-3-small", "text-embedding-3-small"),
        ("azure_openai", "claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("azure_openai", "gpt-4.1-prod", None),
    ],
)
def test_a_spelling_of_a_cloud_is_its_model_or_unknown(provider: str, spelling: str, model: str | None) -> None:
    assert by_python(provider, spelling) == model


def test_a_billing_slug_names_one_model() -> None:
    slugs = [
        (slug, rule.model_id)
        for rule in RULES
        if rule.provider == "gemini" and rule.rank >= FURTHER_RANK
        for slug in rule.pattern.split("|")
    ]

    assert len(dict(slugs)) == len(set(slugs))


@pytest.mark.parametrize("model", ["claude-opus-5", "claude-haiku-4-5", "gpt-5.6-sol", "gemini-2.5-pro"])
def test_a_model_has_one_name_developer_and_family_whoever_sells_it(model: str) -> None:
    named = {(rule.model_name, rule.model_developer, rule.model_family) for rule in RULES if rule.model_id == model}

    assert len(named) == 1


@pytest.mark.parametrize(
    ("model", "developer"),
    [
        ("claude-opus-5", "Anthropic"),
        ("llama3-3-70b-instruct", "Meta"),
        ("mistral-large-2402", "Mistral AI"),
        ("nova-pro", "Amazon"),
        ("gemini-2.5-pro", "Google"),
        ("gpt-4.1", "OpenAI"),
        ("deepseek-r1", "DeepSeek"),
        ("phi-4", "Microsoft"),
    ],
)
def test_the_developer_is_who_made_the_model_and_not_who_sells_it(model: str, developer: str) -> None:
    assert {rule.model_developer for rule in RULES if rule.model_id == model} == {developer}


def test_every_model_has_a_family_and_a_developer() -> None:
    assert {rule.model_id for rule in RULES if not (rule.model_family and rule.model_developer)} == set()


@pytest.mark.parametrize(
    ("model", "family"),
    [("gpt-4o-mini", "GPT-4o"), ("gpt-5.5", "GPT-5"), ("o4-mini", "o-series"), ("claude-opus-5-5", "Claude Opus")],
)
def test_a_family_is_the_makers_name_for_it(model: str, family: str) -> None:
    assert {rule.model_family for rule in RULES if rule.model_id == model} == {family}
