"""Usage and cost in the warehouse are what the simulator knows to be true, run after run."""

import dataclasses
import datetime as dt
import hashlib
import io
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import polars as pl
import pytest

from genai_finops.lake.parquet import write_landing
from genai_finops.lake.raw_pages import read_raw_page
from genai_finops.schemas.tables.usage import PAYG_USAGE_RAW
from genai_finops.simulator.registry import PROVIDERS

FIRST, LAST = dt.date(2026, 10, 31), dt.date(2026, 11, 4)
OLDER_LAST, NEWER_FIRST = dt.date(2026, 11, 1), dt.date(2026, 11, 2)
ORGS = ("acme", "globex", "initech")

Key = tuple[Any, ...]

_DIMENSIONS = (
    "x_org_slug, provider, x_genai_account_id, sub_account_id, sub_account_name, api_key_id, resource_id, "
    "provider_model_id, service_tier, provider_service_tier, region_id, geography, context_band, variant, "
    "cast(usage_date as varchar), meter"
)
_TRUE_DIMENSIONS = (
    *("org", "provider", "account_id", "sub_account_id", "sub_account_name", "api_key_id", "resource_id"),
    *(
        "model",
        "service_tier",
        "provider_service_tier",
        "region_id",
        "geography",
        "context_band",
        "variant",
        "date",
        "meter",
    ),
)
_DAY, _METER = _TRUE_DIMENSIONS.index("date"), _TRUE_DIMENSIONS.index("meter")
#: The platform of these tests reads pay-as-you-go usage; the orders that are entered have costs of their own.
_OF_PAYG = "where flow = 'payg'"
_USAGE = f"select {_DIMENSIONS}, sum(quantity) from genai_usage_daily_unified {_OF_PAYG} group by all"  # noqa: S608
_COSTS = f"select {_DIMENSIONS}, sum(list_cost) from genai_costs_daily_unified {_OF_PAYG} group by all"  # noqa: S608


#: Without request logs nobody is named, and that costs half of each build; the demo and tests/dbt compare attribution.
_NOT_COMPARED = ("path:models/attribution", "cost_data_standard_1_3_allocated")


@dataclasses.dataclass(frozen=True)
class State:
    """What the simulator and the stores hold at one moment."""

    truth: Mapping[str, Any]
    usage: Mapping[Key, Decimal]
    costs: Mapping[Key, Decimal | None]
    tables: Mapping[str, list[tuple[Any, ...]]]
    landing: Mapping[str, pl.DataFrame]
    run_ids: frozenset[str]


def state_of(platform: Any) -> State:
    return State(
        truth=platform.simulator.truth(),
        usage={row[:-1]: row[-1] for row in platform.rows(_USAGE)},
        costs={row[:-1]: row[-1] for row in platform.rows(_COSTS)},
        tables=platform.tables(),
        landing=platform.landing_rows(),
        run_ids=frozenset(row[0] for row in platform.rows("select distinct x_run_id from genai_usage_daily_unified")),
    )


def true_quantities(truth: Mapping[str, Any]) -> dict[Key, Decimal]:
    sums: defaultdict[Key, Decimal] = defaultdict(Decimal)
    for row in (row for row in truth["rows"] if row["flow"] == "payg"):
        sums[tuple(row[name] for name in _TRUE_DIMENSIONS)] += Decimal(row["quantity"])
    return dict(sums)


def true_costs(truth: Mapping[str, Any]) -> dict[Key, Decimal | None]:
    billable = [row for row in truth["rows"] if row["meter"] != "request" and row["flow"] == "payg"]
    sums: dict[Key, Decimal | None] = {}
    for row in billable:
        key = tuple(row[name] for name in _TRUE_DIMENSIONS)
        before = sums.get(key, Decimal(0))
        sums[key] = None if row["cost"] is None or before is None else before + Decimal(row["cost"])
    return sums


def of_days(keyed: Mapping[Key, Any], first: dt.date, last: dt.date) -> dict[Key, Any]:
    return {key: value for key, value in keyed.items() if first.isoformat() <= key[_DAY] <= last.isoformat()}


@pytest.fixture(scope="module")
def first_run(platform: Any) -> State:
    platform.ingest(FIRST, LAST, run_id="run-1")
    platform.build(exclude=_NOT_COMPARED)
    return state_of(platform)


