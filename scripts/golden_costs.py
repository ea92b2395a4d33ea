"""Costs that third parties state, billed or computed for one request, beside ours, as docs/golden-costs.md.

    GENAI_FINOPS_TEST_DATA=FOLDER python scripts/golden_costs.py --write | --check

The cases are other people's data: they are read from FOLDER/golden_costs and are not part of this repository.
"""

import argparse
import datetime as dt
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from genai_finops.pricing.open_book import open_book
from genai_finops.pricing.rate_file import rate_lines
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.providers.bedrock_models import geography_of
from genai_finops.settings import Settings

FILES = ("cases", "effective_dates", "recorded_usage", "reseller_billed")
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "golden-costs.md"
#: Day of a case that names none: all models of the recordings are on sale, and no price changes near it.
_ANY_DAY = "2026-09-01"
#: Amounts of the sources that are JSON numbers have passed through binary floats.
_FLOAT_STEP = Decimal(1).scaleb(-12)

#: Why a case differs from its source. None of these is a reason to change a price.
WHY: dict[str, str] = {
    "5547c66a26fd": "disputed: the source prices audio input of gpt-4o-transcribe as text, the vendor lists it higher",
    "c9ead7ec0f5e": "disputed: the source has the price of before 2026-08-21 on a later day",
    "f7f670d93a3e": "the source's packages were not given the image tokens of the output, which cost more than text",
    "50f8c1317e52": "claude-opus-5[1m] is a client's spelling that no provider reports: unknown, not the base model",
    "ae0ba1612c77": "a reseller's own price of open weights, which no first party sells at that price",
    "80997e88eb77": "the bill holds a call of the reseller's tools; what it says of tokens alone is our amount",
    "1727c4aabf5c": "the bill holds a call of the reseller's tools; what it says of tokens alone is our amount",
    "097f15933095": "the bill holds a web search of 0.01, which the stated usage leaves out",
    "85dd04f9ff26": "the bill holds a cache write by the token; the list has cache storage by the hour instead",
}

_TIERS = {None: "standard", "default": "standard", "ON_DEMAND": "standard"}
_GEOGRAPHIES = {"us_data_zone": "data_zone_us", "eu_data_zone": "data_zone_eu", "global": "global", None: None}


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCase:
    """One case as `prices rate` reads it, and the amount that its source states."""

    id: str
    request: dict[str, Any]
    expected: Decimal
    is_float: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenResult:
    """A case and our answer."""

    case: GoldenCase
    answer: dict[str, Any]

    @property
    def is_right(self) -> bool:
        """Whether the answer is the source's amount to the last decimal that the source has."""
        if self.answer["status"] != "priced":
            return False
        total = Decimal(self.answer["total"])
        return (total.quantize(_FLOAT_STEP) if self.case.is_float else total) == self.case.expected

    @property
    def why(self) -> str | None:
        """Why it differs; None where nobody has said so."""
        if self.is_right:
            return None
        return WHY.get(self.case.id)


def _openai(usage: dict[str, int]) -> dict[str, int]:
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


def _claude(usage: dict[str, int]) -> dict[str, int]:
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


def _gemini(usage: dict[str, int]) -> dict[str, int]:
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


_METERS_OF = {
    "openai": _openai,
    "azure_openai": _openai,
    "anthropic": _claude,
    "gemini": _gemini,
    "gcp_vertex": _gemini,
    # Prices of Claude are by the lifetime of a cache write, prices of others are not.
    "aws_bedrock": _openai,
}


