"""What advice is looked for in: the warehouse, the days, and the marks."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from genai_finops.optimisation.config import AdviceConfig
from genai_finops.warehouse.base import ReadOnlyWarehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """UTC days, both inclusive: those of the window, and of each organisation those since its first charge in it."""

    first_day: dt.date
    last_day: dt.date
    by_org: Mapping[str, tuple[dt.date, dt.date]]

    def of(self, org: str) -> tuple[dt.date, dt.date]:
        """From the organisation's first charge to the end of the window."""
        first, _ = self.by_org.get(org, (self.first_day, self.last_day))
        return first, self.last_day

    def days(self, org: str) -> int:
        """How many days those are."""
        first, last = self.of(org)
        return (last - first).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """An open warehouse and what of it is looked at, by which marks."""

    warehouse: ReadOnlyWarehouse
    period: Period
    config: AdviceConfig
