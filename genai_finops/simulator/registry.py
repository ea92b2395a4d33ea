"""The providers that the simulator speaks for."""

from genai_finops.simulator.anthropic.wire import Anthropic
from genai_finops.simulator.aws_bedrock.wire import AwsBedrock
from genai_finops.simulator.azure_openai.wire import AzureOpenAI
from genai_finops.simulator.gcp_vertex.wire import GcpVertex
from genai_finops.simulator.gemini.wire import Gemini
from genai_finops.simulator.openai.wire import OpenAI
from genai_finops.simulator.provider import SimulatedProvider

PROVIDERS: dict[str, SimulatedProvider] = {
    provider.id: provider for provider in (OpenAI(), Anthropic(), AzureOpenAI(), AwsBedrock(), GcpVertex(), Gemini())
}


def provider_named(name: str) -> SimulatedProvider:
    """Raises LookupError for a provider that is not simulated."""
    try:
        return PROVIDERS[name]
    except KeyError:
        raise LookupError(f"provider {name!r} is not simulated; simulated are {', '.join(PROVIDERS)}") from None


def admin_key(seed: int, org: str, provider: str) -> str:
    """The key with which the organisation's usage can be read. The same seed gives the same key."""
    return provider_named(provider).admin_key(seed, org)


def inference_key(seed: int, org: str, provider: str) -> str:
    """A key that the usage endpoints refuse."""
    return provider_named(provider).inference_key(seed, org)
