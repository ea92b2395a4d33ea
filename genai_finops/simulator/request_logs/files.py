"""The files of all logs, with what configures their reading."""

import csv
import datetime as dt
import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from genai_finops.simulator.noise import generator
from genai_finops.simulator.request_logs.formats.coding_agent import AGENT_USER, SESSIONS
from genai_finops.simulator.request_logs.formats.written import CONTENT_MARKER, LogWriter, Written
from genai_finops.simulator.request_logs.sources import LogSource, file_number, renamed_tenant, sources_of
from genai_finops.simulator.request_logs.telling import tellings_of
from genai_finops.simulator.world import World

_JSON = json.JSONEncoder(separators=(",", ":"))
#: A line that was cut off while it was written, and two that are none of the format.
_BROKEN = ('{"cut": "' + CONTENT_MARKER, f"{CONTENT_MARKER} is no JSON", '["' + CONTENT_MARKER + '", {]')
#: With what the repeated lines of a file begin in the next one.
_REPEATED_AGAIN = 2


class TenantRule(NamedTuple):
    """A tenant's other name in the logs of an organisation."""

    org: str
    logged: str
    tenant: str
    valid_from: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLogs:
    """What `write_request_logs` wrote."""

    #: Configuration of each source by its id, as the platform's configuration files hold it.
    sources: Mapping[str, Mapping[str, Any]]
    rules: tuple[TenantRule, ...]
    #: Files that arrive later: where they are, and where they go to.
    late: tuple[tuple[Path, Path], ...]
    files: int
    #: Lines or records, repeated and broken ones included.
    lines: int
    broken_lines: int
    repeated_lines: int

    def deliver_late_files(self) -> None:
        """Let the late files arrive."""
        for written, arrived in self.late:
            arrived.parent.mkdir(parents=True, exist_ok=True)
            written.replace(arrived)


def write_request_logs(world: World, folder: Path, days: Sequence[dt.date] | None = None) -> WrittenLogs:
    """Write the logs of the scenario's days (by default all) into a folder for each source below `folder`.

    The same world and days give the same files, byte for byte.
    """
    wanted = world.scenario.days if days is None else tuple(days)
    sources = list(sources_of(world))
    late: list[tuple[Path, Path]] = []
    counted = _Counted()
    for source in sources:
        late += _write_source(world, source, folder, wanted, counted)
    return WrittenLogs(
        sources={source.id: _configuration(source, folder) for source in sources},
        rules=tuple(_rules(world)),
        late=tuple(late),
        files=counted.files,
        lines=counted.lines,
        broken_lines=counted.broken,
        repeated_lines=counted.repeated,
    )


@dataclass(slots=True)
class _Counted:
    files: int = 0
    lines: int = 0
    broken: int = 0
    repeated: int = 0


def _write_source(
    world: World, source: LogSource, folder: Path, days: Sequence[dt.date], counted: _Counted
) -> Iterator[tuple[Path, Path]]:
    by_file: dict[int, list[dt.date]] = {}
    for day in days:
        by_file.setdefault(file_number(world, day), []).append(day)
    again: list[str] = []
    for position, (number, of_file) in enumerate(by_file.items()):
        counted.repeated += len(again)
        records = again + [record for day in of_file for record in _records(source, world, day)]
        again = []
        if source.repeats_every:
            repeated = records[:: source.repeats_every]
            # The last requests of a file are told again by the next one, some on the other side of midnight.
            again = records[-source.repeats_every :: _REPEATED_AGAIN]
            counted.repeated += len(repeated)
            records = records + repeated
        if not records:
            continue
        broken = _BROKEN[: source.broken_lines]
        name = f"{source.id}-{number:02}.{source.writer.suffix}"
        path = folder / source.id / name
        is_late = source.has_late_file and position == max(len(by_file) - 2, 0)
        target = folder / ".late" / source.id / name if is_late else path
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, _content(source.writer, records, broken))
        counted.files += 1
        counted.lines += len(records) + len(broken)
        counted.broken += len(broken)
        if is_late:
            yield target, path


def _write(path: Path, content: bytes) -> None:
    # A file that is what it was keeps its time, so that nobody reads it again.
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def _records(source: LogSource, world: World, day: dt.date) -> list[str]:
    written = [telling.written for telling in tellings_of(source, day)]
    # Lines come as they are flushed, not as their requests began.
    generator(world.scenario.seed, source.id, day, "order").shuffle(written)
    return [_text(source.writer, told) for told in written]


def _text(writer: LogWriter, told: Written) -> str:
    record = writer.record(told)
    if writer.layout == "cells":
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(record)
        return out.getvalue()
    return _JSON.encode(record)


def _content(writer: LogWriter, records: Sequence[str], broken: Sequence[str]) -> bytes:
    if writer.layout == "array":
        return f"[{','.join(records)}]".encode()
    lines = ([writer.header] if writer.header else []) + list(records) + list(broken)
    content = ("\n".join(lines) + "\n").encode()
    # The time of compression is not part of the content.
    return gzip.compress(content, compresslevel=3, mtime=0) if writer.suffix.endswith(".gz") else content


def _configuration(source: LogSource, folder: Path) -> Mapping[str, Any]:
    defaults = dict(source.defaults)
    if source.writer is SESSIONS:
        defaults["user_id"] = AGENT_USER
    found = {
        "org": source.org,
        "format": source.writer.format,
        "location": str(folder / source.id),
        "defaults": defaults,
        "options": dict(source.writer.options or {}),
    }
    return {name: value for name, value in found.items() if value}


def _rules(world: World) -> Iterator[TenantRule]:
    for org in world.scenario.orgs:
        account = next(found for (_, owner), found in world.accounts.items() if owner == org)
        renamed = renamed_tenant(account)
        if renamed:
            yield TenantRule(org, renamed.old, renamed.new, world.scenario.first_day)
