import sys
from pathlib import Path

import pytest

from genai_finops.errors import FinopsError
from genai_finops.focus.validation import Failure, parse_verdict, validate_export

REPORT = """\
✅ CAU-Tags-C-001-M: PASS
❌ CAU-ChargeCategory-C-004-M: FAIL  (violations=3, msg=ChargeCategory MUST be one of the allowed values.)
❌ CAU-ChargeCategory-C-000-M: FAIL  (violations=3, msg=AND failed: 1 of 4)

Total: 783 | Pass: 481 | Fail: 2 | Skipped: 300
"""


def test_the_verdict_has_the_counts_of_the_report() -> None:
    verdict = parse_verdict(REPORT)
    assert (verdict.total, verdict.passed, verdict.failed, verdict.skipped) == (783, 481, 2, 300)


def test_failures_are_the_rules_and_not_what_is_composed_of_them() -> None:
    expected = Failure("CAU-ChargeCategory-C-004-M", 3, "ChargeCategory MUST be one of the allowed values.")
    assert parse_verdict(REPORT).failures == (expected,)


def test_a_verdict_with_failed_rules_is_not_valid() -> None:
    assert not parse_verdict(REPORT).is_valid


def test_a_report_without_totals_is_no_verdict() -> None:
    with pytest.raises(ValueError, match="totals"):
        parse_verdict("Traceback (most recent call last)")


def test_an_environment_without_the_validator_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match="has no focus-validator"):
        validate_export(tmp_path / "export.csv", python=Path(sys.executable), rules_dir=tmp_path)


def test_an_interpreter_that_cannot_run_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match="cannot be run"):
        validate_export(tmp_path / "export.csv", python=tmp_path / "no-python", rules_dir=tmp_path)
