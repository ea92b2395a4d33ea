"""One name, one source; a source is built from configuration and secret alone."""

from pathlib import Path

import httpx
import pytest

from genai_finops.providers.base import CredentialError
from genai_finops.providers.config import ProviderConfigError, load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.openai import OpenAIUsage
from genai_finops.providers.registry import discover, register, usage_source
from genai_finops.providers.source import HttpUsageSource

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "providers"
OPENAI = load_provider_configs(CONFIGS, {})["openai"]


def test_the_sources_of_the_package_are_found():
    assert {"openai:payg", "anthropic:payg"} <= set(discover({}))


def test_a_name_that_is_taken_is_refused_with_both_modules():
    class Second(HttpUsageSource):
        provider = "openai"
        flow = "payg"

    with pytest.raises(ValueError, match=r"'openai:payg' is registered twice, by genai_finops\.providers\.openai and"):
        register(Second)


def test_registering_the_same_class_again_changes_nothing():
    assert register(OpenAIUsage) is OpenAIUsage


def test_a_plugin_that_cannot_be_imported_is_not_left_out_silently(tmp_path):
    (tmp_path / "broken.py").write_text("raise RuntimeError('no such module')\n")
    with pytest.raises(RuntimeError, match="no such module"):
        discover({"GENAI_FINOPS_PROVIDERS_PATH": str(tmp_path)})


def test_a_flow_that_a_provider_does_not_have_is_refused():
    with pytest.raises(ProviderConfigError, match=r"has no flow 'commitment'.*payg"):
        usage_source(OPENAI, "sk-admin-0123456789", flow="commitment")


def test_a_source_that_nobody_registered_is_refused():
    flow = OPENAI.flows["payg"].model_copy(update={"source": "openai:seats"})
    with pytest.raises(ProviderConfigError, match="no source 'openai:seats'"):
        usage_source(OPENAI.model_copy(update={"flows": {"payg": flow}}), "sk-admin-0123456789")


def test_an_option_that_the_source_does_not_know_is_refused():
    flow = OPENAI.flows["payg"].model_copy(update={"options": {"project_nmaes": True}})
    with pytest.raises(ProviderConfigError, match=r"options\.project_nmaes.*project_names"):
        usage_source(OPENAI.model_copy(update={"flows": {"payg": flow}}), "sk-admin-0123456789")


def test_an_empty_secret_is_a_credential_error():
    with pytest.raises(CredentialError, match="openai"):
        usage_source(OPENAI, " ")


def test_sources_of_one_provider_share_the_process_wide_rate_limit(monkeypatch):
    made: list[str] = []
    monkeypatch.setattr("genai_finops.providers.http.shared_bucket", lambda provider, **_: made.append(provider))
    options = SessionOptions(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={})))
    usage_source(OPENAI, "sk-admin-0123456789", options).close()
    assert made == ["openai"]
