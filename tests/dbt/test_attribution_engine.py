"""Who caused a charge, against shares that were reckoned by hand. Each organisation is one case."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from .attribution_lake import DAY, NOON, charged_row, event_row, rule_row
from .commitment_lake import CommitmentLake, at, capacity_price_row, commitment_row, price_row, usage_row
from .open_day_cases import OPEN_DAYS, OWNED, add_open_days, spent_on_open_day

Row = dict[str, Any]
#: Method or reason, tenant, effective cost.
Share = tuple[str, str | None, str]
#: A million tokens cost 2 USD in and 8 USD out, a thousand searches 10 USD.
PRICES = (
    price_row("uncached_input", "2"),
    price_row("cache_read", "1"),
    price_row("output", "8"),
    price_row("web_search", "10"),
    price_row("output", "4", service_tier="batch"),
    price_row("uncached_input", "1", service_tier="batch"),
    price_row("cache_read", "0.5", service_tier="batch"),
)


class Case:
    """Rows of one organisation: what was charged, what was logged, what rules say."""

    def __init__(self, org: str) -> None:
        self.org = org
        self.charges: list[Row] = []
        self.events: list[Row] = []
        self.rules: list[Row] = []

    def charged(self, meter: str, quantity: int, **columns: Any) -> "Case":
        self.charges.append(charged_row(self.org, meter, quantity, **columns))
        return self

    def logged(self, tenant: str | None, **columns: Any) -> "Case":
        event_id = columns.pop("event_id", f"request-{len(self.events)}")
        self.events.append(event_row(self.org, event_id, tenant, **columns))
        return self

    def ruled(self, scope: str, scope_id: str, dimension: str, value: str) -> "Case":
        self.rules.append(rule_row(self.org, scope, scope_id, dimension, value))
        return self


def _complete(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).logged("a", output=250_000).logged("b", output=750_000)
    return [("logged_quantity", "a", "2"), ("logged_quantity", "b", "6")]


def _incomplete(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).logged("a", output=620_000)
    return [("logged_quantity", "a", "4.96"), ("incomplete_log", None, "3.04")]


def _more_than_billed(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).logged("a", output=1_500_000).logged("b", output=500_000)
    return [("shared_by_quantity", "a", "6"), ("shared_by_quantity", "b", "2")]


def _other_key(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).charged("output", 500_000, api_key_id="key-2").logged("a", output=1_000_000)
    return [("logged_quantity", "a", "8"), ("no_log_of_key", None, "4")]


def _log_without_key(case: Case) -> list[Share]:
    case.charged("output", 750_000).charged("output", 250_000, api_key_id="key-2")
    case.logged("a", output=500_000, api_key_id=None).logged("b", output=500_000, api_key_id=None)
    return [("shared_by_quantity", "a", "4"), ("shared_by_quantity", "b", "4")]


def _keys_before_accounts(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).charged("output", 1_000_000, api_key_id="key-2")
    case.logged("a", output=1_000_000).logged("b", output=1_000_000, api_key_id=None)
    # What names no key can only belong to what the key's own log leaves.
    return [("logged_quantity", "a", "8"), ("logged_quantity", "b", "8")]


def _tier_that_is_named(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).charged("output", 1_000_000, service_tier="batch")
    case.logged("a", output=1_000_000).logged("b", output=1_000_000, service_tier="batch")
    return [("logged_quantity", "a", "8"), ("logged_quantity", "b", "4")]


def _band_that_the_log_says_otherwise(case: Case) -> list[Share]:
    """Two regions with a band that no request lies in: the region tells them apart."""
    band = {"context_band": "long", "context_tokens_above": 200_000, "context_tokens_up_to": 1_000_000}
    case.charged("output", 1_000_000, region_id="east", **band).charged("output", 1_000_000, region_id="west", **band)
    case.logged("a", output=1_000_000, region_id="east").logged("b", output=1_000_000, region_id="west")
    return [("logged_quantity", "a", "8"), ("logged_quantity", "b", "8")]


def _input_whose_cached_share_is_not_billed(case: Case) -> list[Share]:
    """Billed as one, logged apart: all input of the modality belongs together, and the tier tells it apart."""
    case.charged("input", 1_000_000).charged("input", 1_000_000, service_tier="batch")
    case.logged("a", uncached_input=250_000, cache_read=750_000)
    case.logged("b", uncached_input=1_000_000, service_tier="batch")
    return [("shared_by_direction", "a", "2"), ("shared_by_direction", "b", "1")]


def _tier_that_is_not_named(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).charged("output", 1_000_000, service_tier="batch")
    case.logged("a", output=2_000_000, service_tier=None)
    return [("shared_by_quantity", "a", "12")]


def _cached_share_that_is_not_logged(case: Case) -> list[Share]:
    case.charged("uncached_input", 600_000).charged("cache_read", 400_000)
    case.logged("a", uncached_input=600_000).logged("b", cache_write_5m=400_000)
    # The cache reads that were billed are matched with the input that was logged as something else.
    return [("logged_quantity", "a", "1.2"), ("shared_by_direction", "b", "0.4")]


def _searches_that_are_not_logged(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).charged("web_search", 100, consumed_unit="Requests")
    case.logged("a", output=250_000).logged("b", output=250_000)
    return [
        ("logged_quantity", "a", "2"),
        ("logged_quantity", "b", "2"),
        ("incomplete_log", None, "4"),
        ("shared_by_cost", "a", "0.25"),
        ("shared_by_cost", "b", "0.25"),
        ("incomplete_log", None, "0.5"),
    ]


def _searches_of_a_key_without_log(case: Case) -> list[Share]:
    case.charged("output", 1_000_000)
    case.charged("web_search", 100, consumed_unit="Requests", api_key_id="key-2")
    case.logged("a", output=1_000_000)
    return [("logged_quantity", "a", "8"), ("no_log_of_key", None, "1")]


def _no_log(case: Case) -> list[Share]:
    case.charged("output", 1_000_000)
    return [("no_log_of_account", None, "8")]


def _other_model(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).logged("a", output=1_000_000, provider_model_id="unheard-of")
    return [("no_log_of_model", None, "8")]


def _rule_for_a_key(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).charged("output", 1_000_000, api_key_id="key-2").logged("a", output=1_000_000)
    case.ruled("account", "account-1", "tenant", "everyone").ruled("api_key", "key-2", "tenant", "b")
    return [("logged_quantity", "a", "8"), ("mapping_rule", "b", "8")]


def _log_without_tenant(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).logged(None, output=1_000_000).ruled("api_key", "key-1", "tenant", "b")
    return [("logged_quantity", "b", "8")]


def _renamed_tenant(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).logged("old", output=400_000).logged("new", output=600_000)
    case.ruled("tenant", "old", "tenant", "new")
    return [("logged_quantity", "new", "8")]


def _told_twice(case: Case) -> list[Share]:
    case.charged("output", 1_000_000)
    case.logged("a", event_id="same", output=1).logged("a", event_id="same", output=400_000, log_file="later.jsonl")
    return [("logged_quantity", "a", "3.2"), ("incomplete_log", None, "4.8")]


def _stored_twice(case: Case) -> list[Share]:
    """A retention that was killed between copy and deletion leaves the same telling in two files."""
    case.charged("output", 1_000_000)
    for _ in range(2):
        case.logged("a", event_id="same", output=400_000)
    return [("logged_quantity", "a", "3.2"), ("incomplete_log", None, "4.8")]


def _told_on_both_sides_of_midnight(case: Case) -> list[Share]:
    case.charged("output", 1_000_000).charged("output", 1_000_000, usage_date=DAY + dt.timedelta(days=1))
    for moment, file in ((at("2026-01-06T00:01:00"), "skewed.jsonl"), (at("2026-01-05T23:59:00"), "gateway.jsonl")):
        case.logged("a", event_id="same", output=1_000_000, started_at=moment, log_file=file)
    return [("logged_quantity", "a", "8"), ("no_log_of_account", None, "8")]


def _answer_from_a_cache(case: Case) -> list[Share]:
    case.charged("output", 1_000_000)
    case.logged("a", output=1_000_000).logged("b", output=1_000_000, is_cache_hit=True)
    return [("logged_quantity", "a", "8")]


def _indivisible(case: Case) -> list[Share]:
    case.charged("output", 1)
    for tenant in ("a", "b", "c"):
        case.logged(tenant, output=1)
    return [("shared_by_quantity", "c", "0.000008")]


CASES: dict[str, Callable[[Case], list[Share]]] = {
    name.removeprefix("_"): case
    for name, case in list(globals().items())
    if name.startswith("_") and getattr(case, "__annotations__", {}).get("case") is Case
}


@pytest.fixture(scope="module")
def built(lake_folder: Path) -> tuple[CommitmentLake, dict[str, list[Share]]]:
    """All cases in one build, with the data tests of the project, and what is expected of each."""
    lake = CommitmentLake(folder=lake_folder)
    expected = {}
    for name, describe in CASES.items():
        case = Case(name)
        expected[name] = describe(case)
        lake.add("genai_payg_usage_raw", case.charges)
        lake.add("genai_usage_events_raw", case.events)
        lake.add("genai_attribution_rules", case.rules)
    lake.add("genai_price_book", PRICES)
    _add_capacity(lake)
    add_open_days(lake)
    lake.write()
    lake.build(select=("+path:models/attribution",))
    return lake, expected


def _add_capacity(lake: CommitmentLake) -> None:
    """100 PTU used in two hours: in the first by a and b, in the second the log has half of what was served."""
    lake.add("genai_capacity_price_book", [capacity_price_row("1")])
    lake.add("genai_commitments", [commitment_row("capacity")])
    for hour, served in ((NOON, 400), (NOON + dt.timedelta(hours=1), 1000)):
        lake.add(
            "genai_commitment_usage_raw",
            [
                usage_row("capacity", hour, "100"),
                usage_row("capacity", hour, Decimal(served), meter="output", resource_id="one"),
            ],
        )
    # A deployment that nobody called, beyond the commitment.
    lake.add("genai_commitment_usage_raw", [usage_row("capacity", NOON, "40", resource_id="uncalled")])
    events = [
        event_row("capacity", "1", "a", output=100, resource_id="one", api_key_id=None),
        event_row("capacity", "2", "b", output=300, resource_id="one", api_key_id=None),
        event_row(
            "capacity",
            "3",
            "a",
            output=500,
            resource_id="one",
            api_key_id=None,
            started_at=NOON + dt.timedelta(hours=1),
        ),
    ]
    lake.add("genai_usage_events_raw", events)


@pytest.mark.parametrize("name", CASES)
def test_a_charge_goes_to_who_caused_it(name: str, built: tuple[CommitmentLake, dict[str, list[Share]]]) -> None:
    lake, expected = built
    found = lake.query(
        "select x_org_slug, coalesce(unattributed_reason, allocation_method) as how, tenant_id, "
        "sum(effective_cost) as cost from int_attribution__allocated_charges group by all"
    )
    found = [row for row in found if row["x_org_slug"] == name]
    wanted: dict[tuple[str, str | None], Decimal] = {}
    for how, tenant, cost in expected[name]:
        wanted[how, tenant] = wanted.get((how, tenant), Decimal(0)) + Decimal(cost)
    assert {(row["how"], row["tenant_id"]): row["cost"] for row in found} == wanted


def test_capacity_is_shared_by_the_tokens_of_each_hour(built: tuple[CommitmentLake, Any]) -> None:
    found = built[0].query(
        "select tenant_id, unattributed_reason, sum(commitment_quantity) as hours "
        "from int_attribution__allocated_charges "
        "where x_org_slug = 'capacity' and unattributed_reason is distinct from 'purchase' "
        "and unattributed_reason is distinct from 'idle_capacity' group by all"
    )
    assert {row["tenant_id"] or row["unattributed_reason"]: row["hours"] for row in found} == {
        "a": Decimal(25 + 50),
        "b": Decimal(75),
        "incomplete_log": Decimal(50),
    }


def test_capacity_that_served_nothing_is_idle_and_not_missing_in_the_logs(built: tuple[CommitmentLake, Any]) -> None:
    found = built[0].query(
        "select distinct unattributed_reason from genai_attribution_coverage_daily where resource_id = 'uncalled'"
    )
    assert found == [{"unattributed_reason": "idle_capacity"}]


def test_idle_capacity_and_payments_have_no_consumer(built: tuple[CommitmentLake, Any]) -> None:
    found = built[0].query(
        "select count(*) as parts from int_attribution__allocated_charges "
        "where unattributed_reason in ('idle_capacity', 'purchase') and tenant_id is not null"
    )
    assert found == [{"parts": 0}]


def test_a_request_counts_once_however_many_meters_it_has(built: tuple[CommitmentLake, Any]) -> None:
    found = built[0].query(
        "select sum(requests) as requests from genai_cost_attribution_daily "
        "where x_org_slug = 'searches_that_are_not_logged'"
    )
    assert found == [{"requests": 2}]


def test_the_part_of_a_charge_that_the_log_counts_is_told(built: tuple[CommitmentLake, Any]) -> None:
    found = built[0].query(
        "select x_org_slug, evidence_coverage from genai_attribution_coverage_daily "
        "where x_org_slug in ('incomplete', 'more_than_billed', 'no_log')"
    )
    assert {row["x_org_slug"]: row["evidence_coverage"] for row in found} == {
        "incomplete": Decimal("0.62"),
        "more_than_billed": Decimal(2),
        "no_log": Decimal(0),
    }


def test_an_answer_from_a_cache_costs_nothing_and_says_what_it_saved(built: tuple[CommitmentLake, Any]) -> None:
    found = built[0].query(
        "select tenant_id, list_cost, saved_cost from genai_usage_events where x_org_slug = 'answer_from_a_cache'"
    )
    assert {row["tenant_id"]: (row["list_cost"], row["saved_cost"]) for row in found} == {
        "a": (Decimal(8), None),
        "b": (Decimal(0), Decimal(8)),
    }


@pytest.mark.parametrize("name", OPEN_DAYS)
def test_a_day_counts_charges_when_it_is_closed_and_else_whichever_tells_of_more(
    name: str, built: tuple[CommitmentLake, Any]
) -> None:
    found = built[0].query(
        "select x_org_slug, spend_source, x_genai_account_id, sum(effective_cost) as cost, sum(tokens) as tokens "
        "from genai_budget_spend_daily group by all"
    )
    spent = {tuple(row.values())[1:] for row in found if row["x_org_slug"] == name}
    assert spent == {
        (source, account, None if cost is None else Decimal(cost), tokens)
        for source, account, cost, tokens in spent_on_open_day(name)
    }


def test_spend_of_requests_has_the_owner_of_their_account(built: tuple[CommitmentLake, Any]) -> None:
    found = built[0].query(
        "select distinct x_org_slug, x_hierarchy_path from genai_budget_spend_daily where spend_source = 'requests'"
    )
    assert [row["x_org_slug"] for row in found if row["x_hierarchy_path"] == "/OWNED/PROJ-1"] == [OWNED]
