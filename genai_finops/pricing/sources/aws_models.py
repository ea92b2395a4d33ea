"""Models as the AWS Price List calls them, and which of our meters their tokens come by.

A product of the price list has a display name ("Nova 2.0 Lite", "Claude Opus 5.5 (Amazon Bedrock Edition)"), a
shortened one in its usage type ("Nova2.0Lite"), or the id. Usage of Bedrock names the id, so that names become ids
here, without a version. A name that is not in this list has no price: another model may begin with the same words.
"""

import re
from collections.abc import Mapping

from genai_finops.pricing.catalogue_map import PROVIDERS
from genai_finops.pricing.sources.aws_usage_types import NoTokenPriceError, UsageType, refuse_other_products

PROVIDER = "aws_bedrock"
MARKETPLACE_EDITION = " (Amazon Bedrock Edition)"

#: `vendor.model`, as Bedrock spells it.
_ID = re.compile(r"[a-z]+\d*[a-z]*\.[a-z0-9][a-z0-9.:-]*")
_CLAUDE = re.compile(
    r"claude (?:(?P<family>[a-z]+) (?P<version>\d(?:\.\d)?)|(?P<old_version>3(?:\.\d)?) (?P<old_family>[a-z]+)(?: v2)?)"
)
#: As usage types shorten it: Claude3Haiku, Claude4.6Sonnet.
_SHORT_CLAUDE = re.compile(r"claude(?P<version>\d(?:\.\d)?)(?P<family>[a-z]+)")
_CLAUDE_FAMILIES = frozenset({"opus", "sonnet", "haiku", "fable", "mythos"})
#: From this version on the family stands before the version in an id.
_FIRST_FAMILY_VERSION = 4
_GPT = re.compile(r"(?:openai )?gpt-(?P<version>\d(?:\.\d)?)(?: (?P<variant>astra|luna|sol|terra))?")
_NAMES = {
    "Nova Micro": "amazon.nova-micro",
    "Nova Lite": "amazon.nova-lite",
    "Nova Pro": "amazon.nova-pro",
    "Nova Premier": "amazon.nova-premier",
    "Nova Sonic": "amazon.nova-sonic",
    "Nova 2.0 Lite": "amazon.nova-2-lite",
    "Nova Sonic 2.0": "amazon.nova-2-sonic",
    "Nova 2.0 Sonic": "amazon.nova-2-sonic",
    "Titan Embeddings V2": "amazon.titan-embed-text-v2:0",
    "Titan Text Embeddings V2": "amazon.titan-embed-text-v2:0",
    "Llama 3 8B": "meta.llama3-8b-instruct",
    "Llama 3 70B": "meta.llama3-70b-instruct",
    "Llama 3.1 8B": "meta.llama3-1-8b-instruct",
    "Llama 3.1 70B": "meta.llama3-1-70b-instruct",
    "Llama 3.2 1B": "meta.llama3-2-1b-instruct",
    "Llama 3.2 3B": "meta.llama3-2-3b-instruct",
    "Llama 3.2 11B": "meta.llama3-2-11b-instruct",
    "Llama 3.2 90B": "meta.llama3-2-90b-instruct",
    "Llama 3.3 70B": "meta.llama3-3-70b-instruct",
    "Llama 4 Maverick 17B": "meta.llama4-maverick-17b-instruct",
    "Llama 4 Scout 17B": "meta.llama4-scout-17b-instruct",
    "Mistral 7B": "mistral.mistral-7b-instruct",
    "Mixtral 8x7B": "mistral.mixtral-8x7b-instruct",
    "Mistral Large 3": "mistral.mistral-large-3-675b-instruct",
    "Ministral 3B 3.0": "mistral.ministral-3-3b-instruct",
    "Ministral 8B 3.0": "mistral.ministral-3-8b-instruct",
    "Ministral 14B 3.0": "mistral.ministral-3-14b-instruct",
    "Magistral Small 1.2": "mistral.magistral-small-2509",
    "Pixtral Large 25.02": "mistral.pixtral-large-2502",
    "Voxtral Mini 1.0": "mistral.voxtral-mini-3b-2507",
    "Voxtral Small 1.0": "mistral.voxtral-small-24b-2507",
    "Gemma 3 4B": "google.gemma-3-4b-it",
    "Gemma 3 12B": "google.gemma-3-12b-it",
    "Gemma 3 27B": "google.gemma-3-27b-it",
    "NVIDIA Nemotron Nano 2": "nvidia.nemotron-nano-9b-v2",
    "Nemotron Nano 3 30B": "nvidia.nemotron-nano-3-30b",
    "NVIDIA Nemotron 3 Super 120B A12B": "nvidia.nemotron-super-3-120b",
    "Qwen3 32B": "qwen.qwen3-32b",
    "Qwen3 Coder 30B A3B": "qwen.qwen3-coder-30b-a3b",
    "Qwen3 Coder 480B A35B": "qwen.qwen3-coder-480b-a35b",
    "Qwen3 VL 235B A22B": "qwen.qwen3-vl-235b-a22b",
    "R1": "deepseek.r1",
    "DeepSeek-R1": "deepseek.r1",
    "gpt-oss-20b": "openai.gpt-oss-20b",
    "gpt-oss-120b": "openai.gpt-oss-120b",
    "Kimi K3": "moonshotai.kimi-k3",
    "GLM 5.3": "zai.glm-5.3",
    "Palmyra X4": "writer.palmyra-x4",
    "Palmyra X5": "writer.palmyra-x5",
}
#: Prompts longer than this many tokens have the price of long context, by the beginning of the id. The price list names
#: the price, not the length: from Anthropic's and OpenAI's price pages.
_LONG_CONTEXT = (
    ("anthropic.claude-haiku-5-5", 100_000),
    ("anthropic.claude-", 200_000),
    ("openai.gpt-", 272_000),
)
_EMBEDDING_METERS = next(mapped.own.embedding_meters for mapped in PROVIDERS if mapped.provider == PROVIDER)


