"""Which credentials an ingest reads with: the control database and the providers' configurations put together."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Engine

from genai_finops.control.credentials import EnabledCredential, enabled_credentials, open_secret
from genai_finops.control.database import open_database, reading
from genai_finops.errors import FinopsError
from genai_finops.ingest.usage import LANDING_TABLES, SourceCredential
from genai_finops.providers.base import ResourceState, SourceAccount, UsageSource
from genai_finops.providers.config import ProviderConfig, load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import discover, source_class_of, usage_source
from genai_finops.providers.source import HttpUsageSource
from genai_finops.settings import Settings


def provider_configs(settings: Settings) -> Mapping[str, ProviderConfig]:
    """The configured providers by id. Raises FinopsError for a file that cannot be used."""
    return load_provider_configs(settings.provider_config_dir, settings.environ)


def provider_flows(configs: Mapping[str, ProviderConfig]) -> tuple[tuple[str, str], ...]:
    """Every provider and flow whose usage can be landed."""
    return tuple(
        (provider, flow) for provider, config in configs.items() for flow in config.flows if flow in LANDING_TABLES
    )


def plan_usage(
    settings: Settings,
    provider: str,
    flow: str,
    *,
    orgs: Collection[str] | None = None,
    options: SessionOptions | None = None,
) -> tuple[SourceCredential, ...]:
    """The credentials to read one provider and flow with; `orgs` limits them, None means every organisation.

    Raises FinopsError when the provider, the flow or an organisation is unknown.
    """
    configs = provider_configs(settings)
    if (provider, flow) not in provider_flows(configs):
        known = ", ".join(f"{name}.{kind}" for name, kind in provider_flows(configs))
        raise FinopsError(f"There is no usage of {provider}.{flow}", remedy=f"Choose one of: {known}")
    discover(settings.environ)
    options = options or session_options(settings)
    engine = open_database(settings)
    with reading(engine) as session:
        found = enabled_credentials(session, provider, orgs)
    shared = _accounts_read_twice(found)
    return tuple(
        _source_credential(
            settings, engine, configs[provider], flow, credential, options=options, is_shared=credential in shared
        )
        for credential in found
    )


def plan_snapshots(
    settings: Settings,
    *,
    provider: str | None = None,
    orgs: Collection[str] | None = None,
    options: SessionOptions | None = None,
) -> tuple[SourceCredential, ...]:
    """The credentials whose accounts have lists to keep, of one provider or of all, once for each way of listing.

    Raises FinopsError when the provider or an organisation is unknown.
    """
    configs = provider_configs(settings)
    if provider not in {None, *configs}:
        raise FinopsError(
            f"There is no provider {provider!r}", remedy=f"Choose one of the configured: {', '.join(configs)}."
        )
    discover(settings.environ)
    plans: list[SourceCredential] = []
    for name, config in configs.items():
        if provider in {None, name}:
            for flow in _listing_flows(config):
                plans += plan_usage(settings, name, flow, orgs=orgs, options=options)
    return tuple(plans)


def _listing_flows(config: ProviderConfig) -> tuple[str, ...]:
    """The flows whose sources list what is there; of those that list the same in the same way, the first."""
    flows: dict[object, str] = {}
    for flow in config.flows:
        found = source_class_of(config, flow)[0]
        if found.fetch_lists is not HttpUsageSource.fetch_lists and flow in LANDING_TABLES:
            flows.setdefault((found.fetch_lists, found.resources, found.listed_types), flow)
    return tuple(flows.values())


def session_options(settings: Settings) -> SessionOptions:
    """How sessions of these settings tell the time: as the simulated providers do, where they are simulated."""
    simulated = settings.simulated_now
    if simulated is None:
        return SessionOptions()
    return SessionOptions(now=lambda: simulated, machine_clock=lambda: dt.datetime.now(dt.UTC))


def _accounts_read_twice(found: Sequence[EnabledCredential]) -> frozenset[EnabledCredential]:
    # Two credentials of one account return the same usage: landing both would count every token twice.
    counts = Counter((credential.org_slug, credential.account_id) for credential in found)
    return frozenset(credential for credential in found if counts[credential.org_slug, credential.account_id] > 1)


def _source_credential(
    settings: Settings,
    engine: Engine,
    config: ProviderConfig,
    flow: str,
    credential: EnabledCredential,
    *,
    options: SessionOptions | None,
    is_shared: bool,
) -> SourceCredential:
    def open_source(known_resources: Sequence[ResourceState]) -> AbstractContextManager[UsageSource]:
        if is_shared:
            raise FinopsError(
                f"Account {credential.account_id} of {credential.org_slug} at {config.id} has several enabled "
                "credentials, and each would count its usage once more",
                remedy="Keep one: genai-finops credential remove, or disable the others",
            )
        secret = open_secret(engine, settings, org_slug=credential.org_slug, credential_id=credential.credential_id)
        account = SourceAccount(id=credential.account_id, options=credential.account_options)
        return usage_source(
            config, secret.reveal(), options, flow=flow, account=account, known_resources=known_resources
        )

    return SourceCredential(
        org=credential.org_slug,
        provider=config.id,
        flow=flow,
        credential=credential.credential_id,
        account_id=credential.account_id,
        window_days=config.flows[flow].window_days,  # type: ignore[index]
        open_source=open_source,
        # More would only wait for the rate limit, each with the pages of a window in memory.
        concurrency=min(config.http.concurrency, config.http.burst),
        listed_at=settings.simulated_now,
    )
