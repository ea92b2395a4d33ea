"""All checks of a platform: its stores, and every provider with an enabled credential."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy import Engine

from genai_finops.control.credentials import EnabledCredential, enabled_credentials, list_credentials
from genai_finops.control.database import connect, reading
from genai_finops.doctor.probe import check_configuration, probe_credentials
from genai_finops.doctor.result import CheckResult
from genai_finops.doctor.stores import check_stores, control_database_is_current
from genai_finops.errors import FinopsError
from genai_finops.ingest.plan import provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.settings import Settings


def examine_platform(settings: Settings, *, probe_id: str, options: SessionOptions) -> Iterator[CheckResult]:
    """The results of the stores, then those of each provider, in a fixed order.

    Providers are asked side by side, the accounts of one provider one after the other. `options` gives time, chance and
    transport, `probe_id` names the files that are written and removed again.
    """
    yield from check_stores(settings, probe_id=probe_id)
    try:
        configs = provider_configs(settings)
        is_current = control_database_is_current(settings)
    except FinopsError as error:
        yield CheckResult(
            subject="providers", check="configuration", status="failed", detail=error.message, remedy=error.remedy
        )
        return
    if not is_current:
        yield CheckResult(
            subject="providers", check="credentials", status="skipped", detail="the control database cannot be read"
        )
        return
    engine = connect(settings.control_url)
    try:
        credentials, unknown = _enabled(engine, tuple(configs))
        yield from unknown
        if not credentials and not unknown:
            yield CheckResult(
                subject="providers",
                check="credentials",
                status="warning",
                detail="there is no enabled credential",
                remedy="Add one: genai-finops credential add ORG PROVIDER --secret-stdin.",
            )
        yield from _probe_side_by_side(settings, engine, credentials, options)
    finally:
        engine.dispose()


def _enabled(
    engine: Engine, providers: Sequence[str]
) -> tuple[Mapping[str, Sequence[EnabledCredential]], Sequence[CheckResult]]:
    with reading(engine) as session:
        stored = {row.provider for row in list_credentials(session)}
        found = {provider: enabled_credentials(session, provider) for provider in sorted(stored)}
    used = {provider: credentials for provider, credentials in found.items() if credentials}
    unknown = [
        CheckResult(
            subject=provider,
            check="configuration",
            status="failed",
            detail=f"{len(used[provider])} enabled credentials of a provider that is not configured: nothing is read",
            remedy=f"Correct the credentials' provider, or add {provider}.yml; known are: {', '.join(providers)}.",
        )
        for provider in used
        if provider not in providers
    ]
    return {provider: credentials for provider, credentials in used.items() if provider in providers}, unknown


def _probe_side_by_side(
    settings: Settings,
    engine: Engine,
    credentials: Mapping[str, Sequence[EnabledCredential]],
    options: SessionOptions,
) -> Iterator[CheckResult]:
    if not credentials:
        return
    with ThreadPoolExecutor(max_workers=len(credentials)) as pool:
        asked = [
            pool.submit(partial(_probe_all, settings, engine, provider, found, options))
            for provider, found in credentials.items()
        ]
        for results in asked:
            yield from results.result()


def _probe_all(
    settings: Settings, engine: Engine, provider: str, credentials: Sequence[EnabledCredential], options: SessionOptions
) -> list[CheckResult]:
    config = check_configuration(settings, provider)
    if isinstance(config, CheckResult):
        return [config]
    return list(probe_credentials(settings, engine, config, credentials, options))
