"""What is true of a scenario at one moment: every quantity and its cost, before any report aggregates it."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from genai_finops.simulator.capacity_truth import CapacityTruth, capacity_truth, payments_of
from genai_finops.simulator.infrastructure_truth import infrastructure_truth
from genai_finops.simulator.ledger import Ledger, midnight
from genai_finops.simulator.rating import price_of
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.sale import cost_of
from genai_finops.simulator.traffic import Account, Stream
from genai_finops.simulator.world import World

Grain = Literal["day", "hour"]

_KEY = (
    "org",
    "provider",
    "account_id",
    "flow",
    "sub_account_id",
    "sub_account_name",
    "api_key_id",
    "resource_id",
    "model",
    "service_tier",
    "provider_service_tier",
    "region_id",
    "geography",
    "context_band",
    "variant",
    "date",
    "hour",
    "meter",
)
_SCALE = 10**18
#: Beginnings of the names of all token meters.
_TOKEN_METERS = (
    "uncached_input",
    "cache_read",
    "cache_write",
    "input",
    "output",
    "embedding_input",
    "moderation_input",
)


def text_of(amount: Decimal) -> str:
    """Plain decimal notation without trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(slots=True)
class _Sum:
    quantity: int = 0
    #: None where any part has no computable cost.
    cost: Decimal | None = Decimal(0)
    prices: set[Decimal | None] = field(default_factory=set)

    def add(self, quantity: int, price: Decimal | None, meter: str) -> None:
        self.quantity += quantity
        self.prices.add(price)
        if price is None or self.cost is None:
            self.cost = None
        else:
            self.cost += cost_of(quantity, price, meter)


def truth(world: World, now: dt.datetime, grain: Grain = "day", *, ledger: Ledger | None = None) -> dict[str, Any]:
    """What the providers' reports amount to at `now`, as JSON-able values; costs and prices are decimal text.

    A row is one key, period and meter with a quantity other than zero. `unit_price` is per million tokens or
    characters, per thousand searches, per second; it is null where there is none or where parts of the row have
    different prices. `cost` is null where usage does not decide it. `reported_only` are charges that just the cost
    reports show.

    `commitments`, `overage` and `spillover` are of the full hours of the scenario's days that are over at `now`:
    unit-hours and amounts as exact decimal text, to 18 decimals where there are more. `billed` fell due in them.
    `infrastructure` are rows of machines and accelerators, which have fractions: quantities are decimal text.
    """
    ledger = ledger or Ledger(world.scenario, now)
    sums: dict[tuple[Any, ...], _Sum] = {}
    for account in world.accounts.values():
        for stream in (stream for streams in account.streams.values() for stream in streams):
            _add_stream(sums, account, stream, ledger, grain)
    rows = [
        {
            **dict(zip(_KEY, key, strict=True)),
            "quantity": found.quantity,
            "unit_price": _only(found.prices),
            "cost": None if found.cost is None else text_of(found.cost),
        }
        for key, found in sums.items()
    ]
    scenario = world.scenario
    return {
        "seed": scenario.seed,
        "from": scenario.first_day.isoformat(),
        "to": scenario.last_day.isoformat(),
        "now": ledger.now.isoformat(),
        "grain": grain,
        "orgs": list(scenario.orgs),
        "totals": list(_totals(world, rows)),
        "reported_only": list(_reported_only(world, ledger)),
        **_reserved(world, ledger),
        "infrastructure": infrastructure_truth(world, ledger, grain),
        "rows": rows,
    }


def _only(prices: set[Decimal | None]) -> str | None:
    price = next(iter(prices)) if len(prices) == 1 else None
    return None if price is None else text_of(price)


def _add_stream(
    sums: dict[tuple[Any, ...], _Sum], account: Account, stream: Stream, ledger: Ledger, grain: Grain
) -> None:
    plan = stream.plan
    who = (
        account.org,
        account.provider,
        account.account_id,
        plan.flow,
        stream.sub_account.id if stream.sub_account else None,
        stream.sub_account.name if stream.sub_account and stream.sub_account.id else None,
        stream.api_key_id,
        plan.resource_id,
        stream.model,
        plan.service_tier,
        plan.provider_service_tier,
        plan.region_id,
        plan.geography,
        plan.context_band,
        plan.variant,
    )
    for day in stream.final:
        prices = {meter: price_of(stream, account.provider, meter, day) for meter in stream.final[day]}
        for hour, quantities in _periods(stream, day, ledger, grain):
            for meter, quantity in quantities.items():
                if not meter.startswith("_"):
                    found = sums.setdefault((*who, day.isoformat(), hour, meter), _Sum())
                    found.add(quantity, prices[meter], meter)


