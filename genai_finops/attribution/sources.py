"""The values of configs/request_logs/<source>.yml: where request logs lie, their format, and what they do not say."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from genai_finops.attribution.formats.registry import FORMATS
from genai_finops.errors import FinopsError
from genai_finops.schemas.columns import SERVICE_TIERS, SLUG

#: Names a folder of sources other than configs/request_logs.
SOURCES_VARIABLE = "GENAI_FINOPS_REQUEST_LOGS_CONFIG"
#: Part of every fingerprint of how a file is read: raised when the readers come to tell other events of equal bytes.
READERS_VERSION = 2

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SCHEMES = ("file", "gs", "s3")
_SLUG = re.compile(SLUG)


class LogSourceError(FinopsError):
    """A source of request logs cannot be used. Names file, key, value and remedy."""


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EventDefaults(_Values):
    """Put where an event says nothing: the log of one service often need not name its provider, key or tenant."""

    provider: str | None = Field(None, pattern=SLUG)
    account_id: str | None = Field(None, min_length=1)
    sub_account_id: str | None = Field(None, min_length=1)
    resource_id: str | None = Field(None, min_length=1)
    api_key_id: str | None = Field(None, min_length=1)
    service_tier: str | None = None
    region_id: str | None = Field(None, min_length=1)
    geography: str | None = Field(None, min_length=1)
    tenant_id: str | None = Field(None, min_length=1)
    user_id: str | None = Field(None, min_length=1)
    task: str | None = Field(None, min_length=1)

    @field_validator("service_tier")
    @classmethod
    def _is_canonical(cls, value: str | None) -> str | None:
        if value is not None and value not in SERVICE_TIERS:
            raise ValueError(f"must be one of {', '.join(SERVICE_TIERS)}")
        return value


class LogSource(_Values):
    """One source of request logs."""

    #: Organisation whose requests the logs tell of.
    org: str = Field(pattern=SLUG)
    format: str
    #: A folder (with all below it), a glob, or gs:// and s3:// URLs of either. `${NAME}` is taken from the environment.
    location: str = Field(min_length=1)
    defaults: EventDefaults = EventDefaults()
    #: Account by provider, where an event names none: takes precedence over `defaults.account_id`.
    accounts: dict[str, str] = Field(default_factory=dict)
    #: Events without a request id that say exactly the same: one request told twice, or as many requests.
    identical_events: Literal["once", "apart"] = "once"
    #: Values that only the format knows.
    options: dict[str, Any] = Field(default_factory=dict)

    _id: str = PrivateAttr("")

    @field_validator("format")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in FORMATS:
            raise ValueError(f"must be one of {', '.join(sorted(FORMATS))}")
        return value

    @property
    def id(self) -> str:
        """Name of the source: that of its file."""
        return self._id

    def at(self, location: str) -> "LogSource":
        """The same source with its files elsewhere."""
        source = self.model_copy(update={"location": location})
        source._id = self._id  # noqa: SLF001 - pydantic's private attribute of the same model
        return source

    @property
    def fingerprint(self) -> str:
        """Changes when the same bytes would be read otherwise. Where the files lie has no part in it."""
        values = self.model_dump(mode="json", exclude={"location"})
        told = json.dumps({"readers": READERS_VERSION, "source": self.id, **values}, sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()


def sources_folder(usual: Path, environ: Mapping[str, str]) -> Path:
    """The folder of sources: that of GENAI_FINOPS_REQUEST_LOGS_CONFIG, else the usual one. Raises LogSourceError."""
    value = environ.get(SOURCES_VARIABLE)
    if value is None:
        return usual
    folder = Path(value).expanduser()
    if not value.strip() or not folder.is_dir():
        raise LogSourceError(
            f"{SOURCES_VARIABLE} is {value!r}, which is not a folder", remedy="Point it at a folder or unset it."
        )
    return folder


def load_log_sources(folder: Path, environ: Mapping[str, str]) -> dict[str, LogSource]:
    """Every source of the folder by its id, in the order of the ids; only files that end in .yml.

    A folder that does not exist has none. Raises LogSourceError for the first file that cannot be used.
    """
    return {path.stem: load_log_source(path, environ) for path in sorted(folder.glob("*.yml"))}


def chosen_sources(
    sources: Mapping[str, LogSource], *, orgs: Iterable[str] = (), ids: Iterable[str] = ()
) -> list[LogSource]:
    """The sources of these organisations and ids; all where none are named. Raises LogSourceError for unknown ids."""
    wanted_orgs, wanted_ids = set(orgs), set(ids)
    if unknown := sorted(wanted_ids - set(sources)):
        raise LogSourceError(
            f"no source of request logs is called {unknown[0]!r}",
            remedy=f"Configured are: {', '.join(sources) or 'none'}.",
        )
    return [
        source
        for source in sources.values()
        if (not wanted_orgs or source.org in wanted_orgs) and (not wanted_ids or source.id in wanted_ids)
    ]


def load_log_source(path: Path, environ: Mapping[str, str]) -> LogSource:
    """One source. Raises LogSourceError that names file, key, value and remedy."""
    if _SLUG.fullmatch(path.stem) is None:
        raise LogSourceError(
            f"{path}: {path.stem!r} is no id of a source",
            remedy="Name the file with lower-case letters, digits, - and _.",
        )
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as failure:
        reason = " ".join(str(failure).split())
        raise LogSourceError(f"{path} cannot be read: {reason}", remedy="Correct the file.") from failure
    if not isinstance(values, dict):
        raise LogSourceError(
            f"{path} holds no mapping of keys to values", remedy="It needs at least org, format and location."
        )
    try:
        source = LogSource.model_validate(values)
    except ValidationError as failure:
        raise LogSourceError(f"{path}: {validation_problem(failure)}", remedy=_REMEDY) from failure
    location = _expanded(source.location, path, environ)
    source = source.model_copy(update={"location": location})
    source._id = path.stem  # noqa: SLF001 - pydantic's private attribute of the model above
    try:
        FORMATS[source.format].check_options(source.options)
    except FinopsError as failure:
        raise LogSourceError(f"{path}: key options: {failure.message}", remedy=failure.remedy) from failure
    return source


_REMEDY = "Correct the key; docs/request-logs.md describes them."


def validation_problem(failure: ValidationError) -> str:
    """The first problem in one line: key, value and what is wrong with it."""
    problem = failure.errors(include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"]) or "the mapping"
    shown = "" if problem["type"] in {"missing", "extra_forbidden"} else f" is {problem['input']!r}"
    message = re.sub(r"^Value error, ", "", problem["msg"])
    more = f" ({failure.error_count() - 1} more problems)" if failure.error_count() > 1 else ""
    return f"key {key}{shown}: {message}{more}"


def _expanded(location: str, path: Path, environ: Mapping[str, str]) -> str:
    def value_of(match: re.Match[str]) -> str:
        value = environ.get(match[1])
        if not value:
            raise LogSourceError(
                f"{path}: key location is {location!r}, but {match[1]} is not set", remedy=f"Set {match[1]}."
            )
        return value

    expanded = _PLACEHOLDER.sub(value_of, location)
    scheme, separator, _ = expanded.partition("://")
    if separator and scheme not in _SCHEMES:
        raise LogSourceError(
            f"{path}: key location has the scheme {scheme!r}",
            remedy="Give a folder, a glob, or a URL with gs:// or s3://.",
        )
    if separator:
        return expanded
    # Relative to its file, so that it does not depend on where a process was started.
    return str(path.resolve().parent / Path(expanded).expanduser())