@pytest.fixture(scope="module")
def provider_totals(first_run: State, platform: Any) -> dict[tuple[str, str, str], dict[str, int]]:
    """What the providers themselves answer without any grouping, by provider, org and day."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    for org in ORGS:
        found |= _openai_totals(platform.simulator, org) | _anthropic_totals(platform.simulator, org)
    return found


@pytest.fixture(scope="module")
def second_run(first_run: State, provider_totals: object, platform: Any) -> State:
    platform.ingest(FIRST, LAST, run_id="run-2")
    platform.build(FIRST, LAST, exclude=_NOT_COMPARED)
    return state_of(platform)


@pytest.fixture(scope="module")
def restated(second_run: State, platform: Any) -> State:
    platform.simulator.advance(platform.simulator.now + dt.timedelta(days=3))
    platform.ingest(NEWER_FIRST, LAST, run_id="run-3")
    platform.build(NEWER_FIRST, LAST, exclude=_NOT_COMPARED)
    return state_of(platform)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(0, tzinfo=dt.UTC))


def _openai_totals(simulator: Any, org: str) -> dict[tuple[str, str, str], dict[str, int]]:
    answer = httpx.get(
        f"{simulator.base_url('openai')}/organization/usage/completions",
        params={
            "start_time": int(_midnight(FIRST).timestamp()),
            "end_time": int(_midnight(LAST + dt.timedelta(days=1)).timestamp()),
            "bucket_width": "1d",
            "limit": 31,
        },
        headers={"authorization": f"Bearer {simulator.admin_key(org, 'openai')}"},
    )
    return {
        ("openai", org, dt.datetime.fromtimestamp(bucket["start_time"], dt.UTC).date().isoformat()): {
            "input": row["input_tokens"],
            "output": row["output_tokens"],
        }
        for bucket in answer.raise_for_status().json()["data"]
        for row in bucket["results"]
    }


def _anthropic_totals(simulator: Any, org: str) -> dict[tuple[str, str, str], dict[str, int]]:
    answer = httpx.get(
        f"{simulator.base_url('anthropic')}/v1/organizations/usage_report/messages",
        params={
            "starting_at": _midnight(FIRST).isoformat().replace("+00:00", "Z"),
            "ending_at": _midnight(LAST + dt.timedelta(days=1)).isoformat().replace("+00:00", "Z"),
            "bucket_width": "1d",
            "limit": 31,
        },
        headers={"x-api-key": simulator.admin_key(org, "anthropic"), "anthropic-version": "2023-06-01"},
    )
    return {
        ("anthropic", org, bucket["starting_at"][:10]): {
            "input": row["uncached_input_tokens"]
            + row["cache_read_input_tokens"]
            + row["cache_creation"]["ephemeral_5m_input_tokens"]
            + row["cache_creation"]["ephemeral_1h_input_tokens"],
            "output": row["output_tokens"],
        }
        for bucket in answer.raise_for_status().json()["data"]
        for row in bucket["results"]
    }


def test_usage_by_every_dimension_equals_the_truth(first_run: State) -> None:
    assert first_run.usage == true_quantities(first_run.truth)


def test_list_cost_by_every_dimension_equals_the_truth(first_run: State) -> None:
    assert first_run.costs == true_costs(first_run.truth)


def test_every_organisation_and_provider_has_usage_on_every_day(first_run: State) -> None:
    days = {(FIRST + dt.timedelta(days=n)).isoformat() for n in range(5)}
    wanted = {(org, provider, day) for org in ORGS for provider in PROVIDERS for day in days}
    assert {(key[0], key[1], key[_DAY]) for key in first_run.usage} == wanted


def test_disjoint_token_classes_add_up_to_the_providers_own_totals(
    first_run: State, provider_totals: dict[tuple[str, str, str], dict[str, int]]
) -> None:
    sums: defaultdict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: {"input": 0, "output": 0})
    classes = {"uncached_input": "input", "cache_read": "input", "cache_write": "input", "output": "output"}
    for key, quantity in first_run.usage.items():
        named = next((kind for prefix, kind in classes.items() if key[_METER].startswith(prefix)), None)
        if named and key[1] in {provider for provider, *_ in provider_totals}:
            sums[key[1], key[0], key[_DAY]][named] += int(quantity)
    assert dict(sums) == provider_totals


def test_every_row_names_a_raw_page_that_the_lake_holds_unchanged(first_run: State, platform: Any) -> None:
    named = platform.rows("select distinct provider, x_raw_page from genai_payg_usage_raw")
    hashes = {
        page: hashlib.sha256(read_raw_page(platform.lake, provider, page)).hexdigest() for provider, page in named
    }
    assert hashes == {page: page for _, page in named}


def test_focus_holds_every_priced_amount_once(first_run: State, platform: Any) -> None:
    [(charges, billed, listed)] = platform.rows(
        "select count(*), sum(BilledCost), sum(ListCost) from cost_data_standard_1_3"
    )
    [(rows, billed_cost, list_cost)] = platform.rows(
        "select count(*), sum(billed_cost), sum(list_cost) from genai_costs_daily_unified "
        "where pricing_status in ('priced', 'estimated')"
    )
    assert (charges, billed, listed) == (rows, billed_cost, list_cost)


def test_usage_without_a_price_is_visible_and_costs_nothing_it_does_not_know(first_run: State) -> None:
    unpriced = {key for key, cost in true_costs(first_run.truth).items() if cost is None}
    assert {key for key, cost in first_run.costs.items() if cost is None} == unpriced


_OWNERS = {
    "genai_costs_daily_unified": "select distinct x_org_slug, provider, sub_account_id, x_hierarchy_entity_id, "
    "x_hierarchy_path, x_hierarchy_path_names from genai_costs_daily_unified where flow = 'payg'",
    "cost_data_standard_1_3": "select distinct x_OrgSlug, lower(x_GenaiProvider), SubAccountId, x_HierarchyEntityId, "
    "x_HierarchyPath, x_HierarchyPathNames from cost_data_standard_1_3 where x_Flow = 'payg'",
}


@pytest.mark.parametrize("table", _OWNERS)
def test_rows_belong_to_the_entity_that_was_assigned(first_run: State, platform: Any, table: str) -> None:
    sub_accounts = {(org, provider, sub_account) for org, provider, sub_account, *_ in platform.rows(_OWNERS[table])}
    # Assigned were the account to the department, and its first named sub-account to the project below it.
    first_of = {
        (row["org"], row["provider"]): min(
            (
                other["sub_account_id"]
                for other in first_run.truth["rows"]
                if (other["org"], other["provider"]) == (row["org"], row["provider"]) and other["sub_account_id"]
            ),
            default="none",
        )
        for row in first_run.truth["totals"]
    }
    wanted = {
        (org, provider, sub_account, *_owner(org, is_project=sub_account == first_of[org, provider]))
        for org, provider, sub_account in sub_accounts
    }
    assert set(platform.rows(_OWNERS[table])) == wanted
    assert {row[3] for row in wanted} == {"DEPT-001", "PROJ-042"}


def _owner(org: str, *, is_project: bool) -> tuple[str, str, str]:
    if is_project:
        return "PROJ-042", f"/{org.upper()}/DEPT-001/PROJ-042", f"/{org.capitalize()}/Engineering/Assistant"
    return "DEPT-001", f"/{org.upper()}/DEPT-001", f"/{org.capitalize()}/Engineering"


def test_a_second_run_is_another_run(second_run: State) -> None:
    assert second_run.run_ids == {"run-2"}


def test_a_second_run_changes_no_table(first_run: State, second_run: State, differing_tables: Any) -> None:
    assert differing_tables(second_run.tables, first_run.tables) == {}


def test_a_second_run_changes_no_landing_file(first_run: State, second_run: State) -> None:
    assert sorted(second_run.landing) == sorted(first_run.landing)
    assert [path for path in first_run.landing if not second_run.landing[path].equals(first_run.landing[path])] == []


def test_equal_rows_are_equal_bytes(platform: Any, second_run: State) -> None:
    day, org = FIRST, "acme"
    path = f"landing/genai_payg_usage_raw/day={day}/openai/{org}.{org}-openai.parquet"
    before = platform.lake.read(path)
    shuffled = pl.read_parquet(io.BytesIO(before), hive_partitioning=False).reverse()
    write_landing(
        platform.lake, PAYG_USAGE_RAW, shuffled, day=day, provider="openai", org=org, credential=f"{org}-openai"
    )
    assert platform.lake.read(path) == before


def test_restated_days_are_read_with_their_new_numbers(restated: State) -> None:
    truth = true_quantities(restated.truth)
    assert of_days(restated.usage, NEWER_FIRST, LAST) == of_days(truth, NEWER_FIRST, LAST)


def test_restated_days_have_their_new_costs(restated: State) -> None:
    assert of_days(restated.costs, NEWER_FIRST, LAST) == of_days(true_costs(restated.truth), NEWER_FIRST, LAST)


def test_a_restatement_has_something_to_show(second_run: State, restated: State) -> None:
    before, after = (of_days(state.usage, LAST, LAST) for state in (second_run, restated))
    assert sum(after.values()) > sum(before.values())


@pytest.mark.parametrize("table", ["genai_payg_usage_raw", "genai_usage_daily_unified", "genai_costs_daily_unified"])
def test_days_outside_the_window_keep_even_their_run(restated: State, platform: Any, table: str) -> None:
    of_payg = _OF_PAYG if table.endswith("unified") else ""
    runs = platform.rows(f"select distinct usage_date, x_run_id from {table} {of_payg} order by all")  # noqa: S608
    assert {run for day, run in runs if day <= OLDER_LAST} == {"run-2"}
    assert {run for day, run in runs if day >= NEWER_FIRST} == {"run-3"}


def test_days_outside_the_window_keep_their_numbers(second_run: State, restated: State) -> None:
    assert of_days(restated.usage, FIRST, OLDER_LAST) == of_days(second_run.usage, FIRST, OLDER_LAST)
