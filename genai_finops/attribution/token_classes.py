"""Token counts as a log gives them, made disjoint: each token lies in exactly one class."""

from typing import NamedTuple, Self

#: Cached tokens that exceed the input they should be part of: the source counts them beside it, and so do we.
CACHED_ABOVE_INPUT = "cached_above_input"
#: Cached audio above all cached reads, or above all audio of the input: as much of it as fits is kept.
CACHED_AUDIO_ABOVE_CACHED = "cached_audio_above_cached"
#: Audio, images and video above the input that was not cached: as much of each as fits is kept.
MEDIA_ABOVE_INPUT = "media_above_input"
#: Audio and images above the output: as much of each as fits is kept.
MEDIA_ABOVE_OUTPUT = "media_above_output"


class DisjointCounts(NamedTuple):
    """Tokens of one request by class. The names are those meters of an event that count tokens."""

    uncached_input: int = 0
    uncached_input_audio: int = 0
    uncached_input_image: int = 0
    uncached_input_video: int = 0
    cache_read: int = 0
    cache_read_audio: int = 0
    #: Written with a lifetime that the source does not name.
    cache_write: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    output_audio: int = 0
    output_image: int = 0
    #: Of providers that bill reasoning apart. Elsewhere it is part of the output.
    output_reasoning: int = 0
    embedding_input: int = 0
    #: Names of what did not fit together and was mended.
    mended: tuple[str, ...] = ()

    @property
    def input_total(self) -> int:
        """All input tokens, cached and written ones included."""
        return sum(self[:9]) + self.embedding_input

    @property
    def output_total(self) -> int:
        """All output tokens."""
        return self.output + self.output_audio + self.output_image + self.output_reasoning

    def as_embedding(self) -> Self:
        """The same request where it asks for embeddings: all input is of one class, and there is no output."""
        return type(self)(embedding_input=self.input_total, mended=self.mended)


def disjoint_counts(
    *,
    input_tokens: int,
    cache_read: int = 0,
    cache_write: int = 0,
    cache_write_5m: int = 0,
    cache_write_1h: int = 0,
    input_audio: int = 0,
    cache_read_audio: int = 0,
    input_image: int = 0,
    input_video: int = 0,
    output_tokens: int = 0,
    output_audio: int = 0,
    output_image: int = 0,
    input_includes_cache: bool,
) -> DisjointCounts:
    """The classes of one request, from counts that overlap as the formats' counts do.

    `cache_write` is all that was written to the cache; the two lifetimes are parts of it (a smaller or missing sum
    gives way to its parts). Audio, images and video are parts of the input, `cache_read_audio` of the cached reads and,
    where the input includes the cache, of the audio. Audio and images of the output are parts of `output_tokens`, and
    so is reasoning. Whether `input_tokens` includes reads and writes differs between sources; one that should, but
    counts more cached than input, excludes them: the case is named in `mended`. Embeddings: `.as_embedding()`.
    ValueError for a negative count.
    """
    if (
        min(
            input_tokens, cache_read, cache_write, cache_write_5m, cache_write_1h, input_audio, cache_read_audio,
            input_image, input_video, output_tokens, output_audio, output_image,
        ) < 0
    ):  # fmt: skip
        raise ValueError("negative token count")
    mended: tuple[str, ...] = ()
    undated_write = max(cache_write - cache_write_5m - cache_write_1h, 0)
    uncached = input_tokens
    cached = cache_read + undated_write + cache_write_5m + cache_write_1h
    includes = input_includes_cache and cached <= input_tokens
    if includes:
        uncached -= cached
    elif input_includes_cache:
        mended = (CACHED_ABOVE_INPUT,)
    audio = image = video = 0
    if input_audio or cache_read_audio or input_image or input_video:
        limit = min(cache_read, input_audio) if includes else cache_read
        if cache_read_audio > limit:
            cache_read_audio = limit
            mended += (CACHED_AUDIO_ABOVE_CACHED,)
        if includes:
            input_audio -= cache_read_audio
        audio = min(input_audio, uncached)
        image = min(input_image, uncached - audio)
        video = min(input_video, uncached - audio - image)
        if audio + image + video < input_audio + input_image + input_video:
            mended += (MEDIA_ABOVE_INPUT,)
    if output_audio + output_image > output_tokens:
        output_audio = min(output_audio, output_tokens)
        output_image = output_tokens - output_audio
        mended += (MEDIA_ABOVE_OUTPUT,)
    return DisjointCounts(
        uncached - audio - image - video,
        audio,
        image,
        video,
        cache_read - cache_read_audio,
        cache_read_audio,
        undated_write,
        cache_write_5m,
        cache_write_1h,
        output_tokens - output_audio - output_image,
        output_audio,
        output_image,
        0,
        0,
        mended,
    )
