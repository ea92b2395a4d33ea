"""Commitments to reserved capacity as the providers' lists name them, kept beside the other resources of lists."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from genai_finops.providers.base import ProviderResource

#: Resource type of every commitment, whatever the provider calls it.
COMMITMENT = "Capacity commitment"

Scope = Literal["global", "data_zone", "regional"]
Payment = Literal["upfront", "monthly", "hourly"]
PricePeriod = Literal["hour", "month", "term"]
AppliesTo = Literal["account", "organisation", "resource"]

_TAGS = (
    "contract_id",
    "commitment_type",
    "meter",
    "scope",
    "applies_to",
    "covered_resource_id",
    "term",
    "starts_at",
    "ends_at",
    "ended_at",
    "payment",
    "agreed_unit_price",
    "agreed_price_period",
    "currency",
    "is_renewed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityCommitment:
    """One commitment of one account; the columns of `genai_commitments` that a provider's list decides."""

    commitment_id: str
    contract_id: str
    #: In the provider's words: Reservation, Provisioned Throughput Commitment.
    commitment_type: str
    #: A capacity meter: ptu_hour, model_unit_hour, gsu_hour, throughput_unit_hour.
    meter: str
    quantity: Decimal
    #: ISO 8601 duration: P1W, P1M, P3M, P6M, P1Y, P3Y.
    term: str
    starts_at: dt.datetime
    #: Exclusive.
    ends_at: dt.datetime
    payment: Payment
    name: str | None = None
    scope: Scope | None = None
    applies_to: AppliesTo = "account"
    #: As usage names it; set exactly when applies_to is `resource`.
    covered_resource_id: str | None = None
    provider_model_id: str | None = None
    region_id: str | None = None
    #: When it stopped before ends_at, where the list says so.
    ended_at: dt.datetime | None = None
    agreed_unit_price: Decimal | None = None
    agreed_price_period: PricePeriod | None = None
    currency: str = "USD"
    is_renewed: bool = False

    def as_resource(self) -> ProviderResource:
        """As a resource whose states are remembered. Ids are kept in lower case."""
        values = {name: getattr(self, name) for name in _TAGS}
        return ProviderResource(
            resource_type=COMMITMENT,
            resource_id=self.commitment_id.lower(),
            resource_name=self.name or self.commitment_id,
            region_id=self.region_id,
            provider_model_id=self.provider_model_id,
            sku_name=self.commitment_type,
            capacity=self.quantity,
            tags={name: _text(value) for name, value in values.items() if value is not None},
            created_at=self.starts_at,
        )

    @classmethod
    def of_resource(cls, resource: ProviderResource) -> "CapacityCommitment":
        """What `as_resource` made. Raises KeyError or ValueError for a resource that it did not make."""
        tags: Mapping[str, str] = resource.tags
        price = tags.get("agreed_unit_price")
        ended = tags.get("ended_at")
        return cls(
            commitment_id=resource.resource_id,
            contract_id=tags["contract_id"],
            commitment_type=tags["commitment_type"],
            meter=tags["meter"],
            quantity=resource.capacity if resource.capacity is not None else Decimal(0),
            term=tags["term"],
            starts_at=dt.datetime.fromisoformat(tags["starts_at"]),
            ends_at=dt.datetime.fromisoformat(tags["ends_at"]),
            payment=tags["payment"],  # type: ignore[arg-type]
            name=None if resource.resource_name.lower() == resource.resource_id else resource.resource_name,
            scope=tags.get("scope"),  # type: ignore[arg-type]
            applies_to=tags["applies_to"],  # type: ignore[arg-type]
            covered_resource_id=tags.get("covered_resource_id"),
            provider_model_id=resource.provider_model_id,
            region_id=resource.region_id,
            ended_at=None if ended is None else dt.datetime.fromisoformat(ended),
            agreed_unit_price=None if price is None else Decimal(price),
            agreed_price_period=tags.get("agreed_price_period"),  # type: ignore[arg-type]
            currency=tags["currency"],
            is_renewed=tags["is_renewed"] == "true",
        )


def _text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value).lower() if isinstance(value, bool) else str(value)
