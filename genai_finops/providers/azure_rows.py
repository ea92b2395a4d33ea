"""From measured hours of deployments to usage rows: what was deployed then, and how its SKU is billed."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from genai_finops.providers.azure_capacity import is_provisioned
from genai_finops.providers.azure_deployments import (
    ACCOUNT_TYPE,
    DEPLOYMENT,
    UNKNOWN_GEOGRAPHY,
    CognitiveAccount,
    embeds,
    is_claude,
    model_id,
    sku_terms,
    with_version,
)
from genai_finops.providers.azure_metrics import EMPTY, HOUR, METERS, Measured
from genai_finops.providers.base import ProviderResource, UsageRow
from genai_finops.providers.resources import ResourceHistory

log = logging.getLogger(__name__)


def usage_rows(
    measured: Sequence[Measured],
    accounts: Mapping[str, CognitiveAccount],
    history: ResourceHistory,
    *,
    provider: str,
    is_committed: bool = False,
) -> Iterator[UsageRow]:
    """One row for each total of a pay-as-you-go deployment, or of a provisioned one where `is_committed`.

    A deployment that no list ever named keeps its usage as pay-as-you-go, without a price.
    """
    with_cache = {
        (point.account_id, point.deployment) for point in measured if METERS.get(point.metric, "").startswith("cache_")
    }
    unlisted: set[str] = set()
    for point in measured:
        if point.metric not in METERS:
            continue
        resource_id = f"{point.account_id}/deployments/{point.deployment}"
        state = history.at(DEPLOYMENT, resource_id, point.start)
        if state is None:
            unlisted.add(resource_id)
        if (state is not None and is_provisioned(state)) != is_committed:
            continue
        has_cache = (point.account_id, point.deployment) in with_cache
        yield _row(point, accounts.get(point.account_id), state, has_cache=has_cache)
    for resource_id in () if is_committed else sorted(unlisted):
        log.warning("provider=%s deployment=%s: in no list; its usage has no price", provider, resource_id)


def _row(
    point: Measured, account: CognitiveAccount | None, state: ProviderResource | None, *, has_cache: bool
) -> UsageRow:
    region = account.region if account else None
    terms = sku_terms(state.sku_name, region or "") if state else None
    model = _model(point, state)
    meter = METERS[point.metric]
    if meter == "input":
        if has_cache or is_claude(model):
            meter = "uncached_input"
        elif embeds(model):
            meter = "embedding_input"
    # A SKU that is not documented may be billed in any way: its tokens are shown, but not as what has a price.
    is_unmapped = state is not None and terms is None and meter != "request"
    return UsageRow(
        period_start=point.start,
        period_end=point.start + HOUR,
        meter="unmapped" if is_unmapped else meter,
        variant=point.metric if is_unmapped else None,
        quantity=point.quantity,
        page=point.page,
        service_tier=terms.service_tier if terms else "standard",
        provider_service_tier=state.sku_name if state else None,
        sub_account_id=point.account_id,
        sub_account_name=account.name if account else point.account_id.rpartition("/")[2],
        sub_account_type=ACCOUNT_TYPE,
        resource_id=f"{point.account_id}/deployments/{point.deployment}",
        resource_name=state.resource_name if state else point.deployment_name or EMPTY,
        resource_type=DEPLOYMENT,
        provider_model_id=model,
        region_id=region,
        geography=terms.geography if terms else UNKNOWN_GEOGRAPHY,
    )


def _model(point: Measured, state: ProviderResource | None) -> str | None:
    """The model that the metric names, else that of the deployment in the version that the metric names."""
    if point.model_name is not None:
        return model_id(point.model_name, point.model_version)
    if state is None or state.provider_model_id is None:
        return None
    return with_version(state.provider_model_id, point.model_version)
