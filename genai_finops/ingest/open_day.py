"""Reads what there is of the day that is not over: request logs, and the usage that providers already tell of."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from genai_finops.errors import FinopsError
from genai_finops.ingest.outcome import IngestReport, joined, outcome_lines
from genai_finops.ingest.plan import plan_usage, provider_configs, provider_flows
from genai_finops.ingest.request_logs import LogReadReport, configured_sources, lock_folder, read_request_logs
from genai_finops.ingest.usage import ingest_usage
from genai_finops.lake.files import LakeFiles
from genai_finops.providers.base import Window
from genai_finops.settings import Settings

#: Machines are read from bills, which tell of a day when it is over, and of which some charge for each look.
_READ_FLOWS = ("payg", "commitment")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDayReport:
    """What was read of one open day, and what could not be."""

    day: dt.date
    logs: LogReadReport
    usage: IngestReport
    #: Providers and flows that could not even be asked, as `openai.payg`, and why.
    failed_flows: dict[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for each thing that could not be read and keeps what was stored before."""
        failed = IngestReport(outcomes=self.usage.failed, http_requests=0, http_retries=0, seconds=0)
        return (
            *(f"source {source}: {reason}" for source, reason in self.logs.failed_sources.items()),
            *map(str, self.logs.failed),
            *(f"{flow}: {reason}" for flow, reason in self.failed_flows.items()),
            *outcome_lines(failed),
        )


def read_open_day(settings: Settings, *, now: dt.datetime, run_id: str, clock: Callable[[], float]) -> OpenDayReport:
    """Land new request logs, and the usage so far of the UTC day of `now`, or of the day that is simulated.

    Nothing that fails stops the rest: see `problems`. Rows that are read before the end of their day say so by their
    moment of reading, and are replaced when the day is extracted. `clock` gives monotonic seconds.
    """
    files = LakeFiles(settings.lake_url)
    day = (settings.simulated_now or now).date()
    sources = list(configured_sources(settings).values())
    logs = read_request_logs(files, sources, now=now, run_id=run_id, locks=lock_folder(settings), clock=clock)
    reports, failed = [], {}
    for provider, flow in provider_flows(provider_configs(settings)):
        if flow in _READ_FLOWS:
            try:
                credentials = plan_usage(settings, provider, flow)
                reports.append(
                    ingest_usage(files, credentials, Window.of_days(day, day), now=now, run_id=run_id, clock=clock)
                )
            except FinopsError as failure:
                failed[f"{provider}.{flow}"] = str(failure)
    return OpenDayReport(day=day, logs=logs, usage=joined(reports), failed_flows=failed)
