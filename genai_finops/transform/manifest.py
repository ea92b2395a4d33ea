"""The manifest of the dbt project as a file, for those who need the graph without building it."""

import hashlib
import json
from pathlib import Path

from genai_finops.settings import Settings
from genai_finops.transform.build import project_fingerprint
from genai_finops.transform.invoke import invoke


def manifest_path(settings: Settings) -> Path:
    """Path of a manifest.json that fits the project's files; parsed anew (5 s) only when one of them changed.

    Lies in a folder of its own, so that reading the graph never waits for a build. Raises FinopsError when the project
    cannot be parsed.
    """
    folder = settings.home / "dbt" / f"graph-{settings.target}"
    stamp = folder / "fingerprint"
    fingerprint = hashlib.sha256(
        json.dumps([str(settings.home), settings.lake_url, project_fingerprint(settings)]).encode()
    ).hexdigest()
    manifest = folder / "manifest.json"
    if not manifest.exists() or not stamp.exists() or stamp.read_text() != fingerprint:
        folder.mkdir(parents=True, exist_ok=True)
        invoke(settings, ["parse"], target=folder)
        stamp.write_text(fingerprint)
    return manifest
