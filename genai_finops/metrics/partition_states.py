"""Which of the last days are in the lake, and which are not."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from genai_finops.focus.completeness import LandedDays

#: Providers restate no further back, and a gap that is older has been seen for weeks.
LOOKED_BACK = dt.timedelta(days=35)
_DAY = dt.timedelta(days=1)


def partition_states(landed: LandedDays, today: dt.date) -> Mapping[tuple[str, str, str], int]:
    """Closed days of the last weeks by (provider, flow, state), summed over credentials.

    A day is `landed` where it was read with a credential, true empty days included, and `missing` where it was not
    although an earlier day was.
    """
    found: Counter[tuple[str, str, str]] = Counter()
    for key, days in landed.items():
        first = max(min(days), today - LOOKED_BACK)
        for number in range((today - first) // _DAY):
            state = "landed" if first + number * _DAY in days else "missing"
            found[key.provider, key.flow, state] += 1
    return found
