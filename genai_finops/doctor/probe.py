"""Whether the accounts of an organisation at a provider can be read: one result for each check."""

import datetime as dt
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from genai_finops.control.credentials import EnabledCredential, enabled_credentials, get_credential, open_secret
from genai_finops.control.database import open_database, reading
from genai_finops.control.organisations import choose_account
from genai_finops.doctor.hosts import Reached, host_places, reach
from genai_finops.doctor.result import CheckResult, CheckStatus, Finding
from genai_finops.errors import FinopsError
from genai_finops.ingest.plan import provider_configs
from genai_finops.providers.base import (
    CredentialError,
    MissingRightError,
    ProbeCheck,
    ProviderError,
    SourceAccount,
    TransientProviderError,
)
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.registry import discover, source_class_of, usage_source
from genai_finops.providers.source import HttpUsageSource, Options
from genai_finops.settings import Settings

_WARNED_SKEW = dt.timedelta(seconds=60)
#: Signatures and tokens of a clock that is further off are refused (AWS, Google and Entra allow about five minutes).
_REFUSED_SKEW = dt.timedelta(seconds=300)
#: A probe says what is the case now, rather than wait until it gets better.
_ATTEMPTS = 2
_TOTAL_SECONDS = 20.0
_READ_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """One credential and what it is tried with."""

    settings: Settings
    engine: Engine
    config: ProviderConfig
    credential: EnabledCredential
    options: SessionOptions
    #: What was found of each address, shared by the credentials of a provider.
    reached: dict[str, Reached]

    def result(self, check: str, status: CheckStatus, detail: str, remedy: str | None = None) -> CheckResult:
        subject = f"{self.config.id} {self.credential.org_slug}/{self.credential.account_id}"
        return CheckResult(subject=subject, check=check, status=status, detail=detail, remedy=remedy)

    def reach(self, address: str, variable: str) -> Finding:
        if address not in self.reached:
            clock = self.options.machine_clock or self.options.now
            self.reached[address] = reach(address, variable, now=clock, transport=self.options.transport)
        return self.reached[address].finding

    def failed(self, check: str, error: FinopsError) -> CheckResult:
        return self.result(check, "failed", error.message, error.remedy)


def probe_organisation(
    settings: Settings, provider: str, *, org: str, account_id: str | None = None, options: SessionOptions
) -> Iterator[CheckResult]:
    """The checks of every enabled credential that the organisation has at the provider, or of one account's.

    Checks that a failed one makes pointless are skipped. `options` gives time, chance and transport. Raises FinopsError
    for an unknown organisation or account; all else becomes a result.
    """
    config = check_configuration(settings, provider)
    if isinstance(config, CheckResult):
        yield config
        return
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            if account_id is not None:
                choose_account(session, org_slug=org, provider=provider, account_id=account_id)
            found = enabled_credentials(session, provider, [org])
        chosen = [credential for credential in found if account_id in {None, credential.account_id}]
        if not chosen:
            whose = f"{org}/{account_id}" if account_id else org
            yield CheckResult(
                subject=f"{provider} {whose}",
                check="credential",
                status="failed",
                detail=f"no enabled credential of {whose} at {provider}, or its account is disabled",
                remedy=f"Add one: genai-finops credential add {org} {provider} --secret-stdin.",
            )
        yield from probe_credentials(settings, engine, config, chosen, options)
    finally:
        engine.dispose()


def probe_credentials(
    settings: Settings,
    engine: Engine,
    config: ProviderConfig,
    credentials: Sequence[EnabledCredential],
    options: SessionOptions,
) -> Iterator[CheckResult]:
    """The checks of these credentials of one provider, in their order."""
    counts = Counter((credential.org_slug, credential.account_id) for credential in credentials)
    brief = _brief(config)
    reached: dict[str, Reached] = {}
    for credential in credentials:
        target = _Target(
            settings=settings, engine=engine, config=brief, credential=credential, options=options, reached=reached
        )
        if counts[credential.org_slug, credential.account_id] > 1:
            yield target.result(
                "credential",
                "failed",
                f"{credential.credential_id} is one of several enabled credentials of this account, and each would "
                f"count its usage once more",
                "Keep one: genai-finops credential remove, or disable the others.",
            )
        else:
            yield from _probe(target)


