"""What an account's options or an answer put into a host's address can lead to no other host."""

from pathlib import Path

import pytest

from genai_finops.providers.config import ProviderConfigError, load_provider_configs

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "providers"


def test_a_place_is_filled_into_the_address():
    config = load_provider_configs(CONFIGS, {})["aws_bedrock"]
    assert config.host("monitoring_url", {"region": "eu-central-1"}) == "https://monitoring.eu-central-1.amazonaws.com"


@pytest.mark.parametrize("region", ["", "evil.example/", "x@evil.example", "a.b", "EU-WEST-1", "-x"])
def test_a_place_that_could_lead_elsewhere_is_refused(region):
    config = load_provider_configs(CONFIGS, {})["aws_bedrock"]
    with pytest.raises(ProviderConfigError, match="does not fit into the address"):
        config.host("monitoring_url", {"region": region})
