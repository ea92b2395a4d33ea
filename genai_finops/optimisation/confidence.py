"""How sure a piece of advice is, by rules that can be read."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["high", "medium", "low"]
LEVELS: tuple[Level, ...] = ("high", "medium", "low")


class ConfidenceRule(BaseModel):
    """What the data behind a piece of advice has to have, all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Days of the window with data.
    days: int = Field(ge=1)
    #: Part of the cost that was measured rather than allocated.
    measured_share: Decimal = Field(ge=0, le=1)
    #: Part of the quantity whose price is known rather than estimated.
    priced_share: Decimal = Field(ge=0, le=1)


class ConfidenceRules(BaseModel):
    """The rules of the two levels above low."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    high: ConfidenceRule
    medium: ConfidenceRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What is known of the data. A share that does not apply is 1."""

    days: int
    measured_share: Decimal = Decimal(1)
    priced_share: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """What no data can make surer: the highest level of a kind, and why."""

    level: Level
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """A level and what led to it."""

    level: Level
    reasons: tuple[str, ...]


def judge(grounds: Grounds, rules: ConfidenceRules, *caps: Cap) -> Confidence:
    """The level that the data reaches, but none above a cap."""
    reached: Level = "high" if _fulfils(grounds, rules.high) else "medium" if _fulfils(grounds, rules.medium) else "low"
    reasons = [
        f"{grounds.days} days of data",
        f"{_percent(grounds.measured_share)} of the cost is measured rather than allocated",
        f"{_percent(grounds.priced_share)} of the quantity has a known price",
        *(f"at most {cap.level}: {cap.reason}" for cap in caps),
    ]
    lowest = max([reached, *(cap.level for cap in caps)], key=LEVELS.index)
    return Confidence(level=lowest, reasons=tuple(reasons))


def _fulfils(grounds: Grounds, rule: ConfidenceRule) -> bool:
    return (
        grounds.days >= rule.days
        and grounds.measured_share >= rule.measured_share
        and grounds.priced_share >= rule.priced_share
    )


def _percent(share: Decimal) -> str:
    return f"{share * 100:.1f} %"
