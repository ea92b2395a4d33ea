"""How a load is named in advice: as a subject, as the group of its money, in words, and as lines of a baseline."""

from collections.abc import Mapping
from decimal import Decimal

from genai_finops.warehouse.advice_loads import LineKey, Load, LoadKey

LOAD_FIELDS = ("provider", "account", "task", "model", "tier", "currency")


def subject_of(key: LoadKey) -> dict[str, str]:
    """The load as names and values."""
    return {name: getattr(key, name) for name in LOAD_FIELDS}


def load_of(org: str, subject: Mapping[str, str]) -> LoadKey:
    """The load whose subject this is."""
    return LoadKey(org, *(subject[name] for name in LOAD_FIELDS))


def group_of(key: LoadKey) -> str:
    """What all advice on the load's money has in common."""
    return "load " + " ".join((key.provider, key.account, key.task or "-", key.model, key.tier))


def shown_load(key: LoadKey) -> str:
    """The load for a reader."""
    task = f"task {key.task}" if key.task else "traffic without a known task"
    tier = "" if key.tier == "standard" else f" ({key.tier})"
    return f"{task} at {key.model} of {key.provider}{tier}"


def baseline_lines(load: Load, target_prices: Mapping[LineKey, Decimal] | None = None) -> tuple[dict[str, str], ...]:
    """Quantities, cost and unit prices of the load, and the prices of its target where there are any."""
    return tuple(
        {
            "meter": line.key.meter,
            "context_band": line.key.band,
            "geography": line.key.geography,
            "variant": line.key.variant,
            "quantity": decimal_text(line.quantity),
            "cost": decimal_text(line.cost),
            "unit_price": decimal_text(line.unit_price),
            **({"target_unit_price": decimal_text(target_prices[line.key])} if target_prices is not None else {}),
        }
        for line in load.lines
    )


def decimal_text(amount: Decimal) -> str:
    """Plain text without an exponent and zeros at its end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
