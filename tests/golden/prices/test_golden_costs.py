"""Costs that third parties state, billed or computed for one request, against our price table.

The cases are other people's data: they are read from GENAI_FINOPS_TEST_DATA and are not part of this repository.
"""

import datetime as dt
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl
import pytest

if "GENAI_FINOPS_TEST_DATA" not in os.environ:
    pytest.skip("GENAI_FINOPS_TEST_DATA names no folder with golden_costs/", allow_module_level=True)

GOLDEN = Path(os.environ["GENAI_FINOPS_TEST_DATA"]) / "golden_costs"
TOLERANCE = Decimal("0.000000001")

#: Cases that we price otherwise, or not at all, and why. None of them is a reason to change a price.
DIFFERS: dict[str, str] = {
    "5547c66a26fd": "disputed: the source prices audio input of gpt-4o-transcribe as text, the vendor lists it higher",
    "c9ead7ec0f5e": "disputed: the source has the price of before 2026-08-21 on a later day",
    "f7f670d93a3e": "its packages were not given the image tokens of the output, which cost more than text",
    "50f8c1317e52": "claude-opus-5[1m] is a client's spelling that no provider reports: unknown, not the base model",
}

STANDARD_TIERS = {None: "standard", "default": "standard", "standard": "standard", "ON_DEMAND": "standard"}
ANTHROPIC_TIERS = {**STANDARD_TIERS, "fast": "fast"}
GEOGRAPHIES = {"us_data_zone": "data_zone_us", "eu_data_zone": "data_zone_eu", "global": "global", None: "global"}
BEDROCK_GEOGRAPHIES = {"global": "global", "eu": "regional_eu"} | dict.fromkeys(("apac", "jp", "au"), "regional_ap")
OPENAI_TIERS = {
    None: "standard",
    "default": "standard",
    "standard": "standard",
    "flex": "flex",
    "priority": "priority",
    "fast": "priority",
}


class Case(NamedTuple):
    id: str
    provider: str
    model: str
    day: dt.date
    service_tier: str
    geography: str
    prompt_tokens: int
    meters: dict[str, int]
    expected: Decimal


def openai_meters(usage: dict[str, int]) -> dict[str, int]:
    read, write = usage.get("cache_read_tokens", 0), usage.get("cache_write_tokens", 0)
    audio_in, audio_out = usage.get("input_audio_tokens", 0), usage.get("output_audio_tokens", 0)
    return {
        "uncached_input": usage.get("input_tokens", 0) - read - write - audio_in,
        "uncached_input_audio": audio_in,
        "cache_read": read,
        "cache_write": write,
        "output": usage.get("output_tokens", 0) - audio_out,
        "output_audio": audio_out,
        "web_search": usage.get("web_searches", 0),
    }


def anthropic_meters(usage: dict[str, int]) -> dict[str, int]:
    read, write = usage.get("cache_read_tokens", 0), usage.get("cache_write_tokens", 0)
    one_hour = usage.get("cache_write_1h_tokens", 0)
    return {
        "uncached_input": usage.get("input_tokens", 0) - read - write,
        "cache_read": read,
        # A write without a lifetime is one of five minutes, the provider's default.
        "cache_write_5m": write - one_hour,
        "cache_write_1h": one_hour,
        "output": usage.get("output_tokens", 0),
        "web_search": usage.get("web_searches", 0),
    }


def gemini_meters(usage: dict[str, int]) -> dict[str, int]:
    read, audio_read = usage.get("cache_read_tokens", 0), usage.get("cache_audio_read_tokens", 0)
    inputs = {modality: usage.get(f"input_{modality}_tokens", 0) for modality in ("audio", "image", "video")}
    image_out = usage.get("output_image_tokens", 0)
    return {
        "uncached_input": usage.get("input_tokens", 0) - (read - audio_read) - sum(inputs.values()),
        "uncached_input_audio": inputs["audio"] - audio_read,
        "uncached_input_image": inputs["image"],
        "uncached_input_video": inputs["video"],
        "cache_read": read - audio_read,
        "cache_read_audio": audio_read,
        "output": usage.get("output_tokens", 0) - image_out,
        "output_image": image_out,
        "web_search": usage.get("web_searches", 0),
    }


METERS_OF = {
    "openai": openai_meters,
    "anthropic": anthropic_meters,
    "gemini": gemini_meters,
    "gcp_vertex": gemini_meters,
    "azure_openai": openai_meters,
}


def meters_of(provider: str, model: str, usage: dict[str, int]) -> dict[str, int]:
    if provider == "aws_bedrock":
        # Prices of Claude are by the lifetime of a cache write, prices of others are not.
        return anthropic_meters(usage) if "claude" in model else openai_meters(usage)
    return METERS_OF[provider](usage)


