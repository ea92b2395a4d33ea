"""The Azure Retail Prices API: list prices of Azure OpenAI by meter and region. Public, no credential.

Retail prices are what pay-as-you-go customers pay. Prices of an enterprise agreement are in its price sheet, not here.
"""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field, field_validator

from genai_finops.pricing.sources.azure_capacity import capacity_rates_of, is_capacity
from genai_finops.pricing.sources.azure_rows import RetailRow, parse_row, rates_of
from genai_finops.pricing.sources.network import PriceCredential
from genai_finops.pricing.sources.price_list import price_list_of, public_session
from genai_finops.pricing.sources.statement import Statement
from genai_finops.providers.azure_arm import without_default_port
from genai_finops.providers.base import MalformedPageError, Page, PermanentProviderError
from genai_finops.providers.config import PriceListConfig, ProviderConfig, ProviderConfigError
from genai_finops.providers.http import ProviderSession, SessionOptions
from genai_finops.providers.source import Options

SOURCE = "azure_retail"
_HOST = "retail_prices_url"
_PATH = "/api/retail/prices"
_NEXT_LINK = "NextPageLink"
_REGION = re.compile(r"[a-z][a-z0-9]*")


class AzureRetailOptions(Options):
    """What is asked for."""

    api_version: str = Field("2023-01-01-preview", min_length=1)
    #: As the bill names the service; compared with the case of its letters.
    service_name: str = Field("Foundry Models", pattern=r"^[A-Za-z0-9 ]+$")
    #: Separated by commas.
    regions: str = "eastus,swedencentral"
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$")

    @field_validator("regions")
    @classmethod
    def _are_regions(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",")]
        if not all(_REGION.fullmatch(name) for name in names):
            raise ValueError("must be names of regions such as eastus, separated by commas")
        return ",".join(dict.fromkeys(names))


def read_azure_retail(
    config: ProviderConfig,
    credential: PriceCredential | None,  # noqa: ARG001  # every reader of a price list takes one; this list is public
    options: SessionOptions,
    retrieved_at: dt.datetime,
) -> Statement:
    """The rates of the configured regions, prices of provisioned throughput among them, and why other meters have none.

    A price that is listed with a later day is a rate from that day on, and closes the one before it. Nothing is asked
    of an organisation's subscription. Raises ProviderConfigError for options that are wrong, and ProviderError where
    the list cannot be read whole: never half of it.
    """
    price_list, wanted = price_list_of(config, AzureRetailOptions)
    if _HOST not in config.hosts:
        raise ProviderConfigError(
            f"provider {config.id}: key hosts.{_HOST} is missing", remedy="Add the address of the Retail Prices API."
        )
    rows: list[RetailRow] = []
    with public_session(config, options) as session:
        for region in wanted.regions.split(","):
            found = list(_rows(session, price_list, wanted, region, provider=config.id))
            if not found:
                raise PermanentProviderError(
                    f"{config.id} {SOURCE}: no row of service {wanted.service_name!r} in region {region!r}; correct "
                    f"price_list.options.service_name (older names have no rows, and case counts) or regions"
                )
            rows.extend(found)
    usage, capacity = ([row for row in rows if is_capacity(row) is sold] for sold in (False, True))
    rates, skipped = rates_of(usage, provider=config.id, currency=wanted.currency)
    capacity_rates, not_sold = capacity_rates_of(capacity, provider=config.id, currency=wanted.currency)
    return Statement(
        source=SOURCE,
        source_version=wanted.api_version,
        retrieved_at=retrieved_at,
        rates=rates,
        capacity_rates=capacity_rates,
        skipped=(*skipped, *not_sold),
        # A price that is replaced leaves the list.
        covers_history=False,
    )


def _rows(
    session: ProviderSession, price_list: PriceListConfig, wanted: AzureRetailOptions, region: str, *, provider: str
) -> Iterator[RetailRow]:
    subject = f"{provider} {SOURCE} {region}"
    for page in _pages(session, price_list, wanted, region, subject=subject):
        named = f"{subject} (page {page.sha256})"
        for entry in _entries(page, named):
            row = parse_row(entry, currency=wanted.currency, subject=named)
            if row.region != region:
                raise MalformedPageError(
                    f"{named}: meter {row.meter_name!r} is of region {row.region!r}; the filter was not followed"
                )
            yield row


def _pages(
    session: ProviderSession, price_list: PriceListConfig, wanted: AzureRetailOptions, region: str, *, subject: str
) -> Iterator[Page]:
    params = (
        ("api-version", wanted.api_version),
        # Quotes are part of these values.
        ("currencyCode", f"'{wanted.currency}'"),
        ("meterRegion", "'primary'"),
        ("$filter", f"serviceName eq '{wanted.service_name}' and armRegionName eq '{region}'"),
    )
    link: str | None = None
    seen: set[str] = set()
    for _ in range(price_list.max_pages):
        # A link holds all that was asked for.
        page = session.get(link or _PATH, source=SOURCE, params=() if link else params, host=_HOST)
        yield page
        link = _next_link(page, subject)
        if link is None:
            return
        if link in seen:
            raise PermanentProviderError(
                f"{subject}: {_NEXT_LINK} comes a second time (page {page.sha256}); the paginator loops"
            )
        seen.add(link)
    raise PermanentProviderError(
        f"{subject}: more than {price_list.max_pages} pages; raise price_list.max_pages if that many are to be expected"
    )


def _next_link(page: Page, subject: str) -> str | None:
    link = page.content.get(_NEXT_LINK)
    if link is None or link == "":
        return None
    if not isinstance(link, str) or "://" not in link:
        raise MalformedPageError(f"{subject}: field {_NEXT_LINK} is {link!r}, no address (page {page.sha256})")
    return without_default_port(link)


def _entries(page: Page, subject: str) -> list[Any]:
    content = page.content
    if not isinstance(content, dict) or not isinstance(content.get("Items"), list):
        raise MalformedPageError(f"{subject}: field Items is missing or no list")
    items: list[Any] = content["Items"]
    return items
