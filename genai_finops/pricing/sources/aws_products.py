"""The products of the AWS Price List: each is a JSON text inside the JSON of a page, prices are texts inside that."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from genai_finops.providers.base import MalformedPageError, Page
from genai_finops.providers.http import parse_json
from genai_finops.providers.records import Record

_NUMBER = re.compile(r"\d{1,20}(\.\d{1,20})?")
_ENDLESS = "Inf"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDimension:
    """One price, for what lies between `begin` and `end` units of the calendar month; end None without limit."""

    unit: str
    begin: Decimal
    end: Decimal | None
    #: US dollars per unit; None where the price is in another currency alone.
    price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The prices of a product from a day on; None where the term names none."""

    effective: dt.date | None
    dimensions: tuple[PriceDimension, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One SKU with its on-demand terms."""

    sku: str
    region: str
    usage_type: str
    attributes: Mapping[str, str]
    #: When this price list was published, as it says; None where it does not.
    published: str | None
    terms: tuple[Term, ...]

    @property
    def subject(self) -> str:
        """Its name in reports."""
        return f"{self.region} {self.usage_type} ({self.sku})"


def read_products(page: Page, *, provider: str, region: str) -> Iterator[Product]:
    """The products of a page of GetProducts that was asked for one region.

    Raises MalformedPageError for an element that is no JSON text, a missing field, a price that is no decimal text, and
    a product of another region: a filter that is not applied would state its price twice.
    """
    body = Record.of(page.content, provider=provider, page=page, place=region)
    texts = body.required("PriceList")
    if not isinstance(texts, list):
        body.fail(f"field PriceList is {type(texts).__name__}, not a list")
    for number, text in enumerate(texts):
        place = f"{region} PriceList[{number}]"
        if not isinstance(text, str):
            body.fail(f"PriceList[{number}] is {type(text).__name__}, not a JSON text")
        try:
            content = parse_json(text.encode())
        except (ValueError, MalformedPageError) as error:
            body.fail(f"PriceList[{number}] is no JSON ({error})")
        yield _product(Record.of(content, provider=provider, page=page, place=place), region)


def _product(entry: Record, region: str) -> Product:
    product = entry.child("product")
    attributes = product.child("attributes")
    texts = {name: value for name, value in attributes.content.items() if isinstance(value, str)}
    if _text(attributes, "regionCode") != region:
        attributes.fail(f"field regionCode is {texts['regionCode']!r}; products of {region} were asked for")
    published = entry.content.get("publicationDate")
    return Product(
        sku=_text(product, "sku"),
        region=region,
        usage_type=_text(attributes, "usagetype"),
        attributes=texts,
        published=published if isinstance(published, str) else None,
        terms=tuple(_terms(entry)),
    )


def _terms(entry: Record) -> Iterator[Term]:
    terms = entry.child("terms")
    # A product that is sold by contract alone has no on-demand terms.
    for code in terms.child("OnDemand").content if "OnDemand" in terms.content else ():
        term = terms.child("OnDemand").child(code)
        dimensions = term.child("priceDimensions")
        yield Term(
            effective=_day(term),
            dimensions=tuple(_dimension(dimensions.child(name)) for name in dimensions.content),
        )


def _day(term: Record) -> dt.date | None:
    value = term.content.get("effectiveDate")
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        _refuse(term, "effectiveDate", value, "a moment")
    if moment.tzinfo is None:
        _refuse(term, "effectiveDate", value, "a moment with its time zone")
    return moment.astimezone(dt.UTC).date()


def _dimension(record: Record) -> PriceDimension:
    prices = record.child("pricePerUnit")
    end = record.content.get("endRange", _ENDLESS)
    return PriceDimension(
        unit=_text(record, "unit"),
        begin=_decimal(record, "beginRange") if "beginRange" in record.content else Decimal(0),
        end=None if end == _ENDLESS else _decimal(record, "endRange"),
        price=_decimal(prices, "USD") if "USD" in prices.content else None,
    )


def _decimal(record: Record, name: str) -> Decimal:
    value = record.required(name)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        _refuse(record, name, value, "a decimal text, not negative")
    return Decimal(value)


def _text(record: Record, name: str) -> str:
    value = record.text(name)
    return value if value is not None else _refuse(record, name, value, "a text")


def _refuse(record: Record, name: str, value: object, expected: str) -> NoReturn:
    record.fail(f"field {name} is {str(value)[:100]!r}, not {expected}")
