"""Whether the places that the platform writes to and reads from are there and in order."""

import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import fsspec
import yaml
from sqlalchemy import Engine, make_url

from genai_finops.control.credentials import has_encrypted_credentials
from genai_finops.control.database import connect, reading, schema_revisions
from genai_finops.control.key_file import load_keyring
from genai_finops.doctor.result import CheckResult, Finding, examine
from genai_finops.errors import FinopsError
from genai_finops.lake.files import LakeFiles
from genai_finops.settings import Settings
from genai_finops.transform.invoke import target_path
from genai_finops.warehouse.open import open_warehouse


def check_stores(settings: Settings, *, probe_id: str) -> Iterator[CheckResult]:
    """One result for each store. `probe_id` names the files that are written and removed again.

    Nothing is made that is not there, except the home and the lake's folder; no schema is migrated.
    """
    checks: tuple[tuple[str, str, Callable[[], Finding], str], ...] = (
        ("home", "writable", partial(_home, settings, probe_id), "Make it writable, or set GENAI_FINOPS_HOME."),
        (
            "lake",
            "written, read, removed",
            partial(_lake, settings, probe_id),
            "Grant this process reading, writing and deleting below GENAI_FINOPS_LAKE_URL, or correct that variable.",
        ),
        (
            "control database",
            "at the newest migration",
            partial(_control_database, settings),
            "Correct GENAI_FINOPS_CONTROL_URL, or restore the database from a backup.",
        ),
        ("master key", "readable by its owner only", partial(_master_key, settings), "Restore the key file."),
        (
            "warehouse",
            "DuckDB opens",
            partial(_warehouse, settings, "duckdb"),
            "Remove the file and build it again: genai-finops transform.",
        ),
        (
            "warehouse",
            "BigQuery answers",
            partial(_warehouse, settings, "bigquery"),
            "Grant the roles BigQuery Data Editor and Job User, and check GOOGLE_APPLICATION_CREDENTIALS.",
        ),
        ("dbt", "project and profile", partial(_dbt_project, settings), "Install the repository's dbt_project again."),
        ("dbt", "manifest", partial(_dbt_manifest, settings), "Make the home readable."),
        ("dagster", "home", partial(_dagster_home, settings), "Make DAGSTER_HOME readable."),
    )
    for subject, check, find, otherwise in checks:
        yield examine(subject, check, find, otherwise=otherwise)


def _home(settings: Settings, probe_id: str) -> Finding:
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / f".doctor-{probe_id}"
    try:
        path.write_bytes(b"")
    finally:
        path.unlink(missing_ok=True)
    return Finding("ok", str(settings.home))


def _lake(settings: Settings, probe_id: str) -> Finding:
    files = LakeFiles(settings.lake_url)
    # Readers of the lake pass over names with a dot.
    relative, content = f".doctor-{probe_id}", probe_id.encode()
    files.replace(relative, content)
    try:
        if files.read(relative) != content:
            return Finding("failed", f"{settings.lake_url} gave back something else", "Check the file system below it.")
    finally:
        filesystem, path = fsspec.core.url_to_fs(files.path(relative))  # type: ignore[no-untyped-call]
        filesystem.rm_file(path)
    return Finding("ok", settings.lake_url)


def _control_database(settings: Settings) -> Finding:
    if _is_missing_file(settings):
        return Finding("warning", "it does not exist yet", "Add an organisation: genai-finops org add SLUG --name N.")
    engine = connect(settings.control_url)
    try:
        current, newest = schema_revisions(engine)
    finally:
        engine.dispose()
    if current == newest:
        return Finding("ok", f"{engine.dialect.name} at revision {current}")
    if current is None:
        return Finding("warning", "it is empty", "Add an organisation: genai-finops org add SLUG --name N.")
    return Finding(
        "failed",
        f"it is at revision {current}, the newest that this release knows is {newest}",
        "Run genai-finops org list, which migrates an older one; a newer one needs the release that wrote it.",
    )


