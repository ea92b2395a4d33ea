"""The AWS Price List: what Bedrock's tokens and its provisioned throughput cost, from GetProducts of the query API.

Prices are public, the API asks for a signed request nevertheless: any account's keys will do, with pricing:GetProducts.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from genai_finops.pricing.sources.aws_capacity import capacity_rates_of, is_capacity
from genai_finops.pricing.sources.aws_models import PROVIDER
from genai_finops.pricing.sources.aws_products import Product, read_products
from genai_finops.pricing.sources.aws_rates import rates_of
from genai_finops.pricing.sources.network import PriceCredential
from genai_finops.pricing.sources.price_list import price_list_of
from genai_finops.pricing.sources.statement import Statement
from genai_finops.providers.aws_auth import SIGNED_FOR
from genai_finops.providers.aws_bedrock import BedrockUsage
from genai_finops.providers.aws_errors import error_codes, verdict_of
from genai_finops.providers.base import CredentialError, MalformedPageError, Page, TransientProviderError
from genai_finops.providers.cloudwatch import next_token_pages
from genai_finops.providers.config import PriceListConfig, ProviderConfig, ProviderConfigError
from genai_finops.providers.http import AuthContext, ProviderSession, SessionOptions
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import Options

SOURCE = "aws_price_list"
PERMISSION = "pricing:GetProducts"

_PRODUCTS = "pricing/GetProducts"
_HOST = "pricing_url"
_MAX_RESULTS = 100
_NAMES = re.compile(r"[A-Za-z0-9-]+(,[A-Za-z0-9-]+)*")


def _are_names(text: str) -> str:
    names = text.split(",")
    if not _NAMES.fullmatch(text) or len(set(names)) != len(names):
        raise ValueError("must be different names, parted by commas without spaces")
    return text


class AwsPriceListOptions(Options):
    """The options of `price_list`."""

    #: Regions whose prices are read, parted by commas. Those of one geography must not differ, or it has no price.
    regions: Annotated[str, AfterValidator(_are_names)]
    #: Services of the price list that hold Bedrock's models, parted by commas.
    service_codes: Annotated[str, AfterValidator(_are_names)]
    #: Region of the API's address, for which requests are signed: us-east-1, eu-central-1 or ap-south-1.
    api_region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] = "us-east-1"


def read_aws_price_list(
    config: ProviderConfig, credential: PriceCredential | None, options: SessionOptions, retrieved_at: dt.datetime
) -> Statement:
    """What the price list says of all regions and services of the configuration.

    Raises ProviderConfigError for a configuration without them, ProviderError for refusals (MissingRightError names the
    permission), pages of an unknown shape, a paginator that loops, and a service without any product, because half of
    the models would be missing.
    """
    price_list, asked = price_list_of(config, AwsPriceListOptions)
    if _HOST not in config.hosts:
        raise ProviderConfigError(
            f"provider {config.id}: key hosts.{_HOST} is missing", remedy="Add the address of the Price List API."
        )
    if credential is None:
        raise CredentialError(
            f"{PROVIDER} price list: AWS answers signed requests only, and no credential is stored; add one of any "
            f"account of {PROVIDER} whose policy allows {PERMISSION}"
        )
    products: list[Product] = []
    with _session(config, credential, options) as session:
        for service in asked.service_codes.split(","):
            found = [
                product
                for region in asked.regions.split(",")
                for page in _pages(session, price_list, asked.api_region, service, region)
                for product in read_products(page, provider=PROVIDER, region=region)
            ]
            if not found:
                raise MalformedPageError(
                    f"{PROVIDER} {_PRODUCTS}: service {service} has no product in {asked.regions}; correct the options "
                    f"service_codes and regions of price_list"
                )
            products += found
    usage, capacity = ([product for product in products if is_capacity(product) is sold] for sold in (False, True))
    rates, skipped = rates_of(usage)
    capacity_rates, not_sold = capacity_rates_of(capacity)
    published = max((product.published for product in products if product.published), default=None)
    return Statement(
        source=SOURCE,
        source_version=published or retrieved_at.date().isoformat(),
        retrieved_at=retrieved_at,
        rates=rates,
        capacity_rates=capacity_rates,
        skipped=(*skipped, *not_sold),
        # Only prices of now are listed, and AWS dates them anew with each list.
        covers_history=False,
    )


def classify(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
    """What a refusal of the API means, by its code."""
    codes = error_codes(headers, body)
    text = str(body.get("message") or body.get("Message") or "") if isinstance(body, dict) else ""
    if "ExpiredNextTokenException" in codes:
        return Verdict(TransientProviderError, "read the price list again later")
    return verdict_of(codes, status, text, action=PERMISSION)


def _session(config: ProviderConfig, credential: PriceCredential, options: SessionOptions) -> ProviderSession:
    redactor = Redactor(BedrockUsage.secret_parts(credential.secret))
    context = AuthContext(account=credential.account, options=options, redactor=redactor)
    return ProviderSession(
        config,
        auth=BedrockUsage.authenticate(config, credential.secret, context),
        redactor=redactor,
        classify=classify,
        options=options,
    )


def _pages(
    session: ProviderSession, price_list: PriceListConfig, api_region: str, service: str, region: str
) -> Iterator[Page]:
    # One region at a time: the filter that takes several was refused by the API in 2026.
    body = {
        "ServiceCode": service,
        "FormatVersion": "aws_v1",
        "MaxResults": min(price_list.page_entries, _MAX_RESULTS),
        "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
    }

    def ask(token: str | None) -> Page:
        return session.request(
            "POST",
            "/",
            source=_PRODUCTS,
            host=_HOST,
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "AWSPriceListService.GetProducts",
                SIGNED_FOR: f"pricing/{api_region}",
            },
            content=json.dumps(body if token is None else {**body, "NextToken": token}).encode(),
            recorded={"service": service, "region": region},
        )

    subject = f"{PROVIDER} {_PRODUCTS} {service} {region}"
    return next_token_pages(ask, field="NextToken", subject=subject, max_pages=price_list.max_pages)
