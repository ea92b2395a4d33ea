"""The values of configs/advice.yml: when advice is given, and when it is sure."""

from decimal import Decimal
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genai_finops.errors import FinopsError
from genai_finops.optimisation.confidence import ConfidenceRules


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MoveMarks(_Values):
    """When the same quantities at other prices are worth a word."""

    #: Least saving as part of what the traffic costs.
    least_share: Decimal = Field(ge=0, le=1)


class BatchMarks(_Values):
    """When nobody seems to wait for the answers."""

    least_requests: int = Field(ge=1)
    most_conversation_share: Decimal = Field(ge=0, le=1)
    most_active_share: Decimal = Field(gt=0, le=1)


class CacheMarks(_Values):
    """When prefixes repeat, and less of them is read from the cache than elsewhere."""

    least_requests_per_conversation: Decimal = Field(ge=1)
    least_input_tokens: int = Field(ge=0)
    least_gap: Decimal = Field(gt=0, le=1)


class ConversationMarks(_Values):
    """When a conversation is worth compacting, and to what."""

    least_cost: Decimal = Field(gt=0)
    least_requests: int = Field(ge=2)
    least_growth: Decimal = Field(ge=1)
    compact_above_tokens: int = Field(ge=1)
    summary_tokens: int = Field(ge=0)


class CapacityMarks(_Values):
    """When capacity that serves nothing is idle rather than new."""

    least_days: int = Field(ge=1)


class PlanMarks(_Values):
    """When a plan that nobody uses is unused rather than new."""

    grace_days: int = Field(ge=0)


class AdviceConfig(_Values):
    """All values of the file. Unknown keys are refused."""

    window_days: int = Field(ge=1, le=366)
    least_saving: Decimal = Field(ge=0)
    cheaper_model: MoveMarks
    cheaper_model_elsewhere: MoveMarks
    provider_arbitrage: MoveMarks
    batch: BatchMarks
    cache: CacheMarks
    long_conversation: ConversationMarks
    idle_commitment: CapacityMarks
    unused_plan: PlanMarks
    confidence: ConfidenceRules


def load_advice_config(path: Path) -> AdviceConfig:
    """Read the file. Raises FinopsError that names file, key and value."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as failure:
        reason = " ".join(str(failure).split())
        raise FinopsError(f"{path} cannot be read: {reason}", remedy="Mend or restore the file.") from failure
    try:
        return AdviceConfig.model_validate(values)
    except ValidationError as failure:
        problems = "; ".join(
            f"{'.'.join(map(str, error['loc'])) or 'the file'}: {error['msg']} (got {error['input']!r})"
            for error in failure.errors()
        )
        raise FinopsError(f"{path}: {problems}", remedy="Compare it with configs/advice.yml.") from failure
