"""Token counts of a span or observation, where sources differ in what includes what."""

from typing import NamedTuple

from genai_finops.attribution.token_classes import DisjointCounts, disjoint_counts

#: The total that the source gives holds only where cached tokens are beside the input.
CACHED_BESIDE_INPUT = "cached_beside_input"
#: Reasoning above the output, or beside it by the total that the source gives: it is added.
REASONING_BESIDE_OUTPUT = "reasoning_beside_output"


class SpanTokens(NamedTuple):
    """Counts in the words of the OpenTelemetry conventions; 0 where absent."""

    input_tokens: int = 0
    output_tokens: int = 0
    #: Input and output together; 0 where the source does not say.
    total: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    input_audio: int = 0
    input_image: int = 0
    input_video: int = 0
    output_audio: int = 0
    output_image: int = 0
    #: Parts of the writes, by lifetime, and of the reads.
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read_audio: int = 0

    def disjoint(self, *, input_includes_cache: bool | None) -> DisjointCounts:
        """Disjoint classes. None: as the conventions say, unless the counts prove otherwise.

        The conventions count cached tokens in the input and reasoning in the output. Older instrumentations do not, and
        where they give a total it tells.
        """
        mended: tuple[str, ...] = ()
        output = self.output_tokens
        cached = self.cache_read + max(self.cache_write, self.cache_write_5m + self.cache_write_1h)
        if self.reasoning and self._is_reasoning_beside(cached):
            output += self.reasoning
            mended = (REASONING_BESIDE_OUTPUT,)
        includes = input_includes_cache
        if includes is None:
            includes = True
            if 0 < cached <= self.input_tokens and self.total == self.input_tokens + cached + output:
                includes = False
                mended += (CACHED_BESIDE_INPUT,)
        counts = disjoint_counts(
            input_tokens=self.input_tokens,
            cache_read=self.cache_read,
            cache_write=self.cache_write,
            cache_write_5m=self.cache_write_5m,
            cache_write_1h=self.cache_write_1h,
            input_audio=self.input_audio,
            cache_read_audio=self.cache_read_audio,
            input_image=self.input_image,
            input_video=self.input_video,
            output_tokens=output,
            output_audio=self.output_audio,
            output_image=self.output_image,
            input_includes_cache=includes,
        )
        return counts._replace(mended=mended + counts.mended) if mended else counts

    def _is_reasoning_beside(self, cached: int) -> bool:
        with_reasoning = self.input_tokens + self.output_tokens + self.reasoning
        return self.reasoning > self.output_tokens or self.total in {with_reasoning, with_reasoning + cached}
