"""Reading the lists of the simulated providers again and again while time passes, as a schedule does every hour."""

import datetime as dt

from genai_finops.errors import FinopsError
from genai_finops.ingest.plan import plan_snapshots
from genai_finops.ingest.resource_snapshots import snapshot_resources
from genai_finops.ingest.resource_states import all_states
from genai_finops.lake.files import LakeFiles
from genai_finops.providers.http import SessionOptions
from genai_finops.settings import Settings
from genai_finops.simulator.running import Simulator

#: Hourly would take minutes here. What the simulated providers delete, they delete at these times of the day.
_STEP = dt.timedelta(hours=6)


def replay_snapshots(settings: Settings, simulator: Simulator, *, until: dt.datetime) -> int:
    """Read all lists every six simulated hours, leave the simulator's clock at `until`, give the number of snapshots.

    What an earlier demo in the same home has seen is not read again: lists only move on. Raises FinopsError when a list
    cannot be read.
    """
    files = LakeFiles(settings.lake_url)
    options = SessionOptions(now=lambda: simulator.now, machine_clock=lambda: dt.datetime.now(dt.UTC))
    # Deployments of pay-as-you-go stay what they are; the other flows list them too.
    credentials = [found for found in plan_snapshots(settings, options=options) if found.flow != "payg"]
    snapshots = 0
    seen = max((listed.state.last_observed_at for listed in all_states(files)), default=simulator.now)
    moment = simulator.now
    while moment < until:
        if moment < seen:
            moment += _STEP
            continue
        simulator.advance(moment)
        report = snapshot_resources(files, credentials, now=moment, clock=lambda: 0.0)
        if report.failed:
            raise FinopsError(
                f"At {moment.isoformat()} (simulated) {report.failed[0]}", remedy="Report it: it is a defect"
            )
        snapshots += 1
        moment += _STEP
    simulator.advance(until)
    return snapshots
