"""Which state a resource was in at a moment: providers list what is there now, usage names what was there then."""

import datetime as dt
from collections.abc import Iterable

from genai_finops.providers.base import ProviderResource, ResourceState


class ResourceHistory:
    """The known states of an account's resources."""

    def __init__(self, states: Iterable[ResourceState]) -> None:
        self._states: dict[tuple[str, str], list[ResourceState]] = {}
        for state in sorted(states, key=lambda state: state.first_observed_at):
            resource = state.resource
            self._states.setdefault((resource.resource_type, resource.resource_id), []).append(state)

    def at(self, resource_type: str, resource_id: str, moment: dt.datetime) -> ProviderResource | None:
        """The resource as it was at the moment; None where no list ever named it.

        A state holds from when it was first seen, or from the change that the provider dates, until the next one.
        Before the first state the first one is taken: nothing else is known of that time. A resource that is gone from
        the list keeps its last state.
        """
        states = self._states.get((resource_type, resource_id.lower()))
        if not states:
            return None
        held = [state for state in states if _starts_at(state) <= moment]
        return (held[-1] if held else states[0]).resource

    def of_type(self, resource_type: str) -> tuple[ProviderResource, ...]:
        """The newest state of every resource of the type, also of those that are gone."""
        return tuple(states[-1].resource for (found, _), states in self._states.items() if found == resource_type)


def _starts_at(state: ResourceState) -> dt.datetime:
    modified = state.resource.modified_at
    return state.first_observed_at if modified is None else min(modified, state.first_observed_at)
