"""Values only, refused loudly: every problem names file, key and remedy."""

import datetime as dt
import json
from pathlib import Path

import pytest

from genai_finops.providers.config import ProviderConfigError, load_provider_configs, provider_config_schema
from genai_finops.providers.registry import discover

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "providers"
TOY = """
id: toy
name: Toy
base_url: https://toy.invalid/
hosts: {auth_url: "https://login.invalid"}
auth: {kind: header, header: x-toy-key}
service: {provider_name: Toy, publisher_name: Toy, service_provider_name: Toy, host_provider_name: Toy,
  invoice_issuer_name: Toy, service_name: Toy API, billing_account_type: Organization, currency: USD}
finality: Final at once.
flows: {payg: {source: "toy:payg", start_date: 2026-01-01, refresh_days: 0}}
"""


def load(folder: Path, text: str, **environ: str):
    (folder / "toy.yml").write_text(text)
    return load_provider_configs(folder, environ)["toy"]


def test_the_shipped_configurations_name_registered_sources_with_known_options():
    sources = discover({})
    configs = load_provider_configs(CONFIGS, {})
    flows = [flow for config in configs.values() for flow in config.flows.values()]
    assert {"openai", "anthropic"} <= set(configs)
    assert all(sources[flow.source].read_options(flow) for flow in flows)


def test_the_json_schema_in_the_tree_is_the_generated_one():
    stored = json.loads((CONFIGS / "schema.json").read_text())
    assert stored == json.loads(json.dumps(provider_config_schema()))


def test_values_are_typed_and_addresses_lose_their_last_slash(tmp_path):
    toy = load(tmp_path, TOY)
    assert (toy.base_url, toy.flows["payg"].start_date) == ("https://toy.invalid", dt.date(2026, 1, 1))


def test_the_environment_overrides_hosts_and_rate(tmp_path):
    toy = load(
        tmp_path,
        TOY,
        GENAI_FINOPS_TOY_BASE_URL="http://127.0.0.1:8080/toy",
        GENAI_FINOPS_TOY_AUTH_URL="http://127.0.0.1:8080/login",
        GENAI_FINOPS_TOY_MAX_REQUESTS_PER_MINUTE="6000",
    )
    assert (toy.base_url, toy.host("auth_url")) == ("http://127.0.0.1:8080/toy", "http://127.0.0.1:8080/login")
    assert toy.http.max_requests_per_minute == 6000


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("name: Toy\n", "name: Toy\nbase_ur: x\n", r"toy\.yml: key base_ur: .*Remove the key"),
        ("refresh_days: 0", "refresh_days: 0, rows: 5", r"key flows\.payg\.rows: .*Remove the key"),
        ("finality: Final at once.\n", "", r"key finality: .*Add the key"),
        ("https://toy.invalid/", "toy.invalid", r"key base_url: must be an address"),
        ("refresh_days: 0", "refresh_days: -1", r"key flows\.payg\.refresh_days is -1: "),
        ("currency: USD", "currency: dollars", r"key service\.currency is 'dollars': "),
        ("id: toy", "id: tow", r"key id is 'tow'\. It must be the file's name, 'toy'"),
        ("kind: header", "kind: [", r"is not YAML"),
    ],
)
def test_a_wrong_value_names_file_key_and_remedy(tmp_path, old, new, named):
    with pytest.raises(ProviderConfigError, match=named):
        load(tmp_path, TOY.replace(old, new))


def test_a_wrong_override_names_its_variable(tmp_path):
    with pytest.raises(ProviderConfigError, match=r"GENAI_FINOPS_TOY_MAX_REQUESTS_PER_MINUTE.*'many'"):
        load(tmp_path, TOY, GENAI_FINOPS_TOY_MAX_REQUESTS_PER_MINUTE="many")


@pytest.mark.parametrize("address", ["https://user:pass-word@toy.invalid", "https://toy.invalid?key=pass-word"])
def test_an_address_with_a_secret_is_refused_without_repeating_it(tmp_path, address):
    with pytest.raises(ProviderConfigError) as refused:
        load(tmp_path, TOY.replace("https://toy.invalid/", address))
    assert "pass-word" not in str(refused.value)


def test_a_secret_under_an_unknown_key_is_not_repeated(tmp_path):
    with pytest.raises(ProviderConfigError) as refused:
        load(tmp_path, TOY + "api_key: sk-pass-word\n")
    assert "pass-word" not in str(refused.value)


def test_a_folder_of_plugins_adds_providers(tmp_path):
    (tmp_path / "toy.yml").write_text(TOY)
    configs = load_provider_configs(CONFIGS, {"GENAI_FINOPS_PROVIDERS_PATH": str(tmp_path)})
    assert {"openai", "anthropic", "toy"} <= set(configs)


def test_a_provider_that_is_configured_twice_is_refused(tmp_path):
    (tmp_path / "openai.yml").write_text((CONFIGS / "openai.yml").read_text())
    with pytest.raises(ProviderConfigError, match="also configured in"):
        load_provider_configs(CONFIGS, {"GENAI_FINOPS_PROVIDERS_PATH": str(tmp_path)})


def test_a_folder_of_plugins_that_is_none_is_refused(tmp_path):
    with pytest.raises(ProviderConfigError, match="GENAI_FINOPS_PROVIDERS_PATH"):
        load_provider_configs(CONFIGS, {"GENAI_FINOPS_PROVIDERS_PATH": str(tmp_path / "absent")})
