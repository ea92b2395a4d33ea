"""What each kind of advice saves, reckoned by hand, and where it stays silent."""

from decimal import Decimal

import duckdb
import pytest

from genai_finops.optimisation.advice import KINDS, Advice, ClaimedSaving, total_savings
from genai_finops.settings import Settings


def told(found: list[Advice], kind: str, name: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Saving of the period and of a month, by one value of the subject."""
    return {advice.subject[name]: (advice.saving, advice.monthly_saving) for advice in found if advice.kind == kind}


def amounts(saving: str, monthly: str | None = None) -> tuple[Decimal, Decimal]:
    return Decimal(saving), Decimal(monthly or saving)


def test_a_cheaper_model_is_advised_on_text_and_on_no_embedding(found: list[Advice]) -> None:
    # 225 now; at gpt-5-mini 100 x 0.25 + 10 x 2 = 45. The night is the same load.
    assert told(found, "cheaper_model", "task") == {"draft": amounts("180"), "nightly": amounts("180")}


def test_a_model_elsewhere_needs_a_price_for_prompts_as_long(found: list[Advice]) -> None:
    # 180 now; at gpt-5 10 x 1.25 + 10 x 10 = 112.50. `books` has prompts above 200,000 tokens, and gpt-5 one price.
    assert told(found, "cheaper_model_elsewhere", "task") == {"review": amounts("67.5")}


def test_the_same_model_at_another_provider_needs_a_price_for_prompts_as_long(found: list[Advice]) -> None:
    # 180 now; at Bedrock 10 x 2 + 10 x 10 = 120.
    assert told(found, "provider_arbitrage", "task") == {"review": amounts("60")}


def test_a_batch_is_advised_where_requests_come_in_bursts_and_not_all_day(found: list[Advice]) -> None:
    # 225 now; 100 x 0.625 + 10 x 5 = 112.50.
    assert told(found, "batch", "task") == {"nightly": amounts("112.5")}


def test_a_cache_saves_reads_and_costs_writes(found: list[Advice]) -> None:
    # kb reads 80 % of 200 million, so faq could read 60 million more, at 4.50 less; 1 of 8 is written, at 1.25 more.
    assert told(found, "cache", "task") == {"faq": amounts("260.625", "260.62")}


def test_a_conversation_is_compacted_where_it_is_dear_and_grows(found: list[Advice]) -> None:
    # Above 100,000 tokens: 1.5 million x 50. Five summaries, each 200,000 tokens of input and 1,000 of output.
    assert told(found, "long_conversation", "conversation") == {"grows": amounts("24.5")}


def test_units_that_are_idle_in_every_hour_are_advised_on(found: list[Advice]) -> None:
    # Three units, 120 hours of 2 dollars, in 5 days.
    assert told(found, "idle_commitment", "commitment") == {"idle": amounts("720", "4320")}


def test_capacity_above_the_load_is_what_the_warehouse_says(found: list[Advice]) -> None:
    assert told(found, "oversized_capacity", "model") == {"too-many": amounts("500")}


def test_seats_without_users_and_plans_without_usage_are_unused_but_no_new_plan_is(found: list[Advice]) -> None:
    assert told(found, "unused_plan", "plan") == {"seats": amounts("240"), "unused": amounts("200")}


@pytest.mark.parametrize("kind", KINDS)
def test_the_query_as_printed_gives_the_saving(settings: Settings, found: list[Advice], kind: str) -> None:
    advised = [advice for advice in found if advice.kind == kind]
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        printed = [connection.execute(advice.query.printed()).fetchall() for advice in advised]
    assert [rows[0][-1] for rows in printed] == [advice.saving for advice in advised]


def test_money_is_saved_once(found: list[Advice]) -> None:
    claims = [
        ClaimedSaving(
            org=advice.org,
            currency=advice.currency,
            group=advice.group,
            kind=advice.kind,
            monthly_saving=advice.monthly_saving,
        )
        for advice in found
    ]
    # draft, nightly (not its batch), review elsewhere (not at Bedrock), faq, agent, idle units (not oversized), plans.
    assert total_savings(claims) == {
        ("acme", "USD"): sum(map(Decimal, ("180", "180", "67.50", "260.62", "24.50", "4320", "240", "200")))
    }


def test_how_sure_it_is_follows_the_data_and_the_kind(found: list[Advice]) -> None:
    levels = {(advice.kind, *advice.subject.values()): advice.confidence.level for advice in found}
    assert {key[0]: level for key, level in levels.items() if key[0] != "unused_plan"} == {
        "cheaper_model": "medium",
        "cheaper_model_elsewhere": "low",
        "provider_arbitrage": "high",
        "batch": "medium",
        # Its conversations took five minutes, and repeat all but their first input.
        "cache": "high",
        "long_conversation": "high",
        "idle_commitment": "low",
        "oversized_capacity": "medium",
    }
