"""Hand-made parts of charges, as int_attribution__allocated_charges has them, with consumers of hostile names."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any

EXACT = Context(prec=60)
#: Tenant, user, task, conversation. Some would be one consumer where names are put together carelessly.
CONSUMERS: tuple[tuple[str | None, ...], ...] = (
    ("north", None, None, None),
    ("north", "u-7", "triage", "c-1"),
    ("a|b", "c", None, None),
    ("a", "b|c", None, None),
    ("a/user=b", None, None, None),
    ("a", "b", None, None),
    ("a%2Fuser=b", None, None, None),
    ("~", None, None, None),
    ('x"y\\z\n\u2028\x0b\\u000B', None, None, None),
    # The first letter is Cyrillic.
    ("\u043eceans", None, None, None),
    ("oceans", None, None, None),
    ("z" * 10_000, None, None, None),
    (None, None, "triage", None),
)
NOBODY = (None, None, None, None)


def _shares(whole: Decimal | None, weights: list[Decimal], scale: str) -> list[Decimal | None]:
    """The whole in parts of these weights, which add up to 1; the last takes what rounding leaves."""
    if whole is None:
        return [None] * len(weights)
    parts = [EXACT.multiply(whole, weight).quantize(Decimal(scale), ROUND_DOWN, EXACT) for weight in weights[:-1]]
    rest = whole
    for part in parts:
        rest = EXACT.subtract(rest, part)
    return [*parts, rest]


def parts_of(charge: Mapping[str, Any], named: list[tuple[str, tuple[str | None, ...]]]) -> Iterator[dict[str, Any]]:
    """One row per method and consumer, of unequal size; the charge is a row of the FOCUS table."""
    total = Decimal(sum(range(1, len(named) + 1)))
    weights = [(Decimal(n) / total).quantize(Decimal("1e-9"), ROUND_DOWN) for n in range(1, len(named))]
    weights.append(1 - sum(weights, Decimal(0)))
    split = {
        "pricing_quantity": _shares(charge["PricingQuantity"], weights, "1e-6"),
        "consumed_quantity": _shares(charge["ConsumedQuantity"], weights, "1e-6"),
        "commitment_quantity": _shares(charge["CommitmentDiscountQuantity"], weights, "1e-6"),
        "effective_cost": _shares(charge["EffectiveCost"], weights, "1e-18"),
        "billed_cost": _shares(charge["BilledCost"], weights, "1e-18"),
    }
    for number, (method, consumer) in enumerate(named):
        quantity = split["pricing_quantity"][number] or Decimal(0)
        yield {
            "usage_date": charge["x_IngestionDate"],
            "flow": charge["x_Flow"],
            "provider": charge["x_GenaiProvider"].lower(),
            "charge_id": charge["x_ChargeId"],
            "meter": charge["x_Meter"],
            **dict(zip(("tenant_id", "user_id", "task", "conversation_id"), consumer, strict=True)),
            "allocation_method": method,
            "unattributed_reason": "incomplete_log" if method == "unattributed" else None,
            "allocated_ratio": weights[number],
            **{name: parts[number] for name, parts in split.items()},
            "currency": charge["BillingCurrency"],
            "list_cost": EXACT.multiply(charge["ListUnitPrice"], quantity),
            "contracted_cost": EXACT.multiply(charge["ContractedUnitPrice"], quantity),
            "evidence_events": 0 if method == "unattributed" else 10 + number,
            "evidence_coverage": Decimal("0.62"),
            "x_org_slug": charge["x_OrgSlug"],
            "x_genai_provider": charge["x_GenaiProvider"],
            "x_genai_account_id": charge["x_GenaiAccountId"],
            "x_ingestion_date": charge["x_IngestionDate"],
        }


def allocated_rows(charges: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every kind of charge is split once by all consumers; of the others some to two, some to nobody."""
    seen = set()
    for number, charge in enumerate(charges):
        kind = (
            charge["x_Flow"],
            charge["CommitmentDiscountStatus"],
            charge["ChargeCategory"],
            charge["x_FreeQuantity"],
        )
        if kind not in seen:
            seen.add(kind)
            named = [("logged_quantity", consumer) for consumer in (*CONSUMERS, NOBODY)]
            yield from parts_of(charge, [*named, ("mapping_rule", CONSUMERS[0]), ("unattributed", NOBODY)])
        elif number % 3 == 0:
            yield from parts_of(charge, [("shared_by_hour", CONSUMERS[1]), ("unattributed", NOBODY)])
        elif number % 3 == 1:
            yield from parts_of(charge, [("logged_quantity", NOBODY), ("unattributed", NOBODY)])
        else:
            yield from parts_of(charge, [("unattributed", NOBODY)])
