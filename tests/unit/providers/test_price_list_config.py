"""The section of a provider's configuration that says how its price list is asked for."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from genai_finops.providers.config import PriceListConfig, load_provider_configs

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "providers"


@pytest.mark.parametrize(
    "values", [{"max_pages": 0}, {"page_entries": 0}, {"regions": "eastus"}, {"options": {"regions": ["eastus"]}}]
)
def test_a_price_list_refuses_what_it_does_not_know(values):
    with pytest.raises(ValidationError):
        PriceListConfig.model_validate(values)


def test_a_provider_need_not_have_a_price_list():
    assert load_provider_configs(CONFIGS, {})["anthropic"].price_list is None
