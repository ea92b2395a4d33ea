"""Reading attribution rules from a CSV or YAML file into records that know their line.

CSV has one rule a line:

    org,provider,scope,scope_id,dimension,value,valid_from,valid_to
    acme,openai,api_key,key_1,tenant,initrode,2026-10-01,
    acme,,tenant,Initrode Ltd,tenant,initrode,2026-10-01,

YAML has the same fields, with the organisation once:

    org: acme
    rules:
      - {provider: openai, scope: api_key, scope_id: key_1, dimension: tenant, value: initrode, valid_from: 2026-10-01}
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from genai_finops.control.attribution_rules import Rule, check_rule
from genai_finops.control.record_file import read_records
from genai_finops.errors import FinopsError

_REQUIRED = ("org", "scope", "scope_id", "dimension", "value", "valid_from")
FIELDS = ("org", "provider", "scope", "scope_id", "dimension", "value", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRecord:
    """One rule of a file."""

    line: int
    rule: Rule


def parse_rules(path: Path, providers: Collection[str]) -> tuple[list[RuleRecord], list[str]]:
    """The valid rules of the file, and the faults of the others as `line N: ...`.

    valid_to is the first day that the rule does not hold. `providers` are those that are configured. Raises FinopsError
    when the file cannot be read, or is not of a known form.
    """
    records, faults = [], []
    for line, fields in read_records(path, "rules"):
        try:
            records.append(RuleRecord(line=line, rule=check_rule(_rule(fields), providers)))
        except FinopsError as error:
            faults.append(f"line {line}: {error.message}. {error.remedy}")
    return records, faults


def _rule(fields: Mapping[str, str]) -> Rule:
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise FinopsError(f"Unknown fields {', '.join(unknown)}", remedy=f"Use: {', '.join(FIELDS)}.")
    missing = [name for name in _REQUIRED if name not in fields]
    if missing:
        raise FinopsError(f"{', '.join(missing)} missing", remedy="Every rule needs them.")
    return Rule(
        org=fields["org"],
        provider=fields.get("provider"),
        scope=fields["scope"],
        scope_id=fields["scope_id"],
        dimension=fields["dimension"],
        value=fields["value"],
        valid_from=_day(fields, "valid_from"),
        valid_to=_day(fields, "valid_to") if "valid_to" in fields else None,
    )


def _day(fields: Mapping[str, str], name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(fields[name])
    except ValueError:
        raise FinopsError(f"{name} is {fields[name]!r}", remedy="Write a day as 2026-10-01.") from None