def read_cases(folder: Path) -> list[GoldenCase]:
    """All cases of a folder."""
    lines = (line for name in FILES for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    cases = (_case(json.loads(line, parse_float=Decimal)) for line in lines)
    # One recording is in the data twice, with one id.
    return [*{case.id: case for case in cases}.values()]


def _case(record: dict[str, Any]) -> GoldenCase:
    provider, model = record["provider"], record["model"]
    usage = dict(record.get("usage") or record["canonical_usage"])
    if "native_usage" in record:
        # The recorded costs leave calls of tools out.
        usage.pop("web_searches", None)
    meters = (_claude if "claude" in model else _METERS_OF[provider])(usage)
    if "embedding" in model:
        meters["embedding_input"] = meters.pop("uncached_input")
    tier = record.get("service_tier")
    amount = record["expected"]["total_cost"]
    return GoldenCase(
        id=record["id"],
        request={
            "id": record["id"],
            "provider": provider,
            "model": model,
            "date": str(record.get("price_date") or record.get("created") or _ANY_DAY)[:10],
            "service_tier": _TIERS.get(tier, tier),
            "geography": _geography(record),
            "context_tokens": usage.get("input_tokens", 0),
            "meters": {meter: count for meter, count in meters.items() if count} or {"output": 0},
        },
        expected=Decimal(amount),
        is_float=not isinstance(amount, str),
    )


def _geography(record: dict[str, Any]) -> str | None:
    """Where the price holds: on Bedrock by the model's id, and where it names no profile a region of the US."""
    if record["provider"] == "aws_bedrock":
        return geography_of(record["model"], record.get("region") or "us-east-1")
    scope = record.get("scope")
    return _GEOGRAPHIES.get(scope, "regional")


def rate(engine: RatingEngine, cases: Sequence[GoldenCase]) -> list[GoldenResult]:
    """Our answers to the cases, in their order."""
    lines = [json.dumps(case.request).encode() for case in cases]
    answers = [json.loads(line) for line in rate_lines(engine, lines)["line"]]
    return [GoldenResult(case=case, answer=answer) for case, answer in zip(cases, answers, strict=True)]


def packaged_engine() -> RatingEngine:
    """The packaged prices, whatever this machine's lake knows."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.from_environment({"GENAI_FINOPS_HOME": home}, Path(home))
        return open_book(settings, now=dt.datetime(2026, 11, 1, tzinfo=dt.UTC))


def document(results: Sequence[GoldenResult]) -> str:
    """docs/golden-costs.md."""
    return "\n".join([*_head(results), *_table(results), ""])


def _head(results: Sequence[GoldenResult]) -> Iterator[str]:
    right = sum(result.is_right for result in results)
    yield "# Costs that others state, beside ours"
    yield ""
    yield "Written by `python scripts/golden_costs.py --write` from the folder that GENAI_FINOPS_TEST_DATA names; the"
    yield "golden tests check it. Amounts are US dollars, of one request each. Those that a source gives as texts are"
    yield "compared digit by digit, those that are binary floats after rounding both to 12 decimals."
    yield ""
    yield f"{len(results)} cases, {right} equal to their source. By provider:"
    yield ""
    yield "| provider | cases | equal | differ | unpriced | refused |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for provider in sorted({result.case.request["provider"] for result in results}):
        of_provider = [result for result in results if result.case.request["provider"] == provider]
        counts = Counter(_verdict(result) for result in of_provider)
        numbers = (counts[verdict] for verdict in ("equal", "differs", "unpriced", "refused"))
        yield f"| {provider} | {len(of_provider)} | {' | '.join(map(str, numbers))} |"
    yield ""
    yield "Cases that differ, and why:"
    yield ""


def _verdict(result: GoldenResult) -> str:
    if result.is_right:
        return "equal"
    return "differs" if result.answer["status"] == "priced" else str(result.answer["status"])


def _table(results: Sequence[GoldenResult]) -> Iterator[str]:
    yield "| case | provider | model | day | the source says | we say | why |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for result in results:
        if not result.is_right:
            case, answer = result.case, result.answer
            ours = answer["total"] if answer["status"] == "priced" else f"{answer['status']}: {answer['reason']}"
            cells = (case.id, case.request["provider"], f"`{case.request['model']}`", case.request["date"])
            yield f"| {' | '.join(cells)} | {case.expected:f} | {ours} | {result.why or 'not explained'} |"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Write the costs that others state beside ours.")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write the document")
    mode.add_argument(
        "--check", action="store_true", help="fail when it is stale, or when a difference is not explained"
    )
    options = parser.parse_args(arguments)
    folder = os.environ.get("GENAI_FINOPS_TEST_DATA")
    if folder is None:
        sys.stderr.write("GENAI_FINOPS_TEST_DATA names no folder with golden_costs/\n")
        return 2
    results = rate(packaged_engine(), read_cases(Path(folder) / "golden_costs"))
    content = document(results)
    if options.write:
        DOCUMENT.write_text(content, encoding="utf-8")
    problems = [
        f"{result.case.id} differs and nobody says why" for result in results if not result.is_right and not result.why
    ]
    if not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != content:
        problems.append(f"docs/{DOCUMENT.name} is stale: run python scripts/golden_costs.py --write")
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
