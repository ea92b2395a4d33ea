"""Orders of provisioned throughput: their prices and levels, and what is drawn of them, as worked out by hand."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pytest

from genai_finops.simulator.capacity_truth import capacity_truth
from genai_finops.simulator.gcp_vertex.burndown import throughput_of, weighted
from genai_finops.simulator.gcp_vertex.orders import gsu_levels, orders_of
from genai_finops.simulator.gcp_vertex.provisioned import estate_of
from genai_finops.simulator.gcp_vertex.traffic import build_account
from genai_finops.simulator.scenario import Scenario

SCENARIO = Scenario()
START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("org", "model", "term", "price"),
    [
        ("acme", "gemini-2.5-flash", "P1W", "1320"),
        ("acme", "claude-haiku-4-5@20251001", "P1M", "2700"),
        ("globex", "gemini-2.5-pro", "P1M", "2970"),
        ("globex", "gemini-2.5-pro", "P1Y", "2200"),
        ("globex", "claude-sonnet-4-5@20250929", "P3M", "2400"),
    ],
)
def test_a_gsu_costs_what_the_page_says_and_a_tenth_more_in_a_region(org, model, term, price):
    (order,) = [order for order in orders_of(SCENARIO, org) if (order.model, order.term) == (model, term)]
    assert order.unit_price == Decimal(price)
    assert order.price_period == ("term" if term == "P1W" else "month")


def test_the_level_of_orders_is_their_sum_and_nothing_after_the_last():
    orders = [order for order in orders_of(SCENARIO, "initech") if order.model == "gemini-2.5-pro"]
    assert [(f"{moment:%Y-%m-%d %H:%M}", level) for moment, level in gsu_levels(orders)] == [
        ("2026-03-16 00:00", 2),
        ("2026-10-13 09:30", 3),
        ("2026-11-13 09:30", 2),
        ("2027-03-16 00:00", None),
    ]


@pytest.mark.parametrize(
    ("meter", "is_long", "tokens"),
    [
        ("uncached_input", False, 101),
        ("cache_read", False, 10),
        ("cache_write_5m", False, 126),
        ("cache_write_1h", False, 202),
        ("output", False, 505),
        ("output", True, 757),
        ("request", False, 0),
    ],
)
def test_tokens_of_claude_weigh_what_they_cost_to_serve(meter, is_long, tokens):
    throughput = throughput_of("claude-sonnet-4-5@20250929")
    assert throughput is not None
    assert weighted(throughput, meter, 101, is_long=is_long) == tokens


@pytest.mark.parametrize("org", SCENARIO.orgs)
def test_no_order_is_drawn_beyond_what_it_has(org):
    true = capacity_truth(estate_of(build_account(SCENARIO, org)), START, START + dt.timedelta(days=35))
    used: defaultdict[str, Decimal] = defaultdict(Decimal)
    for hour in true.committed:
        used[hour.commitment_id] += Decimal(hour.used.numerator) / hour.used.denominator
    idle = {order.commitment_id for order in orders_of(SCENARIO, org) if order.model == "claude-haiku-4-5@20251001"}
    assert {found for found, quantity in used.items() if quantity == 0} >= idle
    assert sum(used.values()) > 100
