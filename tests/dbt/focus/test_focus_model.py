"""cost_data_standard_1_3 as the real dbt project builds it from hand-made cost rows."""

import datetime as dt
import itertools
import json
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from genai_finops.schemas.tables.focus import FOCUS_COLUMNS
from genai_finops.transform.result import TransformError

Query = Callable[..., list[tuple[Any, ...]]]


def test_every_priced_or_estimated_cost_row_is_one_charge(focus_query: Query, focus_lab: SimpleNamespace) -> None:
    expected = sum(row["pricing_status"] in {"priced", "estimated"} for row in focus_lab.cost_rows())
    counts = focus_query("select count(*), count(distinct x_ChargeId) from cost_data_standard_1_3")
    assert counts == [(expected, expected)]


def test_the_first_65_columns_are_those_of_the_specification(focus_query: Query) -> None:
    columns = [name for (name, *_) in focus_query("describe cost_data_standard_1_3")]
    assert columns[:65] == [column.name for column in FOCUS_COLUMNS]


@pytest.mark.parametrize(("price", "cost"), [("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")])
def test_a_cost_is_price_times_quantity_to_the_last_decimal(
    focus_query: Query, focus_lab: SimpleNamespace, price: str, cost: str
) -> None:
    rows = focus_query(f"select {price}, PricingQuantity, {cost} from cost_data_standard_1_3")  # noqa: S608 - as above
    assert [row for row in rows if focus_lab.exact.multiply(row[0], row[1]) != row[2]] == []


def test_free_usage_stays_a_charge_of_zero(focus_query: Query) -> None:
    rows = focus_query("select distinct ListCost from cost_data_standard_1_3 where x_Meter = 'moderation_input'")
    assert rows == [(Decimal(0),)]


@pytest.mark.parametrize(
    ("pricing_id", "sku", "details"),
    [
        pytest.param(
            "openai|uncached_input|batch|0|None|global|None",
            ("gpt-4.1-batch-input", "Batch Input Tokens", "openai/gpt-4.1-batch-input/batch"),
            {
                "x_ModelDeveloper": "OpenAI",
                "x_ModelFamily": "GPT-4.1",
                "x_ModelId": "gpt-4.1",
                "x_TokenDirection": "Input",
                "x_TokenCacheAction": "Uncached",
                "x_ProcessingMode": "Batch",
                "x_Modality": "Text",
                "x_ServingScope": "Global",
            },
            id="batch is an article of its own",
        ),
        pytest.param(
            "anthropic|cache_write_1h|standard|0|None|global|None",
            (
                "claude-sonnet-4-5-cache-write-1h",
                "Cache Write Input Tokens (1 hour)",
                "anthropic/claude-sonnet-4-5-cache-write-1h/standard",
            ),
            {
                "x_ModelDeveloper": "Anthropic",
                "x_ModelFamily": "Claude Sonnet",
                "x_ModelId": "claude-sonnet-4-5",
                "x_TokenDirection": "Input",
                "x_TokenCacheAction": "Write",
                "x_CacheTtl": "1h",
                "x_Modality": "Text",
                "x_ServingScope": "Global",
            },
            id="cache writes name their lifetime",
        ),
        pytest.param(
            "openai|output|flex|0|200000|us|1024x1024",
            (
                "gpt-4.1-output",
                "Output Tokens",
                "openai/gpt-4.1-output/flex/geography=us/context=0-200000/variant=1024x1024",
            ),
            {
                "x_ModelDeveloper": "OpenAI",
                "x_ModelFamily": "GPT-4.1",
                "x_ModelId": "gpt-4.1",
                "x_TokenDirection": "Output",
                "x_ProcessingMode": "Flex",
                "x_Modality": "Text",
                "x_ServingScope": "DataZone",
                "x_ContextBand": "0-200000",
                "x_Variant": "1024x1024",
            },
            id="tier, geography, band and variant are prices of one article",
        ),
        pytest.param(
            "anthropic|web_search|standard|0|None|global|None",
            ("web-search", "Web Searches", "anthropic/web-search/standard"),
            {"x_ServingScope": "Global"},
            id="a tool without a model",
        ),
    ],
)
def test_the_price_line_names_the_sku(
    focus_query: Query, pricing_id: str, sku: tuple[str, str, str], details: dict[str, str]
) -> None:
    rows = focus_query(
        "select distinct SkuId, SkuMeter, SkuPriceId, SkuPriceDetails "
        "from cost_data_standard_1_3 where x_PricingId = ?",
        pricing_id,
    )
    assert rows == [(*sku, json.dumps(details, separators=(",", ":")))]


