"""Rules of advice that need no warehouse: how sure it is, what is a candidate, what a batch, and what adds up."""

import dataclasses
from decimal import Decimal
from pathlib import Path

import pytest

from genai_finops.errors import FinopsError
from genai_finops.optimisation.advice import ClaimedSaving, total_savings
from genai_finops.optimisation.confidence import Cap, Grounds, judge
from genai_finops.optimisation.config import AdviceConfig, load_advice_config
from genai_finops.optimisation.model_steps import MODEL_STEPS, candidates
from genai_finops.optimisation.moves import is_batchable
from genai_finops.pricing.model_families import model_family
from genai_finops.warehouse.advice_query import AdviceQuery
from genai_finops.warehouse.advice_requests import RequestPattern

REPOSITORY = Path(__file__).parents[3]
SURE = Grounds(days=14, measured_share=Decimal("0.8"), priced_share=Decimal("0.99"))
BURSTS = RequestPattern(
    requests=100,
    conversation_requests=5,
    conversations=2,
    active_hours=84,
    active_days=10,
    input_tokens=100_000,
    repeated_tokens=0,
)


@pytest.fixture(scope="module")
def config() -> AdviceConfig:
    return load_advice_config(REPOSITORY / "configs" / "advice.yml")


@pytest.mark.parametrize(
    ("grounds", "level"),
    [
        (SURE, "high"),
        (dataclasses.replace(SURE, days=13), "medium"),
        (dataclasses.replace(SURE, measured_share=Decimal("0.79")), "medium"),
        (dataclasses.replace(SURE, priced_share=Decimal("0.98")), "medium"),
        (dataclasses.replace(SURE, days=6), "low"),
        (dataclasses.replace(SURE, measured_share=Decimal("0.49")), "low"),
        (dataclasses.replace(SURE, priced_share=Decimal("0.94")), "low"),
    ],
)
def test_each_part_of_the_data_can_make_it_less_sure(config: AdviceConfig, grounds: Grounds, level: str) -> None:
    assert judge(grounds, config.confidence).level == level


def test_a_cap_lowers_and_never_raises(config: AdviceConfig) -> None:
    cap = Cap(level="medium", reason="open")
    few = dataclasses.replace(SURE, days=1)
    assert [judge(grounds, config.confidence, cap).level for grounds in (SURE, few)] == ["medium", "low"]


def test_candidates_are_text_models_no_two_sizes_smaller_and_of_the_size_no_older() -> None:
    assert candidates("claude-opus-5", same_developer=True) == ("claude-sonnet-5", "claude-sonnet-4-6")
    assert "gemini-2.5-pro" not in candidates("claude-sonnet-5", same_developer=False)


def test_no_model_without_a_size_has_candidates_or_is_one() -> None:
    proposed = {
        name for model in MODEL_STEPS for same in (True, False) for name in candidates(model, same_developer=same)
    }
    families = {model_family(MODEL_STEPS[name].developer, name) for name in proposed}
    assert candidates("text-embedding-3-small", same_developer=True) == ()
    assert families <= {
        *("Claude Opus", "Claude Sonnet", "Claude Haiku", "GPT-5", "GPT-4.1"),
        *("Gemini Pro", "Gemini Flash", "Gemini Flash-Lite", "Nova"),
    }


@pytest.mark.parametrize(
    "other", [{"requests": 49}, {"conversation_requests": 6}, {"active_hours": 85}], ids=lambda other: next(iter(other))
)
def test_a_batch_needs_requests_enough_few_conversations_and_gaps(config: AdviceConfig, other: dict[str, int]) -> None:
    patterns = (BURSTS, dataclasses.replace(BURSTS, **other))
    assert [is_batchable(pattern, config.batch) for pattern in patterns] == [True, False]


def claim(kind: str, saving: str, *, group: str = "load", currency: str = "USD") -> ClaimedSaving:
    return ClaimedSaving(org="acme", currency=currency, group=group, kind=kind, monthly_saving=Decimal(saving))


def test_kinds_of_a_group_exclude_each_other_and_one_kind_adds_up() -> None:
    claims = [claim("long_conversation", "30"), claim("long_conversation", "30"), claim("batch", "50")]
    assert total_savings(claims) == {("acme", "USD"): Decimal(60)}


def test_groups_add_up_and_currencies_do_not() -> None:
    claims = [claim("batch", "5"), claim("batch", "7", group="other"), claim("batch", "9", currency="EUR")]
    assert total_savings(claims) == {("acme", "EUR"): Decimal(9), ("acme", "USD"): Decimal(12)}


def test_a_query_prints_its_parameters_as_literals_of_each_engine() -> None:
    query = AdviceQuery(sql="select ?, ?, ?", parameters=("it's ?", Decimal("1E-7"), 3))
    assert query.printed() == "select 'it''s ?', 0.0000001, 3"
    assert query.printed("bigquery") == "select 'it\\'s ?', bignumeric '0.0000001', 3"


def test_an_unknown_mark_is_refused_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "advice.yml"
    text = (REPOSITORY / "configs" / "advice.yml").read_text(encoding="utf-8")
    file.write_text(text + "\nlongest_conversation: 3\n", encoding="utf-8")
    with pytest.raises(FinopsError, match=r"advice\.yml: longest_conversation"):
        load_advice_config(file)
