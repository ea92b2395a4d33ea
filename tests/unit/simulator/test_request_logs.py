"""Logs of the simulated requests: they are the traffic to the last token, but for the gaps that are planted."""

import csv
import datetime as dt
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from genai_finops.simulator.ledger import Ledger, midnight
from genai_finops.simulator.request_logs.files import WrittenLogs, write_request_logs
from genai_finops.simulator.request_logs.formats.written import CONTENT_MARKER
from genai_finops.simulator.request_logs.requests import REQUEST_METERS, is_loggable, requests_of
from genai_finops.simulator.request_logs.truth import AttributionTruth, BilledUsage, attribution_truth
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account, Stream
from genai_finops.simulator.world import World, build_world

SCENARIO = Scenario(first_day=dt.date(2026, 10, 27))
#: Two files, a tenant that is renamed, and midnights, in as few days as that takes.
DAYS = SCENARIO.days[5:8]
#: Everything of the scenario is final.
SETTLED = dt.datetime(2026, 11, 9, tzinfo=dt.UTC)
BANDS = {"0-200k": (0, 200_000), "200k": (0, 200_000), "short": (0, 200_000)} | dict.fromkeys(
    ("200k-1M", "1M", "long"), (200_000, 10**9)
)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(SCENARIO)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("request_logs")


@pytest.fixture(scope="module")
def logs(world: World, folder: Path) -> WrittenLogs:
    return write_request_logs(world, folder, DAYS)


@pytest.fixture(scope="module")
def truth(world: World) -> AttributionTruth:
    return attribution_truth(world, SETTLED, DAYS)


def loggable(world: World, day: dt.date) -> Iterator[tuple[Account, Stream]]:
    for account in world.accounts.values():
        for stream in (stream for streams in account.streams.values() for stream in streams):
            if is_loggable(stream) and day in stream.final:
                yield account, stream


def input_of(meters: dict[str, int]) -> int:
    return sum(
        count for meter, count in meters.items() if meter not in {"output", "output_audio", "image", "character"}
    )


def test_requests_of_a_day_are_all_of_each_meter_of_their_stream(world: World) -> None:
    day = SCENARIO.days[3]
    for account, stream in loggable(world, day):
        told: Counter[str] = Counter()
        for request in requests_of(account, stream, day):
            told.update(request.meters)
        final = {meter: q for meter, q in stream.final[day].items() if meter in REQUEST_METERS | {"web_search"}}
        assert dict(told) == final, stream.name


def test_requests_on_reserved_capacity_are_all_of_each_hour_of_the_ledger(world: World) -> None:
    day = SCENARIO.days[3]
    ledger = Ledger(SCENARIO, SETTLED)
    reserved = [pair for pair in loggable(world, day) if pair[1].plan.flow == "commitment"]
    assert {account.provider for account, _ in reserved} == {"azure_openai", "aws_bedrock", "gcp_vertex"}
    for account, stream in reserved:
        told: Counter[tuple[int, str]] = Counter()
        for request in requests_of(account, stream, day):
            assert request.started_at.date() == day
            for meter, count in request.meters.items():
                told[request.started_at.hour, meter] += count
        shown = {
            (hour, meter): quantity
            for hour in range(24)
            for meter, quantity in ledger.hour(stream, day, hour).items()
            if meter in REQUEST_METERS
        }
        assert dict(told) == shown, stream.name


def test_a_request_of_a_model_priced_by_length_lies_in_its_band(world: World) -> None:
    seen = set()
    for account, stream in loggable(world, SCENARIO.spike_day):
        if stream.plan.context_band and (stream.model or "").startswith(
            ("claude-sonnet-4-5@", "claude-sonnet-4-6", "gemini-2.5-pro")
        ):
            above, up_to = BANDS[stream.plan.context_band]
            lengths = [input_of(dict(found.meters)) for found in requests_of(account, stream, SCENARIO.spike_day)]
            assert all(above < length <= up_to for length in lengths), stream.name
            seen.add(stream.plan.context_band)
    assert len(seen) >= 4


