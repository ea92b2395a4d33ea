"""Service tiers as requests and answers spell them, in the canonical words of the usage tables."""

from functools import lru_cache

from genai_finops.schemas.words import SERVICE_TIERS

#: As the providers' usage is read: Anthropic's priority and OpenAI's scale tier are commitments.
_OF_PROVIDER = {
    "anthropic": {"priority": "committed"},
    "openai": {"default": "standard", "fast": "priority", "scale": "committed"},
    "azure_openai": {"default": "standard"},
    "aws_bedrock": {"default": "standard", "reserved": "committed"},
    "gemini": {"default": "standard"},
    "gcp_vertex": {"default": "standard", "on_demand": "standard", "provisioned_throughput": "committed"},
}
#: Google names the way a request was charged as its traffic type.
_COMMON = {"flex_discount": "flex", "on_demand_flex": "flex", "on_demand_priority": "priority"}


@lru_cache(maxsize=1024)
def canonical_tier(spelled: str | None, provider: str | None) -> str | None:
    """The tier that was charged; None for what says none, such as OpenAI's `auto`, or is not known."""
    name = spelled.strip().lower().replace("-", "_") if spelled else ""
    found = _OF_PROVIDER.get(provider or "", {}).get(name) or _COMMON.get(name, name)
    return found if found in SERVICE_TIERS else None
