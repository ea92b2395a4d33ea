"""All accounts of a scenario at all providers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account


@dataclass(frozen=True, slots=True)
class World:
    """A scenario and its accounts by provider and organisation."""

    scenario: Scenario
    accounts: Mapping[tuple[str, str], Account] = field(repr=False)
    #: Organisation by admin key, by provider.
    keys: Mapping[str, Mapping[str, str]] = field(repr=False)


def build_world(scenario: Scenario) -> World:
    """Generates all traffic of the scenario."""
    pairs = [(provider, org) for provider in PROVIDERS for org in scenario.orgs]
    return World(
        scenario=scenario,
        accounts={(provider, org): PROVIDERS[provider].build_account(scenario, org) for provider, org in pairs},
        keys={
            provider: {simulated.admin_key(scenario.seed, org): org for org in scenario.orgs}
            for provider, simulated in PROVIDERS.items()
        },
    )
