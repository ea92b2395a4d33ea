"""What the official FOCUS validator says of the demo's export, where it is installed."""

from pathlib import Path

from genai_finops.focus.validation import validate_export
from genai_finops.settings import Settings

_PYTHON = "GENAI_FINOPS_FOCUS_VALIDATOR_PYTHON"
_RULES = "GENAI_FINOPS_FOCUS_RULES"


def validator_verdict(settings: Settings) -> str:
    """One line: the counts over all exported files, or what to set to have it run.

    Raises FinopsError when it ends without a verdict.
    """
    python, rules = settings.environ.get(_PYTHON), settings.environ.get(_RULES)
    if not python or not rules:
        return f"not installed here (set {_PYTHON} and {_RULES}; docs/focus-mapping.md says how)"
    verdicts = [
        validate_export(path, python=Path(python), rules_dir=Path(rules))
        for path in sorted((settings.home / "focus").glob("*.parquet"))
    ]
    return (
        f"{len(verdicts)} files, {sum(verdict.failed for verdict in verdicts)} failed rules of "
        f"{sum(verdict.total for verdict in verdicts)}"
    )
