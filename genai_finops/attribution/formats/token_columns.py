"""`attribution.token_classes` over columns: the same classes of the same counts, for millions of requests at once."""

from collections.abc import Mapping

import polars as pl

from genai_finops.attribution.token_classes import (
    CACHED_ABOVE_INPUT,
    CACHED_AUDIO_ABOVE_CACHED,
    MEDIA_ABOVE_INPUT,
    MEDIA_ABOVE_OUTPUT,
)

_MEDIA = ("input_audio", "cache_read_audio", "input_image", "input_video")


def disjoint_columns(counts: Mapping[str, pl.Expr], *, input_includes_cache: bool) -> dict[str, pl.Expr]:
    """Each class of tokens as an expression, by its meter, and `mended.<name>` as a condition.

    `counts` holds those parameters of `disjoint_counts` that the source has, as columns of integers without nulls.
    """

    def of(name: str) -> pl.Expr:
        return counts.get(name, pl.lit(0, dtype=pl.Int64))

    read = of("cache_read")
    undated = pl.max_horizontal(of("cache_write") - of("cache_write_5m") - of("cache_write_1h"), pl.lit(0, pl.Int64))
    classes: dict[str, pl.Expr] = {}
    for name in ("cache_write_5m", "cache_write_1h"):
        if name in counts:
            classes[name] = counts[name]
    if "cache_write" in counts:
        classes["cache_write"] = undated
    uncached = of("input_tokens")
    includes = pl.lit(input_includes_cache)
    if input_includes_cache:
        cached = read + undated + of("cache_write_5m") + of("cache_write_1h")
        includes = cached <= of("input_tokens")
        uncached = pl.when(includes).then(uncached - cached).otherwise(uncached)
        classes[f"mended.{CACHED_ABOVE_INPUT}"] = includes.not_()
    if any(name in counts for name in _MEDIA):
        audio_told = of("input_audio")
        limit = pl.when(includes).then(pl.min_horizontal(read, audio_told)).otherwise(read)
        read_audio = pl.min_horizontal(of("cache_read_audio"), limit)
        told = pl.when(includes).then(audio_told - read_audio).otherwise(audio_told)
        audio = pl.min_horizontal(told, uncached)
        image = pl.min_horizontal(of("input_image"), uncached - audio)
        video = pl.min_horizontal(of("input_video"), uncached - audio - image)
        fits = audio + image + video >= told + of("input_image") + of("input_video")
        classes |= {
            "uncached_input_audio": audio,
            "uncached_input_image": image,
            "uncached_input_video": video,
            "cache_read_audio": read_audio,
            f"mended.{CACHED_AUDIO_ABOVE_CACHED}": of("cache_read_audio") > limit,
            f"mended.{MEDIA_ABOVE_INPUT}": fits.not_(),
        }
        uncached = uncached - audio - image - video
        read = read - read_audio
    classes["uncached_input"] = uncached
    if "cache_read" in counts:
        classes["cache_read"] = read
    return classes | _output(counts)


def _output(counts: Mapping[str, pl.Expr]) -> dict[str, pl.Expr]:
    output = counts.get("output_tokens", pl.lit(0, dtype=pl.Int64))
    if "output_audio" not in counts and "output_image" not in counts:
        return {"output": output}
    audio_told = counts.get("output_audio", pl.lit(0, dtype=pl.Int64))
    image_told = counts.get("output_image", pl.lit(0, dtype=pl.Int64))
    audio = pl.min_horizontal(audio_told, output)
    image = pl.min_horizontal(image_told, output - audio)
    return {
        "output": output - audio - image,
        "output_audio": audio,
        "output_image": image,
        f"mended.{MEDIA_ABOVE_OUTPUT}": audio_told + image_told > output,
    }
