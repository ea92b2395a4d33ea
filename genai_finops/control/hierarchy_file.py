"""Reading a hierarchy from a CSV or YAML file into records that know their line.

CSV has one record a line, with the columns of `FIELDS` (those that a file does not need may be left out):

    record,org,entity_id,name,level,parent,owner,provider,scope,scope_id,valid_from,valid_to
    entity,acme,DEPT-001,Engineering,DEPT,,,,,,,
    assignment,acme,DEPT-001,,,,,openai,sub_account,proj_1,2026-01-01,

YAML has the same fields, with the organisation once:

    org: acme
    entities: [{entity_id: DEPT-001, name: Engineering, level: DEPT}]
    assignments: [{entity_id: DEPT-001, provider: openai, scope: account, scope_id: org-1, valid_from: 2026-01-01}]
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from genai_finops.control.hierarchy import SCOPES, Assignment, Entity
from genai_finops.errors import FinopsError
from genai_finops.schemas.columns import HIERARCHY_LEVELS, SLUG

_ENTITY_FIELDS = ("entity_id", "name", "level", "parent", "owner")
_ASSIGNMENT_FIELDS = ("entity_id", "provider", "scope", "scope_id", "valid_from", "valid_to")
_OPTIONAL = {"parent", "owner", "valid_to"}
FIELDS = ("record", "org", *_ENTITY_FIELDS, *_ASSIGNMENT_FIELDS[1:])
#: An id is a segment of the path.
_ENTITY_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HierarchyRecord:
    """One entity or assignment of a file."""

    line: int
    org_slug: str
    item: Entity | Assignment


class RecordError(Exception):
    """What is wrong with one line, and what to write instead."""


def parse_hierarchy(path: Path) -> tuple[list[HierarchyRecord], list[str]]:
    """The valid records of the file, and the faults of the others as `line N: ...`.

    Raises FinopsError when the file cannot be read, or is not of a known form.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FinopsError(
            f"The hierarchy file {path} cannot be read ({type(error).__name__})", remedy="Give a readable UTF-8 file."
        ) from None
    readers = {".csv": _csv_fields, ".yml": _yaml_fields, ".yaml": _yaml_fields}
    if path.suffix not in readers:
        raise FinopsError(f"The hierarchy file {path} has an unknown form", remedy="Give a .csv, .yml or .yaml file.")
    records, faults = [], []
    for line, fields in readers[path.suffix](text, path):
        try:
            records.append(_record(line, fields))
        except RecordError as error:
            faults.append(f"line {line}: {error}")
    return records, faults


