"""Families of models, as data: the first expression found in the canonical model decides."""

import re

_FAMILIES: dict[str, tuple[tuple[str, str], ...]] = {
    "openai": (
        (r"embedding", "Text Embedding"),
        (r"moderation", "Moderation"),
        (r"gpt-(\d[\d.]*-)?image|image-latest", "GPT Image"),
        (r"whisper|transcribe|realtime-translate", "Speech to Text"),
        (r"tts", "Text to Speech"),
        (r"realtime", "GPT Realtime"),
        (r"audio", "GPT Audio"),
        (r"gpt-live", "GPT Live"),
        (r"gpt-oss", "GPT-OSS"),
        (r"rosalind", "GPT Rosalind"),
        (r"gpt-4o", "GPT-4o"),
        (r"gpt-3\.5|gpt-35", "GPT-3.5"),
        (r"gpt-4\.1", "GPT-4.1"),
        (r"gpt-4\.5", "GPT-4.5"),
        (r"gpt-4", "GPT-4"),
        (r"gpt-5", "GPT-5"),
        (r"gpt-6", "GPT-6"),
        (r"gpt-chat", "GPT Chat"),
        (r"^o\d", "o-series"),
        (r"codex", "Codex"),
        (r"computer-use", "Computer Use"),
        (r"ada|babbage|curie|davinci", "GPT-3"),
    ),
    "anthropic": (
        (r"opus", "Claude Opus"),
        (r"sonnet", "Claude Sonnet"),
        (r"haiku", "Claude Haiku"),
        (r"fable", "Claude Fable"),
        (r"mythos", "Claude Mythos"),
        (r"claude-(v1|2)", "Claude 2 and earlier"),
    ),
}


def model_family(provider: str, model_id: str) -> str | None:
    """The family of a canonical model; None where no rule knows it."""
    for expression, family in _FAMILIES.get(provider, ()):
        if re.search(expression, model_id):
            return family
    return None
