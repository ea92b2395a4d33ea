"""What the metrics say, before it is Prometheus text."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from genai_finops.control.alert_models import DeliveryState
from genai_finops.warehouse.metric_totals import ProviderCost, ProviderDifference, ProviderPricing, ProviderTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseFigures:
    """What the warehouse held when it was last readable."""

    read_at: dt.datetime
    #: By the name of the period: `today`, `month_to_date`.
    costs: Mapping[str, tuple[ProviderCost, ...]]
    tokens: tuple[ProviderTokens, ...]
    pricing: tuple[ProviderPricing, ...]
    differences: tuple[ProviderDifference, ...]
    #: Moment before which the spend of (organisation, provider) is known.
    data_times: Mapping[tuple[str, str], dt.datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFigure:
    """One budget as it was last evaluated."""

    owner: str
    name: str
    #: Spent part of what is available; None before the first evaluation.
    share: Decimal | None
    #: The highest severity that is crossed by what was spent or forecast; None: nothing is.
    severity: str | None
    is_blocked: bool
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFigures:
    """What the control database holds: budgets, and what became of alerts."""

    budgets: tuple[BudgetFigure, ...]
    #: Last tick that found the data readable.
    ticked_at: dt.datetime | None
    #: Deliveries by channel (`owner/name`) and state.
    deliveries: Mapping[tuple[str, DeliveryState], int]
    #: Attempts that failed or were refused, by channel.
    failures: Mapping[str, int]
    #: Alerts that were to be sent, and that no route asked for.
    unrouted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformFigures:
    """Everything, at one moment."""

    now: dt.datetime
    #: None where the warehouse was never readable.
    warehouse: WarehouseFigures | None
    control: ControlFigures
    #: Days of the last weeks by (provider, flow, state); the states are `landed` and `missing`.
    partitions: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
