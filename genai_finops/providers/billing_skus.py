"""What the SKUs of a cloud bill count: by id from the reviewed seed, else by a description that is read whole.

A description is the only carrier of modality, direction, context band and tier, and its words differ from model to
model. The grammar must account for every word; what it does not read stays unmapped, because a guess would be a price.
"""

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from genai_finops.providers.config import ProviderConfigError

#: The list of this repository.
SKU_SEED = Path(__file__).resolve().parents[2] / "seeds" / "genai_billing_skus.csv"
_LONG_CONTEXT = 200_000
_MODALITIES = {None: "", "text": "", "audio": "_audio", "image": "_image", "video": "_video"}
_GENERATE = re.compile(
    r"generate[_ ]content (?:(?P<batch>batch) )?(?:(?P<cached>cached) )?(?:(?P<modality>text|audio|image|video) )?"
    r"(?P<direction>input|output) token count (?:for )?"
    r"gemini[ -](?P<version>\d+(?:\.\d+)?)[ -](?P<family>pro|flash[ -]lite|flash)"
    r"(?: (?P<length>short|long))?(?: (?:input|output))?(?: (?P<later_modality>text|audio|image|video))?"
    r"(?: (?P<caching>caching))?(?: (?P<tier>batch|flex|priority))?"
    r"(?: (?:non-thinking|thinking|\(thinking output\)))?"
)
_EMBED = re.compile(r"embedcontent input token count for (?P<model>gemini-embedding-[a-z0-9-]+)")
_STORAGE = re.compile(
    r"cached content storage token hours (?:for )?"
    r"gemini[ -](?P<version>\d+(?:\.\d+)?)[ -](?P<family>pro|flash[ -]lite|flash)"
)
_SEARCH = re.compile(
    r"grounding with google search(?: for gemini[ -](?P<version>\d+(?:\.\d+)?)[ -](?P<family>pro|flash))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingSku:
    """What one unit of a SKU's usage amount is."""

    meter: str
    service_tier: str = "standard"
    provider_model_id: str | None = None
    context_band: str | None = None
    context_tokens_above: int | None = None
    context_tokens_up_to: int | None = None


@lru_cache(maxsize=8)
def read_billing_skus(path: Path) -> dict[str, BillingSku]:
    """SKUs of the seed by id. Raises ProviderConfigError where the file or one of its values cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["sku_id"]: _seeded(row) for row in csv.DictReader(file)}
    except (OSError, KeyError, ValueError) as error:
        raise ProviderConfigError(
            f"{path} is no list of billing SKUs: {type(error).__name__} {error}",
            remedy="Correct options.sku_seed or the file; seeds/genai_billing_skus.csv is the one of this repository.",
        ) from error


def _seeded(row: dict[str, str]) -> BillingSku:
    return BillingSku(
        meter=row["meter"],
        service_tier=row["service_tier"],
        provider_model_id=row["provider_model_id"] or None,
        context_band=row["context_band"] or None,
        context_tokens_above=_whole(row["context_tokens_above"]),
        context_tokens_up_to=_whole(row["context_tokens_up_to"]),
    )


def _whole(text: str) -> int | None:
    return int(text) if text else None


def read_description(description: str) -> BillingSku | None:
    """What a SKU that the seed does not know counts; None where any word of its description is not understood."""
    text = " ".join(description.lower().split())
    if found := _GENERATE.fullmatch(text):
        return _generation(found)
    if found := _EMBED.fullmatch(text):
        return BillingSku(meter="embedding_input", provider_model_id=found["model"])
    if found := _STORAGE.fullmatch(text):
        return BillingSku(meter="cache_storage_token_hour", provider_model_id=_model(found))
    if found := _SEARCH.fullmatch(text):
        return BillingSku(meter="web_search", provider_model_id=_model(found) if found["version"] else None)
    return None


def _generation(found: re.Match[str]) -> BillingSku | None:
    modalities = {found["modality"], found["later_modality"]} - {None}
    tiers = {found["batch"], found["tier"]} - {None}
    is_cached = bool(found["cached"] or found["caching"])
    is_output = found["direction"] == "output"
    if len(tiers) > 1 or (is_output and is_cached):
        return None
    # "output token count ... short input text": the later modality is then the prompt's.
    own = found["modality"] or (None if is_output else found["later_modality"])
    if len(modalities) > 1 and not is_output:
        return None
    base = "output" if is_output else "cache_read" if is_cached else "uncached_input"
    above, up_to = {None: (None, None), "short": (0, _LONG_CONTEXT), "long": (_LONG_CONTEXT, None)}[found["length"]]
    return BillingSku(
        meter=base + _MODALITIES[own],
        service_tier=next(iter(tiers), "standard"),
        provider_model_id=_model(found),
        context_band=found["length"],
        context_tokens_above=above,
        context_tokens_up_to=up_to,
    )


def _model(found: re.Match[str]) -> str:
    return f"gemini-{found['version']}-{found['family'].replace(' ', '-')}"
