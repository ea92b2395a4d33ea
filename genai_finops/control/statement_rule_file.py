"""Reading statement rules from a CSV or YAML file into records that know their line.

CSV has one rule a line; columns that no rule of the file needs may be left out:

    org,tenant,kind,currency,percentage,amount,valid_from,valid_to
    acme,,markup,,40,,2026-10-01,
    acme,initrode,minimum,USD,,50,2026-10-01,2027-01-01

YAML has the same fields, with the organisation once:

    org: acme
    rules:
      - {kind: tiers, currency: USD, tiers_of: amount, tiers: "1000=40,rest=30", valid_from: 2026-10-01}
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genai_finops.control.record_file import read_records
from genai_finops.control.statement_rules import PARAMETERS, StatementTerms, check_terms, terms_from
from genai_finops.errors import FinopsError

_REQUIRED = ("org", "kind", "valid_from")
_SCOPE = ("tenant", "provider", "model", "currency")
FIELDS = (*_REQUIRED, "valid_to", *_SCOPE, *PARAMETERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsRecord:
    """One rule of a file."""

    line: int
    terms: StatementTerms


def parse_statement_rules(path: Path, providers: Collection[str]) -> tuple[list[TermsRecord], list[str]]:
    """The valid rules of the file, and the faults of the others as `line N: ...`.

    valid_to is the first day that the rule does not hold. `providers` are those that are configured. Raises FinopsError
    when the file cannot be read, or is not of a known form.
    """
    records, faults = [], []
    for line, fields in read_records(path, "rules"):
        try:
            records.append(TermsRecord(line=line, terms=check_terms(_terms(fields), providers)))
        except FinopsError as error:
            faults.append(f"line {line}: {error.message}. {error.remedy}")
    return records, faults


def _terms(fields: Mapping[str, str]) -> StatementTerms:
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise FinopsError(f"Unknown fields {', '.join(unknown)}", remedy=f"Use: {', '.join(FIELDS)}.")
    missing = [name for name in _REQUIRED if name not in fields]
    if missing:
        raise FinopsError(f"{', '.join(missing)} missing", remedy="Every rule needs them.")
    values: dict[str, Any] = {**{name: fields.get(name) for name in _SCOPE}, **terms_from(fields)}
    return StatementTerms(
        org=fields["org"],
        kind=fields["kind"],
        valid_from=_day(fields, "valid_from"),
        valid_to=_day(fields, "valid_to") if "valid_to" in fields else None,
        **values,
    )


def _day(fields: Mapping[str, str], name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(fields[name])
    except ValueError:
        raise FinopsError(f"{name} is {fields[name]!r}", remedy="Write a day as 2026-10-01.") from None
