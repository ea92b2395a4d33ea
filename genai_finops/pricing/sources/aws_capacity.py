"""From products of the AWS Price List to prices of provisioned throughput: a model unit and hour, by commitment.

USE1-NovaPro-ProvisionedThroughput-1MonthCommit-ModelUnits                  AmazonBedrock
USE1-MP:USE1_ProvisionedThroughput_6MonthCommit_ModelUnits_Usage-Units      AmazonBedrockFoundationModels
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.pricing.sources.aws_models import PROVIDER, named_model
from genai_finops.pricing.sources.aws_products import Product, Term
from genai_finops.pricing.sources.aws_usage_types import NoTokenPriceError
from genai_finops.pricing.sources.statement import CapacityRate, SkippedPrice

_REGION = r"[A-Z]{2,4}\d{0,2}"
_COMMITTED = r"(?P<commitment>1MonthCommit|6MonthCommit|NoCommit)"
_NAMED = re.compile(rf"{_REGION}-(?P<model>[A-Za-z0-9][A-Za-z0-9.:-]*?)-ProvisionedThroughput-{_COMMITTED}-ModelUnits?")
_MARKETPLACE = re.compile(
    rf"(?:{_REGION}-MP:)?{_REGION}_ProvisionedThroughput_{_COMMITTED}_ModelUnits?(?:_Usage)?-Units"
)
_IS_CAPACITY = re.compile(r"provisioned[ _-]?throughput.*model[_-]?units?", re.IGNORECASE)
_TERMS = {"NoCommit": "", "1MonthCommit": "P1M", "6MonthCommit": "P6M"}
_HOURS = frozenset({"hour", "hours", "hrs"})


@dataclass(frozen=True, slots=True, order=True)
class _Key:
    model_id: str
    region: str
    #: Empty without a commitment.
    term: str


def is_capacity(product: Product) -> bool:
    """Whether the product is provisioned throughput."""
    return _IS_CAPACITY.search(product.usage_type) is not None


def capacity_rates_of(products: Iterable[Product]) -> tuple[tuple[CapacityRate, ...], tuple[SkippedPrice, ...]]:
    """The prices that products of provisioned throughput make, and those products that make none, with the reason."""
    found: defaultdict[_Key, list[Product]] = defaultdict(list)
    skipped: dict[tuple[str, str], None] = {}
    for product in products:
        try:
            key = _key(product)
            _steps(product.terms)
        except NoTokenPriceError as error:
            skipped[product.subject, str(error)] = None
        else:
            found[key].append(product)
    rates: list[CapacityRate] = []
    for key in sorted(found):
        offers = sorted(found[key], key=lambda product: (product.usage_type, product.sku))
        if len({tuple(_steps(offer.terms)) for offer in offers}) > 1:
            reason = f"products of {key.model_id} in {key.region} have different prices of one commitment"
            skipped.update({(offer.subject, reason): None for offer in offers})
        else:
            rates.extend(_stated(key, offers[0]))
    return tuple(rates), tuple(
        SkippedPrice(provider=PROVIDER, subject=subject, reason=reason) for subject, reason in skipped
    )


def _key(product: Product) -> _Key:
    found = _NAMED.fullmatch(product.usage_type)
    model = found["model"] if found else None
    found = found or _MARKETPLACE.fullmatch(product.usage_type)
    if found is None:
        raise NoTokenPriceError("the usage type of this capacity is in no grammar that is known here")
    model_id, _ = named_model(model, product.attributes)
    return _Key(model_id=model_id, region=product.region, term=_TERMS[found["commitment"]])


def _steps(terms: Sequence[Term]) -> list[tuple[dt.date | None, Decimal]]:
    """First day and price of each term, in order."""
    steps = []
    for term in terms:
        if len(term.dimensions) != 1 or term.dimensions[0].begin != 0 or term.dimensions[0].end is not None:
            raise NoTokenPriceError("capacity has one price, whatever its amount")
        [dimension] = term.dimensions
        if dimension.unit.strip().lower() not in _HOURS:
            raise NoTokenPriceError(f"its unit {dimension.unit!r} is no hour")
        if dimension.price is None:
            raise NoTokenPriceError("it has no price in USD")
        steps.append((term.effective, dimension.price))
    steps.sort(key=lambda step: step[0] or dt.date.min)
    if not steps:
        raise NoTokenPriceError("the product has no on-demand terms")
    if len({day for day, _ in steps}) < len(steps) or (len(steps) > 1 and steps[0][0] is None):
        raise NoTokenPriceError("several prices for the same days")
    return steps


def _stated(key: _Key, offer: Product) -> Iterator[CapacityRate]:
    steps = _steps(offer.terms)
    ends = [*(day for day, _ in steps[1:]), None]
    for (start, price), end in zip(steps, ends, strict=True):
        yield CapacityRate(
            provider=PROVIDER,
            meter="model_unit_hour",
            model_id=key.model_id,
            region_id=key.region,
            purchase_option="commitment" if key.term else "on_demand",
            term=key.term or None,
            unit_price=price,
            valid_from=start,
            valid_to=end,
            source_reference=f"{offer.sku} {offer.usage_type}",
        )
