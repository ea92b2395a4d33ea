"""Usage and cost as Langfuse keeps them: a map of names to counts, of which some are parts of others."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from genai_finops.attribution.formats.log_values import amount_of, count_of
from genai_finops.attribution.token_classes import DisjointCounts, disjoint_counts

#: Neither reading of the names gives the total that the log gives.
TOTAL_DIFFERS = "usage_total_differs"
#: A count of neither input nor output.
UNKNOWN_USAGE = "unknown_usage_key"

_TOTALS = ("total", "total_tokens", "totalTokens")
_PLAIN = {
    "input": "input",
    "output": "output",
    "inputtokens": "input",
    "outputtokens": "output",
    "prompt": "input",
    "completion": "output",
    "prompttokens": "input",
    "completiontokens": "output",
}
_MEDIA = ("audio", "image", "video")


@lru_cache(maxsize=512)
def _class_of(key: str) -> tuple[str, bool]:
    """Class of a usage key, and whether it is one of the two plain keys that others may be parts of."""
    name = key.replace("_", "").lower()
    plain = _PLAIN.get(name)
    if plain is not None:
        return plain, True
    is_output = name.startswith(("output", "completion", "reasoning", "thought", "candidate"))
    media = next((medium for medium in _MEDIA if medium in name), None)
    if "cache" in name:
        if "write" in name or "creation" in name:
            return f"cache_write{'_5m' if '5m' in name else '_1h' if '1h' in name else ''}", False
        return ("cache_read_audio" if media == "audio" else "cache_read"), False
    if is_output:
        return f"output_{media}" if media in {"audio", "image"} else "output_part", False
    if "input" in name or "prompt" in name:
        return f"input_{media}" if media else "input_part", False
    return "", False


def usage_counts(details: Mapping[str, Any]) -> DisjointCounts:
    """Disjoint classes of `usageDetails`. Raises Defect.

    Keys are added up, so that cached input has a key of its own beside `input`; keys with a dot, which OpenTelemetry
    left, are parts of others. Where the log gives a total, the reading that yields it is taken, be it another one.
    """
    total = next((count_of(name, details[name]) for name in _TOTALS if details.get(name) is not None), None)
    counted = {key: count_of("usageDetails", value) for key, value in details.items() if key not in _TOTALS}
    plain = sum(count for key, count in counted.items() if _class_of(key)[1])
    dotted = sum(count for key, count in counted.items() if "." in key)
    beside = sum(counted.values()) - plain - dotted
    mended: tuple[str, ...] = ()
    adds_keys, adds_dotted = True, False
    if total is not None and total != plain + beside:
        if total == plain + beside + dotted:
            adds_dotted = True
        elif total == plain and plain:
            adds_keys = False
        elif total == plain + dotted:
            adds_keys, adds_dotted = False, True
        else:
            mended = (TOTAL_DIFFERS,)
    return _counts(counted, adds_keys, adds_dotted, mended)


def _counts(counted: Mapping[str, int], adds_keys: bool, adds_dotted: bool, mended: tuple[str, ...]) -> DisjointCounts:
    sums: dict[str, int] = {}
    inputs = outputs = 0
    for key, count in counted.items():
        name, is_plain = _class_of(key)
        if not name:
            mended += (UNKNOWN_USAGE,) if count else ()
            continue
        sums[name] = sums.get(name, 0) + count
        if is_plain or (adds_dotted if "." in key else adds_keys):
            if name.startswith("output"):
                outputs += count
            else:
                inputs += count
    cache_read_audio = sums.get("cache_read_audio", 0)
    cache_write_5m, cache_write_1h = sums.get("cache_write_5m", 0), sums.get("cache_write_1h", 0)
    counts = disjoint_counts(
        input_tokens=inputs,
        cache_read=sums.get("cache_read", 0) + cache_read_audio,
        cache_write=sums.get("cache_write", 0) + cache_write_5m + cache_write_1h,
        cache_write_5m=cache_write_5m,
        cache_write_1h=cache_write_1h,
        input_audio=sums.get("input_audio", 0) + cache_read_audio,
        cache_read_audio=cache_read_audio,
        input_image=sums.get("input_image", 0),
        input_video=sums.get("input_video", 0),
        output_tokens=outputs,
        output_audio=sums.get("output_audio", 0),
        output_image=sums.get("output_image", 0),
        input_includes_cache=True,
    )
    return counts._replace(mended=mended + counts.mended) if mended else counts


def cost_of(details: Mapping[str, Any]) -> Decimal | None:
    """Total of `costDetails`: the one that is given, else the sum of its parts; None of an empty map. Raises Defect."""
    if not details:
        return None
    given = details.get("total")
    if given is not None:
        return amount_of("costDetails.total", given)
    parts = [amount_of("costDetails", value) for value in details.values() if value is not None]
    return sum((part for part in parts if part is not None), Decimal(0)) if parts else None