def _periods(
    stream: Stream, day: dt.date, ledger: Ledger, grain: Grain
) -> Iterator[tuple[int | None, Mapping[str, int]]]:
    if grain == "day":
        yield None, ledger.day(stream, day)
    else:
        for hour in range(24):
            yield hour, ledger.hour(stream, day, hour)


def _totals(world: World, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    by_account: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        by_account.setdefault((row["provider"], row["org"]), []).append(row)
    for provider, org in world.accounts:
        own = by_account.get((provider, org), [])
        counts = [row["quantity"] for row in own if row["meter"] == "request"]
        costs = [Decimal(row["cost"]) for row in own if row["cost"] is not None]
        yield {
            "org": org,
            "provider": provider,
            "rows": len(own),
            # Not every provider counts requests; that is unknown, not zero.
            "requests": sum(counts) if counts else None,
            "tokens": sum(row["quantity"] for row in own if row["meter"].startswith(_TOKEN_METERS)),
            "cost": text_of(sum(costs, Decimal(0))),
            "rows_without_cost": sum(row["cost"] is None for row in own if row["meter"] != "request"),
        }


def _reported_only(world: World, ledger: Ledger) -> Iterator[dict[str, Any]]:
    for (provider, org), account in world.accounts.items():
        for charge in PROVIDERS[provider].reported_only(account, ledger):
            yield {
                "org": org,
                "provider": provider,
                "date": charge.day.isoformat(),
                "sub_account_id": charge.sub_account_id,
                "description": charge.description,
                "amount": text_of(charge.amount),
            }


def _reserved(world: World, ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    start = midnight(world.scenario.first_day)
    this_hour = ledger.now.replace(minute=0, second=0, microsecond=0)
    end = max(start, min(midnight(world.scenario.last_day + dt.timedelta(days=1)), this_hour))
    found: dict[str, list[dict[str, Any]]] = {"commitments": [], "overage": [], "spillover": []}
    for (provider, org), account in world.accounts.items():
        estate = PROVIDERS[provider].capacity(account)
        true = capacity_truth(estate, start, end)
        who = {"org": org, "provider": provider}
        for bought in estate.commitments:
            due = [payment.amount for payment in payments_of(bought) if start <= payment.starts_at < end]
            found["commitments"].append(
                {**who, "id": bought.commitment_id, **_of_commitment(true, bought.commitment_id), "billed": _text(due)}
            )
        found["overage"] += [{**who, **row} for row in _overage(true)]
        found["spillover"] += [
            {**who, "resource_id": resource_id, "hour": hour.isoformat(), "requests": requests}
            for (resource_id, hour), requests in estate.spillover
            if start <= hour < end
        ]
    return found


def _of_commitment(true: CapacityTruth, commitment_id: str) -> dict[str, str]:
    hours = [hour for hour in true.committed if hour.commitment_id == commitment_id]
    return {
        "committed": _text(hour.committed for hour in hours),
        "used": _text(hour.used for hour in hours),
        "unused": _text(hour.unused for hour in hours),
        "effective_used": _text(hour.effective_used for hour in hours),
        "effective_unused": _text(hour.effective_unused for hour in hours),
    }


def _overage(true: CapacityTruth) -> Iterator[dict[str, Any]]:
    for resource_id, meter in sorted({(hour.resource_id, hour.meter) for hour in true.overage}):
        hours = [hour for hour in true.overage if (hour.resource_id, hour.meter) == (resource_id, meter)]
        costs = [hour.cost for hour in hours if hour.cost is not None]
        yield {
            "resource_id": resource_id,
            "meter": meter,
            "unit_hours": _text(hour.unit_hours for hour in hours),
            "cost": _text(costs) if len(costs) == len(hours) else None,
        }


def _text(amounts: Iterable[Fraction]) -> str:
    """Their sum in plain decimal notation."""
    whole, rest = divmod(round(sum(amounts, Fraction(0)) * _SCALE), _SCALE)
    return text_of(Decimal(f"{whole}.{rest:018}"))
