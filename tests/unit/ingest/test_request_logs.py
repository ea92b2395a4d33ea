"""Log files become events: once each, exactly, without their content, whatever else is in the file."""

import datetime as dt
import gzip
import json
import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from click.testing import CliRunner

from genai_finops.attribution.sources import load_log_sources
from genai_finops.cli.logs import logs
from genai_finops.ingest.log_register import LogRegister
from genai_finops.ingest.request_logs import LogReadReport, read_request_logs
from genai_finops.lake.files import LakeFiles
from genai_finops.settings import Settings

_NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
_MARKER = "QUX-a-secret-prompt-QUX"
_MAPPING: dict[str, Any] = {
    "started_at": "ts",
    "columns": {
        "request_id": "id",
        "provider": "vendor",
        "model": "model",
        "tenant_id": "who.tenant",
        "task": {"field": "feature"},
    },
    "tokens": {
        "input_tokens": "usage.in",
        "cache_read": "usage.cached",
        "output_tokens": "usage.out",
        "input_includes_cache": True,
    },
    "cost": {"field": "usd", "currency": "USD"},
}


class Desk:
    """A lake, a folder of sources and one of logs."""

    def __init__(self, folder: Path) -> None:
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.configs = folder / "configs"
        self.configs.mkdir()
        self.folder = folder
        self.lake = LakeFiles(str(folder / "lake"))

    def configure(self, name: str = "gateway", **values: Any) -> None:
        config = {"org": "acme", "format": "jsonl", "location": str(self.logs), "options": _MAPPING} | values
        (self.configs / f"{name}.yml").write_text(yaml.safe_dump(config))

    def write(self, name: str, content: bytes | str, *, age: dt.timedelta = dt.timedelta(days=1)) -> Path:
        path = self.logs / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        moment = (_NOW - age).timestamp()
        os.utime(path, (moment, moment))
        return path

    def read(self, run_id: str = "run") -> LogReadReport:
        sources = list(load_log_sources(self.configs, {}).values())
        return read_request_logs(self.lake, sources, now=_NOW, run_id=run_id, locks=self.folder / "locks")

    def events(self) -> pl.DataFrame:
        frame = pl.read_parquet(self.folder / "lake/landing/genai_usage_events_raw/day=20*/**/*.parquet", glob=True)
        return frame.sort("log_file", "log_line")

    def stored_bytes(self) -> dict[str, bytes]:
        lake = self.folder / "lake"
        return {str(path.relative_to(lake)): path.read_bytes() for path in lake.rglob("*") if path.is_file()}

    def rejects(self) -> dict[int, str]:
        lines = [
            json.loads(line)
            for path in (self.folder / "lake").glob("rejects/**/*.jsonl")
            for line in path.read_text().splitlines()
        ]
        return {line["line"]: line["reason"] for line in lines}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _line(number: int, **values: Any) -> str:
    event = {
        "ts": f"2026-11-02T09:{number % 60:02d}:46.847Z",
        "id": f"r-{number}",
        "vendor": "openai",
        "model": "gpt-5.4-mini",
        "who": {"tenant": f"t-{number % 3}"},
        "usage": {"in": 1800, "cached": 1024, "out": 310},
        "usd": 0.0020538,
    } | values
    return json.dumps({name: value for name, value in event.items() if value is not ...}) + "\n"


def test_a_line_becomes_an_event_with_disjoint_tokens_and_its_exact_cost(desk: Desk) -> None:
    desk.configure(defaults={"service_tier": "batch", "task": "support"}, accounts={"openai": "org-1"})
    text = _line(1).replace("0.0020538", "0.12345678901234567891")
    desk.write("a.jsonl", text + _line(2, vendor="az.ai.openai", usd="1e-7"))
    desk.read()
    first, second = desk.events().to_dicts()
    assert (first["uncached_input"], first["cache_read"], first["output"]) == (776, 1024, 310)
    # 20 decimals as told, 18 kept; a binary fraction would have ended after 17 digits.
    assert first["reported_cost"] == Decimal("0.123456789012345679")
    assert second["reported_cost"] == Decimal("0.0000001")
    assert (second["provider"], second["x_genai_account_id"], first["x_genai_account_id"]) == (
        "azure_openai",
        None,
        "org-1",
    )
    assert (first["event_id"], first["tenant_id"], first["task"], first["service_tier"]) == (
        "r-1",
        "t-1",
        "support",
        "batch",
    )
    assert first["usage_date"] == first["x_ingestion_date"] == dt.date(2026, 11, 2)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("{\n", "not JSON"),
        ("[1]\n", "a list, not an object"),
        (_line(2, ts="yesterday"), "ts is no time as iso"),
        (_line(2, ts=...), "ts is missing"),
        (_line(2, ts="0026-11-02T00:00:00Z"), "ts is before 2020 or after 2099"),
        (_line(2, usage={"in": -1}), "usage.in is negative"),
        (_line(2, usage={"in": 10**30}), "usage.in is not a count"),
        (_line(2, usage={"in": 1.5}), "usage.in is not a count"),
        (_line(2, usage={"in": True}), "usage.in is not a count"),
        (_line(2, usage="none"), "usage is text, not an object"),
        (_line(2).replace("1800", "NaN"), "not JSON"),
        (_line(2, usd=-0.5), "usd is negative"),
        (_line(2, usd="free"), "usd is not an amount"),
        (_line(2, vendor=..., model="in-house"), "neither the log nor the defaults of its source name a provider"),
        (_line(2, feature={"a": _MARKER}), "feature is an object or a list, not a text"),
        (_line(2).replace("{", '{"id": "\\ud800", ', 1).replace("r-2", "\udcff"), None),
    ],
)
def test_a_broken_line_is_rejected_with_its_reason_and_the_others_are_loaded(
    desk: Desk, broken: str, reason: str | None
) -> None:
    desk.configure()
    desk.write("a.jsonl", (_line(1) + "\r\n" + broken + _line(3)).encode("utf-8", "surrogateescape"))
    report = desk.read()
    assert not report.has_failures
    assert set(desk.events()["event_id"]) >= {"r-1", "r-3"}
    assert set(desk.rejects()) == {3}
    assert reason is None or desk.rejects()[3] == reason


