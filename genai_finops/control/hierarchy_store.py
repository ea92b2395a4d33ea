"""The hierarchy in the control database: imported as a whole, or not at all."""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from genai_finops.control.changes import Change, record
from genai_finops.control.hierarchy import Assignment, Entity, entity_faults, overlapping_assignments
from genai_finops.control.hierarchy_file import HierarchyRecord
from genai_finops.control.models import HierarchyAssignment, HierarchyEntity, Organisation
from genai_finops.errors import FinopsError

_SHOWN_FAULTS = 20
_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """How many records of an import were added, changed, or stored already."""

    added: int
    updated: int
    unchanged: int


def stored_entities(session: Session, org_slug: str) -> dict[str, Entity]:
    """The entities of the organisation by id, in the order of ids."""
    rows = session.scalars(select(HierarchyEntity).filter_by(org_slug=org_slug).order_by(HierarchyEntity.entity_id))
    return {
        row.entity_id: Entity(
            entity_id=row.entity_id,
            name=row.name,
            level_code=row.level_code,
            parent_entity_id=row.parent_entity_id,
            owner=row.owner,
        )
        for row in rows
    }


def stored_assignments(session: Session, org_slug: str) -> list[Assignment]:
    """The assignments of the organisation by target and start."""
    columns = HierarchyAssignment
    rows = session.scalars(
        select(columns)
        .filter_by(org_slug=org_slug)
        .order_by(columns.provider, columns.scope, columns.scope_id, columns.valid_from)
    )
    return [
        Assignment(
            provider=row.provider,
            scope=row.scope,
            scope_id=row.scope_id,
            entity_id=row.entity_id,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in rows
    ]


def import_hierarchy(
    session: Session,
    records: Iterable[HierarchyRecord],
    faults: Iterable[str] = (),
    *,
    source: Path,
    update: bool,
    now: dt.datetime,
    actor: str,
) -> ImportCounts:
    """Stores the records; those stored already stay, and what the file does not name stays too.

    An entity is the same by its id, an assignment by its target and start. The state after the import must keep all
    rules, or nothing is written: raises FinopsError that names every line at fault, those of `faults` first.
    """
    by_org: dict[str, list[HierarchyRecord]] = defaultdict(list)
    for item in records:
        by_org[item.org_slug].append(item)
    merges = [_Merge(session, org_slug, of_org, update=update) for org_slug, of_org in by_org.items()]
    found = [*faults, *(fault for merge in merges for fault in merge.faults())]
    if found:
        shown = "\n  ".join(found[:_SHOWN_FAULTS])
        more = f"\n  and {len(found) - _SHOWN_FAULTS} more" if len(found) > _SHOWN_FAULTS else ""
        raise FinopsError(
            f"{source} has {len(found)} faults, and nothing was imported:\n  {shown}{more}",
            remedy="Correct these lines and import the file again.",
        )
    counts: dict[Change, int] = {"added": 0, "updated": 0, "unchanged": 0}
    for merge in merges:
        for change in merge.write(now=now, actor=actor):
            counts[change] += 1
    return ImportCounts(added=counts["added"], updated=counts["updated"], unchanged=counts["unchanged"])


class _Merge:
    """The stored hierarchy of one organisation, and what a file makes of it."""

    def __init__(self, session: Session, org_slug: str, records: list[HierarchyRecord], *, update: bool) -> None:
        self._session = session
        self._org_slug = org_slug
        self._records = records
        self._update = update
        self._stored: dict[_Key, Entity | Assignment] = {
            **{_key(entity): entity for entity in stored_entities(session, org_slug).values()},
            **{_key(assignment): assignment for assignment in stored_assignments(session, org_slug)},
        }
        self._lines = {_key(item.item): item.line for item in reversed(records)}
        self._merged = {**self._stored, **{_key(item.item): item.item for item in records}}

    def faults(self) -> list[str]:
        """What breaks a rule, by line."""
        if self._session.get(Organisation, self._org_slug) is None:
            line = min(item.line for item in self._records)
            return [f"line {line}: there is no organisation {self._org_slug!r}: add it with genai-finops org add"]
        entities = {item.entity_id: item for item in self._merged.values() if isinstance(item, Entity)}
        assignments = [item for item in self._merged.values() if isinstance(item, Assignment)]
        faults = [self._fault_of_record(item) for item in self._records]
        faults += [self._at(entities[entity_id], fault) for entity_id, fault in entity_faults(entities).items()]
        faults += [
            self._at(item, f"entity {item.entity_id!r} does not exist: add it to the file or correct the id")
            for item in assignments
            if item.entity_id not in entities
        ]
        faults += [self._fault_of_overlap(pair) for pair in overlapping_assignments(assignments)]
        return [fault for fault in faults if fault is not None]

    def write(self, *, now: dt.datetime, actor: str) -> list[Change]:
        """Stores what is new or changed. To be called only when there are no faults."""
        changed = [item.item for item in self._records if self._stored.get(_key(item.item)) != item.item]
        entities = [item for item in changed if isinstance(item, Entity)]
        rows = {item.entity_id: self._put_entity(item) for item in entities}
        # Parents may follow their children in the file, so that all entities are stored before any parent is set.
        self._session.flush()
        for item in entities:
            rows[item.entity_id].parent_entity_id = item.parent_entity_id
        self._session.flush()
        for assignment in (item for item in changed if isinstance(item, Assignment)):
            self._put_assignment(assignment)
        outcomes = [self._recorded(item, now=now, actor=actor) for item in changed]
        unchanged: list[Change] = ["unchanged"] * (len(self._records) - len(changed))
        return outcomes + unchanged

    def _put_entity(self, item: Entity) -> HierarchyEntity:
        row = self._session.get(HierarchyEntity, (self._org_slug, item.entity_id))
        if row is None:
            row = HierarchyEntity(org_slug=self._org_slug, entity_id=item.entity_id)
            self._session.add(row)
        row.name, row.level_code, row.owner = item.name, item.level_code, item.owner
        return row

    def _put_assignment(self, item: Assignment) -> None:
        target = {"provider": item.provider, "scope": item.scope, "scope_id": item.scope_id}
        key = {"org_slug": self._org_slug, **target, "valid_from": item.valid_from}
        row = self._session.scalars(select(HierarchyAssignment).filter_by(**key)).one_or_none()
        if row is None:
            row = HierarchyAssignment(**key)
            self._session.add(row)
        row.entity_id, row.valid_to = item.entity_id, item.valid_to

    def _recorded(self, item: Entity | Assignment, *, now: dt.datetime, actor: str) -> Change:
        is_new = _key(item) not in self._stored
        kind = "entity" if isinstance(item, Entity) else "assignment"
        record(
            self._session,
            now=now,
            actor=actor,
            action=f"hierarchy.{kind}.{'add' if is_new else 'update'}",
            org_slug=self._org_slug,
            subject=" ".join(str(part) for part in _key(item)),
            detail=dataclasses.asdict(item),
        )
        return "added" if is_new else "updated"

    def _fault_of_record(self, given: HierarchyRecord) -> str | None:
        first_line = self._lines[_key(given.item)]
        if first_line != given.line:
            return f"line {given.line}: repeats line {first_line}: keep one of them"
        stored = self._stored.get(_key(given.item))
        if stored is not None and stored != given.item and not self._update:
            return f"line {given.line}: differs from what is stored, {stored}: pass --update to replace it"
        return None

    def _fault_of_overlap(self, pair: tuple[Assignment, Assignment]) -> str:
        # What is stored never overlaps, so that at least one of the two is in the file.
        mine, other = sorted(pair, key=lambda item: self._lines.get(_key(item), 0), reverse=True)
        other_line = self._lines.get(_key(other))
        shown = f"the stored {other}" if other_line is None else f"{other} of line {other_line}"
        return self._at(mine, f"{mine} overlaps {shown}: end one where the other starts")

    def _at(self, item: Entity | Assignment, fault: str) -> str:
        line = self._lines.get(_key(item))
        return f"stored: {fault}" if line is None else f"line {line}: {fault}"


def _key(item: Entity | Assignment) -> _Key:
    if isinstance(item, Entity):
        return (item.entity_id,)
    return (*item.target, item.valid_from)
