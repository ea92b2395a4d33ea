"""What the first organisations of the benchmark agreed with the providers, entered into the control database."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from organisations import Customer, customers

from genai_finops.control.database import open_database, writing
from genai_finops.control.price_entries import enter_price
from genai_finops.control.price_rules import PriceTerms
from genai_finops.providers.config import load_provider_configs
from genai_finops.settings import Settings

#: Of the organisations with prices of their own, one in so many has allowances and volume tiers.
POOLING_ONE_IN = 3

_ACTOR = "benchmark"
_NOW = dt.datetime(2026, 11, 5, 7, tzinfo=dt.UTC)
_FIRST = dt.date(2025, 1, 1)
_RENEGOTIATED = dt.date(2026, 5, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A price for an organisation, or for one of its accounts."""

    customer: Customer
    is_of_account: bool = False
    terms: PriceTerms


def store_agreements(settings: Settings, agreeing: int) -> int:
    """Enter the prices of that many organisations, which exist; gives the number of entries."""
    configs = load_provider_configs(settings.provider_config_dir, settings.environ)
    currencies = {provider: config.service.currency for provider, config in configs.items()}
    engine = open_database(settings)
    with writing(engine) as session:
        entries = list(agreements(agreeing))
        for entry in entries:
            enter_price(
                session,
                entry.terms,
                org_slug=entry.customer.org,
                account_id=entry.customer.account_id if entry.is_of_account else None,
                currencies=currencies,
                now=_NOW,
                actor=_ACTOR,
            )
    engine.dispose()
    return len(entries)


def pooling_orgs(agreeing: int) -> list[str]:
    """Of so many organisations those with allowances and volume tiers."""
    return sorted({customer.org for customer in customers(agreeing)})[::POOLING_ONE_IN]


def agreements(agreeing: int) -> Iterator[Agreement]:
    """All entries of the first organisations."""
    pooling = pooling_orgs(agreeing)
    for customer in customers(agreeing):
        yield from _AGREED[customer.provider](customer)
        if customer.org in pooling:
            yield from _POOLED[customer.provider](customer)


_openai = partial(PriceTerms, provider="openai", currency="USD", valid_from=_FIRST)
_anthropic = partial(PriceTerms, provider="anthropic", currency="USD", valid_from=_FIRST)


def _agreed_with_openai(customer: Customer) -> Iterator[Agreement]:
    """A percentage off everything, which is raised within the year, and a fixed price of the account."""
    discount = partial(_openai, pricing_type="negotiated")
    yield Agreement(customer=customer, terms=discount(discount_percentage=Decimal("7.5"), valid_to=_RENEGOTIATED))
    yield Agreement(customer=customer, terms=discount(discount_percentage=Decimal(12), valid_from=_RENEGOTIATED))
    fixed = _openai(
        model="gpt-5-2025-08-07",
        meter="output",
        pricing_type="negotiated",
        unit_price=Decimal("8.125"),
        service_tier="standard",
        geography="global",
    )
    yield Agreement(customer=customer, is_of_account=True, terms=fixed)


def _agreed_with_anthropic(customer: Customer) -> Iterator[Agreement]:
    """A discount on batches, a promotion in spring, and fixed prices of one model."""
    batches = _anthropic(pricing_type="negotiated", service_tier="batch", discount_percentage=Decimal(5))
    yield Agreement(customer=customer, terms=batches)
    promotion = _anthropic(
        model="claude-haiku-4-5-20251001",
        pricing_type="promotional",
        discount_percentage=Decimal(20),
        valid_from=dt.date(2026, 3, 1),
        valid_to=dt.date(2026, 6, 1),
    )
    yield Agreement(customer=customer, terms=promotion)
    for meter, price in (("uncached_input", "2.75"), ("output", "13.9")):
        fixed = _anthropic(
            model="claude-sonnet-5",
            meter=meter,
            pricing_type="negotiated",
            unit_price=Decimal(price),
            service_tier="standard",
            geography="global",
        )
        yield Agreement(customer=customer, terms=fixed)


def _pooled_with_openai(customer: Customer) -> Iterator[Agreement]:
    """A daily allowance on the input of one model, and two volume tiers on the output of another."""
    free = _openai(
        model="gpt-4o-mini-2024-07-18",
        meter="uncached_input",
        pricing_type="free_tier",
        free_tier_quantity=Decimal(25_000_000),
        free_tier_reset_frequency="daily",
    )
    yield Agreement(customer=customer, terms=free)
    for threshold, percent in ((500_000_000, 10), (2_000_000_000, 25)):
        tier = _openai(
            model="gpt-5-mini-2025-08-07",
            meter="output",
            pricing_type="volume_discount",
            volume_threshold_tokens=threshold,
            discount_percentage=Decimal(percent),
        )
        yield Agreement(customer=customer, terms=tier)


def _pooled_with_anthropic(customer: Customer) -> Iterator[Agreement]:
    """A monthly allowance and a volume tier on the output of one model."""
    free = _anthropic(
        model="claude-opus-5",
        meter="output",
        pricing_type="free_tier",
        free_tier_quantity=Decimal(100_000_000),
        free_tier_reset_frequency="monthly",
    )
    yield Agreement(customer=customer, terms=free)
    tier = _anthropic(
        model="claude-opus-5",
        meter="output",
        pricing_type="volume_discount",
        volume_threshold_tokens=1_000_000_000,
        unit_price=Decimal("21.5"),
        service_tier="standard",
        geography="global",
    )
    yield Agreement(customer=customer, terms=tier)


_AGREED = {"openai": _agreed_with_openai, "anthropic": _agreed_with_anthropic}
_POOLED = {"openai": _pooled_with_openai, "anthropic": _pooled_with_anthropic}
