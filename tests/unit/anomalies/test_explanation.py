"""A change of cost is split into effects that add up to it, each by its own cause alone."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_finops.anomalies.explanation import explain
from genai_finops.warehouse.explained_costs import CostLine, PeriodCosts


def line(meter: str, quantity: str, cost: str, **others: Any) -> CostLine:
    values: dict[str, Any] = {
        "role": "usage",
        "flow": "payg",
        "provider": "openai",
        "model": "small",
        "tier": "standard",
        "place": ("acme",),
        "currency": "USD",
    }
    return CostLine(**{**values, **others}, meter=meter, quantity=Decimal(quantity), cost=Decimal(cost))


def period(*lines: CostLine, **requests: str) -> PeriodCosts:
    counted = {("openai", model): Decimal(count) for model, count in requests.items()}
    return PeriodCosts(lines=lines, requests=counted)


def effects(before: PeriodCosts, after: PeriodCosts) -> dict[str, Decimal]:
    (told,) = explain(before, after)
    return {str(effect): amount for effect, amount in told.effects.items()}


BASE = period(line("uncached_input", "1000", "10"), line("output", "100", "5"), small="10")


def test_nothing_changed_has_no_effect() -> None:
    assert effects(BASE, BASE) == {}


def test_twice_the_requests_of_the_same_kind_are_volume() -> None:
    after = period(line("uncached_input", "2000", "20"), line("output", "200", "10"), small="20")
    assert effects(BASE, after) == {"volume": Decimal(15)}


def test_longer_answers_of_as_many_requests_are_token_length() -> None:
    after = period(line("uncached_input", "1000", "10"), line("output", "300", "15"), small="10")
    assert effects(BASE, after) == {"token_length": Decimal(10)}


def test_another_price_of_the_same_usage_is_price() -> None:
    after = period(line("uncached_input", "1000", "7"), line("output", "100", "5"), small="10")
    assert effects(BASE, after) == {"price": Decimal(-3)}


def test_half_the_input_from_the_cache_is_cache_rate() -> None:
    after = period(
        line("uncached_input", "500", "5"), line("cache_read", "500", "0.5"), line("output", "100", "5"), small="10"
    )
    assert effects(BASE, after) == {"cache_rate": Decimal("-4.5")}


def test_half_the_usage_in_batches_is_tier() -> None:
    after = period(
        *(line("uncached_input", "500", cost, tier=tier) for tier, cost in (("standard", "5"), ("batch", "2.5"))),
        *(line("output", "50", cost, tier=tier) for tier, cost in (("standard", "2.5"), ("batch", "1.25"))),
        small="10",
    )
    assert effects(BASE, after) == {"tier": Decimal("-3.75")}


def test_requests_that_move_to_another_model_are_model_mix() -> None:
    before = period(line("output", "100", "1"), line("output", "100", "9", model="large"), small="10", large="10")
    after = period(line("output", "50", "0.5"), line("output", "150", "13.5", model="large"), small="5", large="15")
    assert effects(before, after) == {"model_mix": Decimal(4)}


def test_a_model_that_is_new_is_model_mix_and_named() -> None:
    after = period(line("output", "100", "1"), line("output", "100", "9", model="large"), small="10", large="10")
    before = period(line("output", "200", "2"), small="20")
    (told,) = explain(before, after)
    assert (told.effects, told.new_models) == ({"model_mix": Decimal(8)}, ("openai large",))


def test_usage_that_moves_to_a_dearer_region_is_placement() -> None:
    after = period(line("uncached_input", "1000", "11", place=("eu",)), line("output", "100", "5"), small="10")
    assert effects(BASE, after) == {"placement": Decimal(1)}


def test_without_requests_tokens_are_the_volume() -> None:
    before, after = period(line("output", "100", "5")), period(line("output", "300", "15"))
    assert effects(before, after) == {"volume": Decimal(10)}


def test_two_changes_share_what_they_do_together() -> None:
    # 100 x 0.05 -> 200 x 0.07: 5 and 2, and of the 2 that need both each has 1.
    before, after = period(line("output", "100", "5"), small="1"), period(line("output", "200", "14"), small="2")
    assert effects(before, after) == {"volume": Decimal(6), "price": Decimal(3)}


def test_usage_that_gets_a_price_is_the_effect_of_having_none() -> None:
    unpriced = period(line("output", "100", "0", role="unpriced"), small="1")
    priced = period(line("output", "100", "5"), small="1")
    assert effects(unpriced, priced) == {"unpriced": Decimal(5)}


def test_commitments_are_told_apart_from_usage() -> None:
    before = period(line("ptu_hour", "10", "10", role="used", flow="commitment"))
    after = period(
        line("ptu_hour", "6", "6", role="used", flow="commitment"),
        line("ptu_hour", "0", "4", role="unused", flow="commitment"),
        line("ptu_hour", "0", "30", role="purchase", flow="commitment"),
    )
    assert effects(before, after) == {
        "commitment_used": Decimal(-4),
        "commitment_unused": Decimal(4),
        "commitment_purchase": Decimal(30),
    }


def test_hours_of_machines_have_volume_and_price() -> None:
    before = period(line("gpu_hour", "10", "20", flow="infrastructure"))
    after = period(line("gpu_hour", "20", "60", flow="infrastructure"))
    # 10 x 2 -> 20 x 3: 10 hours at 2.5, and 1 more for 15 hours.
    assert effects(before, after) == {"infrastructure_volume": Decimal(25), "infrastructure_price": Decimal(15)}


def test_currencies_are_never_added_together() -> None:
    after = period(*BASE.lines, line("output", "1", "1", currency="EUR"), small="10")
    assert [(told.currency, told.change) for told in explain(BASE, after)] == [("EUR", 1), ("USD", 0)]


_LINES = st.lists(
    st.builds(
        line,
        st.sampled_from(["uncached_input", "cache_read", "output", "output_audio", "web_search", "ptu_hour", "odd"]),
        st.decimals(0, 10**12, places=6).map(str),
        st.decimals(-(10**9), 10**9, places=18).map(str),
        model=st.sampled_from(["small", "large", None]),
        provider=st.sampled_from(["openai", "gemini"]),
        tier=st.sampled_from(["standard", "batch", None]),
        place=st.sampled_from([("eu",), (None,)]),
        flow=st.sampled_from(["payg", "commitment", "infrastructure"]),
        role=st.sampled_from(["usage", "usage", "usage", "used", "unused", "purchase", "other", "unpriced"]),
    ),
    max_size=8,
)
_PERIODS = st.builds(
    lambda lines, small, large: period(*lines, small=str(small), large=str(large)),
    _LINES,
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)


@settings(max_examples=60, deadline=None)
@given(_PERIODS, _PERIODS)
def test_effects_add_up_to_the_change_to_the_last_decimal(before: PeriodCosts, after: PeriodCosts) -> None:
    for told in explain(before, after):
        assert sum(told.effects.values()) == told.change
        assert abs(told.effects.get("rounding", Decimal())) < Decimal("1e-15")


@settings(max_examples=60, deadline=None)
@given(_PERIODS, _PERIODS)
def test_swapped_periods_have_negated_effects(before: PeriodCosts, after: PeriodCosts) -> None:
    for there, back in zip(explain(before, after), explain(after, before), strict=True):
        for effect in {*there.effects, *back.effects}:
            both = there.effects.get(effect, Decimal()) + back.effects.get(effect, Decimal())
            assert both == pytest.approx(0, abs=1e-15)
