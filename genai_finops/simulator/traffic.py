"""Accounts and their traffic: who sends what, and the final quantity of each day."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from genai_finops.simulator.noise import draw, generator
from genai_finops.simulator.scenario import Scenario

#: Weight of each UTC hour. Office traffic follows a European working day, batch jobs run at night.
OFFICE_HOURS = (2, 1, 1, 1, 2, 4, 9, 16, 24, 29, 30, 27, 25, 29, 31, 29, 24, 18, 13, 10, 8, 6, 4, 3)
NIGHT_HOURS = (30, 34, 31, 22, 11, 5, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 2, 2, 3, 5, 9, 15, 24)
EVEN_HOURS = (1,) * 24

_OFFICE_WEEK = (1.0, 1.06, 1.1, 1.07, 0.94, 0.34, 0.29)
_EVEN_WEEK = (1.0,) * 7
_DAILY_GROWTH = 0.013
_SPIKE_FACTOR = 5.0

Dimension = str | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAccount:
    """A project or workspace. `id` None is the default workspace, which reports do not name."""

    id: str | None
    name: str
    created_at: dt.datetime
    archived_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of the account."""

    id: str
    name: str
    email: str
    role: str
    added_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An inference key; only its id is ever reported. A deleted key has usage but is in no list."""

    id: str
    name: str
    sub_account_id: str | None
    created_at: dt.datetime
    owner: Member | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One kind of traffic. `per_request` maps a meter to its mean quantity per request.

    `dimensions` are the provider's names and values of everything that its reports can group by. A meter whose name
    begins with an underscore exists on the wire only and is no part of the truth.
    """

    source: str
    dimensions: Mapping[str, Dimension]
    requests: int
    per_request: Mapping[str, float]
    service_tier: str = "standard"
    provider_service_tier: str | None = None
    geography: str | None = None
    context_band: str | None = None
    variant: str | None = None
    resource_id: str | None = None
    resource_name: str | None = None
    region_id: str | None = None
    hours: tuple[int, ...] = OFFICE_HOURS
    counts_requests: bool = True
    #: Share of days on which the traffic occurs at all, in percent.
    active_percent: int = 96
    spikes: bool = False
    first_day: dt.date | None = None
    #: First day without this traffic.
    end_day: dt.date | None = None
    #: `commitment` where it is served on reserved capacity and read with it; a tier of `payg` may be committed too.
    flow: str = "payg"
    #: Shown as soon as its hour is over, and never restated.
    is_prompt: bool = False
    #: The prompts cross a price threshold that the usage report does not show.
    is_long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A plan of one organisation with its final quantities per day and meter."""

    plan: Plan
    #: Position in the account; with the organisation and provider it names the stream.
    name: str
    sub_account: SubAccount | None
    api_key_id: str | None
    model: str | None
    final: Mapping[dt.date, Mapping[str, int]]
    #: Cumulative weights of the hours, 25 values from 0 to their sum.
    cumulative_hours: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one organisation has at one provider."""

    scenario: Scenario
    org: str
    provider: str
    account_id: str
    name: str
    sub_accounts: tuple[SubAccount, ...]
    api_keys: tuple[ApiKey, ...]
    members: tuple[Member, ...]
    streams: Mapping[str, tuple[Stream, ...]] = field(repr=False)


def _quantities(plan: Plan, scenario: Scenario, scale: float, day: dt.date, *name: object) -> dict[str, int]:
    random = generator(scenario.seed, *name, day)
    if random.randrange(100) >= plan.active_percent:
        return {}
    week = _OFFICE_WEEK if plan.hours is OFFICE_HOURS else _EVEN_WEEK
    growth = 1 + _DAILY_GROWTH * (day - scenario.first_day).days
    spike = _SPIKE_FACTOR if plan.spikes and day == scenario.spike_day else 1.0
    mean = plan.requests * scale * growth * week[day.weekday()] * spike
    requests = max(1, round(mean * random.uniform(0.85, 1.15)))
    quantities = {"request": requests} if plan.counts_requests else {}
    for meter, per_request in plan.per_request.items():
        quantities[meter] = int(requests * per_request * random.uniform(0.8, 1.2))
    return {meter: quantity for meter, quantity in quantities.items() if quantity}


def _is_planned(plan: Plan, day: dt.date) -> bool:
    return (plan.first_day is None or plan.first_day <= day) and (plan.end_day is None or day < plan.end_day)


def build_streams(
    scenario: Scenario,
    org: str,
    provider: str,
    plans: list[Plan],
    *,
    sub_accounts: tuple[SubAccount, ...],
    sub_account_dimension: str,
) -> Mapping[str, tuple[Stream, ...]]:
    """The final traffic of one account, by source."""
    scale = 0.55 + draw(scenario.seed, org, provider, "scale") % 90 / 100
    by_id = {sub_account.id: sub_account for sub_account in sub_accounts}
    streams: dict[str, list[Stream]] = {}
    for index, plan in enumerate(plans):
        cumulative = [0]
        for weight in plan.hours:
            cumulative.append(cumulative[-1] + weight)
        final = {
            day: quantities
            for day in scenario.days
            if _is_planned(plan, day)
            and (quantities := _quantities(plan, scenario, scale, day, org, provider, plan.source, index))
        }
        sub_account_id, key, model = (
            plan.dimensions.get(name) for name in (sub_account_dimension, "api_key_id", "model")
        )
        stream = Stream(
            plan=plan,
            name=f"{org}/{provider}/{index}",
            sub_account=by_id[None if sub_account_id is None else str(sub_account_id)],
            api_key_id=None if key is None else str(key),
            model=None if model is None else str(model),
            final=MappingProxyType(final),
            cumulative_hours=tuple(cumulative),
        )
        streams.setdefault(plan.source, []).append(stream)
    return {source: tuple(found) for source, found in streams.items()}