TIERS_OF = {"openai": OPENAI_TIERS, "anthropic": ANTHROPIC_TIERS}


def geography_of(provider: str, model: str, scope: str | None) -> str:
    """Where a price holds: the place of the request, on Bedrock the geography in the model's id."""
    if provider == "aws_bedrock":
        return BEDROCK_GEOGRAPHIES.get(model.partition(".")[0], "regional")
    return GEOGRAPHIES.get(scope, "regional")


def read_cases() -> Iterator[Case]:
    for name in ("cases", "effective_dates", "recorded_usage", "reseller_billed"):
        for line in (GOLDEN / f"{name}.jsonl").read_text().splitlines():
            record = json.loads(line, parse_float=Decimal)
            # A reseller's bill that no list price confirms has other terms.
            is_other_terms = "reseller" in record and not record["confirmed_by"]
            if record["provider"] in {*METERS_OF, "aws_bedrock"} and not is_other_terms:
                yield case_of(record)


def case_of(record: dict[str, Any]) -> Case:
    usage = dict(record.get("usage") or record["canonical_usage"])
    if "native_usage" in record:
        usage.pop("web_searches", None)
    meters = meters_of(record["provider"], record["model"], usage)
    if "embedding" in record["model"]:
        meters["embedding_input"] = meters.pop("uncached_input")
    moment = record.get("price_date") or record.get("created") or "2026-09-01"
    return Case(
        id=record["id"],
        provider=record["provider"],
        model=record["model"],
        day=dt.date.fromisoformat(str(moment)[:10]),
        service_tier=TIERS_OF.get(record["provider"], STANDARD_TIERS)[record.get("service_tier")],
        geography=geography_of(record["provider"], record["model"], record.get("scope")),
        prompt_tokens=max(usage.get("input_tokens", 0), 1),
        meters={meter: count for meter, count in meters.items() if count},
        expected=Decimal(record["expected"]["total_cost"]),
    )


CASES = {case.id: case for case in read_cases()}

RATING = """
with resolved as (
    select usage.*, rules.model_id
    from usage
    left join int_pricing__alias_rules as rules
        on rules.provider = usage.provider
        and regexp_matches(usage.spelling, rules.pattern)
        and not coalesce(regexp_matches(usage.spelling, rules.excluded_pattern), false)
    qualify row_number() over (partition by usage.case_id, usage.meter order by rules.rank) = 1
)

select
    resolved.case_id,
    coalesce(sum(resolved.quantity * prices.unit_price
        * case prices.pricing_block when 1000000 then 0.000001 when 1000 then 0.001 else 1 end), 0),
    count(*) filter (where prices.pricing_id is null)
from resolved
left join genai_payg_pricing as prices
    on prices.provider = resolved.provider
    and prices.model_id = resolved.model_id
    and prices.meter = resolved.meter
    and prices.service_tier = resolved.service_tier
    and prices.geography = resolved.geography
    and prices.variant is null
    and prices.valid_from <= resolved.usage_date
    and (prices.valid_to is null or resolved.usage_date < prices.valid_to)
    and prices.context_tokens_above < resolved.prompt_tokens
    and (prices.context_tokens_up_to is null or resolved.prompt_tokens <= prices.context_tokens_up_to)
group by resolved.case_id
"""


@pytest.fixture(scope="module")
def rated(price_table: duckdb.DuckDBPyConnection) -> dict[str, tuple[Decimal, int]]:
    """By case: its cost, and how many of its meters have no rate."""
    usage = pl.DataFrame(
        [
            {
                "case_id": case.id,
                "provider": case.provider,
                "spelling": case.model.lower(),
                "usage_date": case.day,
                "service_tier": case.service_tier,
                "geography": case.geography,
                "prompt_tokens": case.prompt_tokens,
                "meter": meter,
                "quantity": quantity,
            }
            for case in CASES.values()
            for meter, quantity in case.meters.items()
        ]
    )
    price_table.register("usage", usage)
    return {case_id: (cost, missing) for case_id, cost, missing in price_table.execute(RATING).fetchall()}


@pytest.mark.parametrize(
    "case_id",
    [
        pytest.param(case_id, marks=[pytest.mark.xfail(reason=DIFFERS[case_id])] if case_id in DIFFERS else [])
        for case_id in CASES
    ],
)
def test_a_known_cost_is_computed(case_id: str, rated: dict[str, tuple[Decimal, int]]) -> None:
    cost, unpriced_meters = rated.get(case_id, (Decimal(0), 0))

    assert unpriced_meters == 0, CASES[case_id]
    assert abs(Decimal(cost) - CASES[case_id].expected) <= TOLERANCE, CASES[case_id]
