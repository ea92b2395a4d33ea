"""Whether the hosts of a provider can be reached, asked without any credential."""

import datetime as dt
import email.utils
import ipaddress
import itertools
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from string import Formatter
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from genai_finops.doctor.result import Finding
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.source import Options

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 15.0


class Reached(NamedTuple):
    """Whether a host answers, and how far our clock is ahead of what its answer says; None where it says no time."""

    finding: Finding
    clock_skew: dt.timedelta | None = None


def host_places(config: ProviderConfig, options: Options) -> Iterator[tuple[str, Mapping[str, str] | None]]:
    """Each host of the provider by name with the places that its address needs, once for each of the account's values.

    A place such as `region` takes the values of the account's option `region` or `regions`. None stands for a host
    whose places no option gives.
    """
    for host in ("base_url", *config.hosts):
        address = config.base_url if host == "base_url" else config.hosts[host]
        names = sorted({name for _, name, _, _ in Formatter().parse(address) if name})
        values = [_values(options, name) for name in names]
        if not all(values):
            yield host, None
            continue
        for chosen in itertools.product(*values):
            yield host, dict(zip(names, chosen, strict=True))


def _values(options: Options, name: str) -> list[str]:
    found: Any = getattr(options, name, None) or getattr(options, f"{name}s", None)
    if isinstance(found, str):
        found = found.split(",")
    return sorted(str(value).strip() for value in found or ())


def reach(
    address: str, variable: str, *, now: Callable[[], dt.datetime], transport: httpx.BaseTransport | None = None
) -> Reached:
    """Whether anything answers at the address over HTTP; every status counts, also a refusal.

    `variable` is the environment variable that overrides the address, `now` our clock, UTC-aware.
    """
    parts = urlsplit(address)
    place = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
    trust_env = not _is_loopback(parts.hostname or "")
    with httpx.Client(transport=transport, timeout=timeout, follow_redirects=False, trust_env=trust_env) as client:
        try:
            with client.stream("GET", address) as response:
                found = Finding("ok", f"{place} answers (HTTP {response.status_code})")
                return Reached(found, _skew(response.headers.get("date", ""), now()))
        except httpx.HTTPError as error:
            reason, remedy = _explained(error, place, variable)
            return Reached(Finding("failed", f"{address}: {reason}", remedy))


def _skew(date: str, now: dt.datetime) -> dt.timedelta | None:
    try:
        said = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    return None if said.tzinfo is None else now - said


def _explained(error: httpx.HTTPError, place: str, variable: str) -> tuple[str, str]:
    """What went wrong and what to do, by the first kind of error that fits, the outermost error or any below it."""
    causes = list(_causes(error))
    tls = next((cause.reason for cause in causes if isinstance(cause, ssl.SSLError)), None)
    kinds: tuple[tuple[type[BaseException], str, str], ...] = (
        # A proxy's own failures come as connection errors too.
        (httpx.ProxyError, "the proxy refuses", f"Correct HTTPS_PROXY, or let the proxy pass {place}."),
        (
            ssl.SSLError,
            f"TLS fails ({tls})",
            f"Where a proxy opens the connection, point SSL_CERT_FILE at its authority; else correct {variable}.",
        ),
        (socket.gaierror, "the name is not known", f"Correct {variable}, or the name service of this machine."),
        (ConnectionRefusedError, "the connection is refused", f"Correct {variable}, or start what listens there."),
        (
            httpx.ConnectTimeout,
            f"no connection within {_CONNECT_SECONDS:.0f} s",
            f"Let the firewall pass {place}, or set HTTPS_PROXY.",
        ),
        (httpx.TimeoutException, f"no answer within {_ANSWER_SECONDS:.0f} s", f"Try again; then look at {place}."),
    )
    for kind, reason, remedy in kinds:
        if any(isinstance(cause, kind) for cause in causes):
            return reason, remedy
    return f"no HTTP answer ({type(error).__name__})", f"Correct {variable}, or let the firewall pass {place}."


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