def _joined(name: str) -> str:
    """Letters and digits alone: `Llama 3.3 70B` and the `Llama3-3-70B` of a usage type are one name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


_IDS = {_joined(name): model_id for name, model_id in _NAMES.items()}


def bedrock_model(name: str) -> str | None:
    """The id of a model by its id, display name or shortened name; None where the name is not known."""
    if _ID.fullmatch(name):
        return name
    plain = name.removesuffix(MARKETPLACE_EDITION).strip().lower()
    if claude := _CLAUDE.fullmatch(plain):
        return _claude_id(claude["family"] or claude["old_family"], claude["version"] or claude["old_version"])
    if claude := _SHORT_CLAUDE.fullmatch(plain):
        return _claude_id(claude["family"], claude["version"])
    if gpt := _GPT.fullmatch(plain):
        return f"openai.gpt-{gpt['version']}" + (f"-{gpt['variant']}" if gpt["variant"] else "")
    return _IDS.get(_joined(plain))


def _claude_id(family: str, version: str) -> str | None:
    if family not in _CLAUDE_FAMILIES:
        return None
    number = version.replace(".", "-")
    is_old = int(version[0]) < _FIRST_FAMILY_VERSION
    return f"anthropic.claude-{number}-{family}" if is_old else f"anthropic.claude-{family}-{number}"


def model_of(usage: UsageType, attributes: Mapping[str, str]) -> tuple[str, str]:
    """The model of a product that is paid by the token; see named_model."""
    return named_model(usage.model, attributes)


def named_model(in_usage_type: str | None, attributes: Mapping[str, str]) -> tuple[str, str]:
    """The model's id and its name in the price list; `in_usage_type` is None for products of the Marketplace.

    Usage type and attributes must mean the same model: what stands between a model's name and what is counted may be a
    word that no grammar knows yet. Raises NoTokenPriceError where the model is not known.
    """
    name = attributes.get("model") or (attributes.get("servicename", "") if in_usage_type is None else "")
    name = name.removesuffix(MARKETPLACE_EDITION).strip()
    refuse_other_products(name)
    by_name = bedrock_model(name)
    if in_usage_type is None:
        if by_name is None:
            raise NoTokenPriceError(f"no id is known of the model {name!r}")
        return by_name, name
    by_usage_type = bedrock_model(in_usage_type)
    if by_usage_type is None and by_name is not None and _joined(by_name.partition(".")[2]) == _joined(in_usage_type):
        by_usage_type = by_name
    if by_usage_type is None:
        raise NoTokenPriceError(f"no id is known of the model {in_usage_type!r} ({name or 'without a name'})")
    if by_name not in {None, by_usage_type}:
        raise NoTokenPriceError(f"the usage type is of {by_usage_type}, the attribute model of {by_name}")
    return by_usage_type, name or in_usage_type


def long_context_above(model_id: str) -> int | None:
    """Tokens of a prompt beyond which the price of long context holds; None where the length is not known."""
    return next((tokens for start, tokens in _LONG_CONTEXT if model_id.startswith(start)), None)


def meters_of(model_id: str, usage: UsageType) -> tuple[str, ...]:
    """The meters that the tokens of a model come by. Raises NoTokenPriceError where there is none for them.

    Claude's cache writes without a lifetime are those of five minutes: an hour has to be asked for.
    """
    suffix = "" if usage.modality == "text" else f"_{usage.modality}"
    if usage.token_class == "uncached_input" and not suffix and "embed" in model_id:
        return _EMBEDDING_METERS
    if usage.token_class != "cache_write":
        return (f"{usage.token_class}{suffix}",)
    if suffix:
        raise NoTokenPriceError(f"no meter counts cache writes of {usage.modality}")
    if usage.cache_lifetime in {"5m", "1h"}:
        return (f"cache_write_{usage.cache_lifetime}",)
    if not model_id.startswith("anthropic."):
        return ("cache_write",)
    if usage.cache_lifetime is None:
        return ("cache_write_5m",)
    raise NoTokenPriceError(f"no meter counts cache writes of {usage.cache_lifetime}")
