"""Rejects name exactly the broken lines, wherever pieces end, and columns count tokens as single requests do."""

import io
import json

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.formats.token_columns import disjoint_columns
from genai_finops.attribution.pieces import Pieces
from genai_finops.attribution.token_classes import disjoint_counts

_OPTIONS = {"started_at": "t", "tokens": {"input_tokens": "u.n"}}
_GOOD = st.integers(0, 10**12).map(lambda count: (json.dumps({"t": "2026-11-02", "u": {"n": count}}), True))
_BROKEN = st.sampled_from(
    ['{"t":', "[]", "7", "null", '"x"', '{"t":"x"}', '{"t":"2026-11-02","u":{"n":-1}}', '{"t":"2026-11-02","u":3}',
     "{}", '{"t":"2026-11-02","u":{"n":1e400}}', '{"t":"2026-11-02"}{"t":"2026-11-02"}',
     '{"t":"2026-11-02","u":{"n":[1]}}']
).map(lambda text: (text, False))  # fmt: skip
_BLANK = st.sampled_from(["", " ", "\t"]).map(lambda text: (text, None))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.one_of(_GOOD, _GOOD, _BROKEN, _BLANK), st.sampled_from(["\n", "\r\n"])), max_size=25),
    st.integers(1, 400),
    st.booleans(),
)
def test_every_line_is_an_event_or_a_reject_of_its_own_number(
    lines: list[tuple[tuple[str, bool | None], str]], piece_bytes: int, ends: bool
) -> None:
    text = "".join(line + end for (line, _), end in lines)
    content = (text if ends else text.removesuffix("\n")).encode()
    events, rejects = [], []
    for piece in Pieces(io.BytesIO(content), keeps_open_line=True, piece_bytes=piece_bytes).lines():
        read = FORMATS["jsonl"].read(piece, _OPTIONS)
        events += read.events["log_line"].to_list()
        rejects += [reject.line for reject in read.rejects]
    assert events == [number for number, ((_, kind), _) in enumerate(lines, start=1) if kind is True]
    assert rejects == [number for number, ((_, kind), _) in enumerate(lines, start=1) if kind is False]


_COUNTS = (
    "input_tokens", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "input_audio", "cache_read_audio",
    "input_image", "input_video", "output_tokens", "output_audio", "output_image",
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries({name: st.integers(0, 9) for name in _COUNTS}), min_size=1), st.booleans())
def test_columns_have_the_token_classes_of_single_requests(rows: list[dict[str, int]], includes: bool) -> None:
    made = disjoint_columns({name: pl.col(name) for name in _COUNTS}, input_includes_cache=includes)
    frame = pl.DataFrame(rows).select(expr.alias(name) for name, expr in made.items())
    for found, row in zip(frame.to_dicts(), rows, strict=True):
        single = disjoint_counts(**row, input_includes_cache=includes)
        classes = single._asdict()
        assert {name: found[name] for name in found if not name.startswith("mended.")} == {
            name: classes[name] for name in found if not name.startswith("mended.")
        }
        assert sum(count for name, count in found.items() if not name.startswith("mended.")) == (
            single.input_total + single.output_total
        )
        assert {name for name, case in found.items() if name.startswith("mended.") and case} == {
            f"mended.{name}" for name in single.mended
        }
