"""The verdict of the official FOCUS validator, which lives in an environment of its own (Python 3.12 or later).

python3.12 -m venv VENV && VENV/bin/pip install 'focus-validator==2.2.1' 'pyarrow<23'
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from genai_finops.errors import FinopsError
from genai_finops.focus.versions import DatasetId
from genai_finops.schemas.tables.focus import FOCUS_VERSION

_TOTALS = re.compile(r"^Total: (\d+) \| Pass: (\d+) \| Fail: (\d+) \| Skipped: (\d+)", re.MULTILINE)
_FAILED = re.compile(r"^\S+ (\S+): FAIL\s+\(violations=(\d+), msg=(.*)\)$", re.MULTILINE)
#: The validator finds parts of itself only from the folder that its package lies in.
_PACKAGE_FOLDER = """
import importlib.util, pathlib
print(pathlib.Path(importlib.util.find_spec("focus_validator").origin).parent.parent)
"""
_TIMEOUT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that the data breaks."""

    rule_id: str
    violations: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Counts of rules. `failures` names the broken rules themselves, not the composite rules above them."""

    total: int
    passed: int
    failed: int
    skipped: int
    failures: tuple[Failure, ...]

    @property
    def is_valid(self) -> bool:
        return self.failed == 0


def dataset_of(path: Path) -> DatasetId:
    """The FOCUS dataset that a file of an export holds, by its name."""
    return "ContractCommitment" if path.name.startswith("contract_commitment") else "CostAndUsage"


def validate_export(path: Path, *, python: Path, rules_dir: Path, dataset: DatasetId | None = None) -> Verdict:
    """Run the official validator over one data file with every applicability criterion switched on.

    The dataset is that of the file's name, unless it is given. `python` is the interpreter of the validator's
    environment, `rules_dir` a folder with its `model-1.3.json`.
    Raises FinopsError when the validator is not installed there, or ends without a verdict.
    """
    # Not resolved: the interpreter of a virtual environment is a link, and is that environment's only by its own path.
    interpreter = str(python.absolute())
    found = _run([interpreter, "-c", _PACKAGE_FOLDER], cwd=path.parent)
    if found.returncode:
        raise FinopsError(
            f"{python} has no focus-validator", remedy="install focus-validator==2.2.1 with pyarrow<23 there"
        )
    options = {
        "--data-file": str(path.resolve()),
        "--validate-version": FOCUS_VERSION,
        "--focus-dataset": dataset or dataset_of(path),
        "--rule-set-path": str(rules_dir.resolve()),
        "--applicability-criteria": "ALL",
    }
    arguments = [part for option in options.items() for part in option]
    result = _run(
        [interpreter, "-m", "focus_validator.main", *arguments, "--block-download"], cwd=Path(found.stdout.strip())
    )
    totals = _TOTALS.search(result.stdout)
    if result.returncode or totals is None:
        reason = (result.stderr.strip() or "no output").splitlines()[-1]
        raise FinopsError(
            f"the validator gave no verdict on {path.name}: {reason}",
            remedy=f"check that {rules_dir} holds model-{FOCUS_VERSION}.json and that the file is Parquet or CSV",
        )
    return parse_verdict(result.stdout)


def parse_verdict(report: str) -> Verdict:
    """The verdict from the validator's console report. Raises ValueError when the report has no totals."""
    totals = _TOTALS.search(report)
    if totals is None:
        raise ValueError("the report of the validator has no line of totals")
    total, passed, failed, skipped = (int(number) for number in totals.groups())
    failures = tuple(
        Failure(rule_id, int(violations), message)
        for rule_id, violations, message in _FAILED.findall(report)
        if "AND failed" not in message and "OR failed" not in message
    )
    return Verdict(total=total, passed=passed, failed=failed, skipped=skipped, failures=failures)


def _run(command: list[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - the interpreter is the caller's choice
            command,
            cwd=cwd,
            env={**os.environ, "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
    except OSError as failure:
        raise FinopsError(
            f"{command[0]} cannot be run: {failure.strerror}",
            remedy="point GENAI_FINOPS_FOCUS_VALIDATOR_PYTHON at the interpreter of the validator's environment",
        ) from failure
