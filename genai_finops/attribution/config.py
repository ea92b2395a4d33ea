"""The values of configs/attribution.yml: when to raise a finding, when logs are late, how long events are kept."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genai_finops.attribution.retention import RetentionLimits
from genai_finops.attribution.thresholds import FindingThresholds
from genai_finops.errors import FinopsError


class LogFreshness(BaseModel):
    """When a source of request logs is late."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Age of a source's newest event from which on the source is late.
    late_after_hours: int = Field(ge=1)


class AttributionConfig(BaseModel):
    """All values of the file. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    findings: FindingThresholds
    #: Of the organisations that have other thresholds, with these laid over `findings`.
    organisations: dict[str, FindingThresholds] = {}
    logs: LogFreshness
    retention: RetentionLimits

    def thresholds_of(self, org: str) -> FindingThresholds:
        """The thresholds of one organisation."""
        return self.organisations.get(org, self.findings)


def load_attribution_config(path: Path) -> AttributionConfig:
    """Read the file. Raises FinopsError that names file, key and value."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as failure:
        reason = " ".join(str(failure).split())
        raise FinopsError(f"{path} cannot be read: {reason}", remedy="Mend or restore the file.") from failure
    if isinstance(values, Mapping):
        values = {**values, "organisations": _laid_over(values.get("findings"), values.get("organisations"))}
    try:
        return AttributionConfig.model_validate(values)
    except ValidationError as failure:
        problems = "; ".join(
            f"{'.'.join(map(str, error['loc'])) or 'the file'}: {error['msg']} (got {error['input']!r})"
            for error in failure.errors()
        )
        raise FinopsError(f"{path}: {problems}", remedy="Compare it with configs/attribution.yml.") from failure


def _laid_over(usual: Any, organisations: Any) -> Any:
    """The whole thresholds of each organisation that names some; what is no mapping is left for the model to refuse."""
    if not isinstance(usual, Mapping) or not isinstance(organisations, Mapping):
        return organisations or {}
    return {org: _merged(usual, own) for org, own in organisations.items()}


def _merged(usual: Any, own: Any) -> Any:
    if not isinstance(usual, Mapping) or not isinstance(own, Mapping):
        return own
    return {**usual, **{key: _merged(usual.get(key), value) for key, value in own.items()}}
