"""Entries of one model are one rate where they agree, and none where they contradict each other."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genai_finops.pricing.aliases import AliasRule, AliasRules
from genai_finops.pricing.sources.litellm import read_litellm
from genai_finops.pricing.sources.statement import Statement

Read = Callable[..., Statement]


def chat(provider: str = "openai", **costs: object) -> dict[str, object]:
    return {"litellm_provider": provider, "mode": "chat", "max_input_tokens": 128000, **costs}


def rules_of(provider: str, *patterns: tuple[str, str]) -> AliasRules:
    """Rules that give the spellings which a pattern finds a model."""
    rule = AliasRule(
        provider=provider,
        rank=0,
        pattern="",
        excluded_pattern=None,
        model_id="",
        model_name=None,
        model_developer="",
        model_family=None,
    )
    return AliasRules(
        version="test",
        rules=tuple(
            replace(rule, rank=rank, pattern=pattern, model_id=model) for rank, (pattern, model) in enumerate(patterns)
        ),
    )


def prices(statement: Statement, **wanted: object) -> dict[tuple[str | None, int, int | None], str]:
    """Unit prices as text by meter and band, of the rates with these fields: by default the standard tier, global."""
    wanted = {"service_tier": "standard", "geography": "global", **wanted}
    return {
        (rate.meter, rate.context_tokens_above, rate.context_tokens_up_to): str(rate.unit_price)
        for rate in statement.rates
        if all(getattr(rate, name) == value for name, value in wanted.items())
    }


def reasons(statement: Statement) -> dict[str, str]:
    return {skipped.subject: skipped.reason for skipped in statement.skipped}


def test_entries_of_one_model_that_agree_are_one_rate(read: Read) -> None:
    rules = rules_of("gcp_vertex", ("^claude-opus-5(@default)?$", "claude-opus-5"))
    names = ("vertex_ai/claude-opus-5@default", "vertex_ai/claude-opus-5")
    entries = {name: chat("vertex_ai-anthropic_models", input_cost_per_token=5e-06) for name in names}
    assert [rate.model_id for rate in read(entries, rules).rates] == ["claude-opus-5"]


def test_the_spelling_of_a_merged_rate_does_not_depend_on_the_order_of_the_file(read: Read) -> None:
    rules = rules_of("openai", ("^gpt-x", "the-gpt-x"))
    names = ("gpt-x-2026-01-01", "gpt-x-latest", "gpt-x")
    entries = {name: chat(input_cost_per_token=5e-06) for name in names}
    backwards = dict(reversed(entries.items()))
    assert [rate.model_id for rate in (*read(entries, rules).rates, *read(backwards, rules).rates)] == [
        "gpt-x",
        "gpt-x",
    ]


def test_a_merged_rate_is_spelled_as_the_model_where_an_entry_is(read: Read) -> None:
    rules = rules_of("openai", ("^gpt-x", "gpt-x-latest"))
    entries = {name: chat(input_cost_per_token=5e-06) for name in ("gpt-x", "gpt-x-latest")}
    assert [rate.model_id for rate in read(entries, rules).rates] == ["gpt-x-latest"]


def test_entries_of_one_name_that_contradict_each_other_give_no_rate(read: Read) -> None:
    entries = {
        "azure/gpt-5.5": chat("azure", input_cost_per_token_priority=1.25e-05),
        "azure_ai/gpt-5.5": chat("azure_ai", input_cost_per_token_priority=1e-05),
    }
    assert read(entries).rates == ()


@pytest.mark.parametrize("name", ["azure/gpt-5.5", "azure_ai/gpt-5.5"])
def test_a_contradiction_is_reported_for_both_and_names_both(read: Read, name: str) -> None:
    entries = {
        "azure/gpt-5.5": chat("azure", input_cost_per_token=1.25e-05),
        "azure_ai/gpt-5.5": chat("azure_ai", input_cost_per_token=1e-05),
    }
    assert reasons(read(entries))[f"{name}: input_cost_per_token"] == (
        "entries of one model contradict each other: azure/gpt-5.5 (12.5) and azure_ai/gpt-5.5 (10)"
    )


def test_a_contradiction_in_one_rate_leaves_the_others(read: Read) -> None:
    entries = {
        "azure/gpt-5.5": chat("azure", input_cost_per_token=5e-06, output_cost_per_token=3e-05),
        "azure_ai/gpt-5.5": chat("azure_ai", input_cost_per_token=5e-06, output_cost_per_token=2e-05),
    }
    assert prices(read(entries)) == {("uncached_input", 0, None): "5"}


def test_other_bands_at_the_same_base_price_are_a_contradiction(read: Read) -> None:
    long: dict[str, Any] = {"input_cost_per_token_above_200k_tokens": 1e-05}
    entries = {
        "azure/m": chat("azure", input_cost_per_token=5e-06),
        "azure_ai/m": chat("azure_ai", input_cost_per_token=5e-06, **long),
    }
    assert read(entries).rates == ()


def test_a_model_keeps_its_price_where_the_rules_give_it_the_name_of_another(read: Read) -> None:
    rules = rules_of("gcp_vertex", ("^gemini-3.8-flash", "gemini-3.8-flash"))
    entries = {
        "gemini-3.8-flash": chat("vertex_ai", input_cost_per_token=7.5e-07),
        "gemini-3.8-flash-cyber": chat("vertex_ai", input_cost_per_token=1.5e-06),
    }
    assert prices(read(entries, rules)) == {("uncached_input", 0, None): "0.75"}


def test_regions_of_one_geography_that_differ_have_no_price(read: Read) -> None:
    entries = {
        "bedrock/eu-west-1/m.x": chat("bedrock", input_cost_per_token=1e-06),
        "bedrock/eu-west-2/m.x": chat("bedrock", input_cost_per_token=2e-06),
    }
    assert read(entries).rates == ()


def bedrock_entries(bare: float) -> dict[str, object]:
    return {
        "anthropic.claude-opus-5": chat("bedrock_converse", input_cost_per_token=bare, output_cost_per_token=2.75e-05),
        "us.anthropic.claude-opus-5": chat("bedrock_converse", input_cost_per_token=5.5e-06),
        "global.anthropic.claude-opus-5": chat("bedrock_converse", input_cost_per_token=5e-06),
    }


BEDROCK_RULES = rules_of("aws_bedrock", (r"anthropic\.claude-opus-5$", "claude-opus-5"))


def test_a_bare_id_of_bedrock_that_repeats_the_global_price_is_no_regional_one(read: Read) -> None:
    statement = read(bedrock_entries(bare=5e-06), BEDROCK_RULES)
    assert prices(statement, geography="regional") == {("uncached_input", 0, None): "5.5"}


def test_a_bare_id_of_bedrock_that_agrees_with_the_us_profile_adds_what_that_lacks(read: Read) -> None:
    statement = read(bedrock_entries(bare=5.5e-06), BEDROCK_RULES)
    assert prices(statement, geography="regional") == {
        ("uncached_input", 0, None): "5.5",
        ("output", 0, None): "27.5",
    }


def test_a_bare_id_is_compared_with_its_profile_even_if_no_rule_knows_the_model(read: Read) -> None:
    assert [rate.model_id for rate in read(bedrock_entries(bare=5e-06)).rates] == [
        "global.anthropic.claude-opus-5",
        "us.anthropic.claude-opus-5",
    ]


def test_profiles_that_no_rule_knows_keep_a_rate_each(read: Read) -> None:
    entries = {name: chat("bedrock_converse", input_cost_per_token=1e-06) for name in ("us.x.y", "x.y")}
    assert [rate.model_id for rate in read(entries).rates] == ["us.x.y", "x.y"]


def test_the_installed_alias_rules_decide_by_default(price_file: Path, retrieved_at: dt.datetime) -> None:
    entries = {name: chat(input_cost_per_token=2.5e-06) for name in ("gpt-4o", "gpt-4o-2024-11-20")}
    price_file.write_text(json.dumps(entries), encoding="utf-8")
    assert [rate.model_id for rate in read_litellm(price_file, retrieved_at).rates] == ["gpt-4o"]
