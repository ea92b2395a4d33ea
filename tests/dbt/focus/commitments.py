"""Hand-made commitments by every way of paying, and prices of capacity and accelerators."""

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

Row = dict[str, Any]

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
#: By provider: developer, kind of account, and how its accelerators are named in FOCUS.
CAPACITY_PROVIDERS: dict[str, tuple[str, str | None, str | None, str | None]] = {
    "azure_openai": ("Microsoft", "Virtual Machines", "Compute", "Virtual Machines"),
    "aws_bedrock": ("Amazon Web Services", None, None, None),
    "gcp_vertex": ("Google Cloud", "Vertex AI Infrastructure", "AI and Machine Learning", "Machine Learning"),
}


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """One commitment, how it is paid, and the days of which there are costs."""

    id: str
    provider: str
    meter: str
    units: int
    term: str
    starts: dt.date
    ends: dt.date
    payment: str
    #: Unit and price of a payment; no rows are made without.
    pricing_unit: str | None = None
    unit_price: str | None = None
    #: Day, end of what it pays for, units that are paid. None where every day is paid for by the hour.
    payments: tuple[tuple[dt.date, dt.date, int], ...] = ()
    days: tuple[dt.date, ...] = ()
    org: str = "acme"
    name: str | None = None
    type: str = "Reservation"
    contract: str = "order-1"
    scope: str | None = None
    region: str | None = None
    model: str | None = None
    ended: dt.date | None = None
    #: Row of the price table; null where the contract alone names the price.
    pricing_id: str | None = None
    #: Price of used capacity by the hour, and its row; the commitment's own price without.
    on_demand: tuple[str, str] | None = None
    agreed_price: tuple[str, str] | None = None

    @property
    def hours(self) -> int:
        return (self.ends - self.starts).days * 24

    @property
    def hour_price(self) -> Decimal:
        """Price of a unit-hour, rounded down to 12 decimals."""
        assert self.unit_price is not None
        price = Decimal(self.unit_price)
        if self.payment == "hourly":
            return price
        (start, end, _) = self.payments[0]
        return (price / ((end - start).days * 24)).quantize(Decimal("1e-12"), rounding=ROUND_DOWN)


def days(first: dt.date, end: dt.date) -> tuple[dt.date, ...]:
    return tuple(first + dt.timedelta(days=number) for number in range((end - first).days))


_OCT, _NOV = dt.date(2026, 10, 1), dt.date(2026, 11, 1)
_WEEK = (dt.date(2026, 10, 26), dt.date(2026, 11, 2))
_ORDERED = (dt.date(2026, 9, 15), dt.date(2027, 9, 15))

COMMITMENTS = (
    Agreed(
        id="res-1",
        provider="azure_openai",
        meter="ptu_hour",
        units=100,
        term="P1M",
        starts=_OCT,
        ends=_NOV,
        payment="upfront",
        pricing_unit="PTU-Months",
        unit_price="260",
        payments=((_OCT, _NOV, 100),),
        days=days(_OCT, _NOV),
        scope="global",
        pricing_id="ptu-1m",
        on_demand=("1", "ptu"),
        contract="ro-111",
        name="October",
    ),
    Agreed(
        id="res-2",
        provider="azure_openai",
        meter="ptu_hour",
        units=50,
        term="P1Y",
        starts=_ORDERED[0],
        ends=_ORDERED[1],
        payment="monthly",
        pricing_unit="PTU-Months",
        unit_price="243",
        payments=((dt.date(2026, 10, 15), dt.date(2026, 11, 15), 50),),
        days=days(dt.date(2026, 10, 15), dt.date(2026, 10, 18)),
        scope="regional",
        region="swedencentral",
        pricing_id="ptu-1y",
        on_demand=("2", "ptu-regional"),
        contract="ro-111",
    ),
    Agreed(
        id="pt-1",
        provider="aws_bedrock",
        meter="model_unit_hour",
        units=2,
        term="P1M",
        starts=_OCT,
        ends=_NOV,
        ended=dt.date(2026, 10, 6),
        payment="hourly",
        pricing_unit="Model Unit-Hours",
        unit_price="18.4",
        days=days(_OCT, dt.date(2026, 10, 6)),
        model="amazon.titan",
        pricing_id="titan-1m",
        on_demand=("20.5", "titan"),
        type="Provisioned Throughput Commitment",
        contract="c-555",
    ),
    Agreed(
        id="order-9",
        provider="gcp_vertex",
        meter="gsu_hour",
        units=5,
        term="P1W",
        starts=_WEEK[0],
        ends=_WEEK[1],
        payment="upfront",
        pricing_unit="GSUs/7 Days",
        unit_price="1200",
        payments=((*_WEEK, 5),),
        days=days(*_WEEK),
        scope="global",
        pricing_id="gsu-1w",
        type="Provisioned Throughput Order",
        contract="order-9",
    ),
    Agreed(
        id="st-1",
        provider="openai",
        meter="throughput_unit_hour",
        units=3,
        term="P1M",
        starts=_OCT,
        ends=_NOV,
        org="globex",
        payment="monthly",
        pricing_unit="Throughput Unit-Months",
        unit_price="1550.5",
        payments=((_OCT, _NOV, 3),),
        days=days(_OCT, _NOV),
        model="gpt-4.1",
        type="Scale Tier",
        contract='st "2026"',
        agreed_price=("1550.5", "month"),
    ),
    Agreed(
        id="pt-2",
        provider="aws_bedrock",
        meter="model_unit_hour",
        units=4,
        term="P6M",
        starts=_NOV,
        ends=dt.date(2027, 5, 1),
        payment="partial_upfront",
        model="amazon.titan",
        type="Provisioned Throughput Commitment",
        contract="c-556",
    ),
    Agreed(
        id="pt-3",
        provider="aws_bedrock",
        meter="model_unit_hour",
        units=1,
        term="P1M",
        starts=_OCT,
        ends=_NOV,
        payment="hourly",
        model="unknown",
        type="Provisioned Throughput Commitment",
        contract="c-557",
    ),
)


