"""Google's public price list: the Cloud Billing Catalog API, version 1, for one service.

`GET /v1/services/{id}/skus` with an OAuth token of the organisation. Claude and other partner models are not in it:
their prices belong to a billing account.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from genai_finops.pricing.sources.gcp_sku_descriptions import Geography, PricedSku, read_sku, unread_reason
from genai_finops.pricing.sources.gcp_sku_prices import (
    ForeignCurrencyError,
    PriceVersion,
    UnreadablePriceError,
    read_versions,
)
from genai_finops.pricing.sources.gcp_sku_rates import ReadSku, stated_rates
from genai_finops.pricing.sources.network import PriceCredential
from genai_finops.pricing.sources.price_list import price_list_of
from genai_finops.pricing.sources.statement import SkippedPrice, Statement
from genai_finops.providers.base import CredentialError, MalformedPageError, Page, PermanentProviderError
from genai_finops.providers.billing_skus import SKU_SEED, BillingSku, read_billing_skus
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.google_auth import check_google_secret, google_auth, google_secret_parts
from genai_finops.providers.google_errors import classify_google
from genai_finops.providers.http import AuthContext, ProviderSession, SessionOptions
from genai_finops.providers.pagination import cursor_pages
from genai_finops.providers.records import Record
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.source import Options
from genai_finops.schemas.meters import METERS

SOURCE = "gcp_billing_catalog"
SCOPE = "https://www.googleapis.com/auth/cloud-billing.readonly"
_HOST = "billing_catalog_url"
_ON_DEMAND = "OnDemand"


class BillingCatalogOptions(Options):
    """Options of `price_list` for Google's list."""

    #: Id of the service whose SKUs are read.
    service: str = Field(pattern=r"^[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$")
    #: Regions whose prices must agree to be that of regional endpoints, separated by commas; empty for all.
    regions: str = Field("", pattern=r"^(?:[a-z0-9-]+(?:,[a-z0-9-]+)*)?$")
    #: That the service's usage has one geography, whatever regions a SKU names.
    is_global: bool = False


def read_gcp_billing_catalog(
    config: ProviderConfig, credential: PriceCredential | None, options: SessionOptions, retrieved_at: dt.datetime
) -> Statement:
    """The rates of the provider's service, in the currency of its bill. `retrieved_at` is UTC-aware.

    Raises CredentialError without a credential, ProviderConfigError for options that are wrong, ProviderError where the
    list cannot be read whole, or is not in the currency that was asked for.
    """
    price_list, wanted = price_list_of(config, BillingCatalogOptions)
    if credential is None:
        raise CredentialError(
            f"{config.id} price list: it is read with a credential, and none is stored; store a service account's "
            f"key file for an organisation that uses {config.id}"
        )
    with _session(config, credential, options) as session:
        pages = list(_pages(session, config, wanted.service, price_list.page_entries, price_list.max_pages))
    catalogue = _Catalogue(config, wanted, read_billing_skus(SKU_SEED), retrieved_at)
    for page in pages:
        body = Record.of(page.content, provider=config.id, page=page, place="body")
        # A page without entries lacks the list.
        for sku in body.children("skus") if "skus" in body.content else ():
            catalogue.add(sku)
    if not catalogue.read and not catalogue.skipped:
        raise PermanentProviderError(
            f"{config.id} price list: service {wanted.service} has no SKU; correct price_list.options.service"
        )
    rates, disagreeing = stated_rates(config.id, config.service.currency, catalogue.read, asked=catalogue.regions)
    return Statement(
        source=SOURCE,
        source_version=retrieved_at.date().isoformat(),
        retrieved_at=retrieved_at,
        rates=tuple(rates),
        skipped=(*catalogue.skipped, *disagreeing),
        # It gives what holds at the reading, and what is announced.
        covers_history=False,
    )


@contextmanager
def _session(config: ProviderConfig, credential: PriceCredential, options: SessionOptions) -> Iterator[ProviderSession]:
    check_google_secret(credential.secret, config.id)
    redactor = Redactor(google_secret_parts(credential.secret))
    context = AuthContext(account=credential.account, options=options, redactor=redactor)
    auth = google_auth(credential.secret, context, config=config, scopes=(SCOPE,))
    with ProviderSession(config, auth=auth, redactor=redactor, classify=classify_google, options=options) as session:
        yield session


