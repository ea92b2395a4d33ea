"""The price file of a released LiteLLM, where one is named: other people's data, and no part of this repository."""

import datetime as dt
import json
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.sources.litellm import read_litellm
from genai_finops.pricing.sources.litellm_keys import TABLES, read_key, states_money
from genai_finops.pricing.sources.litellm_merge import SameModels
from genai_finops.pricing.sources.litellm_models import provider_of
from genai_finops.pricing.sources.statement import Statement

if "GENAI_FINOPS_TEST_LITELLM_PRICES" not in os.environ:
    pytest.skip(
        "GENAI_FINOPS_TEST_LITELLM_PRICES names no model_prices_and_context_window.json of LiteLLM",
        allow_module_level=True,
    )

PRICES = Path(os.environ["GENAI_FINOPS_TEST_LITELLM_PRICES"])


@pytest.fixture(scope="module")
def statement() -> Statement:
    return read_litellm(PRICES, dt.datetime(2026, 11, 22, tzinfo=dt.UTC))


def test_the_grammar_knows_every_cost_key_of_our_providers() -> None:
    entries = json.loads(PRICES.read_bytes()).values()
    keys = {key for entry in entries if provider_of(str(entry.get("litellm_provider"))) for key in entry}
    assert {key for key in keys - TABLES if states_money(key) and read_key(key) is None} == set()


def test_no_model_has_two_rates_of_one_key_and_band(statement: Statement) -> None:
    models = SameModels(read_alias_rules().rules)
    keys = Counter(
        (
            rate.provider,
            models.canonical(rate.provider, rate.model_id or ""),
            rate.meter,
            rate.service_tier,
            rate.geography,
            rate.variant,
            rate.context_tokens_above,
        )
        for rate in statement.rates
    )
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize(
    ("model", "tier", "unit_price"),
    [("gpt-4o", "standard", "2.5"), ("gpt-4o", "batch", "1.25"), ("claude-opus-5", "fast", "10")],
)
def test_a_well_known_price_is_found(statement: Statement, model: str, tier: str, unit_price: str) -> None:
    found = [
        rate.unit_price
        for rate in statement.rates
        if (rate.model_id, rate.meter, rate.service_tier, rate.geography) == (model, "uncached_input", tier, "global")
        and rate.provider in ("openai", "anthropic")
    ]
    assert found == [Decimal(unit_price)]
