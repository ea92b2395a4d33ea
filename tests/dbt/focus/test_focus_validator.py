"""The official FOCUS validator on exports of every meter, tier and combination of nulls, and of commitments."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from genai_finops.errors import FinopsError
from genai_finops.focus.export import ExportResult, export_focus
from genai_finops.focus.files import ExportFormat
from genai_finops.focus.validation import Verdict, validate_export
from genai_finops.focus.window import DayWindow
from genai_finops.warehouse.duckdb import open_duckdb

PACKAGES = ("focus-validator==2.2.1", "pyarrow<23")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rules_dir() -> Path:
    folder = os.environ.get("GENAI_FINOPS_FOCUS_RULES")
    if not folder:
        pytest.skip("GENAI_FINOPS_FOCUS_RULES is not set: name the folder with the official model-1.3.json")
    return Path(folder)


@pytest.fixture(scope="module")
def validator_python(rules_dir: Path, environment_with: Callable[..., Path]) -> Path:
    """The interpreter of the validator's environment."""
    return environment_with(
        "focus-validator",
        PACKAGES,
        "GENAI_FINOPS_FOCUS_VALIDATOR_PYTHON",
        missing="FOCUS validator",
        candidates=("python3.12", "python3.13"),
    )


@pytest.fixture(scope="module", params=["parquet", "csv"])
def export(
    request: pytest.FixtureRequest,
    focus_home: Path,
    focus_lab: SimpleNamespace,
    tmp_path_factory: pytest.TempPathFactory,
) -> ExportResult:
    """An export in each format."""
    file_format: ExportFormat = request.param
    with open_duckdb(focus_home / "warehouse.duckdb") as warehouse:
        return export_focus(
            warehouse,
            window=DayWindow.parse("2026-10", "2026-11"),
            out=tmp_path_factory.mktemp("export"),
            file_format=file_format,
            now=focus_lab.now,
            landed={},
        )


@pytest.fixture(scope="module")
def exported(export: ExportResult) -> Path:
    """Its first file of charges."""
    return export.files[0].file.path


@pytest.fixture(scope="module")
def verdict(exported: Path, validator_python: Path, rules_dir: Path) -> Verdict:
    return validate_export(exported, python=validator_python, rules_dir=rules_dir)


def test_the_official_validator_finds_no_broken_rule(verdict: Verdict) -> None:
    assert (verdict.failed, verdict.failures) == (0, ())


def test_the_official_validator_ran_its_rules(verdict: Verdict) -> None:
    assert verdict.passed > 400


def test_the_official_validator_finds_no_broken_rule_of_commitments(
    export: ExportResult, validator_python: Path, rules_dir: Path
) -> None:
    assert export.contracts is not None
    verdict = validate_export(export.contracts.file.path, python=validator_python, rules_dir=rules_dir)
    # The rules of the other dataset would all be skipped.
    assert (verdict.failed, verdict.failures, verdict.passed > 60) == (0, (), True)


def test_the_official_validator_finds_no_broken_rule_of_allocated_charges(
    allocated_home: Path, focus_lab: SimpleNamespace, validator_python: Path, rules_dir: Path, tmp_path: Path
) -> None:
    with open_duckdb(allocated_home / "warehouse.duckdb") as warehouse:
        exported = export_focus(
            warehouse,
            window=DayWindow.parse("2026-10-31", "2026-10-31"),
            out=tmp_path,
            file_format="csv",
            now=focus_lab.now,
            landed={},
            is_allocated=True,
        )
    verdict = validate_export(exported.files[0].file.path, python=validator_python, rules_dir=rules_dir)
    assert (verdict.failed, verdict.failures, verdict.passed > 400) == (0, (), True)


@pytest.mark.parametrize("export", ["csv"], indirect=True)
def test_a_broken_export_is_named_by_its_rule(
    exported: Path, validator_python: Path, rules_dir: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text(exported.read_text(encoding="utf-8").replace(",Usage,", ",Consumption,"), encoding="utf-8")
    verdict = validate_export(broken, python=validator_python, rules_dir=rules_dir)
    assert any(failure.rule_id.startswith("CAU-ChargeCategory") for failure in verdict.failures)


@pytest.mark.parametrize("export", ["parquet"], indirect=True)
def test_a_folder_without_rules_is_an_error_with_its_remedy(
    exported: Path, validator_python: Path, tmp_path: Path
) -> None:
    with pytest.raises(FinopsError, match="no verdict"):
        validate_export(exported, python=validator_python, rules_dir=tmp_path)
