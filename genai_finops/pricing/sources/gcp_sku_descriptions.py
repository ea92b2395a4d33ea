"""What the SKUs of Google's price list price: by id from the reviewed seed, else by a description that is read whole.

The Gemini API's wordings are those of its bill (`providers.billing_skus`); this adds the variants that only the price
list has, and the grammars of Vertex AI, of open models and of Claude on Vertex AI. A word that no grammar knows (Live,
Cyber, Offpeak, Tuned) leaves the SKU unread: it prices another product, whatever model it names.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from genai_finops.providers.billing_skus import BillingSku, read_description

#: Prompts above this many tokens are long; in the price list the word has one meaning for all models.
LONG_CONTEXT_TOKENS = 200_000

Stage = Literal["preview", "unmarked", "ga"]
Geography = Literal["global", "regional"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedSku:
    """What one SKU is the price of."""

    model_id: str | None
    meter: str
    service_tier: str = "standard"
    #: None where the description does not say it.
    geography: Geography | None = None
    #: None where no band is named: all prompts, or the short ones of a model that has long ones elsewhere.
    context_tokens_above: int | None = None
    context_tokens_up_to: int | None = None
    #: Of a model's SKUs those of its release hold: others are left over from its preview, at other prices.
    stage: Stage = "unmarked"


#: SKUs keep the name that a model had before its release; usage names the model by its id.
_MODEL_IDS = {
    "gemini-3-flash": "gemini-3-flash-preview",
    "gemini-3.0-flash": "gemini-3-flash-preview",
    "gemini-3-pro": "gemini-3-pro-preview",
    "gemini-3.0-pro": "gemini-3-pro-preview",
    "gemini-3.1-pro": "gemini-3.1-pro-preview",
}
_MODALITIES = {"text": "", "audio": "_audio", "image": "_image", "video": "_video"}
_STAGES: Mapping[str | None, Stage] = {None: "unmarked", "ga": "ga", "preview": "preview"}
#: Variants of the Gemini API's wording, and the wording that `billing_skus` reads.
_SAME_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^generate content (text|audio|image|video) cached input "), r"generate content cached \1 input "),
    (re.compile(r" (batch|flex|priority) caching$"), r" caching \1"),
    (
        re.compile(r"^generate content cached (?:content|text) storage token hours "),
        "cached content storage token hours ",
    ),
    (
        re.compile(r"^embed ?content input token count (?:for )?gemini[ -]embedding[ -](\d+)(?: text)?$"),
        r"embedcontent input token count for gemini-embedding-\1",
    ),
)
_PREVIEW = re.compile(r"(gemini \d+(?:\.\d+)? (?:pro|flash[ -]lite|flash)) preview\b")

_VERTEX_MODEL = (
    r"gemini (?P<version>\d+(?:\.\d+)?) (?P<family>(?:pro|flash[ -]lite|flash)(?: image)?)(?: (?P<stage>ga|preview))?"
    r"(?: (?P<place>global|regional))?"
)
_MODALITY = "text|audio|image|video"
_TIER = "batch|flex|priority"
_LONG = r"(?: (?P<{}>\(long\)))?"
_VERTEX_TOKENS = re.compile(
    rf"{_VERTEX_MODEL}(?: (?P<thinking>thinking))? (?P<modality>{_MODALITY}) (?P<direction>input|output)"
    rf"{_LONG.format('long')}(?: (?P<thinking_on>\(thinking (?:on|off)\)))?"
    rf"(?: (?P<tier>{_TIER}))?{_LONG.format('late_long')}"
    r" - (?P<batch>batch )?predictions"
)
_VERTEX_CACHING = re.compile(
    rf"{_VERTEX_MODEL} (?:input (?P<modality>{_MODALITY})|(?P<early_modality>{_MODALITY}) input) caching"
    rf"(?P<storage> storage)?{_LONG.format('long')}(?: (?P<tier>{_TIER}))?{_LONG.format('late_long')}"
    r"(?: - (?P<batch>batch )?predictions)?"
)
#: Developers whose models' names cannot be taken for one of Google's or Anthropic's.
_OPEN_MODEL = (
    r"(?:llama|deepseek|qwen|kimi|glm|gpt-oss|mistral|minimax)"
    r"(?:-?\d[a-z0-9.-]*| (?:[a-z]?\d[a-z0-9.-]*|instruct|thinking|scout|maverick|coder|next|small|medium|large))*"
)
_OPEN_TOKENS = re.compile(
    rf"(?:cloud vertex ai model garden model as a service )?(?P<model>{_OPEN_MODEL})(?: (?P<batch>batch))?"
    r"(?: (?P<cached>cached))? (?P<direction>input|output) tokens?"
)
_CLAUDE_METERS = {
    "input": "uncached_input",
    "output": "output",
    "cache read": "cache_read",
    "input cache read": "cache_read",
}
_CLAUDE_TOKENS = re.compile(
    r"(?P<model>claude (?:opus|sonnet|haiku|fable|mythos) \d+(?:[. ]\d+)?) - (?P<batch>batch )?"
    rf"(?P<kind>{'|'.join(_CLAUDE_METERS)}) tokens - (?P<place>global|[a-z]+(?:-[a-z]+\d+)?)"
    r"(?: - context window size from (?P<above>\d+) to (?P<up_to>\d+) tokens)?"
)
_COMMITMENT = re.compile(r"\b(?:provisioned throughput|gsus?|commitment|reserved)\b")
_INFRASTRUCTURE = re.compile(
    r"\b(?:gpus?|tpus?|nvidia|v?cpus?|ram|cores?|hyperdisk|[acen]\d[a-z]? (?:instance|predefined|custom|machine))\b"
)
_MACHINES = frozenset({"GPU", "TPU", "CPU", "RAM", "SSD"})


def read_sku(sku_id: str, description: str, seeded: Mapping[str, BillingSku]) -> PricedSku | None:
    """What the SKU is the price of; None where neither the seed nor a grammar knows it."""
    known = seeded.get(sku_id)
    if known is not None:
        return _named(_of_bill(known))
    text = _normalised(description)
    for read in _GRAMMARS:
        found = read(text)
        if found is not None:
            return _named(found)
    return None


def unread_reason(description: str, resource_group: str | None) -> str:
    """Why a SKU that was not read has no rate."""
    text = _normalised(description)
    if _COMMITMENT.search(text):
        return "belongs to a commitment"
    if resource_group in _MACHINES or _INFRASTRUCTURE.search(text):
        return "prices infrastructure"
    return "no grammar reads its description"


def _normalised(description: str) -> str:
    text = description.lower().replace("_", " ").replace("\u2014", "-").replace("\u2013", "-")
    return " ".join(text.split())


def _named(sku: PricedSku) -> PricedSku:
    return sku if sku.model_id is None else replace(sku, model_id=_MODEL_IDS.get(sku.model_id, sku.model_id))


def _of_bill(sku: BillingSku, stage: Stage = "unmarked") -> PricedSku:
    return PricedSku(
        model_id=sku.provider_model_id,
        meter=sku.meter,
        service_tier=sku.service_tier,
        context_tokens_above=sku.context_tokens_above,
        context_tokens_up_to=sku.context_tokens_up_to,
        stage=stage,
    )


def _gemini_api(text: str) -> PricedSku | None:
    for pattern, wording in _SAME_WORDS:
        text = pattern.sub(wording, text)
    plain = _PREVIEW.sub(r"\1", text)
    found = read_description(plain)
    # Without a model a search would be the price of every generation, and each has its own.
    if found is None or found.provider_model_id is None:
        return None
    return _of_bill(found, "preview" if plain != text else "unmarked")


def _vertex(text: str) -> PricedSku | None:
    found = _VERTEX_TOKENS.fullmatch(text)
    if found is not None:
        return _vertex_tokens(found)
    found = _VERTEX_CACHING.fullmatch(text)
    if found is None:
        return None
    modality = found["modality"] or found["early_modality"]
    if found["storage"]:
        return _vertex_sku(found, "cache_storage_token_hour", has_bands=False)
    return _vertex_sku(found, f"cache_read{_MODALITIES[modality]}")


def _vertex_tokens(found: re.Match[str]) -> PricedSku | None:
    is_output = found["direction"] == "output"
    # The text models answer in text: images that are sold under their name come from the image models.
    if is_output and found["modality"] == "image" and not found["family"].endswith("image"):
        return None
    if not is_output and (found["thinking"] or found["thinking_on"]):
        return None
    base = "output" if is_output else "uncached_input"
    return _vertex_sku(found, f"{base}{_MODALITIES[found['modality']]}")


def _vertex_sku(found: re.Match[str], meter: str, *, has_bands: bool = True) -> PricedSku | None:
    tiers = {found["tier"], "batch" if found["batch"] else None} - {None}
    if len(tiers) > 1:
        return None
    is_long = has_bands and bool(found["long"] or found["late_long"])
    return PricedSku(
        model_id=f"gemini-{found['version']}-{found['family'].replace(' ', '-')}",
        meter=meter,
        service_tier=next(iter(tiers), None) or "standard",
        geography=_place(found["place"]),
        context_tokens_above=LONG_CONTEXT_TOKENS if is_long else None,
        stage=_STAGES[found["stage"]],
    )


def _place(word: str | None) -> Geography | None:
    if word is None:
        return None
    return "global" if word == "global" else "regional"


def _open_model(text: str) -> PricedSku | None:
    found = _OPEN_TOKENS.fullmatch(text)
    if found is None or (found["cached"] and found["direction"] == "output"):
        return None
    return PricedSku(
        model_id=found["model"].replace(" ", "-"),
        meter="output" if found["direction"] == "output" else "cache_read" if found["cached"] else "uncached_input",
        service_tier="batch" if found["batch"] else "standard",
    )


def _claude(text: str) -> PricedSku | None:
    found = _CLAUDE_TOKENS.fullmatch(text)
    if found is None:
        return None
    return PricedSku(
        model_id=found["model"].replace(" ", "-").replace(".", "-"),
        meter=_CLAUDE_METERS[found["kind"]],
        service_tier="batch" if found["batch"] else "standard",
        geography=_place(found["place"]),
        context_tokens_above=None if found["above"] is None else int(found["above"]),
        context_tokens_up_to=None if found["up_to"] is None else int(found["up_to"]),
    )


_GRAMMARS: tuple[Callable[[str], PricedSku | None], ...] = (_gemini_api, _vertex, _open_model, _claude)
