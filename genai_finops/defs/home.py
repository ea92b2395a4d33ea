"""The folder in which Dagster keeps runs, schedules and events."""

import importlib.resources
from pathlib import Path

from genai_finops.settings import Settings


def prepare_dagster_home(settings: Settings) -> Path:
    """Make the folder and its dagster.yaml, and return it; an existing dagster.yaml is the user's and stays."""
    target = settings.dagster_home / "dagster.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.write_text((importlib.resources.files("genai_finops.defs") / "dagster.yaml").read_text())
    return settings.dagster_home
