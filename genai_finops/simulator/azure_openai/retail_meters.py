"""The rows of the simulated price list: the models of the traffic in several regions, spelled as Azure's meters are.

The spellings are irregular on purpose, as the list's are. Between the prices of tokens stand rows that are none.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from genai_finops.simulator.azure_openai.prices import azure_openai_price
from genai_finops.simulator.noise import token
from genai_finops.simulator.sale import Sale

#: Regions with a price list, with their names and the data zone that they are in.
REGIONS = {
    "eastus": ("US East", "data_zone_us"),
    "eastus2": ("US East 2", "data_zone_us"),
    "swedencentral": ("SE Central", "data_zone_eu"),
}
_FOUNDED = dt.date(2025, 4, 1)
_OPENAI, _GPT5, _EMBEDDING = "Azure OpenAI", "Azure OpenAI GPT5", "Azure OpenAI Embedding"
_RESERVATIONS = "Azure AI Foundry Provisioned Throughput Reservation"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetailMeter:
    """One row, but for what is the same in all of them. `price` is of one `unit`."""

    name: str
    product: str
    region: str
    price: Decimal
    unit: str
    starts_on: dt.date = _FOUNDED
    kind: str = "Consumption"
    #: Of a reservation.
    term: str | None = None
    tier_minimum_units: Decimal = Decimal("0.0")
    is_primary: bool = True

    @property
    def id(self) -> str:
        """Stable id of the meter in its region."""
        return str(uuid.UUID(token(32, "azure meter", self.product, self.name, self.region)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spelling:
    """How the meters of a model are written: `{model} {direction} {place}`, with what stands between the words."""

    model: str
    product: str
    unit: str
    #: (text, meter of the traffic, geography or `data_zone`)
    meters: tuple[tuple[str, str, str], ...]
    service_tier: str = "standard"


#: Models with traffic. Prices come from the price list of the simulation.
_SPELLINGS = (
    _Spelling(
        model="gpt-4.1-2025-04-14",
        product=_OPENAI,
        unit="1K",
        meters=(
            ("gpt 4.1 Inp glbl Tokens", "uncached_input", "global"),
            ("gpt 4.1 cached Inp glbl Tokens", "cache_read", "global"),
            ("gpt 4.1 Outp glbl Tokens", "output", "global"),
            ("gpt 4.1 Inp Data Zone Tokens", "uncached_input", "data_zone"),
            ("gpt 4.1 cached Inp Data Zone Tokens", "cache_read", "data_zone"),
            ("gpt 4.1 Outp Data Zone Tokens", "output", "data_zone"),
        ),
    ),
    _Spelling(
        model="gpt-4.1-mini-2025-04-14",
        product=_OPENAI,
        unit="1K",
        meters=(
            ("gpt 4.1 mini Inp glbl Tokens", "uncached_input", "global"),
            ("gpt 4.1 mini cached Inp glbl Tokens", "cache_read", "global"),
            ("gpt 4.1 mini Outp glbl Tokens", "output", "global"),
            ("gpt 4.1 mini Inp DZone Tokens", "uncached_input", "data_zone"),
            ("gpt 4.1 mini cached Inp DZone Tokens", "cache_read", "data_zone"),
            ("gpt 4.1 mini Outp DZone Tokens", "output", "data_zone"),
        ),
    ),
    _Spelling(
        model="gpt-4.1-mini-2025-04-14",
        product=_OPENAI,
        unit="1K",
        service_tier="batch",
        meters=(
            ("gpt 4.1 mini Batch Inp glbl Tokens", "uncached_input", "global"),
            ("gpt 4.1 mini Batch Outp glbl Tokens", "output", "global"),
        ),
    ),
    _Spelling(
        model="gpt-4o-2024-08-06",
        product=_OPENAI,
        unit="1K",
        meters=(
            ("gpt-4o-0806-Inp-glbl Tokens", "uncached_input", "global"),
            ("gpt 4o 0806 cached Inp glbl Tokens", "cache_read", "global"),
            ("gpt-4o-0806-Outp-glbl Tokens", "output", "global"),
            ("gpt 4o 0806 Inp Data Zone Tokens", "uncached_input", "data_zone"),
            ("gpt 4o 0806 cached Inp Data Zone Tokens", "cache_read", "data_zone"),
            ("gpt 4o 0806 Outp Data Zone Tokens", "output", "data_zone"),
        ),
    ),
    _Spelling(
        model="gpt-4o-2024-11-20",
        product=_OPENAI,
        unit="1K",
        meters=(
            ("gpt 4o 1120 Input global Tokens", "uncached_input", "global"),
            ("gpt 4o 1120 cached Inp glbl Tokens", "cache_read", "global"),
            ("gpt 4o 1120 Output global Tokens", "output", "global"),
        ),
    ),
    _Spelling(
        model="gpt-4o-2024-11-20",
        product=_OPENAI,
        unit="1K",
        service_tier="batch",
        meters=(
            ("gpt 4o 1120 Batch Inp Data Zone Tokens", "uncached_input", "data_zone"),
            ("gpt 4o 1120 Batch Outp Data Zone Tokens", "output", "data_zone"),
        ),
    ),
    _Spelling(
        model="gpt-4o-mini-2024-07-18",
        product=_OPENAI,
        unit="1K",
        meters=(
            ("gpt-4o-mini-0718-Inp-glbl Tokens", "uncached_input", "global"),
            ("gpt 4o mini 0718 cached Inp glbl Tokens", "cache_read", "global"),
            ("gpt-4o-mini-0718-Outp-glbl Tokens", "output", "global"),
        ),
    ),
    _Spelling(
        model="gpt-5-2025-08-07",
        product=_GPT5,
        unit="1M",
        meters=(
            ("GPT 5 Inpt Glbl 1M Tokens", "uncached_input", "global"),
            ("GPT 5 cchd Inpt Glbl 1M Tokens", "cache_read", "global"),
            ("GPT 5 outpt Glbl 1M Tokens", "output", "global"),
            ("GPT 5 Inpt DZ 1M Tokens", "uncached_input", "data_zone"),
        ),
    ),
    _Spelling(
        model="text-embedding-3-small",
        product=_EMBEDDING,
        unit="1K",
        meters=(("text-embedding-3-small-glbl Tokens", "embedding_input", "global"),),
    ),
)
#: Models without traffic: (product, text, unit, price of the unit in each region, first day).
_TYPED: tuple[tuple[str, str, str, str, dt.date], ...] = (
    (_GPT5, "5.6-sol ShortCo Inp Std Gl 1M Tokens", "1M", "5", dt.date(2026, 5, 1)),
    (_GPT5, "5.6-sol ShortCo Inp Std Gl 1M Tokens", "1M", "4", dt.date(2026, 8, 21)),
    (_GPT5, "5.6-sol ShortCo Cd Inp Std Gl 1M Tokens", "1M", "0.4", dt.date(2026, 8, 21)),
    (_GPT5, "5.6-sol ShortCo Cd Wr Std Gl 1M Tokens", "1M", "5", dt.date(2026, 8, 21)),
    (_GPT5, "5.6-sol ShortCo Opt Std Gl 1M Tokens", "1M", "20", dt.date(2026, 8, 21)),
    (_GPT5, "5.6-sol LongCo Inp Std Gl 1M Tokens", "1M", "8", dt.date(2026, 8, 21)),
    (_GPT5, "5.6-sol LongCo Opt Std Gl 1M Tokens", "1M", "30", dt.date(2026, 8, 21)),
    (_GPT5, "5.6-sol ShortCo Inp PP Gl 1M Tokens", "1M", "8", dt.date(2026, 8, 21)),
    (_GPT5, "5.4 mini pp Inp Gl 1M Tokens", "1M", "1.5", dt.date(2026, 3, 1)),
    (_OPENAI, "gpt 4.1 nano Inp glbl Tokens", "1K", "0.0001", _FOUNDED),
    (_OPENAI, "gpt 4.1 nano Inp regnl Tokens", "1K", "0.00011", _FOUNDED),
    (_OPENAI, "gpt 4.1 nano Outp glbl Tokens", "1K", "0.0004", _FOUNDED),
    # Zero-priced.
    (_OPENAI, "gpt 4.1 nano cached Inp glbl Tokens", "1K", "0", _FOUNDED),
    ("Azure OpenAI Free Meter", "gpt 4.1 Free Inp glbl Tokens", "1K", "0", _FOUNDED),
    # From a later day on, beside the price of today.
    (_OPENAI, "gpt 4.1 nano Outp glbl Tokens", "1K", "0.0003", dt.date(2027, 1, 1)),
    # Capacity, hosting, tools, other media and other makers.
    (_OPENAI, "Provisioned Managed Global Unit", "1/Hour", "1", _FOUNDED),
    (_OPENAI, "Provisioned Managed Data Zone Unit", "1/Hour", "1.1", _FOUNDED),
    (_OPENAI, "Provisioned Managed Regional Unit", "1/Hour", "2", _FOUNDED),
    (_OPENAI, "gpt-4o-0806-FT-Hstng-glbl Unit", "1 Hour", "1.7", _FOUNDED),
    (_OPENAI, "gpt-4o-0806-FT-inp-glbl Tokens", "1K", "0.0025", _FOUNDED),
    (_OPENAI, "gpt-4o-aud-1217 Inp glbl Tokens", "1K", "0.04", _FOUNDED),
    (_OPENAI, "file-search-tool-calls-glbl Calls", "1K", "2.5", _FOUNDED),
    (_OPENAI, "Code-Interpreter-glbl Session", "1", "0.03", _FOUNDED),
    (_OPENAI, "Assistants-File Search-glbl GB", "1/Day", "0.11", _FOUNDED),
    (_OPENAI, "Image-DALL-E-2-glbl Images", "100", "2", _FOUNDED),
    ("Azure OpenAI Media", "Sora 2 pro glbl Second", "1 Second", "0.3", _FOUNDED),
    ("Azure Grok Models", "4.3 Inp glbl Tokens", "1K", "0.002", _FOUNDED),
    ("Azure Deepseek Models", "R1 Inp glbl Tokens", "1K", "0.00135", _FOUNDED),
)


@lru_cache(maxsize=1)
def retail_meters() -> tuple[RetailMeter, ...]:
    """All rows, in the order of the list."""
    return tuple(row for region in REGIONS for row in (*_of_traffic(region), *_typed(region), *_peculiar(region)))


def _of_traffic(region: str) -> Iterator[RetailMeter]:
    for spelling in _SPELLINGS:
        for name, meter, geography in spelling.meters:
            sale = Sale(
                provider="azure_openai",
                model=spelling.model,
                meter=meter,
                service_tier=spelling.service_tier,
                day=_FOUNDED,
                geography=REGIONS[region][1] if geography == "data_zone" else geography,
            )
            price = azure_openai_price(sale)
            if price is None:
                raise LookupError(f"the simulator has no list price of {sale}")
            tokens = {"1K": Decimal(1000), "1M": Decimal(1_000_000)}[spelling.unit]
            yield RetailMeter(
                name=name,
                product=spelling.product,
                region=region,
                price=price * tokens / 1_000_000,
                unit=spelling.unit,
            )


def _typed(region: str) -> Iterator[RetailMeter]:
    for product, name, unit, price, starts_on in _TYPED:
        yield RetailMeter(
            name=name, product=product, region=region, price=Decimal(price), unit=unit, starts_on=starts_on
        )


def _peculiar(region: str) -> Iterator[RetailMeter]:
    """Rows that differ from region to region, tiers of volume, and commitments."""
    is_us = region.startswith("eastus")
    yield RetailMeter(
        name="gpt-4o-mini-0718-Inp-regnl Tokens",
        product=_OPENAI,
        region=region,
        price=Decimal("0.000165" if is_us else "0.00018"),
        unit="1K",
    )
    yield RetailMeter(
        name="gpt 4.1 nano Inp glbl Tokens",
        product=_OPENAI,
        region=region,
        price=Decimal("0.00009"),
        unit="1K",
        tier_minimum_units=Decimal(5_000_000),
    )
    yield RetailMeter(
        name="gpt 4.1 Inp glbl Tokens",
        product=_OPENAI,
        region=region,
        price=Decimal("0.0099"),
        unit="1K",
        is_primary=False,
    )
    for scope, month, year in (("Global", "260", "2652"), ("Data Zone", "286", "2916"), ("Regional", "286", "2916")):
        for term, price in (("1 Month", month), ("1 Year", year)):
            # The price of the whole term, whatever the unit says.
            yield RetailMeter(
                name=f"Provisioned Managed {scope} Unit",
                product=_RESERVATIONS,
                region=region,
                price=Decimal(price),
                unit="1/Hour",
                kind="Reservation",
                term=term,
            )