def _pages(
    session: ProviderSession, config: ProviderConfig, service: str, page_entries: int, max_pages: int
) -> Iterator[Page]:
    path = f"/v1/services/{service}/skus"
    yield from cursor_pages(
        lambda params: session.get(path, source="price list", params=params, host=_HOST),
        (("currencyCode", config.service.currency), ("pageSize", str(page_entries))),
        subject=f"{config.id} price list",
        max_pages=max_pages,
        cursor="nextPageToken",
        parameter="pageToken",
    )


@dataclass(frozen=True, slots=True)
class _Place:
    geography: Geography
    regions: tuple[str, ...]


class _Catalogue:
    """Sorts the SKUs into those that are read and those that are not."""

    def __init__(
        self,
        config: ProviderConfig,
        options: BillingCatalogOptions,
        seeded: Mapping[str, BillingSku],
        retrieved_at: dt.datetime,
    ) -> None:
        self._config = config
        self._options = options
        #: The regions that are asked for; empty for all.
        self.regions = frozenset(options.regions.split(",")) - {""}
        self._seeded = seeded
        self._retrieved_at = retrieved_at
        self.read: list[ReadSku] = []
        self.skipped: list[SkippedPrice] = []

    def add(self, sku: Record) -> None:
        """Raises MalformedPageError for a SKU without id, description or category, and for another currency."""
        sku_id, description = sku.text("skuId") or "", sku.text("description") or ""
        category = sku.child("category").content
        found = read_sku(sku_id, description, self._seeded)
        reason: str | None
        if category.get("usageType") != _ON_DEMAND:
            reason = _usage_type_reason(category.get("usageType"))
        elif found is None:
            reason = unread_reason(description, category.get("resourceGroup"))
        else:
            reason = self._add_read(sku, sku_id, found)
        if reason is not None:
            subject = f"{sku_id} {description.strip()}"
            self.skipped.append(SkippedPrice(provider=self._config.id, subject=subject, reason=reason))

    def _add_read(self, sku: Record, sku_id: str, found: PricedSku) -> str | None:
        """Why a SKU that was read has no rate all the same; None where it has one."""
        place = self._place(sku, found)
        if isinstance(place, str):
            return place
        try:
            versions = self._versions(sku, found)
        except UnreadablePriceError as error:
            return str(error)
        self.read.append(
            ReadSku(sku_id=sku_id, priced=found, geography=place.geography, regions=place.regions, versions=versions)
        )
        return None

    def _versions(self, sku: Record, found: PricedSku) -> tuple[PriceVersion, ...]:
        try:
            return read_versions(
                sku.content.get("pricingInfo"),
                METERS[found.meter],
                currency=self._config.service.currency,
                retrieved_at=self._retrieved_at,
            )
        except ForeignCurrencyError as error:
            # Not one SKU is left out: an answer to another question is an answer to no part of ours.
            raise MalformedPageError(
                f"{self._config.id} price list: SKU {sku.content.get('skuId')}: {error}; "
                f"the list is refused (page {sku.page.sha256})"
            ) from None

    def _place(self, sku: Record, found: PricedSku) -> _Place | str:
        """Where the price is for, or why that is unknown."""
        if self._options.is_global:
            return _Place("global", ())
        taxonomy = sku.content.get("geoTaxonomy")
        kind = taxonomy.get("type") if isinstance(taxonomy, dict) else None
        named = sku.content.get("serviceRegions") or (taxonomy.get("regions") if isinstance(taxonomy, dict) else None)
        regions = _texts(named)
        if kind == "GLOBAL" or (kind is None and regions == ("global",)):
            return _Place(found.geography or "global", ())
        if kind not in {"REGIONAL", "MULTI_REGIONAL"} or not regions:
            return f"geography {kind!r} of {', '.join(regions) or 'no region'} is none that usage has"
        if found.geography == "global":
            return f"its description says global, its geography is {', '.join(regions)}"
        asked = tuple(region for region in regions if not self.regions or region in self.regions)
        return _Place("regional", asked) if asked else f"is for {', '.join(regions)}, which are not asked for"


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if isinstance(values, list) else ()


def _usage_type_reason(usage_type: Any) -> str:
    is_commitment = isinstance(usage_type, str) and usage_type.startswith("Commit")
    return f"usage type {usage_type} is {'a commitment' if is_commitment else 'not pay-as-you-go'}"
