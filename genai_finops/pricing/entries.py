"""Which model of the catalogue prices which canonical model of a provider, in which geography."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from genai_prices.data_snapshot import DataSnapshot
from genai_prices.types import ModelInfo, Provider

from genai_finops.errors import FinopsError
from genai_finops.pricing.catalogue_map import MappedProvider, PriceList

_GEOGRAPHY_IN_NAME = re.compile(r" \((global|regional)\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueModel:
    """A model of a list and who it is for us."""

    provider: str
    price_list: PriceList
    model: ModelInfo
    model_id: str
    model_name: str | None
    developer: str
    geography: str


def catalogue_provider(snapshot: DataSnapshot, catalogue_id: str) -> Provider:
    """The list of that name in a snapshot. Raises FinopsError when there is none."""
    for provider in snapshot.providers:
        if provider.id == catalogue_id:
            return provider
    raise FinopsError(
        f"the price catalogue has no provider {catalogue_id}",
        remedy="install a version of genai-prices that has it, or take it out of genai_finops/pricing/catalogue_map.py",
    )


def named_models(snapshot: DataSnapshot, mapped: MappedProvider) -> Iterator[CatalogueModel]:
    """Every model whose spellings the provider reports, in the order in which the catalogue's rules are tried.

    First the first parties' lists, because they tell models apart that a reseller prices alike. Raises FinopsError when
    a list is not in the snapshot.
    """
    for price_list in mapped.resold:
        for model in _sold(snapshot, price_list):
            yield _listed_model(snapshot, mapped, price_list, model)
    for model in _sold(snapshot, mapped.own):
        yield _own_model(snapshot, mapped, model)


def priced_models(snapshot: DataSnapshot, mapped: MappedProvider) -> Iterator[CatalogueModel]:
    """Every canonical model with the model of the catalogue whose price it has: that of the provider's own list before
    that of the first party. Several may have the same canonical id and geography.

    Raises FinopsError when a list is not in the snapshot.
    """
    own = catalogue_provider(snapshot, mapped.own.catalogue_id)
    covered: set[str] = set()
    for price_list in mapped.resold:
        for model in _sold(snapshot, price_list):
            named = _listed_model(snapshot, mapped, price_list, model)
            own_model = own.find_model(model.id)
            if own_model is None:
                yield named
            else:
                covered.add(own_model.id)
                yield replace(named, price_list=mapped.own, model=own_model)
    for model in _sold(snapshot, mapped.own):
        if model.id not in covered:
            yield _own_model(snapshot, mapped, model)


def _sold(snapshot: DataSnapshot, price_list: PriceList) -> Iterator[ModelInfo]:
    for model in catalogue_provider(snapshot, price_list.catalogue_id).models:
        if price_list.excluded is None or not re.search(price_list.excluded, model.id):
            yield model


def _own_model(snapshot: DataSnapshot, mapped: MappedProvider, model: ModelInfo) -> CatalogueModel:
    own = catalogue_provider(snapshot, mapped.own.catalogue_id)
    for price_list in mapped.resold:
        first = catalogue_provider(snapshot, price_list.catalogue_id).find_model(model.id)
        if first is not None and own.find_model(first.id) is model:
            named = _listed_model(snapshot, mapped, price_list, first)
            return replace(named, price_list=mapped.own, model=model)
    return _listed_model(snapshot, mapped, mapped.own, model)


def _listed_model(
    snapshot: DataSnapshot, mapped: MappedProvider, price_list: PriceList, model: ModelInfo
) -> CatalogueModel:
    name = price_list.naming(model.id)
    first = catalogue_provider(snapshot, name.first_party).find_model(name.model_id) if name.first_party else None
    display_name = first.name if first else model.name
    return CatalogueModel(
        provider=mapped.provider,
        price_list=price_list,
        model=model,
        model_id=first.id if first else name.model_id,
        model_name=_GEOGRAPHY_IN_NAME.sub("", display_name) if display_name else None,
        developer=name.developer,
        geography=name.geography,
    )
