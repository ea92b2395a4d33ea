"""OpenAI's list prices, typed from its price page. US dollars as decimal text, per million tokens or characters, per
thousand searches, per second.
"""

from decimal import Decimal

from genai_finops.simulator.sale import Sale


def _tokens(uncached: str, read: str, output: str, **more: str) -> dict[str, str]:
    return {"uncached_input": uncached, "cache_read": read, "output": output, **more}


#: OpenAI by model and processing. Batch of the older models has no cached rate of its own: the standard one holds.
_OPENAI: dict[tuple[str, str], dict[str, str]] = {
    ("gpt-4o-2024-08-06", "standard"): _tokens("2.50", "1.25", "10"),
    ("gpt-4o-2024-08-06", "batch"): _tokens("1.25", "1.25", "5"),
    ("gpt-4o-2024-08-06", "priority"): _tokens("4.25", "2.125", "17"),
    ("gpt-4o-mini-2024-07-18", "standard"): _tokens("0.15", "0.075", "0.60"),
    ("gpt-4o-mini-2024-07-18", "batch"): _tokens("0.075", "0.075", "0.30"),
    ("o3-mini-2025-01-31", "standard"): _tokens("1.10", "0.55", "4.40"),
    ("gpt-5-2025-08-07", "standard"): _tokens("1.25", "0.125", "10"),
    ("gpt-5-2025-08-07", "batch"): _tokens("0.625", "0.0625", "5"),
    ("gpt-5-2025-08-07", "flex"): _tokens("0.625", "0.0625", "5"),
    ("gpt-5-2025-08-07", "priority"): _tokens("2.5", "0.25", "20"),
    ("gpt-5.5-2026-04-23", "standard"): _tokens("5", "0.50", "30"),
    ("gpt-5.5-2026-04-23", "long"): _tokens("10", "1", "45"),
    ("gpt-5.5-2026-04-23", "batch"): _tokens("2.5", "0.25", "15"),
    ("gpt-5.6-terra", "standard"): _tokens("2", "0.20", "12", cache_write="2.5"),
    ("gpt-5.6-terra", "batch"): _tokens("1", "0.10", "6", cache_write="1.25"),
    ("gpt-5.6-terra", "priority"): _tokens("4", "0.40", "24", cache_write="5"),
    ("gpt-realtime-2025-08-28", "standard"): _tokens(
        "4", "0.40", "16", uncached_input_audio="32", cache_read_audio="0.40", output_audio="64"
    ),
    ("text-embedding-3-small", "standard"): {"embedding_input": "0.02"},
    ("omni-moderation-latest", "standard"): {"moderation_input": "0"},
    ("whisper-1", "standard"): {"audio_second": "0.0001"},
    ("tts-1", "standard"): {"character": "15"},
}
_OPENAI_TOOLS = {"web_search": "10", "file_search": "2.50"}


def openai_price(sale: Sale) -> Decimal:
    """Price per priced block of the meter. Raises LookupError where the list has none."""
    if sale.meter in _OPENAI_TOOLS:
        return Decimal(_OPENAI_TOOLS[sale.meter])
    processing = "long" if sale.is_long else sale.service_tier
    try:
        return Decimal(_OPENAI[sale.model or "", processing][sale.meter])
    except KeyError:
        raise LookupError(f"the simulator has no OpenAI price of {sale}; add it to openai/prices.py") from None