def _csv_fields(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    try:
        header = reader.fieldnames or ()
        unknown = [name for name in header if name not in FIELDS]
        if unknown or not {"record", "org"} <= set(header):
            raise FinopsError(
                f"The header of {path} is {', '.join(header) or 'empty'}",
                remedy=f"Use the columns record, org and those needed of: {', '.join(FIELDS[2:])}.",
            )
        for row in reader:
            # Cells beyond the header come as a list under the rest key, missing ones as None.
            surplus = row.pop("", None)
            fields = {name: value.strip() for name, value in row.items() if value and value.strip()}
            yield reader.line_num, {**fields, **({"": str(surplus)} if surplus else {})}
    except csv.Error as error:
        raise FinopsError(
            f"{path}, line {reader.line_num} is not CSV: {error}", remedy="Correct quotes and line ends."
        ) from None


def _yaml_fields(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    malformed = "Use the keys org, entities (a list of mappings) and assignments (a list of mappings)."
    try:
        top = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise FinopsError(f"{path} is not YAML: {' '.join(str(error).split())}", remedy=malformed) from None
    sections = _mapping(top)
    unknown = sorted(set(sections or ()) - {"org", "entities", "assignments"})
    org = (sections or {}).get("org")
    if sections is None or unknown or not isinstance(org, yaml.ScalarNode):
        shown = f"has the unknown keys {', '.join(unknown)}" if unknown else "has no org"
        raise FinopsError(f"{path} {shown}", remedy=malformed)
    for section, record in (("entities", "entity"), ("assignments", "assignment")):
        node = sections.get(section)
        if node is None or _is_null(node):
            continue
        if not isinstance(node, yaml.SequenceNode):
            raise FinopsError(f"{path}, line {node.start_mark.line + 1}: {section} is not a list", remedy=malformed)
        for item in node.value:
            line = item.start_mark.line + 1
            nodes = _mapping(item)
            if nodes is None or not all(isinstance(value, yaml.ScalarNode) for value in nodes.values()):
                raise FinopsError(f"{path}, line {line} is not a mapping of plain values", remedy=malformed)
            fields = {name: str(value.value).strip() for name, value in nodes.items() if not _is_null(value)}
            yield line, {"record": record, "org": org.value, **{name: text for name, text in fields.items() if text}}


def _mapping(node: yaml.Node | None) -> dict[str, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return {str(key.value): value for key, value in node.value}


def _is_null(node: yaml.Node) -> bool:
    return str(node.tag) == "tag:yaml.org,2002:null"


def _record(line: int, fields: Mapping[str, str]) -> HierarchyRecord:
    record = fields.get("record")
    if record not in {"entity", "assignment"}:
        raise RecordError(f"record is {record!r}: write entity or assignment")
    allowed = _ENTITY_FIELDS if record == "entity" else _ASSIGNMENT_FIELDS
    surplus = sorted(set(fields) - {"record", "org", *allowed})
    if surplus:
        shown = ", ".join(f"{name or 'a cell beyond the header'} {fields[name]!r}" for name in surplus)
        raise RecordError(f"{shown} does not belong to an {record}: leave it empty")
    missing = [name for name in ("org", *allowed) if name not in fields and name not in _OPTIONAL]
    if missing:
        raise RecordError(f"{', '.join(missing)} missing: an {record} needs a value there")
    org_slug = _matching(fields, "org", SLUG, "the slug of an organisation")
    item = _entity(fields) if record == "entity" else _assignment(fields)
    return HierarchyRecord(line=line, org_slug=org_slug, item=item)


def _entity(fields: Mapping[str, str]) -> Entity:
    return Entity(
        entity_id=_matching(fields, "entity_id", _ENTITY_ID, "1 to 63 letters, digits, dots, hyphens, underscores"),
        name=_text(fields, "name"),
        level_code=_one_of(fields, "level", HIERARCHY_LEVELS),
        parent_entity_id=fields.get("parent"),
        owner=_text(fields, "owner") if "owner" in fields else None,
    )


def _assignment(fields: Mapping[str, str]) -> Assignment:
    valid_from = _date(fields, "valid_from")
    valid_to = _date(fields, "valid_to") if "valid_to" in fields else None
    if valid_to is not None and valid_to <= valid_from:
        raise RecordError(
            f"valid_to {valid_to} is not after valid_from {valid_from}: valid_to is the first day that is not covered"
        )
    return Assignment(
        provider=_matching(fields, "provider", SLUG, "a provider such as openai"),
        scope=_one_of(fields, "scope", SCOPES),
        scope_id=_text(fields, "scope_id"),
        entity_id=fields["entity_id"],
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _matching(fields: Mapping[str, str], name: str, pattern: str, meaning: str) -> str:
    if not re.fullmatch(pattern, fields[name]):
        raise RecordError(f"{name} is {fields[name]!r}: write {meaning}")
    return fields[name]


def _one_of(fields: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    if fields[name] not in allowed:
        raise RecordError(f"{name} is {fields[name]!r}: write one of {', '.join(allowed)}")
    return fields[name]


def _text(fields: Mapping[str, str], name: str) -> str:
    if len(fields[name]) > 255 or not fields[name].isprintable():  # noqa: PLR2004  # the width of the column
        raise RecordError(f"{name} is {fields[name]!r}: write 1 to 255 printable characters")
    return fields[name]


def _date(fields: Mapping[str, str], name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(fields[name])
    except ValueError:
        raise RecordError(f"{name} is {fields[name]!r}: write a date as YYYY-MM-DD") from None
