"""A macro of the dbt project that changes the warehouse without building a model."""

import json
from collections.abc import Mapping

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings
from genai_finops.transform.invoke import invoke, log_path, warehouse_lock
from genai_finops.transform.manifest import parsed_manifest

#: Macros know no window; with any they share the project that is parsed for builds by day.
_ANY_WINDOW = {"min_date": "2000-01-01", "max_date": "2000-01-02"}


def run_operation(
    settings: Settings, macro: str, arguments: Mapping[str, object], *, lock_timeout_seconds: float = 600
) -> None:
    """Run a macro. Raises FinopsError when it fails, or the warehouse is busy for longer than the timeout."""
    command = ["run-operation", macro, "--args", json.dumps(dict(arguments))]
    with warehouse_lock(settings, timeout_seconds=lock_timeout_seconds):
        outcome = invoke(settings, command, manifest=parsed_manifest(settings, _ANY_WINDOW))
    if not outcome.success:
        raise FinopsError(f"the dbt macro {macro} failed", remedy=f"See {log_path(settings) / 'dbt.log'}.")
