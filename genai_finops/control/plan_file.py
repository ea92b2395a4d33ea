"""The default plans, from their reviewed CSV file."""

import csv
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from genai_finops.control.plans import Plan
from genai_finops.errors import FinopsError

_BOOLEANS = {"true": True, "false": False}
_TEXTS = ("subscription_id", "provider", "plan_name", "auth_type", "tier_type")
_DAYS = ("effective_date", "end_date", "trial_end_date")
_AMOUNTS = ("unit_price_usd", "trial_credit_usd", "committed_spend_usd", "discount_percentage")
_COUNTS = (
    *("quantity", "rpm_limit", "tpm_limit", "rpd_limit", "tpd_limit", "concurrent_limit"),
    *("monthly_token_limit", "daily_token_limit", "commitment_term_months"),
)
_REQUIRED = ("subscription_id", "provider", "plan_name", "quantity", "effective_date", "is_enabled")
_COLUMNS = frozenset({*_TEXTS, *_DAYS, *_AMOUNTS, *_COUNTS, "is_custom", "is_enabled"})


def read_default_plans(path: Path) -> tuple[Plan, ...]:
    """The plans of the file, in its order.

    Raises FinopsError that names the line for a value that cannot be read, a missing or unknown column, and a plan that
    is not a default.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(reader.fieldnames or (), path)
            return tuple(_plan(row, f"{path.name} line {reader.line_num}") for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FinopsError(f"{path} cannot be read: {error}", remedy="Restore the file from the repository.") from error


def _check_columns(found: Any, path: Path) -> None:
    wrong = sorted(_COLUMNS.symmetric_difference(found))
    if wrong:
        raise FinopsError(
            f"{path.name}: columns missing or unknown: {', '.join(wrong)}",
            remedy=f"Give the columns {', '.join(sorted(_COLUMNS))}.",
        )


def _plan(row: Mapping[str, Any], place: str) -> Plan:
    if None in row or None in row.values():
        raise FinopsError(f"{place} has more or fewer fields than there are columns", remedy="Correct the line.")
    values = {name: _value(name, text, place) for name, text in row.items()}
    missing = [name for name in _REQUIRED if values[name] is None]
    if missing:
        raise FinopsError(f"{place}: {', '.join(missing)} missing", remedy="Fill it in.")
    if values.pop("is_custom"):
        raise FinopsError(
            f"{place}: plan {values['subscription_id']} is custom, and a default is not",
            remedy="Set is_custom to false, or enter the plan for its organisation.",
        )
    return Plan(**values)


def _value(name: str, text: str, place: str) -> Any:
    if not text:
        return None
    try:
        if name in _TEXTS:
            return text
        if name in _DAYS:
            return dt.date.fromisoformat(text)
        if name in _AMOUNTS:
            return Decimal(text)
        return int(text) if name in _COUNTS else _BOOLEANS[text]
    except (ValueError, InvalidOperation, KeyError) as error:
        raise FinopsError(f"{place}: {name} {text!r} cannot be read", remedy="Correct the value.") from error
