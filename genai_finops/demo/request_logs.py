"""The demo's request logs: written by the simulator, configured, and read as they arrive."""

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from genai_finops.attribution.sources import SOURCES_VARIABLE
from genai_finops.control.attribution_rule_store import add_rule, list_rules, stored_rule
from genai_finops.control.attribution_rules import Rule
from genai_finops.control.database import open_database, writing
from genai_finops.errors import FinopsError
from genai_finops.ingest.request_logs import LogReadReport, configured_sources, lock_folder, read_request_logs
from genai_finops.lake.files import LakeFiles
from genai_finops.settings import Settings
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.request_logs.files import TenantRule, WrittenLogs
from genai_finops.simulator.running import Simulator

_ACTOR = "demo"


def write_demo_logs(settings: Settings, simulator: Simulator, *, now: dt.datetime) -> WrittenLogs:
    """Write logs and the configuration of their sources into the home, and enter the rules that their names need.

    Settings that are loaded from then on know the sources."""
    logs = simulator.write_request_logs(settings.home / "request_logs")
    configs = settings.home / "configs" / "request_logs"
    _write_configs(configs, logs.sources)
    os.environ[SOURCES_VARIABLE] = str(configs)
    engine = open_database(settings)
    with writing(engine) as session:
        for renamed in logs.rules:
            rule = _rule(renamed)
            if rule not in {stored_rule(row) for row in list_rules(session, rule.org)}:
                add_rule(session, rule, providers=tuple(PROVIDERS), now=now, actor=_ACTOR)
    engine.dispose()
    return logs


def _rule(renamed: TenantRule) -> Rule:
    return Rule(
        org=renamed.org,
        provider=None,
        scope="tenant",
        scope_id=renamed.logged,
        dimension="tenant",
        value=renamed.tenant,
        valid_from=renamed.valid_from,
    )


def _write_configs(folder: Path, sources: Mapping[str, Mapping[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.glob("*.yml")) - {folder / f"{source}.yml" for source in sources}:
        stale.unlink()
    for source, config in sources.items():
        text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
        (folder / f"{source}.yml").write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsRead:
    """What was read of the logs, by this demo or an earlier one in the same home."""

    sources: int
    files: int
    #: Files that came after the others had been read.
    late_files: int
    #: Requests that a file tells more than once.
    repeated: int
    rejects: int


def read_demo_logs(settings: Settings, logs: WrittenLogs, *, now: dt.datetime, run_id: str = _ACTOR) -> LogsRead:
    """Read what lies there, let the late files arrive, read again. Raises FinopsError when a file cannot be read."""
    first = _read(settings, now=now, run_id=run_id)
    logs.deliver_late_files()
    second = _read(settings, now=now, run_id=run_id)
    return LogsRead(
        sources=len(logs.sources),
        files=len(second.outcomes),
        late_files=len(second.outcomes) - len(first.outcomes),
        repeated=sum(outcome.repeated for outcome in second.outcomes),
        rejects=sum(outcome.rejects for outcome in second.outcomes),
    )


def _read(settings: Settings, *, now: dt.datetime, run_id: str) -> LogReadReport:
    report = read_request_logs(
        LakeFiles(settings.lake_url),
        list(configured_sources(settings).values()),
        now=now,
        run_id=run_id,
        locks=lock_folder(settings),
    )
    failed = [*map(str, report.failed), *(f"{source}: {reason}" for source, reason in report.failed_sources.items())]
    if failed:
        raise FinopsError(f"Request logs: {failed[0]}", remedy="Report it: it is a defect")
    return report