def control_database_is_current(settings: Settings) -> bool:
    """Whether the control database can be read without migrating it. Raises FinopsError when it cannot be reached."""
    if _is_missing_file(settings):
        return False
    engine = connect(settings.control_url)
    try:
        current, newest = schema_revisions(engine)
        return current == newest
    finally:
        engine.dispose()


def _is_missing_file(settings: Settings) -> bool:
    url = make_url(settings.control_url)
    return url.get_backend_name() == "sqlite" and bool(url.database) and not Path(str(url.database)).exists()


def _master_key(settings: Settings) -> Finding:
    if not control_database_is_current(settings):
        return Finding("skipped", "the control database cannot be read as it is")
    engine: Engine = connect(settings.control_url)
    try:
        with reading(engine) as session:
            is_needed = has_encrypted_credentials(session)
    finally:
        engine.dispose()
    is_there = settings.master_key_variable is not None or settings.master_key_path.exists()
    if not is_needed and not is_there:
        return Finding("skipped", "no credential is encrypted")
    keyring = load_keyring(settings, may_create=False)
    if settings.master_key_variable is not None:
        return Finding("ok", f"{len(keyring.keys)} in {keyring.origin}")
    mode = stat.S_IMODE(settings.master_key_path.stat().st_mode)
    return Finding("ok", f"{len(keyring.keys)} in {keyring.origin}, mode {mode:04o}")


def _warehouse(settings: Settings, engine: str) -> Finding:
    if settings.target != engine:
        return Finding("skipped", f"GENAI_FINOPS_TARGET is {settings.target}")
    if engine == "duckdb" and not settings.warehouse_path.exists():
        return Finding("warning", f"{settings.warehouse_path} is not built yet", "Build it: genai-finops transform.")
    with open_warehouse(settings) as warehouse:
        warehouse.rows("select 1")
    return Finding("ok", str(settings.warehouse_path) if engine == "duckdb" else "a query is answered")


def _dbt_project(settings: Settings) -> Finding:
    missing = [name for name in ("dbt_project.yml", "profiles.yml") if not (settings.dbt_project_dir / name).is_file()]
    if missing:
        raise FinopsError(
            f"{settings.dbt_project_dir} lacks {', '.join(missing)}", remedy="Run from a complete checkout."
        )
    profiles = yaml.safe_load((settings.dbt_project_dir / "profiles.yml").read_text(encoding="utf-8"))
    targets = sorted({name for profile in profiles.values() for name in profile.get("outputs", {})})
    if settings.target not in targets:
        raise FinopsError(
            f"the profile has no target {settings.target} (it has: {', '.join(targets)})",
            remedy="Correct GENAI_FINOPS_TARGET, or restore profiles.yml.",
        )
    return Finding("ok", f"{settings.dbt_project_dir}, target {settings.target}")


def _dbt_manifest(settings: Settings) -> Finding:
    folder = target_path(settings).parent
    found = sorted(folder.glob(f"*-{settings.target}*/manifest.json"))
    if not found:
        return Finding("warning", f"nothing was parsed below {folder} yet", "Build once: genai-finops transform.")
    return Finding("ok", f"{len(found)} below {folder}")


def _dagster_home(settings: Settings) -> Finding:
    named = settings.environ.get("DAGSTER_HOME")
    home = Path(named) if named else settings.dagster_home
    if not (home / "dagster.yaml").is_file():
        return Finding("warning", f"{home} has no dagster.yaml", "Prepare it: genai-finops dagster-home.")
    if named and home.resolve() != settings.dagster_home.resolve():
        return Finding(
            "warning",
            f"DAGSTER_HOME is {home}, not {settings.dagster_home}",
            "Set DAGSTER_HOME to what genai-finops dagster-home prints, unless it is meant to be elsewhere.",
        )
    return Finding("ok", str(home))
