"""The project of an organisation and what its publisher models are asked."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from genai_finops.simulator.gcp_vertex.orders import TRIAL_DAY
from genai_finops.simulator.gcp_vertex.prices import LONG
from genai_finops.simulator.google.service_account import project_id
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import NIGHT_HOURS, OFFICE_HOURS, Account, Plan, SubAccount, build_streams

SOURCE = "publisher_models"

_FOUNDED = dt.datetime(2025, 2, 3, 9, 30, tzinfo=dt.UTC)
_US, _EU = "us-central1", "europe-west4"
_SHORT = "200k"

_CHAT = {"input": 1400, "output": 460}
_VOICE = {"input": 260, "input_audio": 1900, "output": 310}
_DOCUMENTS = {"input": 38_000, "output": 1500}
_LONG = {"input": 310_000, "output": 2600}
_AGENT = {"uncached_input": 1100, "cache_read": 8700, "cache_write_5m": 1200, "cache_write_1h": 310, "output": 740}
_PLAIN = {"uncached_input": 2100, "output": 300}


class _Builder:
    """Collects the plans of one organisation."""

    def __init__(self, scenario: Scenario, org: str) -> None:
        self.scenario = scenario
        self.org = org
        self.plans: list[Plan] = []

    def model(
        self,
        publisher: str,
        model: str,
        location: str,
        requests: int,
        per_request: Mapping[str, float],
        *,
        request_type: str = "shared",
        band: str | None = None,
        is_batch: bool = False,
        explicit_caching: str | None = None,
        **more: Any,
    ) -> None:
        """Traffic of one publisher model in one location. That within an order (dedicated) is committed."""
        is_dedicated = request_type == "dedicated"
        self.plans.append(
            Plan(
                source=SOURCE,
                dimensions={
                    "model": model,
                    "publisher": publisher,
                    "location": location,
                    "request_type": request_type,
                    "max_token_size": band,
                    "explicit_caching": explicit_caching,
                    "source": f"batch_{location}" if is_batch else location,
                },
                requests=requests,
                per_request=per_request,
                service_tier="batch" if is_batch else "committed" if is_dedicated else "standard",
                provider_service_tier=f"{request_type}+batch" if is_batch else request_type,
                geography="global" if location == "global" else "regional",
                region_id=location,
                context_band=band,
                variant="explicit_caching" if explicit_caching == "true" else None,
                resource_id=f"publishers/{publisher}/models/{model}",
                resource_name=model,
                # Batch jobs are no invocations of the online endpoint.
                counts_requests=not is_batch,
                flow="commitment" if is_dedicated else "payg",
                is_prompt=is_dedicated,
                hours=NIGHT_HOURS if is_batch else OFFICE_HOURS,
                **more,
            )
        )


def _plan(builder: _Builder) -> None:
    google = "google"
    builder.model(google, "gemini-2.5-flash", "global", 5200, {**_VOICE, "_character": 9000}, spikes=True)
    builder.model(google, "gemini-2.5-flash", _US, 1900, _CHAT)
    builder.model(google, "gemini-2.5-flash", _US, 3100, _CHAT, is_batch=True)
    builder.model(google, "gemini-2.5-pro", "global", 420, _DOCUMENTS, band=_SHORT)
    builder.model(google, "gemini-2.5-pro", "global", 12, _LONG, band=LONG, active_percent=80)
    builder.model(google, "gemini-2.5-pro", _EU, 600, _DOCUMENTS, band=_SHORT, request_type="dedicated")
    builder.model(google, "gemini-2.5-pro", _EU, 130, _DOCUMENTS, band=_SHORT, request_type="spillover")
    builder.model(google, "gemini-3.6-flash", _US, 900, _CHAT, first_day=builder.scenario.release_day)
    builder.model(google, "gemini-3.6-flash", "global", 700, _DOCUMENTS, explicit_caching="true")
    builder.model(google, "gemini-embedding-001", _US, 2600, {"embedding_input": 640})
    anthropic = "anthropic"
    builder.model(anthropic, "claude-opus-5", "global", 310, _AGENT)
    builder.model(anthropic, "claude-sonnet-5", _EU, 1200, _AGENT)
    builder.model(anthropic, "claude-sonnet-5", "global", 640, _PLAIN, is_batch=True)
    builder.model(anthropic, "claude-sonnet-4-5@20250929", "global", 350, _AGENT, band=_SHORT)
    builder.model(anthropic, "claude-sonnet-4-5@20250929", "global", 9, _long_claude(), band=LONG, active_percent=75)
    # The quota of this model is small: one request in twenty is refused.
    builder.model(anthropic, "claude-haiku-4-5@20251001", _US, 2200, {**_AGENT, "_rejected": 0.05})
    _plan_orders(builder)


def _plan_orders(builder: _Builder) -> None:
    """Traffic within the orders that only one organisation has."""
    trial = builder.scenario.first_day + dt.timedelta(days=TRIAL_DAY)
    if builder.org == "acme":
        builder.model(
            "google",
            "gemini-2.5-flash",
            _US,
            4000,
            {**_VOICE, "_rejected": 0.02},
            request_type="dedicated",
            first_day=trial,
            end_day=trial + dt.timedelta(days=7),
        )
    if builder.org == "globex":
        sonnet = "claude-sonnet-4-5@20250929"
        builder.model("anthropic", sonnet, "global", 9000, _AGENT, band=_SHORT, request_type="dedicated")


def _long_claude() -> dict[str, float]:
    return {"uncached_input": 90_000, "cache_read": 170_000, "cache_write_5m": 14_000, "output": 1800}


def build_account(scenario: Scenario, org: str) -> Account:
    """The Google Cloud project of `org`."""
    builder = _Builder(scenario, org)
    _plan(builder)
    whole = SubAccount(id=None, name="Project", created_at=_FOUNDED)
    return Account(
        scenario=scenario,
        org=org,
        provider="gcp_vertex",
        account_id=project_id(scenario.seed, org, "gcp_vertex"),
        name=f"{org.capitalize()} Vertex",
        sub_accounts=(whole,),
        api_keys=(),
        members=(),
        streams=build_streams(
            scenario, org, "gcp_vertex", builder.plans, sub_accounts=(whole,), sub_account_dimension="sub_account"
        ),
    )