def check_configuration(settings: Settings, provider: str) -> ProviderConfig | CheckResult:
    """The provider's configuration, or the result that says why it cannot be used."""
    try:
        return _configuration(settings, provider)
    except FinopsError as error:
        return CheckResult(
            subject=provider, check="configuration", status="failed", detail=error.message, remedy=error.remedy
        )


def _configuration(settings: Settings, provider: str) -> ProviderConfig:
    configs = provider_configs(settings)
    if provider not in configs:
        raise FinopsError(
            f"There is no provider {provider!r}", remedy=f"Choose one of the configured: {', '.join(configs)}."
        )
    discover(settings.environ)
    config = configs[provider]
    for flow in config.flows:
        source_class, flow_config = source_class_of(config, flow)
        source_class.read_options(flow_config)
    return config


def _brief(config: ProviderConfig) -> ProviderConfig:
    timeouts, retry = config.http.timeouts, config.http.retry
    http = config.http.model_copy(
        update={
            "timeouts": timeouts.model_copy(update={"read": min(timeouts.read, _READ_SECONDS)}),
            "retry": retry.model_copy(
                update={
                    "attempts": min(retry.attempts, _ATTEMPTS),
                    "total_seconds": min(retry.total_seconds, _TOTAL_SECONDS),
                }
            ),
        }
    )
    return config.model_copy(update={"http": http})


def _probe(target: _Target) -> Iterator[CheckResult]:
    config, credential = target.config, target.credential
    account = SourceAccount(id=credential.account_id, options=credential.account_options)
    options = Options()
    try:
        for flow in config.flows:
            options = source_class_of(config, flow)[0].read_account_options(account)
    except FinopsError as error:
        yield target.failed("configuration", error)
        return
    yield target.result("configuration", "ok", _described(config, account))
    secret = None
    try:
        secret, origin = _open(target)
    except FinopsError as error:
        yield target.failed("credential opened", error)
    else:
        yield target.result("credential opened", "ok", origin)
    hosts = list(_hosts(target, options))
    yield from hosts
    # One that is not reached may not be needed with these options: the checks of rights tell.
    found = {result.status for result in hosts}
    is_cut_off = "failed" in found and "ok" not in found
    # Where only the hosts of tokens answer, the source's session has seen no answer.
    skew = next((host.clock_skew for host in target.reached.values() if host.clock_skew is not None), None)
    if secret is None or is_cut_off:
        reason = "the credential cannot be opened" if secret is None else "no host can be reached"
        for check in ("credential accepted", "permissions"):
            yield target.result(check, "skipped", reason)
    else:
        for flow in config.flows:
            skew = (yield from _ask(target, secret, flow, account)) or skew
    yield _clock(target, skew)


def _described(config: ProviderConfig, account: SourceAccount) -> str:
    options = f"options {', '.join(sorted(account.options))}" if account.options else "no options"
    return f"flows {', '.join(config.flows)}; {options}"


def _open(target: _Target) -> tuple[str, str]:
    """The secret, of the right shape, and where it comes from. Raises FinopsError."""
    owner = {"org_slug": target.credential.org_slug, "credential_id": target.credential.credential_id}
    secret = open_secret(target.engine, target.settings, **owner).reveal()
    with reading(target.engine) as session:
        reference = get_credential(session, **owner).reference
    for flow in target.config.flows:
        try:
            source_class_of(target.config, flow)[0].check_secret(secret)
        except CredentialError as error:
            raise FinopsError(str(error), remedy=_how_to_replace(target)) from None
    how = "decrypted" if reference is None else f"read from {reference}"
    return secret, f"{target.credential.credential_id} is {how}"


def _hosts(target: _Target, options: Options) -> Iterator[CheckResult]:
    for host, place in host_places(target.config, options):
        variable = f"GENAI_FINOPS_{target.config.id}_{host}".upper()
        if place is None:
            address = target.config.hosts.get(host, target.config.base_url)
            yield target.result(
                f"host {host}", "skipped", f"{address} is complete only with what the provider lists; see permissions"
            )
            continue
        name = " ".join((f"host {host}", *place.values()))
        try:
            address = target.config.host(host, place)
        except FinopsError as error:
            yield target.failed(name, error)
        else:
            yield target.result(name, *target.reach(address, variable))


