"""What is true of rented machines and accelerators: their hours and costs, before any list or bill is read."""

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from genai_finops.simulator.aws_bedrock import cost_explorer
from genai_finops.simulator.azure_openai import cost_management
from genai_finops.simulator.gcp_vertex.infrastructure import infrastructure_of
from genai_finops.simulator.infrastructure_bill import RentedMachines
from genai_finops.simulator.ledger import Ledger, midnight
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.world import World

_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_SECONDS = 3600
_SCALE = 10**6

#: US dollars of one unit and hour by meter, variant, work and region, of what is no spot machine. Typed from the
#: providers' price pages; what is not here has no price that is known.
_PRICES: Mapping[tuple[str, str, str, str], Decimal] = {
    ("gpu_hour", "nvidia_h100_80gb", "training", "us-central1"): Decimal("9.79655057"),
    ("node_hour", "a3-highgpu-1g", "training", "us-central1"): Decimal("1.18251"),
    ("tpu_chip_hour", "v5e", "training", "us-central1"): Decimal("1.20"),
    ("tpu_chip_hour", "v5p", "training", "us-central1"): Decimal("4.20"),
    ("node_hour", "n1-standard-4", "training", "us-central1"): Decimal("0.21849885"),
    ("node_hour", "nc40ads h100 v5", "compute", "eastus2"): Decimal("6.98"),
}


class _Key(NamedTuple):
    """What a row is about, in the words of the truth's rows."""

    resource_id: str | None
    service_tier: str
    work: str
    region_id: str
    variant: str
    meter: str
    day: dt.date
    hour: int | None


def infrastructure_truth(world: World, ledger: Ledger, grain: Literal["day", "hour"] = "day") -> list[dict[str, Any]]:
    """Rows of the truth for hours of machines and accelerators at the ledger's moment, quantities as decimal text.

    Landed rows are of hours where their times are known, else of days, and are rounded to six decimals each: the rows
    by day are the sums of the rounded ones. `hour` is None in rows by day. `unit_price` is per unit and hour, null
    where no price is known, and so is `cost` then.
    """
    rows = []
    for (provider, org), account in world.accounts.items():
        found: dict[_Key, Decimal] = {}
        for key, quantity in _quantities(provider, account, ledger):
            kept = key if grain == "hour" else key._replace(hour=None)
            found[kept] = found.get(kept, Decimal(0)) + quantity
        rows += [_row(provider, org, account, key, quantity) for key, quantity in sorted(found.items(), key=_order)]
    return rows


def _order(entry: tuple[_Key, Decimal]) -> str:
    return str(entry[0])


def _row(provider: str, org: str, account: Account, key: _Key, quantity: Decimal) -> dict[str, Any]:
    price = None
    if key.service_tier == "standard":
        price = _PRICES.get((key.meter, key.variant, key.work, key.region_id))
    return {
        "org": org,
        "provider": provider,
        "account_id": account.account_id,
        "sub_account_id": None,
        "sub_account_name": None,
        "api_key_id": None,
        "resource_id": key.resource_id,
        "model": None,
        "service_tier": key.service_tier,
        "provider_service_tier": key.work,
        "region_id": key.region_id,
        "geography": None,
        "context_band": None,
        "variant": key.variant,
        "date": key.day.isoformat(),
        "hour": key.hour,
        "meter": key.meter,
        "quantity": _text(quantity),
        "unit_price": None if price is None else _text(price),
        "cost": None if price is None else _text(quantity * price),
    }


def _quantities(provider: str, account: Account, ledger: Ledger) -> Iterator[tuple[_Key, Decimal]]:
    """Rounded quantities of the hours or days that are landed as one row."""
    match provider:
        case "gcp_vertex":
            exact: dict[_Key, Fraction] = {}
            for key, seconds in _of_vertex(account, ledger):
                exact[key] = exact.get(key, Fraction(0)) + Fraction(seconds, _SECONDS)
            for key, hours in exact.items():
                yield key, Decimal(round(hours * _SCALE)).scaleb(-6)
        case "aws_bedrock":
            yield from _of_bill(cost_explorer.rented_of(account.scenario, account.org), ledger)
        case "azure_openai":
            yield from _of_bill(cost_management.rented_of(account.scenario, account.org), ledger)


def _of_vertex(account: Account, ledger: Ledger) -> Iterator[tuple[_Key, int]]:
    estate = infrastructure_of(account.scenario, account.org)
    first = midnight(account.scenario.first_day)
    last = min(midnight(account.scenario.last_day) + _DAY, ledger.now)
    project = f"projects/{account.account_id}/locations"
    for job in estate.jobs:
        if job.start is None:
            continue
        resource = f"{project}/{job.location}/customjobs/{job.id}"
        for start, end in _hours(max(job.start, first), min(job.end or last, last)):
            for machine, replicas in job.pools:
                for meter, variant, units in machine.billed:
                    key = _Key(
                        resource, job.service_tier, "training", job.location, variant, meter, start.date(), start.hour
                    )
                    yield key, int((end - start).total_seconds()) * replicas * units
    for model in estate.deployed:
        resource = f"{project}/{model.location}/endpoints/{model.endpoint_id}/deployedmodels/{model.id}"
        tier = "spot" if model.is_spot else "standard"
        for start, end in _hours(max(model.deployed_at, first), min(model.undeployed_at, last)):
            # Samples are of whole minutes.
            seconds = model.replica_seconds(start, end) // 60 * 60
            for meter, variant, units in model.machine.billed:
                key = _Key(resource, tier, "prediction", model.location, variant, meter, start.date(), start.hour)
                yield key, seconds * units


def _hours(start: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        yield max(hour, start), min(hour + _HOUR, end)
        hour += _HOUR


def _of_bill(machines: tuple[RentedMachines, ...], ledger: Ledger) -> Iterator[tuple[_Key, Decimal]]:
    sums: dict[_Key, Decimal] = {}
    for rented in machines:
        if rented.variant is None:
            continue
        resource = None if rented.resource_id is None else rented.resource_id.lower()
        for day in ledger.scenario.days:
            key = _Key(
                resource, rented.service_tier, rented.work, rented.region, rented.variant, "node_hour", day, None
            )
            hours = rented.hours(day, ledger.now)
            if hours:
                sums[key] = sums.get(key, Decimal(0)) + hours
    for key, hours in sums.items():
        yield key, hours.quantize(Decimal("0.000001"))


def _text(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
