"""What a new organisation starts with: the default prices and plans of the seeds."""

import datetime as dt

from genai_finops.control.plan_file import read_default_plans
from genai_finops.control.price_defaults import DefaultPrice, OrganisationDefaults
from genai_finops.control.price_rules import PriceTerms
from genai_finops.errors import FinopsError
from genai_finops.pricing.sources.seeds import DEFAULT_PRICES, read_default_prices
from genai_finops.pricing.sources.statement import StatedRate
from genai_finops.settings import Settings

DEFAULT_PLANS = "genai_subscription_plans.csv"


def read_organisation_defaults(settings: Settings, now: dt.datetime) -> OrganisationDefaults:
    """The default prices and plans of this release. Raises FinopsError that names what cannot be read."""
    statement = read_default_prices(settings.seeds_dir / DEFAULT_PRICES, now)
    return OrganisationDefaults(
        version=statement.source_version,
        prices=tuple(map(_default_price, statement.rates)),
        plans=read_default_plans(settings.seeds_dir / DEFAULT_PLANS),
    )


def _default_price(rate: StatedRate) -> DefaultPrice:
    if rate.source_reference is None or rate.valid_from is None:
        raise FinopsError(
            f"The default price of {rate.provider} {rate.model_id} has no id or no first day",
            remedy=f"Correct seeds/{DEFAULT_PRICES}.",
        )
    terms = PriceTerms(
        provider=rate.provider,
        model=rate.model_id,
        meter=rate.meter,
        service_tier=rate.service_tier,
        geography=rate.geography,
        context_tokens_above=rate.context_tokens_above,
        context_tokens_up_to=rate.context_tokens_up_to,
        variant=rate.variant,
        pricing_type=rate.pricing_type,
        volume_threshold_tokens=rate.volume_threshold_tokens,
        currency=rate.currency,
        unit_price=rate.unit_price,
        discount_percentage=rate.discount_percentage,
        discount_reason=rate.discount_reason,
        free_tier_quantity=rate.free_tier_quantity,
        free_tier_reset_frequency=rate.free_tier_reset_frequency,
        valid_from=rate.valid_from,
        valid_to=rate.valid_to,
    )
    return DefaultPrice(rate.source_reference, terms)
