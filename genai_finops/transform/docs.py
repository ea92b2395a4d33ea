"""The documentation of the dbt project as one HTML file."""

from pathlib import Path

from genai_finops.settings import Settings
from genai_finops.transform.invoke import invoke, target_path, warehouse_lock


def dbt_docs(settings: Settings, *, lock_timeout_seconds: float = 600) -> Path:
    """Write and return static_index.html: models, columns, lineage, without any external script.

    Needs no warehouse: the catalog of existing tables is left empty. Raises FinopsError when dbt cannot start or the
    warehouse is busy.
    """
    with warehouse_lock(settings, timeout_seconds=lock_timeout_seconds):
        # Alone, `docs generate --no-compile` finds no manifest.
        invoke(settings, ["parse"])
        invoke(settings, ["docs", "generate", "--static", "--empty-catalog", "--no-compile"])
    return target_path(settings) / "static_index.html"
