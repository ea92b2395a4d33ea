"""What a recorder is told by the environment or by `configure`."""

import math
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, get_args

from genai_finops.errors import FinopsError
from genai_finops.record.sinks.sink import Durability

PREFIX = "GENAI_FINOPS_RECORD_"
_SCHEMES = ("http", "https")
_DURABILITIES: tuple[Durability, ...] = get_args(Durability)


class Configuration(NamedTuple):
    """How one process records."""

    #: A folder, or the URL of an OTLP endpoint; None: nowhere.
    to: str | None = None
    #: Name of the application, in the names of files and as `service.name`.
    service: str = "unknown_service"
    #: Requests that wait in memory, at most.
    queue_size: int = 10_000
    #: How long a batch may gather, and hence what a killed process loses.
    flush_seconds: float = 0.5
    #: How long the end of the process may wait for what is not written.
    exit_seconds: float = 5.0
    #: For the OTLP endpoint. May hold secrets.
    headers: Mapping[str, str] = {}
    durability: Durability = "close"
    #: Whether OpenTelemetry metrics are made, which loads the price book.
    metrics: bool = False
    #: Combinations of provider, model, tenant, user and task that metrics tell apart.
    most_series: int = 2_000
    #: Organisation whose negotiated prices the metrics use.
    org: str | None = None

    def __repr__(self) -> str:
        return f"Configuration(to={self.to!r}, service={self.service!r})"

    @property
    def is_endpoint(self) -> bool:
        """Whether events go to an OTLP endpoint."""
        return self.to is not None and "://" in self.to


def checked(configuration: Configuration) -> Configuration:
    """The configuration itself. Raises FinopsError that names field, value and remedy."""
    if configuration.to is not None:
        _check_destination(configuration.to)
    for name in ("queue_size", "most_series"):
        number = getattr(configuration, name)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise FinopsError(f"{name} is {number!r}", remedy="Give a whole number of at least 1")
    for name, shortest in (("flush_seconds", 0.01), ("exit_seconds", 0.0)):
        seconds = getattr(configuration, name)
        if not isinstance(seconds, int | float) or not math.isfinite(seconds) or seconds < shortest:
            raise FinopsError(f"{name} is {seconds!r}", remedy=f"Give seconds, at least {shortest}")
    if configuration.durability not in _DURABILITIES:
        raise FinopsError(
            f"durability is {configuration.durability!r}", remedy=f"Choose one of {', '.join(_DURABILITIES)}"
        )
    return configuration


def from_environment(environ: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration of the variables GENAI_FINOPS_RECORD_*; service and headers of OpenTelemetry's without.

    Raises FinopsError that names variable, value and remedy.
    """

    def value(name: str) -> str | None:
        return environ.get(PREFIX + name, "").strip() or None

    given: dict[str, Any] = {"to": value("TO"), "org": value("ORG"), "metrics": _is_on(value("METRICS"))}
    service = value("SERVICE") or environ.get("OTEL_SERVICE_NAME", "").strip()
    headers = value("HEADERS") or environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").strip()
    if service:
        given["service"] = service
    if headers:
        given["headers"] = _headers(headers)
    readers: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("QUEUE_SIZE", int),
        ("FLUSH_SECONDS", float),
        ("EXIT_SECONDS", float),
        ("MOST_SERIES", int),
        ("DURABILITY", str),
    )
    for name, read in readers:
        text = value(name)
        if text is not None:
            try:
                given[name.lower()] = read(text)
            except ValueError:
                raise FinopsError(f"{PREFIX}{name} is {text!r}", remedy="Give a number") from None
    return checked(Configuration(**given))


def _check_destination(to: str) -> None:
    if not to.strip():
        raise FinopsError("the folder to record to has no name", remedy="Give a folder, or the URL of an OTLP endpoint")
    if "://" not in to:
        return
    from urllib.parse import urlsplit  # noqa: PLC0415 # not for folders

    parts = urlsplit(to)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        # The URL itself may hold a password.
        raise FinopsError(
            f"cannot record to a URL of scheme {parts.scheme!r}",
            remedy="Give a folder, or the http(s) URL of an OTLP endpoint such as http://localhost:4318",
        )
    if parts.username or parts.password:
        raise FinopsError(
            "the URL to record to holds a user or password",
            remedy=f"Give an Authorization header in {PREFIX}HEADERS instead",
        )


def _is_on(text: str | None) -> bool:
    known = {None: False, "off": False, "false": False, "0": False, "on": True, "true": True, "1": True}
    spelled = text.lower() if text is not None else None
    if spelled not in known:
        raise FinopsError(f"{PREFIX}METRICS is {text!r}", remedy="Set it to on or off")
    return known[spelled]


def _headers(text: str) -> Mapping[str, str]:
    """`name=value,name=value`, values percent-encoded, as OpenTelemetry has it."""
    from urllib.parse import unquote  # noqa: PLC0415 # not for folders

    headers = {}
    for part in text.split(","):
        name, separator, content = part.partition("=")
        if not separator or not name.strip():
            raise FinopsError(f"{PREFIX}HEADERS is not name=value,name=value", remedy="Separate headers by commas")
        headers[name.strip()] = unquote(content.strip())
    return headers
