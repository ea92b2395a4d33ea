"""Families of a developer's models, as data: the first expression found in the canonical model decides."""

import re

_FAMILIES: dict[str, tuple[tuple[str, str], ...]] = {
    "OpenAI": (
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
    "Anthropic": (
        (r"opus", "Claude Opus"),
        (r"sonnet", "Claude Sonnet"),
        (r"haiku", "Claude Haiku"),
        (r"fable", "Claude Fable"),
        (r"mythos", "Claude Mythos"),
        (r"claude-(v1|2)", "Claude 2 and earlier"),
    ),
    "Google": (
        (r"embedding", "Gemini Embedding"),
        (r"gemma", "Gemma"),
        (r"tts", "Gemini TTS"),
        (r"live", "Gemini Live"),
        (r"image|banana", "Gemini Image"),
        (r"omni", "Gemini Omni"),
        (r"robotics", "Gemini Robotics"),
        (r"flash-lite", "Gemini Flash-Lite"),
        (r"flash", "Gemini Flash"),
        (r"pro", "Gemini Pro"),
        (r"argon", "Gemini Argon"),
    ),
    "Amazon": (
        (r"embed", "Titan Embeddings"),
        (r"titan-text", "Titan Text"),
        (r"sonic", "Nova Sonic"),
        (r"nova", "Nova"),
    ),
    "Meta": ((r"llama4", "Llama 4"), (r"llama3", "Llama 3")),
    "Mistral AI": (
        (r"pixtral", "Pixtral"),
        (r"voxtral", "Voxtral"),
        (r"devstral", "Devstral"),
        (r"magistral", "Magistral"),
        (r"ministral", "Ministral"),
        (r"mi(s|x)tral", "Mistral"),
    ),
    "Microsoft": ((r"phi", "Phi"), (r"mai-ds", "MAI"), (r"wizardlm", "WizardLM")),
    "DeepSeek": ((r"deepseek", "DeepSeek"),),
    "Alibaba Cloud": ((r"qwen", "Qwen"),),
    "Moonshot AI": ((r"kimi", "Kimi"),),
    "NVIDIA": ((r"nemotron", "Nemotron"),),
    "Writer": ((r"palmyra", "Palmyra"),),
    "Z.ai": ((r"glm", "GLM"),),
}


def model_family(developer: str, model_id: str) -> str | None:
    """The family of a canonical model; None where no rule knows it."""
    for expression, family in _FAMILIES.get(developer, ()):
        if re.search(expression, model_id):
            return family
    return None
