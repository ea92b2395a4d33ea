"""Who billed a request, from the names that logs give to providers and from the host that was called."""

import re
from functools import lru_cache
from typing import NamedTuple

from genai_finops.schemas.words import SLUG

_GOOGLE_BY_HOST = "google"
#: Spellings without regard to case and to `_ - . / space`, by the name of the provider that bills.
_SPELLINGS = {
    "openai": ("openai", "textcompletionopenai", "openairesponses", "openaichat"),
    "anthropic": ("anthropic", "claude", "anthropictext"),
    "gemini": ("gemini", "gcpgemini", "googleaistudio", "googleai", "googlegenerativeai", "generativelanguage"),
    "azure_openai": (
        "azureopenai",
        "azaiopenai",
        "azureaiopenai",
        "azaiinference",
        "azureaiinference",
        "azureinference",
        "azure",
        "azureai",
        "azuretext",
        "azurefoundry",
        "azureaifoundry",
        "microsoftfoundry",
        "microsoftazure",
    ),
    "aws_bedrock": (
        "awsbedrock",
        "bedrock",
        "bedrockconverse",
        "amazonbedrock",
        "bedrockruntime",
        "aws",
        "amazon",
        "awsbedrockruntime",
    ),
    "gcp_vertex": ("gcpvertex", "gcpvertexai", "vertexai", "vertex", "vertexaibeta", "googlevertex", "googlevertexai"),
    # These say Google, but not which of its two services.
    _GOOGLE_BY_HOST: ("gcpgenai", "google", "googlegenai", "gcp", "genai"),
}
_BY_SPELLING = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}
#: Vertex's Claude and Llama as LiteLLM spells them: vertex_ai-anthropic_models.
_SPELLING_STARTS = (("vertexai", "gcp_vertex"), ("azure", "azure_openai"), ("bedrock", "aws_bedrock"))
_SEPARATORS = re.compile(r"[\s_.\-/]+")
_NOT_SLUG = re.compile(r"[^a-z0-9_-]+")
_SLUG = re.compile(SLUG)

#: Hosts that say who bills, whatever the client library calls itself. `region` where the host names one.
_HOSTS = (
    (re.compile(r"api\.openai\.com|(?:[a-z]{2})\.api\.openai\.com"), "openai"),
    (re.compile(r"api\.anthropic\.com"), "anthropic"),
    (re.compile(r"generativelanguage\.googleapis\.com"), "gemini"),
    (re.compile(r"(?:(?P<region>[a-z]+-[a-z]+\d+)-)?aiplatform\.googleapis\.com"), "gcp_vertex"),
    (re.compile(r"aiplatform\.(?P<region>[a-z]+)\.rep\.googleapis\.com"), "gcp_vertex"),
    (re.compile(r"bedrock(?:-[a-z]+)*\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"), "aws_bedrock"),
    (re.compile(r"[a-z0-9-]+\.(?:openai|services\.ai|cognitiveservices)\.azure\.(?:com|us)"), "azure_openai"),
    (re.compile(r"models\.inference\.ai\.azure\.com"), "azure_openai"),
    # Services that are called with OpenAI's client library, which then says OpenAI.
    (re.compile(r"openrouter\.ai"), "openrouter"),
    (re.compile(r"api\.groq\.com"), "groq"),
    (re.compile(r"api\.mistral\.ai"), "mistral_ai"),
    (re.compile(r"api\.deepseek\.com"), "deepseek"),
    (re.compile(r"api\.x\.ai"), "x_ai"),
    (re.compile(r"api\.together\.(?:xyz|ai)"), "together_ai"),
    (re.compile(r"api\.perplexity\.ai"), "perplexity"),
    (re.compile(r"api\.fireworks\.ai"), "fireworks_ai"),
)  # fmt: skip