def commitments() -> list[Row]:
    """Rows of genai_commitments."""
    return [
        {
            "x_org_slug": found.org,
            "provider": found.provider,
            "commitment_id": found.id,
            "account_id": f"acct-{found.provider}",
            "x_credential_id": "main",
            "contract_id": found.contract,
            "commitment_name": found.name,
            "commitment_type": found.type,
            "meter": found.meter,
            "scope": found.scope,
            "applies_to": "account",
            "provider_model_id": found.model,
            "region_id": found.region,
            "quantity": Decimal(found.units),
            "term": found.term,
            "starts_at": midnight(found.starts),
            "ends_at": midnight(found.ends),
            "ended_at": midnight(found.ended) if found.ended else None,
            "payment": found.payment,
            "upfront_share": Decimal("0.5") if found.payment == "partial_upfront" else None,
            "agreed_unit_price": Decimal(found.agreed_price[0]) if found.agreed_price else None,
            "agreed_price_period": found.agreed_price[1] if found.agreed_price else None,
            "currency": "USD",
            "is_renewed": False,
            "first_observed_at": midnight(found.starts),
            "last_observed_at": NOW,
        }
        for found in COMMITMENTS
    ]


def _price(pricing_id: str, provider: str, meter: str, price: str, period: str = "hour", **key: Any) -> Row:
    return {
        "pricing_id": pricing_id,
        "provider": provider,
        "meter": meter,
        "purchase_option": "commitment" if "term" in key else "on_demand",
        "price_period": period,
        "unit_price": Decimal(price),
        "currency": "USD",
        "confidence": "confirmed",
        "valid_from": dt.date(2026, 1, 1),
        "source": "test",
        "source_version": "1",
        "retrieved_at": NOW,
        "priority": 1,
        "is_custom": False,
    } | key


def commitment_prices() -> list[Row]:
    """Rows of genai_commitment_pricing."""
    azure, bedrock, vertex = "azure_openai", "aws_bedrock", "gcp_vertex"
    return [
        _price("ptu", azure, "ptu_hour", "1", scope="global"),
        _price("ptu-regional", azure, "ptu_hour", "2", scope="regional"),
        _price("ptu-1m", azure, "ptu_hour", "260", "term", scope="global", term="P1M"),
        _price("ptu-1y", azure, "ptu_hour", "2916", "term", scope="regional", term="P1Y"),
        _price("titan", bedrock, "model_unit_hour", "20.5", model_id="amazon.titan"),
        _price("titan-1m", bedrock, "model_unit_hour", "18.4", model_id="amazon.titan", term="P1M"),
        _price("titan-6m", bedrock, "model_unit_hour", "14.8", model_id="amazon.titan", term="P6M"),
        _price("gsu-1w", vertex, "gsu_hour", "1200", "term", scope="global", term="P1W"),
    ]


def infrastructure_prices() -> list[Row]:
    """Rows of genai_infrastructure_pricing."""
    vertex, region = "gcp_vertex", "us-central1"
    return [
        _price("v5e", vertex, "tpu_chip_hour", "1.2", variant="v5e", region_id=region),
        _price("a3", vertex, "node_hour", "88.488", variant="a3-highgpu-8g", workload="compute", region_id=region),
        _price(
            "a3-spot",
            vertex,
            "node_hour",
            "35.392",
            variant="a3-highgpu-8g",
            workload="compute",
            purchase_option="spot",
        ),
        _price("h100", vertex, "gpu_hour", "9.79655057", variant="nvidia_h100_80gb", workload="training"),
        _price("nc40", "azure_openai", "node_hour", "6.98", variant="standard_nc40ads_h100_v5", workload="compute"),
    ]