def test_every_price_line_has_its_own_sku_price(focus_query: Query) -> None:
    rows = focus_query(
        "select SkuPriceId from cost_data_standard_1_3 group by 1 having count(distinct x_PricingId) > 1"
    )
    assert rows == []


def test_the_description_says_what_was_charged_and_at_which_price(focus_query: Query) -> None:
    rows = focus_query(
        "select distinct ChargeDescription from cost_data_standard_1_3 where x_PricingId = ? and not x_IsEstimated",
        "openai|uncached_input|standard|0|None|global|None",
    )
    assert re.fullmatch(r"OpenAI API: Input Tokens of gpt-4\.1, at [0-9.]+ USD per 1000000 Tokens", rows[0][0])


def test_input_of_an_unknown_cached_share_is_charged_as_uncached_and_says_so(focus_query: Query) -> None:
    rows = focus_query(
        "select distinct SkuId, SkuMeter, x_IsEstimated, ChargeDescription from cost_data_standard_1_3 "
        "where x_Meter = 'input' and x_GenaiProvider = 'OPENAI' and x_ServiceTier = 'standard'"
    )
    assert [row[:3] for row in rows] == [("gpt-4.1-input", "Input Tokens", True)]
    assert rows[0][3].endswith("as if none of it had been read from a cache")


def test_what_two_sources_of_a_provider_metered_are_two_charges(focus_query: Query) -> None:
    rows = focus_query(
        "select x_MeteringSource, count(distinct x_ChargeId) from cost_data_standard_1_3 where x_Meter = 'input_audio' "
        "and x_GenaiProvider = 'OPENAI' and x_ServiceTier = 'standard' group by 1 order by 1"
    )
    assert rows == [("billing_export", 1), ("monitoring", 1)]


@pytest.mark.parametrize("status", ["unpriced", "free", "committed"])
def test_what_is_not_charged_is_no_row(focus_query: Query, status: str) -> None:
    assert focus_query("select x_ChargeId from cost_data_standard_1_3 where x_ApiKeyId = ?", status) == []


def test_usage_that_is_served_from_a_region_names_it(focus_query: Query) -> None:
    rows = focus_query(
        "select distinct RegionId, RegionName from cost_data_standard_1_3 "
        "where RegionId is not null and x_Flow = 'payg'"
    )
    assert rows == [("us-east-1", "us-east-1")]


def test_a_resource_whose_kind_is_not_known_is_a_resource(focus_query: Query) -> None:
    rows = focus_query("select distinct ResourceType from cost_data_standard_1_3 where ResourceId = 'dep_1'")
    assert rows == [("Resource",)]


@pytest.mark.parametrize(
    ("geography", "scope"),
    [
        ("global", "Global"),
        ("regional", "Regional"),
        ("eu-west-1", "Regional"),
        ("us", "DataZone"),
        ("data_zone_eu", "DataZone"),
    ],
)
def test_a_price_line_says_from_where_it_is_served(focus_query: Query, geography: str, scope: str) -> None:
    rows = focus_query(
        "select distinct SkuPriceDetails->>'x_ServingScope' from cost_data_standard_1_3 where x_PricingId = ?",
        f"openai|output|standard|0|None|{geography}|None",
    )
    assert rows == [(scope,)]


@pytest.mark.parametrize("column", ["PricingUnit", "ConsumedUnit"])
def test_units_follow_the_unit_format(focus_query: Query, column: str) -> None:
    rows = focus_query(f"select distinct {column} from cost_data_standard_1_3")  # noqa: S608 - a column of the test
    pattern = re.compile(r"([1-9][0-9]* )?[A-Z][a-z]+s|B|([A-Za-z]+ )?[A-Za-z]+-(Hours|Months)|GSUs/7 Days")
    assert [unit for (unit,) in rows if unit is not None and not pattern.fullmatch(unit)] == []


