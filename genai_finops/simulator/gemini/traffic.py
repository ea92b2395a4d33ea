"""The simulated Google Cloud project whose AI Studio keys call the Gemini API."""

import datetime as dt
from collections.abc import Mapping

from genai_finops.simulator.gemini.skus import SKUS
from genai_finops.simulator.google.service_account import project_id
from genai_finops.simulator.noise import token
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import (
    EVEN_HOURS,
    NIGHT_HOURS,
    OFFICE_HOURS,
    Account,
    Plan,
    SubAccount,
    build_streams,
)

SOURCE = "generate_content"
#: Counts on the wire only: the export does not count requests, Monitoring does.
REQUESTS = "_requests"
_FOUNDED = dt.datetime(2025, 4, 2, 8, 0, tzinfo=dt.UTC)


def _plan(
    model: str | None,
    requests: int,
    per_request: Mapping[str, float],
    *,
    tier: str = "standard",
    band: str | None = None,
    hours: tuple[int, ...] = OFFICE_HOURS,
    spikes: bool = False,
    first_day: dt.date | None = None,
) -> Plan:
    unmapped = SKUS[None, "unmapped", "standard", None][0]
    return Plan(
        source=SOURCE,
        dimensions={"model": model, "project": None},
        requests=requests,
        per_request={**per_request, REQUESTS: 1},
        service_tier=tier,
        context_band=band,
        resource_id=unmapped.id if model is None else None,
        counts_requests=False,
        hours=hours,
        spikes=spikes,
        first_day=first_day,
    )


def _plans(scenario: Scenario) -> list[Plan]:
    flash, lite, pro, newest = "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro", "gemini-3.6-flash"
    return [
        _plan(flash, 4200, {"uncached_input": 1300, "cache_read": 700, "output": 380}, band="short", spikes=True),
        _plan(flash, 600, {"uncached_input_audio": 950, "output": 210}, band="short"),
        _plan(flash, 900, {"uncached_input_image": 1290, "output": 150}, band="short"),
        _plan(flash, 300, {"web_search": 1.1}),
        _plan(lite, 9000, {"uncached_input": 620, "output": 90}, hours=EVEN_HOURS),
        _plan(pro, 800, {"uncached_input": 4200, "cache_read": 2600, "output": 1900}, band="short"),
        _plan(pro, 12, {"uncached_input": 260_000, "output": 2400}, band="long"),
        _plan(pro, 350, {"uncached_input": 5600, "output": 800}, tier="batch", band="short", hours=NIGHT_HOURS),
        _plan(pro, 24, {"cache_storage_token_hour": 310_000}, hours=EVEN_HOURS),
        _plan(newest, 1500, {"uncached_input": 1700, "cache_read": 900, "output": 640}, first_day=scenario.release_day),
        _plan(newest, 500, {"uncached_input": 2100, "output": 420}, tier="flex", hours=NIGHT_HOURS),
        _plan("gemini-embedding-001", 7000, {"embedding_input": 310}, hours=EVEN_HOURS),
        _plan(None, 40, {"unmapped": 25}),
    ]


def sandbox_of(scenario: Scenario, org: str) -> str:
    """Id of another project on the same billing account."""
    return f"{org}-sandbox-{token(6, scenario.seed, org, 'gemini sandbox')}"


def billing_account_of(scenario: Scenario, org: str) -> str:
    """Id of the billing account."""
    code = token(18, scenario.seed, org, "google billing account").upper()
    return f"{code[:6]}-{code[6:12]}-{code[12:]}"


def build_account(scenario: Scenario, org: str) -> Account:
    """The project of `org`."""
    projects = (SubAccount(id=None, name="Keys", created_at=_FOUNDED),)
    return Account(
        scenario=scenario,
        org=org,
        provider="gemini",
        account_id=project_id(scenario.seed, org, "gemini"),
        name=f"{org.capitalize()} Gemini",
        sub_accounts=projects,
        api_keys=(),
        members=(),
        streams=build_streams(
            scenario, org, "gemini", _plans(scenario), sub_accounts=projects, sub_account_dimension="project"
        ),
    )