def test_content_reaches_no_landed_byte_no_reject_and_no_register(desk: Desk) -> None:
    content = {"messages": [{"role": "user", "content": _MARKER}], "response": {"text": _MARKER}, _MARKER: 1}
    desk.configure("mapped", location=str(desk.logs / "*.jsonl"))
    desk.write("a.jsonl", _line(1, **content) + _line(2, ts=_MARKER, **content) + f'{{"x": "{_MARKER}\n')
    desk.configure(
        "table",
        format="csv",
        location=str(desk.logs / "*.csv"),
        options={"started_at": "t", "columns": {"provider": "p"}},
    )
    desk.write(
        "a.csv", f't,p,prompt\n2026-11-02,openai,"{_MARKER}\n, ""{_MARKER}"""\n{_MARKER},openai,x\n1,2,3,{_MARKER}\n'
    )
    frame = pl.DataFrame({"t": ["2026-11-02", _MARKER], "p": ["openai", "openai"], "prompt": [_MARKER, _MARKER]})
    desk.configure(
        "columns",
        format="parquet",
        location=str(desk.logs / "*.parquet"),
        options={"started_at": "t", "columns": {"provider": "p"}},
    )
    frame.write_parquet(desk.logs / "a.parquet")
    desk.configure("litellm", format="litellm", location=str(desk.logs / "*.spend"), options={})
    spend = {"request_id": "s-1", "startTime": "2026-11-02 09:20:46", "custom_llm_provider": "openai", "model": "m"}
    told = {"messages": _MARKER, "response": _MARKER, "proxy_server_request": {"body": _MARKER}}
    metadata = json.dumps({"spend_logs_metadata": {"note": _MARKER}, "requester_metadata": _MARKER, "usage_object": {}})
    desk.write(
        "a.spend",
        json.dumps(spend | told | {"metadata": metadata})
        + "\n"
        + json.dumps(spend | told | {"metadata": _MARKER})
        + "\n",
    )
    desk.configure("recorded", format="recorded", location=str(desk.logs / "*.sdk"), options={})
    sdk = {"started_at": "2026-11-02T00:00:00Z", "provider": "openai", "request_id": "k", "status": "success"}
    desk.write("a.sdk", json.dumps(sdk | told) + "\n" + json.dumps(sdk | told | {"image": _MARKER}) + "\n")
    report = desk.read()
    assert not report.has_failures
    assert (desk.events().height, report.rejects) == (5, 7)
    assert [path for path, stored in desk.stored_bytes().items() if _MARKER.encode() in stored] == []
    # Parquet pages are compressed: the marker must not be in what they unpack to either.
    assert _MARKER not in str(desk.events().to_dicts())


def test_events_that_are_told_again_late_or_in_another_order_count_once_and_the_last_telling_wins(desk: Desk) -> None:
    desk.configure()
    path = desk.write("a.jsonl", _line(3) + _line(1) + _line(1, feature="later"))
    assert desk.read().events == 2
    assert desk.events().filter(event_id="r-1")["task"].to_list() == ["later"]
    with path.open("a") as log:
        log.write(_line(2) + _line(3, ts="2026-11-03T00:10:00Z") + _line(3, ts="2026-11-03T00:20:00Z"))
    report = desk.read()
    assert [outcome.status for outcome in report.outcomes] == ["changed"]
    assert report.days == (dt.date(2026, 11, 2), dt.date(2026, 11, 3))
    assert desk.events()["event_id"].sort().to_list() == ["r-1", "r-2", "r-3"]
    assert desk.events().filter(event_id="r-3")["started_at"].to_list() == [
        dt.datetime(2026, 11, 3, 0, 20, tzinfo=dt.UTC)
    ]


