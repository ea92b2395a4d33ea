"""One dbt command in this process, with the settings as its environment."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

#: Emulators and private endpoints are configured through these.
_PASSED_ON = ("GENAI_FINOPS_", "DBT_ENV_SECRET_GENAI_FINOPS_", "GOOGLE_")

# dbt keeps its configuration, its logger and its connections in globals.
_process_lock = threading.Lock()


@contextmanager
def warehouse_lock(settings: Settings, *, timeout_seconds: float) -> Iterator[None]:
    """Only one writer of the warehouse at a time, in this process and beside it.

    Raises FinopsError when the other writer does not end within the timeout.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / "warehouse.lock"
    if not _process_lock.acquire(timeout=timeout_seconds):
        raise _busy(path, timeout_seconds)
    try:
        with FileLock(path, timeout=timeout_seconds):
            yield
    except Timeout as error:
        raise _busy(path, timeout_seconds) from error
    finally:
        _process_lock.release()


def _busy(path: Path, timeout_seconds: float) -> FinopsError:
    return FinopsError(
        f"another build has held {path} for {timeout_seconds:.0f} seconds",
        remedy="Wait for it to end, or end the process that holds the lock; the lock then frees itself.",
    )


def target_path(settings: Settings) -> Path:
    """Where dbt writes what it compiles; one folder per target, because manifests of two targets differ."""
    return settings.home / "dbt" / f"target-{settings.target}"


def log_path(settings: Settings) -> Path:
    """Folder of dbt.log."""
    return settings.home / "dbt" / "logs"


def invoke(settings: Settings, arguments: Sequence[str], *, manifest: Any = None, target: Path | None = None) -> Any:
    """The dbtRunnerResult of one command. Connections are closed afterwards, so that others can open the warehouse.

    Call it within warehouse_lock. Raises FinopsError when dbt could not even start the command.
    """
    # 2.4 seconds that a process which builds nothing should not pay.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    folders = [
        *("--project-dir", str(settings.dbt_project_dir)),
        *("--profiles-dir", str(settings.dbt_project_dir)),
        *("--target", settings.target),
        *("--target-path", str(target or target_path(settings))),
        *("--log-path", str(log_path(settings))),
        *("--log-level", "none"),
        *("--log-level-file", "info"),
        "--no-use-colors",
    ]
    with _environment(_dbt_environment(settings)):
        try:
            outcome = dbtRunner(manifest=manifest).invoke([*arguments, *folders])
        finally:
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None:
        raise FinopsError(
            f"dbt {arguments[0]} did not run: {' '.join(str(outcome.exception).split())}",
            remedy=f"See {log_path(settings) / 'dbt.log'}.",
        ) from outcome.exception
    return outcome


def _dbt_environment(settings: Settings) -> dict[str, str]:
    lake_url = settings.lake_url.removeprefix("file://")
    passed_on = {name: value for name, value in settings.environ.items() if name.startswith(_PASSED_ON)}
    return {
        **passed_on,
        "GENAI_FINOPS_HOME": str(settings.home),
        "GENAI_FINOPS_TARGET": settings.target,
        "GENAI_FINOPS_LAKE_URL": lake_url,
    }


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    # dbt reads os.environ and nothing else.
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