def test_details_are_compact_json_of_strings_with_x_keys_besides_those_of_focus(focus_query: Query) -> None:
    texts = [text for (text,) in focus_query("select distinct SkuPriceDetails from cost_data_standard_1_3")]
    objects = [json.loads(text) for text in texts]
    compact = [json.dumps(item, separators=(",", ":"), ensure_ascii=False) for item in objects]
    defined = {"GpuCount": int, "InstanceSeries": str, "InstanceType": str}
    wrong = {key for item in objects for key, value in item.items() if type(value) is not defined.get(key, str)} | {
        key for item in objects for key in item if key not in defined and not key.startswith("x_")
    }
    assert (texts, wrong) == (compact, set())


@pytest.mark.parametrize(
    "condition",
    [
        "(SubAccountId is null) != (SubAccountName is null)",
        "(SubAccountId is null) != (SubAccountType is null)",
        "(ResourceId is null) != (ResourceType is null)",
        "ResourceName = ResourceId",
        "ResourceName is not null and ResourceId is null",
        "(RegionId is null) != (RegionName is null)",
        "RegionId = 'global'",
        "AvailabilityZone is not null",
        "BillingAccountName is null",
        "InvoiceId is not null or Tags is not null or AllocatedMethodId is not null",
    ],
)
def test_no_row_breaks_a_rule_on_nulls(focus_query: Query, condition: str) -> None:
    assert focus_query(f"select x_ChargeId from cost_data_standard_1_3 where {condition} limit 3") == []  # noqa: S608


def test_periods_are_the_utc_day_and_its_month(focus_query: Query) -> None:
    rows = focus_query(
        "select distinct ChargePeriodStart, ChargePeriodEnd, BillingPeriodStart, BillingPeriodEnd "
        "from cost_data_standard_1_3 where x_IngestionDate = date '2026-10-31' and ChargeCategory = 'Usage'"
    )
    moments = [dt.datetime(2026, month, day, tzinfo=dt.UTC) for month, day in ((10, 31), (11, 1), (10, 1), (11, 1))]
    assert rows == [tuple(moments)]


def test_a_window_replaces_its_days_and_no_other(focus_home: Path, focus_lab: SimpleNamespace, tmp_path: Path) -> None:
    home = Path(shutil.copytree(focus_home, tmp_path / "home"))
    per_day = "select x_IngestionDate, count(*) from cost_data_standard_1_3 where x_Flow = 'payg' group by 1"
    before = dict(focus_lab.query(home, per_day))
    first, middle, last = focus_lab.days
    # The middle and the last day are emptied at the source, but only the middle one is in the window.
    emptied = [row for row in focus_lab.cost_rows() if row["flow"] != "payg" or row["usage_date"] == first]
    focus_lab.write_inputs(home, emptied)
    focus_lab.build(home, (middle, last))
    assert dict(focus_lab.query(home, per_day)) == {first: before[first], last: before[last]}


def test_a_charge_without_its_price_line_fails_the_build(focus_lab: SimpleNamespace, tmp_path: Path) -> None:
    rows = list(itertools.islice(focus_lab.cost_rows(), 3))
    rows[1]["pricing_id"] = "gone"
    focus_lab.write_inputs(tmp_path, rows)
    with pytest.raises(TransformError, match="assert_focus_charges_are_named"):
        focus_lab.build(tmp_path)


def test_a_charge_that_names_double_fails_the_build(focus_lab: SimpleNamespace, tmp_path: Path) -> None:
    focus_lab.write_inputs(tmp_path, list(itertools.islice(focus_lab.cost_rows(), 3)))
    accounts = tmp_path / "lake" / "reference" / "genai_provider_accounts.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table twice as from '{accounts}' union all from '{accounts}'")
        connection.execute(f"copy twice to '{accounts}'")
    with pytest.raises(TransformError, match="assert_focus_conserves_costs"):
        focus_lab.build(tmp_path)
