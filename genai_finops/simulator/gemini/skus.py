"""SKUs of the Gemini API: their ids and their descriptions, in the styles in which Google writes them side by side."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sku:
    """One SKU; `share` is the part of a meter's quantity, in percent, that is billed under it."""

    id: str
    description: str
    share: int = 100


#: By model, meter, tier and band. Thinking output has a SKU of its own and the price of other output.
SKUS: dict[tuple[str | None, str, str, str | None], tuple[Sku, ...]] = {
    ("gemini-2.5-flash", "uncached_input", "standard", "short"): (
        Sku("981A-C057-0BF9", "Generate content input token count gemini 2.5 flash short input text"),
    ),
    ("gemini-2.5-flash", "cache_read", "standard", "short"): (
        Sku("5CDC-4C82-2AEC", "Generate content cached input token count gemini 2.5 flash short input text"),
    ),
    ("gemini-2.5-flash", "output", "standard", "short"): (
        Sku(
            "911A-8880-A243",
            "Generate content output token count gemini 2.5 flash short input text (thinking output)",
            share=60,
        ),
        Sku(
            "6EDB-2409-6348",
            "Generate content output token count gemini 2.5 flash short output text non-thinking",
            share=40,
        ),
    ),
    ("gemini-2.5-flash", "uncached_input_audio", "standard", "short"): (
        Sku("5308-F418-CF26", "Generate content input token count gemini 2.5 flash short input audio"),
    ),
    ("gemini-2.5-flash", "uncached_input_image", "standard", "short"): (
        Sku("68D6-42D9-37E1", "Generate content input token count gemini 2.5 flash short input image"),
    ),
    ("gemini-2.5-flash", "web_search", "standard", None): (
        Sku("51A0-0001-AAAA", "Grounding with Google Search for gemini 2.5 flash"),
    ),
    ("gemini-2.5-flash-lite", "uncached_input", "standard", None): (
        Sku("399C-32AD-1412", "Generate content input token count gemini 2.5 flash-lite input"),
    ),
    ("gemini-2.5-flash-lite", "output", "standard", None): (
        Sku("51A0-0002-AAAA", "Generate_content text output token count for gemini 2.5 flash-lite"),
    ),
    ("gemini-2.5-pro", "uncached_input", "standard", "short"): (
        Sku("2D1C-F790-3C09", "Generate content input token count gemini 2.5 pro short input text"),
    ),
    ("gemini-2.5-pro", "output", "standard", "short"): (
        Sku("0F51-429B-C2DC", "Generate content output token count gemini 2.5 pro short output text"),
    ),
    ("gemini-2.5-pro", "cache_read", "standard", "short"): (
        Sku("51A0-0003-AAAA", "Generate content cached input token count gemini 2.5 pro short input text"),
    ),
    ("gemini-2.5-pro", "uncached_input", "standard", "long"): (
        Sku("51A0-0004-AAAA", "Generate content input token count gemini 2.5 pro long input text"),
    ),
    ("gemini-2.5-pro", "output", "standard", "long"): (
        Sku("51A0-0005-AAAA", "Generate content output token count gemini 2.5 pro long output text"),
    ),
    ("gemini-2.5-pro", "uncached_input", "batch", "short"): (
        Sku("51A0-0006-AAAA", "Generate content input token count gemini 2.5 pro short input text batch"),
    ),
    ("gemini-2.5-pro", "output", "batch", "short"): (
        Sku("51A0-0007-AAAA", "Generate content output token count gemini 2.5 pro short output text batch"),
    ),
    ("gemini-2.5-pro", "cache_storage_token_hour", "standard", None): (
        Sku("51A0-0008-AAAA", "Cached content storage token hours gemini 2.5 pro"),
    ),
    ("gemini-3.6-flash", "uncached_input", "standard", None): (
        Sku("51A0-0009-AAAA", "Generate_content text input token count for gemini 3.6 flash"),
    ),
    ("gemini-3.6-flash", "cache_read", "standard", None): (
        Sku("51A0-0010-AAAA", "Generate_content text input token count for gemini 3.6 flash caching"),
    ),
    ("gemini-3.6-flash", "output", "standard", None): (
        Sku("51A0-0011-AAAA", "Generate_content text output token count for gemini 3.6 flash"),
    ),
    ("gemini-3.6-flash", "uncached_input", "flex", None): (
        Sku("51A0-0012-AAAA", "Generate_content text input token count for gemini 3.6 flash flex"),
    ),
    ("gemini-3.6-flash", "output", "flex", None): (
        Sku("51A0-0013-AAAA", "Generate_content text output token count for gemini 3.6 flash flex"),
    ),
    ("gemini-embedding-001", "embedding_input", "standard", None): (
        Sku("E211-E01C-0CB3", "EmbedContent input token count for gemini-embedding-001"),
    ),
    (None, "unmapped", "standard", None): (Sku("51A0-0099-AAAA", "Gemini dialog experiments surcharge units"),),
}
