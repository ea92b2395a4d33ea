"""The model of a spelling that a person typed: what the rules say, the lowest rank first."""

import pytest

from genai_finops.pricing.aliases import AliasRule, AliasRules
from genai_finops.pricing.model_resolution import recognised_model


def rule(rank: int, pattern: str, model_id: str, *, excluded: str | None = None) -> AliasRule:
    return AliasRule(
        provider="openai",
        rank=rank,
        pattern=pattern,
        excluded_pattern=excluded,
        model_id=model_id,
        model_name=None,
        model_developer="OpenAI",
        model_family=None,
    )


RULES = AliasRules(
    version="1",
    rules=(rule(9, "^gpt-5", "gpt-5"), rule(1, "^gpt-5-mini", "gpt-5-mini"), rule(2, "o3", "o3", excluded="pro")),
)


@pytest.mark.parametrize(
    ("provider", "spelling", "model"),
    [
        ("openai", "gpt-5-2025-08-07", "gpt-5"),
        ("openai", "GPT-5", "gpt-5"),
        ("openai", "gpt-5-mini", "gpt-5-mini"),
        ("openai", "o3-pro", None),
        ("openai", "gtp-5", None),
        ("azure_openai", "gpt-5", None),
    ],
)
def test_the_lowest_rule_that_fits_decides(provider: str, spelling: str, model: str | None) -> None:
    assert recognised_model(RULES, provider, spelling) == model
