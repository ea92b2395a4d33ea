"""GSU-hours from limits that were averaged in floating point equal those of whole numbers, rounded down."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from genai_finops.providers.vertex_throughput import drawn_gsu_hours

_MICRO = 1_000_000


@given(
    per_gsu=st.sampled_from([70, 105, 210, 350, 650, 2690, 14_405]),
    levels=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    minutes=st.integers(0, 60),
    full_gsu_hours=st.integers(0, 6000),
    tokens=st.integers(-2, 2),
)
def test_drawn_gsu_hours_are_exact_and_at_most_the_limit(
    per_gsu: int, levels: tuple[int, int], minutes: int, full_gsu_hours: int, tokens: int
) -> None:
    samples = [levels[0]] * minutes + [levels[1]] * (60 - minutes)
    gsu, per_second = sum(samples) / 60, sum(sample * per_gsu for sample in samples) / 60
    weighted = max(full_gsu_hours * per_gsu * 3600 + tokens, 0)

    drawn = drawn_gsu_hours(Decimal(weighted), Decimal(repr(gsu)), Decimal(repr(per_second)))

    true = min(Fraction(weighted, per_gsu * 3600), Fraction(sum(samples), 60))
    assert drawn == Decimal(true * _MICRO // 1) / _MICRO
