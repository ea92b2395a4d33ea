"""The values of configs/providers/<id>.yml: where a provider is, how it is asked, how its bill is labelled.

Behaviour is in the provider's module. Nothing here is a secret, and no key is optional by accident: unknown keys are
refused.
"""

import datetime as dt
import importlib.util
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from genai_finops.errors import FinopsError

#: Entry points of this group name a module that registers sources; its configuration lies beside it, as <module>.yml.
ENTRY_POINT_GROUP = "genai_finops.providers"
#: Directory of further providers: <id>.py and <id>.yml.
PLUGIN_PATH_VARIABLE = "GENAI_FINOPS_PROVIDERS_PATH"

_PLACE = re.compile(r"\{([a-z_]+)\}")
#: What an account's options or an answer may put into a host's address.
_PLACE_VALUE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

PROVIDER_ID = r"^[a-z][a-z0-9_]{0,62}$"


class ProviderConfigError(FinopsError):
    """A provider's configuration cannot be used. Names file, key, value and remedy."""


def _is_plain_address(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address that begins with https:// or http://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must hold no user, password, query or fragment")
    return address.rstrip("/")


Address = Annotated[str, AfterValidator(_is_plain_address)]


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AuthConfig(_Values):
    """How a request is authenticated.

    `header`: the secret is sent in the header that is named. `bearer`: `Authorization: Bearer <secret>`. `provider`:
    the provider's module builds it (a token fetched from another host, a signature over each request).
    """

    kind: Literal["header", "bearer", "provider"]
    header: str = Field("Authorization", pattern=r"^[A-Za-z0-9-]+$")


class ServiceConfig(_Values):
    """What the bill calls the service; FOCUS columns are filled from it."""

    provider_name: str
    publisher_name: str
    service_provider_name: str
    host_provider_name: str
    invoice_issuer_name: str
    service_name: str
    service_category: str = "AI and Machine Learning"
    service_subcategory: str = "Generative AI"
    billing_account_type: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class InfrastructureServiceConfig(_Values):
    """What the bill calls the service that rents out accelerators and machines: FOCUS gives a service one category."""

    service_name: str
    service_category: str
    service_subcategory: str


class RetryConfig(_Values):
    """The one retry layer. Waits are full jitter over an exponential ceiling, or what Retry-After asks for."""

    attempts: int = Field(5, ge=1, le=20)
    first_ceiling_seconds: float = Field(1.0, gt=0)
    last_ceiling_seconds: float = Field(30.0, gt=0)
    #: Attempts and waits together. A Retry-After that does not fit in what is left ends the request at once.
    total_seconds: float = Field(180.0, gt=0)


class TimeoutConfig(_Values):
    """Seconds. `answer` bounds the whole answer, so that a body that drips for ever ends."""

    connect: float = Field(5.0, gt=0)
    read: float = Field(60.0, gt=0)
    answer: float = Field(300.0, gt=0)


class HttpConfig(_Values):
    """Limits that hold for every request to the provider, whatever the flow."""

    max_requests_per_minute: int = Field(60, ge=1)
    #: Requests that may go out at once after a pause.
    burst: int = Field(10, ge=1)
    #: Credentials that are read side by side; the rate holds for all of them together.
    concurrency: int = Field(4, ge=1, le=64)
    max_body_bytes: int = Field(64 * 1024 * 1024, ge=1024)
    timeouts: TimeoutConfig = TimeoutConfig()
    retry: RetryConfig = RetryConfig()


class FlowConfig(_Values):
    """How one flow of a provider is read."""

    #: Name under which the module registers its source: `<provider>:<flow>`.
    source: str = Field(pattern=r"^[a-z][a-z0-9_]*:[a-z]+$")
    #: First day that a partition exists for.
    start_date: dt.date
    #: Closed days that each run reads again, because the provider restates them.
    refresh_days: int = Field(ge=0, le=366)
    #: Days in one series of requests.
    window_days: int = Field(31, ge=1, le=366)
    #: Time buckets asked for in one page.
    page_buckets: int = Field(31, ge=1)
    #: Entries asked for in one page of a list of names.
    page_entries: int = Field(100, ge=1)
    #: A series of requests that is longer than this is a runaway.
    max_pages: int = Field(1000, ge=1)
    #: Values that only this provider's module knows; it refuses the ones that it does not.
    options: dict[str, bool | int | str] = Field(default_factory=dict)


class PriceListConfig(_Values):
    """How a provider's public price list is read: prices, never usage."""

    #: A series of requests that is longer than this is a runaway.
    max_pages: int = Field(200, ge=1)
    #: Entries asked for in one page, where the price list lets its reader choose.
    page_entries: int = Field(1000, ge=1)
    #: Values that only the reader of this price list knows; it refuses the ones that it does not.
    options: dict[str, bool | int | str] = Field(default_factory=dict)


class ProviderConfig(_Values):
    """One provider."""

    id: str = Field(pattern=PROVIDER_ID)
    name: str
    base_url: Address
    #: Further hosts by name, for example auth_url. `{region}` in an address is filled in with each request.
    hosts: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]*_url$")], Address] = Field(default_factory=dict)
    #: Sent with each request; never a credential.
    headers: dict[str, str] = Field(default_factory=dict)
    auth: AuthConfig
    service: ServiceConfig
    #: None where the provider has no flow of infrastructure.
    infrastructure_service: InfrastructureServiceConfig | None = None
    #: How soon numbers appear and when they stop changing, in words.
    finality: str
    http: HttpConfig = HttpConfig()
    flows: dict[Literal["payg", "commitment", "infrastructure"], FlowConfig]
    #: None where the provider has no price list that a program can ask for.
    price_list: PriceListConfig | None = None

    #: Folder of the file; options that name files are relative to it.
    _folder: Path = PrivateAttr(Path())

    @property
    def folder(self) -> Path:
        """Folder of the file that these values come from."""
        return self._folder

    def host(self, name: str, place: Mapping[str, str] | None = None) -> str:
        """Address of a host by name, base_url or one of `hosts`, with the places of its template filled in.

        Raises ProviderConfigError for a place that is missing or could lead to another host.
        """
        address = self.base_url if name == "base_url" else self.hosts[name]
        for key in _PLACE.findall(address):
            value = (place or {}).get(key, "")
            if not _PLACE_VALUE.fullmatch(value):
                raise ProviderConfigError(
                    f"provider {self.id}: {key} {value!r} does not fit into the address {address}",
                    remedy="Correct the account's options: lower-case letters, digits and hyphens.",
                )
            address = address.replace(f"{{{key}}}", value)
        return address


