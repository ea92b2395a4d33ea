"""Reading the lists of the simulated providers again and again while time passes, as a schedule does every hour."""

import datetime as dt
from collections.abc import Iterator

from genai_finops.errors import FinopsError
from genai_finops.ingest.plan import plan_snapshots
from genai_finops.ingest.resource_snapshots import snapshot_resources
from genai_finops.ingest.resource_states import all_states
from genai_finops.lake.files import LakeFiles
from genai_finops.providers.http import SessionOptions
from genai_finops.settings import Settings
from genai_finops.simulator.running import Simulator

#: Hourly would take minutes here. What the simulated providers delete, they delete at 12 and 18 o'clock.
_HOURS = (6, 12, 18)


def replay_snapshots(settings: Settings, simulator: Simulator, *, until: dt.datetime) -> int:
    """Read all lists thrice a simulated day, leave the simulator's clock at `until`, give the number of snapshots.

    What an earlier demo in the same home has seen is not read again: lists only move on. Raises FinopsError when a list
    cannot be read.
    """
    files = LakeFiles(settings.lake_url)
    options = SessionOptions(now=lambda: simulator.now, machine_clock=lambda: dt.datetime.now(dt.UTC))
    # Deployments of pay-as-you-go stay what they are; the other flows list them too.
    credentials = [found for found in plan_snapshots(settings, options=options) if found.flow != "payg"]
    seen = max((listed.state.last_observed_at for listed in all_states(files)), default=simulator.now)
    moments = [moment for moment in _moments(simulator.now, until) if moment >= seen]
    for moment in moments:
        simulator.advance(moment)
        report = snapshot_resources(files, credentials, now=moment, clock=lambda: 0.0)
        if report.failed:
            raise FinopsError(
                f"At {moment.isoformat()} (simulated) {report.failed[0]}", remedy="Report it: it is a defect"
            )
    simulator.advance(until)
    return len(moments)


def _moments(first: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    day = first.replace(hour=0, minute=0)
    while day < until:
        yield from (day.replace(hour=hour) for hour in _HOURS if first <= day.replace(hour=hour) < until)
        day += dt.timedelta(days=1)
