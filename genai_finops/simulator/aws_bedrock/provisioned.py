"""Provisioned throughput of the simulated account: models that were bought, expired, deleted, and one that stands idle.

Prices are those of AWS's price page of early 2024, US dollars for a model unit and hour.
"""

import calendar
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.simulator.aws_bedrock.credentials import account_id_of
from genai_finops.simulator.capacity import BoughtCommitment, CapacityEstate, ProvisionedCapacity
from genai_finops.simulator.noise import token
from genai_finops.simulator.scenario import Scenario

US, EU = "us-east-1", "eu-central-1"
METER = "model_unit_hour"
TITAN_EXPRESS = "amazon.titan-text-express-v1"
TITAN_LITE = "amazon.titan-text-lite-v1"
COMMAND_LIGHT = "cohere.command-light-text-v14"
CLAUDE_2 = "anthropic.claude-v2:1"

#: Without a commitment, for one month, for six. Claude 2 was never sold by the hour: what it costs then is unknown.
_PRICES: dict[str, tuple[str | None, str, str]] = {
    TITAN_EXPRESS: ("20.50", "18.40", "14.80"),
    TITAN_LITE: ("7.10", "6.40", "5.10"),
    COMMAND_LIGHT: ("8.56", "6.85", "4.11"),
    CLAUDE_2: (None, "63.00", "35.00"),
}
_MONTHS = {"OneMonth": 1, "SixMonths": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedModel:
    """One entry of ListProvisionedModelThroughputs, from its creation until it is deleted."""

    id: str
    name: str
    region: str
    account_id: str
    model: str
    units: int
    created_at: dt.datetime
    #: Until then it is being created, and nothing is billed.
    in_service_at: dt.datetime
    #: OneMonth or SixMonths; None is by the hour.
    duration: str | None = None
    deleted_at: dt.datetime | None = None

    @property
    def arn(self) -> str:
        """Name in lists and, as ModelId, in metrics."""
        return f"arn:aws:bedrock:{self.region}:{self.account_id}:provisioned-model/{self.id}"

    @property
    def expires_at(self) -> dt.datetime | None:
        """End of the commitment; the model is billed until it is deleted all the same."""
        return None if self.duration is None else _add_months(self.created_at, _MONTHS[self.duration])

    @property
    def first_whole_day(self) -> dt.date:
        """First day that it serves from midnight on."""
        midnight = dt.time(0, tzinfo=dt.UTC)
        return self.in_service_at.date() + dt.timedelta(days=self.in_service_at.timetz() > midnight)


def provisioned_of(scenario: Scenario, org: str) -> dict[str, ProvisionedModel]:
    """The account's provisioned models by name.

    The commitments of `summaries` and `legacy` expire within the days of the scenario, that of `assistant` begins
    there. `summaries` is deleted days after it expired, `legacy` is billed on. `nightly` is bought by the hour, and
    deleted. `standby` has no traffic.
    """

    def at(share: int, hour: int, minute: int = 0, *, days_before: int = 0) -> dt.datetime:
        day = scenario.days[len(scenario.days) * share // 7] if share else scenario.first_day
        start = dt.datetime.combine(day, dt.time(hour, minute), tzinfo=dt.UTC)
        return start - dt.timedelta(days=days_before)

    created = {
        "chat": at(0, 0, days_before=45),
        "assistant": at(2, 9),
        "summaries": at(3, 14, days_before=30),
        "legacy": at(1, 0, days_before=30),
        "nightly": at(1, 5, 40),
        "standby": at(0, 6, days_before=20),
    }
    made: list[tuple[str, str, str, int, str | None, dt.datetime | None]] = [
        ("chat", US, TITAN_EXPRESS, 2, "SixMonths", None),
        ("assistant", US, TITAN_EXPRESS, 1, "OneMonth", None),
        ("summaries", EU, TITAN_LITE, 2, "OneMonth", at(5, 18)),
        ("legacy", US, CLAUDE_2, 1, "OneMonth", None),
        ("nightly", EU, TITAN_EXPRESS, 1, None, at(6, 12)),
        ("standby", US, COMMAND_LIGHT, 1, "SixMonths", None),
    ]
    return {
        name: ProvisionedModel(
            # The traffic of the first one is older than the others.
            id=token(12, scenario.seed, org, "provisioned model", US if name == "chat" else name),
            name=name,
            region=region,
            account_id=account_id_of(scenario.seed, org),
            model=model,
            units=units,
            created_at=created[name],
            in_service_at=at(1, 6, 15) if name == "nightly" else created[name],
            duration=duration,
            deleted_at=deleted_at,
        )
        for name, region, model, units, duration, deleted_at in made
    }


def estate_of(scenario: Scenario, org: str) -> CapacityEstate:
    """The same as capacity and commitments."""
    models = provisioned_of(scenario, org).values()
    return CapacityEstate(
        capacities=tuple(
            ProvisionedCapacity(
                resource_id=model.arn,
                resource_name=model.name,
                meter=METER,
                levels=((model.in_service_at, model.units),),
                region_id=model.region,
                model=model.model,
                deleted_at=model.deleted_at,
            )
            for model in models
        ),
        commitments=tuple(_commitment(model) for model in models if model.duration is not None),
        hourly_prices=tuple(
            ((METER, None, model), Decimal(hourly)) for model, (hourly, *_) in _PRICES.items() if hourly is not None
        ),
    )


def _commitment(model: ProvisionedModel) -> BoughtCommitment:
    duration, expires_at = model.duration, model.expires_at
    if duration is None or expires_at is None:
        raise ValueError(f"provisioned model {model.name} was bought without a commitment")
    _, one_month, six_months = _PRICES[model.model]
    return BoughtCommitment(
        commitment_id=model.arn,
        contract_id=model.arn,
        commitment_type="Provisioned Throughput Commitment",
        meter=METER,
        units=model.units,
        term=f"P{_MONTHS[duration]}M",
        starts_at=model.created_at,
        ends_at=expires_at,
        payment="hourly",
        unit_price=Decimal(one_month if duration == "OneMonth" else six_months),
        price_period="hour",
        region_id=model.region,
        model=model.model,
        resource_id=model.arn,
        ended_at=model.deleted_at if model.deleted_at and model.deleted_at < expires_at else None,
    )


def _add_months(moment: dt.datetime, months: int) -> dt.datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
