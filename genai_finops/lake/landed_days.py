"""Which days were landed last, by the names of the landing files."""

import datetime as dt
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from genai_finops.lake.files import LakeFiles

_TABLES = ("genai_payg_usage_raw", "genai_commitment_usage_raw", "genai_infrastructure_usage_raw")
_DAY = dt.timedelta(days=1)


def last_landed_days(
    files: LakeFiles, credentials: Collection[tuple[str, str, str]], *, before: dt.date, looked_back: int = 14
) -> Mapping[tuple[str, str], dt.date]:
    """The last day before `before` that lies in the lake, by (organisation, provider), empty days included.

    Of several credentials (organisation, provider, id) and flows the one that is furthest behind counts; flows that a
    credential never landed do not. Only so many days are looked at: who has none of them has no entry.
    """
    last: dict[tuple[str, str, str, str], dt.date] = {}
    wanted = set(credentials)
    for table in _TABLES:
        for number in range(looked_back, 0, -1):
            day = before - number * _DAY
            for path in files.find(f"landing/{table}/day={day.isoformat()}"):
                provider, name = PurePosixPath(path).parts[-2:]
                org, _, credential = name.removesuffix(".parquet").partition(".")
                if (org, provider, credential) in wanted:
                    last[table, org, provider, credential] = day
    found: dict[tuple[str, str], dt.date] = {}
    for (_, org, provider, _), day in last.items():
        found[org, provider] = min(found.get((org, provider), day), day)
    return found
