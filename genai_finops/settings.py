"""Where everything lives and which engine is used: the only place that reads environment variables."""

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from genai_finops.errors import FinopsError

Target = Literal["duckdb", "bigquery"]

#: What simulated providers take for the time: their readers must not ask for what is past or yet to come there.
SIMULATED_NOW = "GENAI_FINOPS_SIMULATED_NOW"
_TARGETS = ("duckdb", "bigquery")
_LAKE_SCHEMES = ("file", "gs")
_CONTROL_DIALECTS = ("sqlite", "postgresql")
_REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of one process. All paths are absolute."""

    home: Path
    target: Target
    #: A local folder, `file://...` or `gs://bucket/prefix`.
    lake_url: str
    warehouse_path: Path
    #: May hold a database password, and is therefore never printed.
    control_url: str = field(repr=False)
    #: Used when GENAI_FINOPS_MASTER_KEY is not set.
    master_key_path: Path
    provider_config_dir: Path
    #: Folder of further providers, outside the package.
    providers_path: Path | None
    #: Thresholds of findings and limits of retention.
    attribution_config_path: Path
    #: When advice on spending less is given.
    advice_config_path: Path
    #: When a day is told of as an anomaly.
    anomaly_config_path: Path
    dbt_project_dir: Path
    seeds_dir: Path
    dagster_home: Path
    #: A pinned price file of LiteLLM, a further source of prices; None: not read.
    litellm_prices_path: Path | None
    #: Who acts, for the audit log.
    actor: str
    #: What simulated providers take for the time, and their readers with them; None: the time.
    simulated_now: dt.datetime | None
    #: The variables that these settings were read from; they may hold secrets, and are therefore never printed.
    environ: Mapping[str, str] = field(repr=False, compare=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], cwd: Path) -> "Settings":
        """Settings from the variables GENAI_FINOPS_*; relative paths are below cwd.

        Raises FinopsError that names variable, value and remedy.
        """
        home = _path(environ, "GENAI_FINOPS_HOME", cwd) or cwd / ".finops"
        return cls(
            home=home,
            target=_target(environ),
            lake_url=_lake_url(environ, home, cwd),
            warehouse_path=home / "warehouse.duckdb",
            control_url=_control_url(environ, home),
            master_key_path=home / "master.key",
            provider_config_dir=_existing_folder(environ, "GENAI_FINOPS_PROVIDER_CONFIGS", cwd)
            or _REPOSITORY / "configs" / "providers",
            providers_path=_existing_folder(environ, "GENAI_FINOPS_PROVIDERS_PATH", cwd),
            attribution_config_path=_existing_file(environ, "GENAI_FINOPS_ATTRIBUTION_CONFIG", cwd)
            or _REPOSITORY / "configs" / "attribution.yml",
            advice_config_path=_existing_file(environ, "GENAI_FINOPS_ADVICE_CONFIG", cwd)
            or _REPOSITORY / "configs" / "advice.yml",
            anomaly_config_path=_existing_file(environ, "GENAI_FINOPS_ANOMALIES_CONFIG", cwd)
            or _REPOSITORY / "configs" / "anomalies.yml",
            dbt_project_dir=_REPOSITORY / "dbt_project",
            seeds_dir=_REPOSITORY / "seeds",
            dagster_home=home / "dagster",
            litellm_prices_path=_existing_file(environ, "GENAI_FINOPS_LITELLM_PRICES", cwd),
            actor=_value(environ, "GENAI_FINOPS_ACTOR") or environ.get("USER") or environ.get("LOGNAME") or "unknown",
            simulated_now=_simulated_now(environ),
            environ=environ,
        )

    @property
    def master_key_variable(self) -> str | None:
        """GENAI_FINOPS_MASTER_KEY: base64 keys of 32 bytes, separated by commas, the current one first."""
        return _value(self.environ, "GENAI_FINOPS_MASTER_KEY")

    @property
    def base_url(self) -> str | None:
        """GENAI_FINOPS_BASE_URL: where people reach this platform; links in alerts begin with it. Without last slash.

        Raises FinopsError where it is no address.
        """
        value = _value(self.environ, "GENAI_FINOPS_BASE_URL")
        if value is not None and not value.startswith(("https://", "http://")):
            raise FinopsError(
                f"GENAI_FINOPS_BASE_URL is {value!r}, which is no address",
                remedy="Set it to one such as https://finops.example.com, or unset it.",
            )
        return None if value is None else value.rstrip("/")

    def provider_variable(self, provider: str, suffix: str) -> str | None:
        """GENAI_FINOPS_<PROVIDER>_<SUFFIX>, for example the BASE_URL of openai; None when it is not set."""
        return _value(self.environ, f"GENAI_FINOPS_{provider}_{suffix}".upper())


def _simulated_now(environ: Mapping[str, str]) -> dt.datetime | None:
    value = _value(environ, SIMULATED_NOW)
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() != dt.timedelta(0):
        raise FinopsError(
            f"{SIMULATED_NOW}={value} is no time in UTC", remedy="Give one such as 2026-11-05T06:00:00Z, or unset it."
        )
    return moment


def load_settings() -> Settings:
    """Settings of this process, from its environment and its working folder."""
    return Settings.from_environment(os.environ, Path.cwd())


def _value(environ: Mapping[str, str], name: str) -> str | None:
    value = environ.get(name)
    # A variable that is set to nothing is mostly a template that was not filled in: taking the default would hide it.
    if value is not None and not value.strip():
        raise FinopsError(f"{name} is set but empty", remedy=f"Give {name} a value or unset it.")
    return value


def _path(environ: Mapping[str, str], name: str, cwd: Path) -> Path | None:
    value = _value(environ, name)
    return None if value is None else cwd / Path(value).expanduser()


def _existing_folder(environ: Mapping[str, str], name: str, cwd: Path) -> Path | None:
    path = _path(environ, name, cwd)
    if path is not None and not path.is_dir():
        raise FinopsError(f"{name} is {path}, which is not a folder", remedy=f"Point {name} at a folder or unset it.")
    return path


def _existing_file(environ: Mapping[str, str], name: str, cwd: Path) -> Path | None:
    path = _path(environ, name, cwd)
    if path is not None and not path.is_file():
        raise FinopsError(f"{name} is {path}, which is not a file", remedy=f"Point {name} at a file or unset it.")
    return path


def _target(environ: Mapping[str, str]) -> Target:
    value = _value(environ, "GENAI_FINOPS_TARGET") or "duckdb"
    if value not in _TARGETS:
        raise FinopsError(
            f"GENAI_FINOPS_TARGET is {value!r}", remedy=f"Set GENAI_FINOPS_TARGET to one of: {', '.join(_TARGETS)}."
        )
    return cast("Target", value)


def _lake_url(environ: Mapping[str, str], home: Path, cwd: Path) -> str:
    value = _value(environ, "GENAI_FINOPS_LAKE_URL")
    if value is None:
        return str(home / "lake")
    scheme, separator, _ = value.partition("://")
    if not separator:
        return str(cwd / Path(value).expanduser())
    if scheme not in _LAKE_SCHEMES:
        raise FinopsError(
            f"GENAI_FINOPS_LAKE_URL has the scheme {scheme!r}",
            remedy="Set GENAI_FINOPS_LAKE_URL to a local folder, file:///folder or gs://bucket/prefix.",
        )
    return value.rstrip("/")


def _control_url(environ: Mapping[str, str], home: Path) -> str:
    value = _value(environ, "GENAI_FINOPS_CONTROL_URL")
    if value is None:
        return f"sqlite:///{home / 'control.db'}"
    scheme, separator, _ = value.partition("://")
    if not separator or scheme.partition("+")[0] not in _CONTROL_DIALECTS:
        # The rest of the URL may hold a password.
        shown = f"has the scheme {scheme!r}" if separator else "is not a database URL"
        raise FinopsError(
            f"GENAI_FINOPS_CONTROL_URL {shown}",
            remedy="Set GENAI_FINOPS_CONTROL_URL to sqlite:////folder/control.db or postgresql://user:password@host/database.",
        )
    return value