def test_a_conversation_goes_on_after_midnight(world: World) -> None:
    account = world.accounts["openai", "acme"]
    stream = account.streams["completions"][2]
    first, second = SCENARIO.days[2:4]
    before, after = (requests_of(account, stream, day) for day in (first, second))
    assert before[-1].consumer == after[0].consumer
    assert before[-1].started_at < midnight(second) <= after[0].started_at


def test_the_same_scenario_writes_the_same_bytes(tmp_path: Path) -> None:
    alone = Scenario(first_day=dt.date(2026, 10, 31), orgs=("initech",))
    written = []
    for root in (tmp_path / "one", tmp_path / "two"):
        write_request_logs(build_world(alone), root, alone.days[:1])
        written.append({path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.*")})
    assert written[0]
    assert written[0] == written[1]


def test_every_format_is_written(logs: WrittenLogs) -> None:
    formats = {source["format"] for source in logs.sources.values()}
    assert formats == {"otlp", "litellm", "langfuse", "bedrock", "coding_agent", "jsonl", "csv", "recorded"}


def test_every_file_but_the_ones_without_content_holds_the_marker(logs: WrittenLogs, folder: Path) -> None:
    unmarked = {
        logs.sources[path.parent.name]["format"]
        for path in folder.glob("*/*")
        if path.is_file() and path.parent.name != ".late" and CONTENT_MARKER not in text_of(path)
    }
    # Who records their own requests records no content.
    assert unmarked == {"recorded"}


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()


def lines_of(folder: Path, source: str) -> list[dict[str, Any]]:
    """Records of a log of JSON lines, without the broken ones."""
    records = []
    for path in sorted((folder / source).iterdir()):
        for line in text_of(path).splitlines():
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return records


def usages_of(truth: AttributionTruth, org: str, provider: str, **wanted: object) -> list[BilledUsage]:
    return [
        usage
        for usage in truth.usages
        if (usage.key.org, usage.key.provider) == (org, provider)
        and all(getattr(usage.key, name) == value for name, value in wanted.items())
    ]


def test_tokens_of_a_file_are_those_of_the_truth(logs: WrittenLogs, folder: Path, truth: AttributionTruth) -> None:
    found: Counter[tuple[str, str, str]] = Counter()
    for path in (folder / "globex-azure-openai-csv").iterdir():
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found[row["ts"][:10], row["deployment"], row["customer"]] += int(row["tokens_in"])
    expected: Counter[tuple[str, str, str]] = Counter()
    for usage in usages_of(truth, "globex", "azure_openai"):
        if usage.key.meter in {"input", "uncached_input", "embedding_input"}:
            for consumer, count in usage.logged.items():
                expected[usage.key.day.isoformat(), usage.key.resource_id or "", consumer.tenant_id or ""] += count
    assert +found == +expected


def test_a_well_logged_charge_is_attributed_completely(truth: AttributionTruth) -> None:
    [model] = {usage.key.model for usage in usages_of(truth, "acme", "gcp_vertex", service_tier="batch")} - {
        "claude-sonnet-5"
    }
    usages = usages_of(truth, "acme", "gcp_vertex", model=model)
    assert usages
    for usage in usages:
        parts = [usage.quantity_of(consumer) for consumer in usage.logged]
        assert (sum(parts), usage.unattributed_quantity, usage.reason) == (usage.quantity, 0, None)


def key_named(world: World, org: str, name: str) -> str:
    return next(key.id for key in world.accounts["openai", org].api_keys if key.name == name)


def test_nobody_logs_one_of_the_keys(world: World, truth: AttributionTruth, folder: Path, logs: WrittenLogs) -> None:
    key = key_named(world, "acme", "lab")
    usages = usages_of(truth, "acme", "openai", api_key_id=key)
    assert usages
    assert {usage.reason for usage in usages} == {"key without log"}
    assert not any(key in json.dumps(dict(source)) for source in logs.sources.values())
    assert not any(key in text_of(path) for path in folder.glob("acme-*/*"))


def test_38_percent_of_the_requests_of_one_model_are_missing(
    logs: WrittenLogs, folder: Path, truth: AttributionTruth
) -> None:
    model = "gpt-4o-mini-2024-07-18"
    ids = {line["request_id"] for line in lines_of(folder, "globex-openai-litellm-web") if line["model"] == model}
    assert len(ids) == len(DAYS) * 31
    usages = [usage for usage in usages_of(truth, "globex", "openai", model=model) if usage.reason == "incomplete log"]
    missing = Fraction(sum(usage.unattributed_quantity for usage in usages), sum(usage.quantity for usage in usages))
    assert Fraction(36, 100) < missing < Fraction(40, 100)


def test_requests_are_told_twice_in_one_file_and_across_files(logs: WrittenLogs, folder: Path) -> None:
    files = [
        [json.loads(line)["requestId"] for line in text_of(path).splitlines()]
        for path in sorted((folder / "initech-aws-bedrock-bedrock").iterdir())
    ]
    assert all(len(set(ids)) < len(ids) for ids in files)
    assert set(files[0]) & set(files[1])


def test_the_next_file_begins_with_requests_of_the_day_before(logs: WrittenLogs, folder: Path) -> None:
    first, second = sorted((folder / "initech-aws-bedrock-bedrock").iterdir())
    told_first = {json.loads(line)["requestId"]: json.loads(line)["timestamp"] for line in text_of(first).splitlines()}
    again = [json.loads(line) for line in text_of(second).splitlines() if json.loads(line)["requestId"] in told_first]
    last_day_of_first = DAYS[1].isoformat()
    assert {line["timestamp"][:10] for line in again} == {last_day_of_first}


def test_a_fast_clock_moves_requests_to_the_next_day(world: World, truth: AttributionTruth) -> None:
    usages = [
        usage
        for usage in usages_of(truth, "initech", "openai", api_key_id=key_named(world, "initech", "web"))
        if usage.logged
    ]
    assert any(usage.is_scaled for usage in usages)
    assert any(usage.reason == "incomplete log" for usage in usages)


def test_a_tenant_has_an_old_name_at_first(logs: WrittenLogs, folder: Path, truth: AttributionTruth) -> None:
    [rule] = logs.rules
    found = {(line["ts"][:10] < "2026-11-02", line["customer"]) for line in lines_of(folder, "acme-azure-openai-jsonl")}
    assert {(True, rule.logged), (False, rule.tenant)} <= found
    assert not {(True, rule.tenant), (False, rule.logged)} & found
    told = {consumer.tenant_id for usage in usages_of(truth, "acme", "azure_openai") for consumer in usage.logged}
    assert rule.tenant in told
    assert rule.logged not in told


def test_one_account_has_no_log(logs: WrittenLogs, truth: AttributionTruth) -> None:
    assert not any(source.startswith("initech-gemini") for source in logs.sources)
    assert {usage.reason for usage in usages_of(truth, "initech", "gemini")} == {"account without log"}


def test_one_file_arrives_late(tmp_path: Path) -> None:
    alone = Scenario(first_day=dt.date(2026, 11, 3), orgs=("globex",))
    logs = write_request_logs(build_world(alone), tmp_path, alone.days[:1])
    [(_, target)] = logs.late
    assert not target.exists()
    logs.deliver_late_files()
    assert target.read_bytes()


def test_broken_lines_are_counted(logs: WrittenLogs, folder: Path) -> None:
    broken = 0
    for source in ("acme-azure-openai-jsonl", "globex-openai-litellm-web", "acme-openai-otlp-web"):
        for path in (folder / source).iterdir():
            broken += sum(line.startswith(('{"cut', CONTENT_MARKER, '["')) for line in text_of(path).splitlines())
    assert broken > 0
    assert logs.broken_lines >= broken