#: A model id that only one provider spells so.
_MODEL_SPELLINGS = (
    (re.compile(r"arn:[a-z-]+:(?:bedrock|sagemaker):.+"), "aws_bedrock"),
    (
        re.compile(
            r"(?:(?:us|eu|apac|jp|au|in|ca|us-gov|global)\.)?"
            r"(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|stability|writer|twelvelabs)\.[a-z].+"
        ),
        "aws_bedrock",
    ),
    (re.compile(r"(?:projects/.+/)?publishers/.+/models/.+"), "gcp_vertex"),
    (re.compile(r"[a-z0-9.-]+@(?:\d{8}|latest|default)"), "gcp_vertex"),
)
#: What a model's name says where nothing else is known.
_MODEL_FAMILIES = (
    (re.compile(r"(?:gpt-|chatgpt-|o[1-9](?:-|$)|text-embedding-(?:3|ada)|whisper-|tts-|dall-e|sora-).*"), "openai"),
    (re.compile(r"claude-.*"), "anthropic"),
    (re.compile(r"(?:models/)?(?:gemini-|gemini-embedding|imagen-|veo-|learnlm-).*"), "gemini"),
)  # fmt: skip


class Endpoint(NamedTuple):
    """What the host of a request says."""

    provider: str | None = None
    region_id: str | None = None


@lru_cache(maxsize=4096)
def endpoint_of(host: str | None) -> Endpoint:
    """The provider and region of a host name or URL; nothing of one that is not known, as of a gateway."""
    if not host:
        return Endpoint()
    name = host.lower().partition("://")[2] or host.lower()
    name = name.partition("/")[0].rpartition("@")[2].partition(":")[0]
    for pattern, provider in _HOSTS:
        match = pattern.fullmatch(name)
        if match is not None:
            region = match.groupdict().get("region")
            if provider == "gcp_vertex" and region is None:
                region = "global"
            return Endpoint(provider, region)
    return Endpoint()


@lru_cache(maxsize=4096)
def canonical_provider(spelled: str | None, *, host: str | None = None, vendor: str | None = None) -> str | None:
    """The provider that bills, in our names; one that we do not know as a slug of its own name, so that it is seen.

    The host decides where it is known: the client library of one provider is used to call another. `vendor` is a second
    name that says who made the model, or the product, where `spelled` says who hosts it. None where nobody is named.
    """
    called = endpoint_of(host).provider
    if called is not None:
        return called
    names = [name for name in (_named(spelled), _named(vendor)) if name is not None]
    if not names:
        return None
    if names[0] == _GOOGLE_BY_HOST:
        return next((name for name in names[1:] if name in {"gcp_vertex", "gemini"}), "gemini")
    return names[0]


def _named(spelled: str | None) -> str | None:
    plain = _SEPARATORS.sub("", spelled.strip().lower()) if spelled else ""
    if not plain:
        return None
    known = _BY_SPELLING.get(plain)
    if known is None:
        known = next((name for start, name in _SPELLING_STARTS if plain.startswith(start)), None)
    return known or _slug(spelled or "")


def _slug(spelled: str) -> str | None:
    """A name that the tables take: lower case, at most 63 characters, anything strange as one underscore."""
    slug = _NOT_SLUG.sub("_", spelled.strip().lower()).strip("_-")[:63]
    return slug if _SLUG.fullmatch(slug) else None


@lru_cache(maxsize=4096)
def provider_of_spelling(model: str | None) -> str | None:
    """The provider that alone spells a model so: by prefix (`azure/gpt-5`), ARN, path or maker; None for any other."""
    if not model:
        return None
    name = model.strip().lower()
    prefix, slash, _ = name.partition("/")
    if slash and prefix != "models" and _SEPARATORS.sub("", prefix) in _BY_SPELLING:
        return canonical_provider(prefix)
    return next((provider for pattern, provider in _MODEL_SPELLINGS if pattern.fullmatch(name)), None)


@lru_cache(maxsize=4096)
def provider_of_model(model: str | None) -> str | None:
    """The provider that a model's name suggests: a guess, only for where neither the log nor its configuration says.

    Several providers bill for one model under one name: `claude-sonnet-4-6` is also the name that Vertex AI gives it.
    """
    found = provider_of_spelling(model)
    if found is not None or not model:
        return found
    name = model.strip().lower()
    return next((provider for pattern, provider in _MODEL_FAMILIES if pattern.fullmatch(name)), None)
