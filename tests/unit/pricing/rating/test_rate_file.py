"""`prices rate`: lines in, lines out, in order, exact, and refused with field and value."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.errors import FinopsError
from genai_finops.pricing import calculate_llm_cost
from genai_finops.pricing.rate_file import rate_file, rate_lines
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.schemas.meters import METERS

CASE: dict[str, Any] = {
    "id": "1",
    "provider": "openai",
    "model": "gpt-4o",
    "date": "2026-10-20",
    "meters": {"uncached_input": 600, "cache_read": 400, "output": 500},
}
DROPPED = object()


def answer_to(engine: RatingEngine, line: str | bytes) -> dict[str, Any]:
    encoded = line if isinstance(line, bytes) else line.encode()
    answer: dict[str, Any] = json.loads(rate_lines(engine, [encoded])["line"][0])
    return answer


def case(**columns: Any) -> str:
    return json.dumps({name: value for name, value in {**CASE, **columns}.items() if value is not DROPPED})


def test_a_priced_case_has_a_line_for_each_meter_and_decimals_as_texts(packaged: RatingEngine) -> None:
    answer = answer_to(packaged, case())

    source = calculate_llm_cost("openai", "gpt-4o", 1, date=dt.date(2026, 10, 20), book=packaged)
    assert answer == {
        "id": "1",
        "status": "priced",
        "total": "0.007",
        "currency": "USD",
        "lines": [
            {
                "meter": meter,
                "quantity": quantity,
                "unit": "Tokens",
                "unit_price": unit_price,
                "cost": cost,
                "rate_source": source.lines[0].rate_source,
                "valid_from": "2020-01-01",
            }
            for meter, quantity, unit_price, cost in (
                ("uncached_input", "600", "0.0000025", "0.0015"),
                ("cache_read", "400", "0.00000125", "0.0005"),
                ("output", "500", "0.00001", "0.005"),
            )
        ],
    }


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"id": DROPPED}, "id is no text"),
        ({"provider": "opnai"}, 'provider is "opnai", which is no provider'),
        ({"provider": DROPPED}, "provider is missing, which is no provider"),
        ({"model": ""}, 'model is "", which is no model'),
        ({"model": 5}, "model is 5, which is no model"),
        ({"date": "2026-02-30"}, 'date is "2026-02-30", which is no day such as 2026-10-31'),
        ({"date": "20261020"}, 'date is "20261020", which is no day such as 2026-10-31'),
        ({"date": DROPPED}, "date is missing, which is no day such as 2026-10-31"),
        ({"service_tier": 1}, "service_tier is 1, which is no text"),
        ({"context_tokens": -5}, "context_tokens is -5, which is no count"),
        ({"context_tokens": 1.5}, "context_tokens is 1.5, which is no count"),
        ({"meters": DROPPED}, "meters is missing, which is no object of quantities"),
        ({"meters": [1]}, "meters is [1], which is no object of quantities"),
        ({"meters": {}}, "meters is empty"),
        ({"meters": {"uncached_inpt": 1}}, "there is no meter uncached_inpt"),
        ({"meters": {"output": -1}}, "output is -1, which is below 0"),
        ({"meters": {"output": -0.5}}, "output is -0.5, which is below 0"),
        ({"meters": {"output": "5"}}, 'output is "5", which is no number'),
        ({"meters": {"output": None}}, "output is null, which is no number"),
        ({"meters": {"output": True}}, "output is true, which is no number"),
        ({"meters": {"output": 1.5}}, "output is 1.5, which is finer or larger than it is metered"),
        ({"meters": {"output": 10**21}}, f"output is {10**21}, which is finer or larger than it is metered"),
        ({"meters": {"input": 5, "cache_read": 1}}, "input and cache_read count the same tokens twice"),
        (
            {"meters": {"cache_write": 5, "cache_write_1h": 1}},
            "cache_write and cache_write_1h count the same tokens twice",
        ),
        ({"service_teir": "batch"}, "there is no field service_teir"),
    ],
)
def test_a_case_that_cannot_be_meant_is_refused_with_field_and_value(
    columns: dict[str, Any], reason: str, packaged: RatingEngine
) -> None:
    answer = answer_to(packaged, case(**columns))

    assert (answer["status"], answer["total"], answer["lines"], answer["reason"]) == ("refused", None, [], reason)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "the line is no JSON object"),
        (b"nonsense", "the line is no JSON object"),
        (b"[1]", "the line is no JSON object"),
        (b'{"id":"1"', "the line is no JSON object"),
        (case().replace("500}", "500,}").encode(), "the line is no JSON object"),
        (case().replace("500}", "NaN}").encode(), "the line is no JSON object"),
        (case().replace("500}", "Infinity}").encode(), "the line is no JSON object"),
        (b'{"id":"\xff"}', "the line is not UTF-8"),
        (case().replace('"cache_read"', '"output"').encode(), "a meter is given twice"),
        (case().replace('"model"', '"provider"').encode(), "a field is given twice"),
    ],
)
def test_a_line_that_is_no_case_is_refused(line: bytes, reason: str, packaged: RatingEngine) -> None:
    answer = answer_to(packaged, line)

    assert (answer["status"], answer["reason"]) == ("refused", reason)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"service_tier": "prioritty"}, "unknown_tier"),
        ({"geography": "mars"}, "unknown_geography"),
        ({"model": "our-deployment"}, "unknown_model"),
        ({"meters": {"input": 5}}, "unknown_cache_share"),
        ({"meters": {"uncached_input": 5, "embedding_input": 1}}, "unknown_meter"),
    ],
)
def test_a_case_without_one_sure_price_is_unpriced_with_a_reason(
    columns: dict[str, Any], reason: str, packaged: RatingEngine
) -> None:
    answer = answer_to(packaged, case(**columns))

    assert (answer["status"], answer["total"], answer["reason"]) == ("unpriced", None, reason)


def test_a_case_that_is_priced_in_part_has_the_lines_of_that_part_and_no_total(packaged: RatingEngine) -> None:
    answer = answer_to(packaged, case(meters={"output": 500, "container_session": 1}))

    assert (answer["status"], answer["total"], [line["meter"] for line in answer["lines"]]) == (
        "unpriced",
        None,
        ["output"],
    )


def test_a_meter_of_which_nothing_was_used_needs_no_price(packaged: RatingEngine) -> None:
    answer = answer_to(packaged, case(meters={"output": 500, "container_session": 0}))

    assert (answer["status"], answer["total"]) == ("priced", "0.005")


def test_a_number_with_more_digits_than_a_float_has_is_exact(
    toy: Callable[..., RatingEngine], toy_rate: Callable[..., Any]
) -> None:
    engine = toy([toy_rate("0.000000000001", "audio_second")])
    line = case(model="toy-large", meters={"audio_second": 0}).replace(": 0}", ": 12345678901234567.123456}")

    answer = answer_to(engine, line)

    assert (answer["lines"][0]["quantity"], answer["total"]) == ("12345678901234567.123456", "12345.678901234567123456")


def test_a_whole_number_may_be_written_with_a_point_or_an_exponent(packaged: RatingEngine) -> None:
    answer = answer_to(packaged, case().replace("500}", "5.0e2}"))

    assert (answer["lines"][2]["quantity"], answer["total"]) == ("500", "0.007")


def test_a_text_with_escapes_is_read_as_what_it_means(packaged: RatingEngine) -> None:
    answer = answer_to(packaged, case(id='a"b\n\u00e9').replace("gpt-4o", "gpt\\u002d4o"))

    assert (answer["id"], answer["total"]) == ('a"b\n\u00e9', "0.007")


def test_what_shares_an_allowance_is_unpriced_because_earlier_usage_decides(
    toy: Callable[..., RatingEngine], toy_rate: Callable[..., Any]
) -> None:
    allowance = toy_rate(
        None,
        pricing_type="free_tier",
        free_tier_quantity=Decimal(10),
        free_tier_reset_frequency="daily",
        x_org_slug="acme",
        is_custom=True,
    )
    engine = toy([toy_rate("1")], agreed=[allowance])
    line = case(model="toy-large", meters={"uncached_input": 1000}, org="acme", account="a")

    answer = answer_to(engine, line)

    bounds = (answer["lower_bound"], answer["upper_bound"])
    assert (answer["status"], answer["reason"], bounds) == ("unpriced", "unknown_earlier_usage", ("0", "0.001"))


def test_every_line_has_its_answer_in_the_order_of_the_file(packaged: RatingEngine, tmp_path: Path) -> None:
    lines = [case(id=str(number)) if number % 3 else "nonsense" for number in range(100)]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")

    counts = rate_file(packaged, tmp_path / "cases.jsonl", tmp_path / "answers.jsonl")

    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [answer["id"] for answer in answers] == [str(number) if number % 3 else None for number in range(100)]
    assert (counts.priced, counts.unpriced, counts.refused) == (66, 0, 34)


def test_a_file_is_not_rated_into_itself(packaged: RatingEngine, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(case(), encoding="utf-8")

    with pytest.raises(FinopsError, match="into itself"):
        rate_file(packaged, path, tmp_path / "." / "cases.jsonl")

    assert path.read_text(encoding="utf-8") == case()


def test_a_file_that_is_missing_leaves_the_earlier_answers(packaged: RatingEngine, tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text("earlier", encoding="utf-8")

    with pytest.raises(FinopsError, match="No such file"):
        rate_file(packaged, tmp_path / "none.jsonl", tmp_path / "answers.jsonl")

    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [
        ("answers.jsonl", "earlier")
    ]


def test_every_meter_is_read(packaged: RatingEngine) -> None:
    answers = rate_lines(packaged, [case(meters={meter: 1}).encode() for meter in METERS])["line"]
    refusals = {answer["reason"] for answer in map(json.loads, answers) if answer["status"] == "refused"}

    assert refusals == set()