def test_reading_twice_reads_nothing_and_leaves_identical_bytes(desk: Desk) -> None:
    desk.configure()
    desk.write("a.jsonl.gz", gzip.compress((_line(1) + "{\n").encode()))
    desk.read("first")
    stored = desk.stored_bytes()
    report = desk.read("second")
    assert [outcome.status for outcome in report.outcomes] == ["unchanged"]
    assert report.days == ()
    assert desk.stored_bytes() == stored


def test_a_changed_mapping_reads_the_files_again_and_removes_days_that_they_no_longer_tell_of(desk: Desk) -> None:
    desk.configure()
    desk.write("a.jsonl", _line(1) + _line(2, ts="2026-11-04T00:00:00Z"))
    desk.read()
    desk.configure(options=_MAPPING | {"only": {"id": ["r-1"]}})
    report = desk.read()
    assert report.days == (dt.date(2026, 11, 2), dt.date(2026, 11, 4))
    assert desk.events()["event_id"].to_list() == ["r-1"]
    assert desk.events()["usage_date"].to_list() == [dt.date(2026, 11, 2)]


def test_the_last_line_of_a_live_file_waits_for_its_end(desk: Desk) -> None:
    desk.configure()
    whole = _line(1) + _line(2)
    desk.write("a.jsonl", whole[:-1], age=dt.timedelta(0))
    assert desk.read().events == 1
    assert desk.read().read == ()
    # Nobody writes to it any more: the line is all there will be.
    desk.write("a.jsonl", whole[:-1], age=dt.timedelta(hours=1))
    assert desk.read().events == 2


def test_a_cut_off_archive_waits_while_it_is_written_and_fails_alone_when_it_stays_cut_off(desk: Desk) -> None:
    desk.configure()
    packed = gzip.compress("".join(_line(number) for number in range(50)).encode())
    desk.write("a.jsonl.gz", packed[:-20], age=dt.timedelta(0))
    desk.write("b.jsonl", _line(1))
    report = desk.read()
    assert [outcome.status for outcome in report.outcomes] == ["unfinished", "new"]
    desk.write("a.jsonl.gz", packed[:-20])
    report = desk.read()
    assert [outcome.status for outcome in report.failed] == ["failed"]
    desk.write("a.jsonl.gz", packed)
    assert desk.read().events == 50


def test_a_source_that_cannot_be_listed_does_not_stop_the_others(desk: Desk) -> None:
    desk.configure("absent", location=str(desk.folder / "nowhere"))
    desk.configure("gateway")
    desk.write("a.jsonl", _line(1))
    report = desk.read()
    assert set(report.failed_sources) == {"absent"}
    assert report.has_failures
    assert report.events == 1


def test_identical_events_without_an_id_are_one_or_many_as_the_source_says(desk: Desk) -> None:
    desk.write("a.jsonl", _line(1, id=...) * 3)
    desk.configure()
    assert desk.read().events == 1
    assert desk.events()["event_id"][0].startswith("sha256:")
    desk.configure(identical_events="apart")
    assert desk.read().events == 3


def test_two_readers_at_once_leave_what_one_would(desk: Desk) -> None:
    desk.configure()
    for number in range(6):
        desk.write(f"{number}.jsonl", "".join(_line(line) for line in range(number, 200)))
    with ThreadPoolExecutor(2) as pool:
        reports = [reading.result() for reading in [pool.submit(desk.read), pool.submit(desk.read)]]
    assert sorted(len(report.read) for report in reports) == [0, 6]
    assert desk.events().height == sum(range(195, 201))


def test_a_reader_that_is_killed_before_its_register_is_written_changes_nothing_for_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.configure()
    desk.write("a.jsonl", _line(1) + _line(2, ts="2026-11-03T00:00:00Z"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(LogRegister, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.read()
    assert [outcome.status for outcome in desk.read().outcomes] == ["new"]
    assert desk.events()["event_id"].to_list() == ["r-1", "r-2"]


def test_the_commands_read_list_and_name_rejects(desk: Desk) -> None:
    desk.configure()
    desk.write("a.jsonl", _line(1) + "{\n")
    environ = {
        "GENAI_FINOPS_HOME": str(desk.folder),
        "GENAI_FINOPS_REQUEST_LOGS_CONFIG": str(desk.configs),
    }
    settings = Settings.from_environment(environ, desk.folder)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(logs, arguments, obj=settings)
        assert result.exit_code == 0, result.output
        return result.output

    assert "a.jsonl" in run("read", "--dry-run")
    assert "1 events and 1 rejects read" in run("read")
    assert run("read", "--dry-run") == ""
    assert json.loads(run("list", "--json"))[0]["events"] == 1
    assert json.loads(run("rejects", "gateway", "--json")) == [{"file": "a.jsonl", "line": 2, "reason": "not JSON"}]
    assert "1024 cache_read" in run("check", str(desk.logs / "a.jsonl"), "--source", "gateway")
