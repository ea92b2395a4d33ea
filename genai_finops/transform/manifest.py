"""The parsed dbt project: as an object for builds, as a file for those who need just the graph.

Parsing takes 5 s. dbt keeps what it parsed beside the manifest and trusts it while files, environment and vars are the
same, so the project is always parsed with the same vars; the SQL of a parsed project follows the vars of the build all
the same.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from genai_finops.settings import Settings
from genai_finops.transform.invoke import invoke

#: Whether there is a window decides the materialisation, which is configuration; the days do not.
_ANY_WINDOW = {"min_date": "2000-01-01", "max_date": "2000-01-02"}
_WINDOW_VARS = frozenset(_ANY_WINDOW)
#: Vars that no configuration reads. A project parsed for each of their values would be 5 s and a folder for each.
_SQL_VARS = frozenset({"prices_known_at"})

#: Parsed projects of this process, by what they were parsed from.
_manifests: dict[str, Any] = {}


def parsed_manifest(settings: Settings, dbt_vars: Mapping[str, object]) -> Any:
    """The project, parsed for builds with these vars; None where a build must parse for itself.

    Raises FinopsError when the project cannot be parsed.
    """
    if settings.target != "duckdb":
        # The partitions that BigQuery overwrites are configuration, which is evaluated when the project is parsed.
        return None
    parse_vars = _parse_vars(dbt_vars)
    key = _fingerprint(settings, parse_vars)
    if key not in _manifests:
        _manifests[key] = _parse(settings, parse_vars)
    # A build writes into the project it is given (what it compiled of ephemeral models), and the next would believe it.
    return _manifests[key].deepcopy()


def manifest_path(settings: Settings) -> Path:
    """Path of a manifest.json that fits the project's files. Raises FinopsError when the project cannot be parsed."""
    parse_vars = _parse_vars(_ANY_WINDOW)
    folder = _folder(settings, parse_vars)
    stamp = folder / "fingerprint"
    fingerprint = _fingerprint(settings, parse_vars)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != fingerprint:
        _manifests[fingerprint] = _parse(settings, parse_vars)
        stamp.write_text(fingerprint, encoding="utf-8")
    return folder / "manifest.json"


def _parse_vars(dbt_vars: Mapping[str, object]) -> dict[str, object]:
    others = {name: value for name, value in dbt_vars.items() if name not in _WINDOW_VARS | _SQL_VARS}
    return {**others, **_ANY_WINDOW} if "min_date" in dbt_vars else others


def _parse(settings: Settings, parse_vars: Mapping[str, object]) -> Any:
    folder = _folder(settings, parse_vars)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        return invoke(settings, ["parse", "--vars", json.dumps(dict(parse_vars))], target=folder).result


def _folder(settings: Settings, parse_vars: Mapping[str, object]) -> Path:
    # A folder for each set of vars, because dbt keeps one parsed project in each. Apart from the folder of the builds,
    # so that reading the graph never waits for one.
    name = hashlib.sha256(json.dumps(dict(parse_vars), sort_keys=True).encode()).hexdigest()[:12]
    return settings.home / "dbt" / f"parsed-{settings.target}-{name}"


def _fingerprint(settings: Settings, parse_vars: Mapping[str, object]) -> str:
    """Changes when a source file of the project does, as it may while a Dagster process lives."""
    files = sorted(
        (str(path), path.stat().st_mtime_ns, path.stat().st_size)
        for folder in (settings.dbt_project_dir, settings.seeds_dir)
        for path in folder.rglob("*")
        if path.suffix in {".sql", ".yml", ".csv", ".md"} and "target" not in path.relative_to(folder).parts[0]
    )
    content = [settings.target, str(settings.home), settings.lake_url, dict(parse_vars), files]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