def provider_config_schema() -> dict[str, Any]:
    """JSON schema of configs/providers/<id>.yml, for editors and for configs/providers/schema.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ProviderConfig.model_json_schema(),
        "title": "Provider of genai_finops",
    }


def load_provider_configs(directory: Path, environ: Mapping[str, str]) -> dict[str, ProviderConfig]:
    """Every provider's configuration by id: those of `directory`, of installed plugins, and of
    GENAI_FINOPS_PROVIDERS_PATH.

    The environment overrides addresses (GENAI_FINOPS_<PROVIDER>_BASE_URL, GENAI_FINOPS_<PROVIDER>_AUTH_URL for a host
    named auth_url) and the rate (GENAI_FINOPS_<PROVIDER>_MAX_REQUESTS_PER_MINUTE). Raises ProviderConfigError.
    """
    if not directory.is_dir():
        raise ProviderConfigError(f"{directory} is not a folder", remedy="It must hold one <id>.yml for each provider.")
    origins: dict[str, Path] = {}
    configs: dict[str, ProviderConfig] = {}
    for path in (*sorted(directory.glob("*.yml")), *_plugin_files(environ)):
        config = _load(path, environ)
        if config.id in configs:
            raise ProviderConfigError(
                f"{path}: provider {config.id!r} is also configured in {origins[config.id]}", remedy="Keep one."
            )
        configs[config.id], origins[config.id] = config, path
    return configs


def plugin_directory(environ: Mapping[str, str]) -> Path | None:
    """The directory of GENAI_FINOPS_PROVIDERS_PATH, or None. Raises ProviderConfigError where it is none."""
    value = environ.get(PLUGIN_PATH_VARIABLE)
    if not value:
        return None
    directory = Path(value)
    if not directory.is_dir():
        raise ProviderConfigError(f"{PLUGIN_PATH_VARIABLE}={value} is not a folder", remedy="Correct it or unset it.")
    return directory


def _plugin_files(environ: Mapping[str, str]) -> Iterator[Path]:
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        spec = importlib.util.find_spec(entry.module)
        path = Path(spec.origin).with_suffix(".yml") if spec and spec.origin else None
        if path is None or not path.is_file():
            raise ProviderConfigError(
                f"provider plugin {entry.name!r} ({entry.module}) has no configuration beside its module",
                remedy=f"Add {path or entry.module + '.yml'}.",
            )
        yield path
    directory = plugin_directory(environ)
    if directory is not None:
        yield from sorted(directory.glob("*.yml"))


def _load(path: Path, environ: Mapping[str, str]) -> ProviderConfig:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProviderConfigError(f"{path} is not YAML: {error}", remedy="Correct the file.") from error
    if not isinstance(values, dict):
        raise ProviderConfigError(
            f"{path} holds no mapping of keys to values",
            remedy="configs/providers/schema.json describes what it must hold.",
        )
    provider = values.get("id")
    if provider != path.stem:
        raise ProviderConfigError(
            f"{path}: key id is {provider!r}", remedy=f"It must be the file's name, {path.stem!r}."
        )
    overridden = _override(values, environ)
    try:
        config = ProviderConfig.model_validate(values)
    except ValidationError as error:
        problem, remedy = _first_problem(error, overridden)
        raise ProviderConfigError(f"{path}: {problem}", remedy=remedy) from error
    config._folder = path.parent  # noqa: SLF001 - pydantic's private attribute of the model above
    return config


def _override(values: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Put the environment's values in; returns which key came from which variable."""
    prefix = f"GENAI_FINOPS_{values['id'].upper()}_"
    overridden = {}
    if address := environ.get(f"{prefix}BASE_URL"):
        values["base_url"] = address
        overridden["base_url"] = f"{prefix}BASE_URL"
    hosts = values.get("hosts")
    hosts = hosts if isinstance(hosts, dict) else {}
    for name in list(hosts):
        if address := environ.get(f"{prefix}{str(name).upper()}"):
            hosts[name] = address
            overridden[f"hosts.{name}"] = f"{prefix}{str(name).upper()}"
    if rate := environ.get(f"{prefix}MAX_REQUESTS_PER_MINUTE"):
        http = values.setdefault("http", {})
        if isinstance(http, dict):
            http["max_requests_per_minute"] = rate
            overridden["http.max_requests_per_minute"] = f"{prefix}MAX_REQUESTS_PER_MINUTE"
    return overridden


_REMEDIES = {
    "extra_forbidden": "Remove the key or correct its spelling.",
    "missing": "Add the key.",
}


def _first_problem(error: ValidationError, overridden: Mapping[str, str]) -> tuple[str, str]:
    problem = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    origin = f" (from {overridden[key]})" if key in overridden else ""
    remedy = _REMEDIES.get(problem["type"], "Correct the value; configs/providers/schema.json describes it.")
    message = re.sub(r"^Value error, ", "", problem["msg"])
    more = f" ({error.error_count() - 1} more problems)" if error.error_count() > 1 else ""
    # An address may hold a password, and a key that does not belong here may be a secret: neither is repeated.
    is_shown = problem["type"] not in {"missing", "extra_forbidden"} and not key.startswith(("base_url", "hosts"))
    shown = f" is {problem['input']!r}" if is_shown else ""
    return f"key {key}{origin}{shown}: {message}{more}", remedy
