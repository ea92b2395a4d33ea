"""What the readers of request logs make of the simulated logs: the requests and tokens of the simulator's truth."""

import datetime as dt
import gzip
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.attribution.log_format import Piece, Reject
from genai_finops.schemas.tables.events import EVENT_METERS
from genai_finops.simulator.request_logs.files import WrittenLogs, write_request_logs
from genai_finops.simulator.request_logs.formats.written import CONTENT_MARKER
from genai_finops.simulator.request_logs.sources import LogSource, sources_of
from genai_finops.simulator.request_logs.telling import tellings_of
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.world import World, build_world

SCENARIO = Scenario(first_day=dt.date(2026, 11, 3))
DAYS = SCENARIO.days[:1]
IDENTITY = ("provider", "sub_account_id", "resource_id", "api_key_id")
CONSUMER = ("tenant_id", "user_id", "task", "conversation_id")
#: Names of the simulator's meters that are no meters of an event. Titan's vectors are counted as other input is.
EVENT_NAMES = {"input": "uncached_input", "input_audio": "uncached_input_audio"}


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(SCENARIO)


@pytest.fixture(scope="module")
def sources(world: World) -> dict[str, LogSource]:
    return {source.id: source for source in sources_of(world)}


@pytest.fixture(scope="module")
def logs(world: World, tmp_path_factory: pytest.TempPathFactory) -> WrittenLogs:
    logs = write_request_logs(world, tmp_path_factory.mktemp("request_logs"), DAYS)
    logs.deliver_late_files()
    return logs


@pytest.fixture(scope="module")
def read(logs: WrittenLogs) -> dict[str, tuple[pl.DataFrame, list[Reject]]]:
    """Events and rejects of each source, each request once, with the source's defaults."""
    return {
        name: read_source(source) for name, source in logs.sources.items() if any(Path(source["location"]).glob("*"))
    }


def read_source(source: Mapping[str, Any]) -> tuple[pl.DataFrame, list[Reject]]:
    log_format, options = FORMATS[source["format"]], source.get("options", {})
    log_format.check_options(options)
    frames: list[pl.DataFrame] = []
    rejects: list[Reject] = []
    for path in sorted(Path(source["location"]).iterdir()):
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        found = log_format.read(Piece(content=content, first_line=1), options)
        frames.append(found.events)
        rejects += found.rejects
    events = pl.concat(frames).unique("request_id", keep="last")
    defaults = {name: value for name, value in source["defaults"].items() if name != "account_id"}
    return events.with_columns(pl.col(name).fill_null(value) for name, value in defaults.items()), rejects


def told(source: LogSource) -> Counter[tuple[Any, ...]]:
    """Tokens by day, consumer and meter as the simulator knows them."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for day in DAYS:
        for written, consumer in tellings_of(source, day):
            for meter, count in written.meters.items():
                who = (written.started_at.date(), written.model, written.tenant_id, *consumer[1:])
                counts[*who, EVENT_NAMES.get(meter, meter)] += count
    return counts


def found(events: pl.DataFrame) -> Counter[tuple[Any, ...]]:
    counts: Counter[tuple[Any, ...]] = Counter()
    for row in events.iter_rows(named=True):
        for meter in EVENT_METERS:
            if row[meter]:
                who = (row["started_at"].date(), row["provider_model_id"], *(row[name] for name in CONSUMER))
                counts[*who, meter] += row[meter]
    return counts


def test_every_source_is_read_to_the_last_token_of_each_consumer(
    sources: dict[str, LogSource], read: dict[str, tuple[pl.DataFrame, list[Reject]]]
) -> None:
    assert len(read) > 30
    for name, (events, _) in read.items():
        if sources[name].account.provider == "aws_bedrock":
            continue
        assert found(events) == told(sources[name]), name


def test_bedrock_counts_vectors_apart(
    sources: dict[str, LogSource], read: dict[str, tuple[pl.DataFrame, list[Reject]]]
) -> None:
    for name, (events, _) in read.items():
        if sources[name].account.provider == "aws_bedrock":
            tokens: defaultdict[tuple[Any, ...], int] = defaultdict(int)
            for key, count in found(events).items():
                tokens[*key[2:6], "uncached_input" if key[6] == "embedding_input" else key[6]] += count
            expected: Counter[tuple[Any, ...]] = Counter()
            for key, count in told(sources[name]).items():
                expected[key[2:]] += count
            assert tokens == expected, name


def test_every_event_names_what_was_billed(
    sources: dict[str, LogSource], read: dict[str, tuple[pl.DataFrame, list[Reject]]]
) -> None:
    for name, (events, _) in read.items():
        source = sources[name]
        streams = {
            (
                source.account.provider,
                stream.sub_account.id if stream.sub_account else None,
                stream.plan.resource_id,
                stream.api_key_id,
            )
            for stream in source.streams
        }
        assert set(events.select(IDENTITY).iter_rows()) <= streams, name


def test_only_broken_lines_are_rejected_and_no_reason_quotes_them(
    logs: WrittenLogs, read: dict[str, tuple[pl.DataFrame, list[Reject]]]
) -> None:
    rejects = [reject for _, found in read.values() for reject in found]
    assert len(rejects) == logs.broken_lines > 0
    assert not any(CONTENT_MARKER in reject.reason for reject in rejects)


def test_no_content_is_in_any_event(read: dict[str, tuple[pl.DataFrame, list[Reject]]]) -> None:
    for name, (events, _) in read.items():
        assert CONTENT_MARKER not in events.write_csv(), name
