"""Costs that third parties state, billed or computed for one request, against the prices of the package.

The cases are other people's data: they are read from GENAI_FINOPS_TEST_DATA and are not part of this repository.
"""

import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genai_finops.pricing.rating_engine import RatingEngine

if "GENAI_FINOPS_TEST_DATA" not in os.environ:
    pytest.skip("GENAI_FINOPS_TEST_DATA names no folder with golden_costs/", allow_module_level=True)

GOLDEN = Path(os.environ["GENAI_FINOPS_TEST_DATA"]) / "golden_costs"
LINES = [line for file in sorted(GOLDEN.glob("*.jsonl")) for line in file.read_text().splitlines()]
IDS = [*dict.fromkeys(json.loads(line)["id"] for line in LINES)]


@pytest.fixture(scope="module")
def results(golden_costs: ModuleType, engine: RatingEngine) -> dict[str, Any]:
    rated = golden_costs.rate(engine, golden_costs.read_cases(GOLDEN))
    return {result.case.id: result for result in rated}


@pytest.mark.parametrize("case_id", IDS)
def test_a_known_cost_is_computed_to_the_last_decimal_or_the_difference_is_explained(
    case_id: str, results: dict[str, Any]
) -> None:
    result = results[case_id]

    assert result.is_right or result.why, (result.case, result.answer)


def test_no_more_cases_differ_than_those_that_are_explained_one_by_one(
    golden_costs: ModuleType, results: dict[str, Any]
) -> None:
    differing = {case_id for case_id, result in results.items() if not result.is_right}

    assert differing == set(golden_costs.WHY)


@pytest.mark.parametrize("status", ["unpriced", "refused"])
def test_a_case_without_a_total_says_why(status: str, results: dict[str, Any]) -> None:
    answers = [result.answer for result in results.values() if result.answer["status"] == status]

    assert [answer for answer in answers if not answer.get("reason")] == []


def test_the_table_of_the_documentation_is_what_the_command_writes(
    golden_costs: ModuleType, results: dict[str, Any]
) -> None:
    assert golden_costs.DOCUMENT.read_text(encoding="utf-8") == golden_costs.document([*results.values()])
