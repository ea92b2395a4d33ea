"""The values of configs/anomalies.yml: when a day is worth telling of, and how severe it is."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genai_finops.errors import FinopsError


class AnomalyMarks(BaseModel):
    """The marks of one organisation. Amounts are in the currency of the cost that they are compared with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lookback_days: int = Field(ge=7, le=366)
    known_days: int = Field(ge=4)
    deviations: Decimal = Field(gt=0)
    least_share: Decimal = Field(ge=0)
    least_cost: Decimal = Field(ge=0)
    least_part: Decimal = Field(ge=0, le=1)
    most_a_day: int = Field(ge=1)
    warning_cost: Decimal = Field(ge=0)
    critical_cost: Decimal = Field(ge=0)
    carrying_share: Decimal = Field(gt=0, le=1)
    alert_days: int = Field(ge=1)


class AnomalyConfig(BaseModel):
    """All values of the file. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    marks: AnomalyMarks
    #: Of the organisations that have other marks, with these laid over `marks`.
    organisations: dict[str, AnomalyMarks] = {}

    def marks_of(self, org: str) -> AnomalyMarks:
        """The marks of one organisation."""
        return self.organisations.get(org, self.marks)

    @property
    def longest_lookback(self) -> int:
        """In days, of all organisations."""
        return max(marks.lookback_days for marks in (self.marks, *self.organisations.values()))


def load_anomaly_config(path: Path) -> AnomalyConfig:
    """Read the file. Raises FinopsError that names file, key and value."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as failure:
        reason = " ".join(str(failure).split())
        raise FinopsError(f"{path} cannot be read: {reason}", remedy="Mend or restore the file.") from failure
    if isinstance(values, Mapping) and isinstance(values.get("organisations"), Mapping):
        values = {**values, "organisations": _laid_over(values.get("marks"), values["organisations"])}
    try:
        return AnomalyConfig.model_validate(values)
    except ValidationError as failure:
        problems = "; ".join(
            f"{'.'.join(map(str, error['loc'])) or 'the file'}: {error['msg']} (got {error['input']!r})"
            for error in failure.errors()
        )
        raise FinopsError(f"{path}: {problems}", remedy="Compare it with configs/anomalies.yml.") from failure


def _laid_over(usual: Any, organisations: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(usual, Mapping):
        return dict(organisations)
    return {org: {**usual, **own} if isinstance(own, Mapping) else own for org, own in organisations.items()}
