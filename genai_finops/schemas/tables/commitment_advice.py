"""What capacity to buy or to release, from the load of the last days."""

from genai_finops.schemas.columns import CURRENCY, PROVIDER, SLUG
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.commitments import CAPACITY_METER, PAYMENTS, SCOPE, TERMS

ACTIONS = ("buy", "release", "keep", "none")
CONFIDENCE_LEVELS = ("high", "medium", "low")
#: Days of load that are looked at, and that every amount is for.
DAYS = 30


def _amount(name: str, description: str) -> Column:
    return Column(name=name, type="cost", nullable=True, description=description)


def _units(name: str, description: str) -> Column:
    return Column(name=name, type="quantity", minimum=0, description=description)


COMMITMENT_ADVICE = Table(
    name="genai_commitment_advice",
    layer="flows",
    model_folder="flows/commitment",
    description="One row per organisation, provider, account, capacity meter, model, region, scope and term that has a price (null: by the hour): "
    "how many units would be cheapest for the load of the last 30 days of data, and what that saves in 30 days; and one row per "
    "running commitment of which a part was idle in every hour.",
    columns=(
        Column(name="x_org_slug", type="string", pattern=SLUG, description="Organisation; the tenancy border."),
        PROVIDER,
        Column(name="x_genai_account_id", type="string", description="Account at the provider that is billed."),
        CAPACITY_METER,
        Column(
            name="model_id",
            type="string",
            nullable=True,
            description="Canonical model of the load; null for a commitment that is for any.",
        ),
        Column(name="region_id", type="string", nullable=True, description="Region of the load; null without regions."),
        SCOPE,
        Column(
            name="commitment_id",
            type="string",
            nullable=True,
            description="Running commitment of which a part was always idle; null on advice for a load.",
        ),
        Column(
            name="term",
            type="string",
            nullable=True,
            allowed=TERMS,
            description="Term of the commitment that is looked at; null by the hour, without one.",
        ),
        Column(
            name="payment",
            type="string",
            nullable=True,
            allowed=PAYMENTS,
            description="Way of paying that is cheapest in the term; null where the price is the same however it is paid.",
        ),
        Column(
            name="action",
            type="string",
            allowed=ACTIONS,
            description="buy or release action_units; keep what there is; none: there is nothing, and nothing pays.",
        ),
        _units("action_units", "Units to buy or to release; 0 with keep and none."),
        _units("recommended_units", "Units in all that cost least for the load."),
        _units("current_units", "Units in the last hour of data: provisioned, of orders those in force."),
        _units("committed_units", "Of them units that commitments pay for."),
        _units("peak_load_units", "Units that the highest hour of the load needs."),
        _units("mean_load_units", "Units that the load needs in the mean of all hours of the window."),
        _amount("payg_list_cost", "The load at pay-as-you-go list prices, 30 days; null where a price is unknown."),
        _amount("payg_contracted_cost", "The same at the prices that the organisation pays."),
        _amount(
            "capacity_list_cost",
            "recommended_units for 30 days at list prices; null where they are unknown, and of idle commitments.",
        ),
        _amount("capacity_contracted_cost", "The same at the prices that the organisation pays."),
        _amount(
            "list_saving",
            "What the load costs now less what it would cost with recommended_units, 30 days at list prices: capacity and, for what "
            "exceeds it, pay-as-you-go; never negative. What commitments pay for can be saved when their terms end.",
        ),
        _amount("contracted_saving", "The same at the prices that the organisation pays; the one that decides."),
        Column(name="currency", type="string", pattern=CURRENCY, description="ISO 4217 currency of all amounts."),
        Column(name="first_day", type="date", description="First UTC day of the data behind it."),
        Column(name="last_day", type="date", description="Last UTC day of the data behind it."),
        Column(
            name="confidence",
            type="string",
            allowed=CONFIDENCE_LEVELS,
            description="high: load of each hour over at least 14 days. medium: over at least 7. low: over less, or known by the day only "
            "and spread evenly.",
        ),
        Column(
            name="evidence_query",
            type="string",
            description="SQL that shows the load behind it, from the usage tables.",
        ),
    ),
    grain=(
        "x_org_slug",
        "provider",
        "x_genai_account_id",
        "meter",
        "model_id",
        "region_id",
        "scope",
        "commitment_id",
        "term",
    ),
)