def _ask(
    target: _Target, secret: str, flow: str, account: SourceAccount
) -> Generator[CheckResult, None, dt.timedelta | None]:
    """The checks that the flow's source makes with the credential; gives the clock's skew where an answer told it.

    Nothing shows the secret or a part of it.
    """
    redactor = Redactor(source_class_of(target.config, flow)[0].secret_parts(secret))
    prefix = f"{flow} " if len(target.config.flows) > 1 else ""
    try:
        source = usage_source(target.config, secret, target.options, flow=flow, account=account)
    except FinopsError as error:
        yield target.failed(f"{prefix}credential accepted", error)
        return None
    except ProviderError as error:
        shown = redactor.clean(str(error))
        yield target.result(f"{prefix}credential accepted", "failed", shown, _how_to_replace(target))
        return None
    with source:
        for result in _rights(target, source):
            yield replace(
                result,
                check=prefix + result.check,
                detail=redactor.clean(result.detail),
                remedy=redactor.clean(result.remedy) if result.remedy else None,
            )
        return source.session.clock_skew


def _rights(target: _Target, source: HttpUsageSource) -> Iterator[CheckResult]:
    try:
        checks = source.checks(target.options.now())
    except FinopsError as error:
        yield target.failed("permissions", error)
        return
    outcomes = [(check, *_run(check)) for check in checks]
    refusals = [error for _, _, error in outcomes if isinstance(error, CredentialError)]
    is_unknown = any(not isinstance(error, MissingRightError) for error in refusals)
    if refusals and is_unknown and len(refusals) == len(outcomes):
        needs = "; ".join(dict.fromkeys(check.needs for check, _, _ in outcomes))
        remedy = f"Grant what is missing where the answer says so (it needs: {needs}). Else: {_how_to_replace(target)}"
        yield target.result("credential accepted", "failed", str(refusals[0]), remedy)
        for check, _, _ in outcomes:
            yield target.result(f"permission {check.name}", "skipped", "the credential is not accepted")
        return
    yield _acceptance(target, outcomes)
    for check, detail, refusal in outcomes:
        name = f"permission {check.name}"
        if refusal is None:
            yield target.result(name, "ok", detail)
        else:
            yield target.result(name, "failed", detail, _remedy(check, refusal))


def _run(check: ProbeCheck) -> tuple[str, ProviderError | FinopsError | None]:
    try:
        return check.run(), None
    except ProviderError as error:
        return str(error), error
    except FinopsError as error:
        return error.message, error


def _acceptance(
    target: _Target, outcomes: Sequence[tuple[ProbeCheck, str, ProviderError | FinopsError | None]]
) -> CheckResult:
    name = "credential accepted"
    if any(error is None or isinstance(error, MissingRightError) for _, _, error in outcomes):
        return target.result(name, "ok", f"{target.config.name} knows {target.credential.credential_id}")
    return target.result(name, "skipped", "no answer says whether the credential is known")


def _remedy(check: ProbeCheck, error: ProviderError | FinopsError) -> str:
    if isinstance(error, FinopsError):
        return error.remedy
    if isinstance(error, CredentialError):
        return f"Grant the credential what this needs: {check.needs}."
    if isinstance(error, TransientProviderError):
        return "Run the probe again; where it lasts, look at the provider's status page."
    return f"Correct what the answer names: the account's id, its options or the configuration; needs {check.needs}."


def _clock(target: _Target, skew: dt.timedelta | None) -> CheckResult:
    if skew is None:
        return target.result("clock", "skipped", "no answer says its time")
    direction = "ahead of" if skew > dt.timedelta(0) else "behind"
    detail = f"{abs(skew).total_seconds():.0f} s {direction} the provider's"
    if abs(skew) <= _WARNED_SKEW:
        return target.result("clock", "ok", detail)
    status: CheckStatus = "failed" if abs(skew) > _REFUSED_SKEW else "warning"
    limit = f"{_REFUSED_SKEW.total_seconds():.0f} s"
    return target.result(
        "clock",
        status,
        detail,
        f"Set this machine's clock by network time: beyond {limit} signatures and tokens are refused.",
    )


def _how_to_replace(target: _Target) -> str:
    owner = target.credential
    return (
        f"Replace the secret: genai-finops credential add {owner.org_slug} {owner.provider} "
        f"--id {owner.credential_id} --account {owner.account_id} --secret-stdin --update."
    )
