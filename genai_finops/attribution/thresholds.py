"""When attribution is worth a finding: thresholds as values, with what an organisation has otherwise."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LowCoverage(_Values):
    """An account whose cost is attributed to less than its share."""

    #: Part of a day's effective cost that has to have a consumer.
    attributed_share: Decimal = Field(ge=0, le=1)
    #: Effective cost of the account and day below which nobody is troubled.
    least_cost: Decimal = Field(ge=0)


class NewTenant(_Values):
    """A tenant that the days before do not know."""

    least_cost: Decimal = Field(ge=0)
    #: Days with any cost of the organisation before a tenant can be new: at its start all are.
    known_days: int = Field(ge=1)


class MissingTenant(_Values):
    """A tenant that used to be there."""

    #: Days with cost, within the lookback, that make a tenant one that is missed.
    active_days: int = Field(ge=1)
    #: Days without any after which it is; more than a weekend.
    absent_days: int = Field(ge=1)


class UnusualCost(_Values):
    """A tenant's day far off the same weekdays before."""

    #: Distance from their median in standard deviations, as their median absolute deviation estimates it.
    deviations: Decimal = Field(gt=0)
    #: Least distance as part of the median, however equal the days before were.
    least_share: Decimal = Field(ge=0)
    #: Least distance as money.
    least_cost: Decimal = Field(ge=0)
    #: Same weekdays that have to be known.
    least_days: int = Field(ge=2)


class DearConversation(_Values):
    """A conversation that has cost more than its mark."""

    cost: Decimal = Field(gt=0)


class FindingThresholds(_Values):
    """The marks of one organisation. Amounts are in the currency of the rows that they are compared with."""

    #: Days before a day that its pattern is taken from.
    lookback_days: int = Field(ge=7, le=366)
    low_coverage: LowCoverage
    new_tenant: NewTenant
    missing_tenant: MissingTenant
    unusual_cost: UnusualCost
    dear_conversation: DearConversation
