"""The rules of the hierarchy: levels, parents, paths, and one owner at a time. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from genai_finops.schemas.columns import HIERARCHY_LEVELS

SCOPES = ("account", "sub_account", "api_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A department, project or team of one organisation."""

    entity_id: str
    name: str
    level_code: str
    parent_entity_id: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who owns the cost of one account, sub-account or API key in [valid_from, valid_to); None is open."""

    provider: str
    scope: str
    scope_id: str
    entity_id: str
    valid_from: dt.date
    valid_to: dt.date | None = None

    @property
    def target(self) -> tuple[str, str, str]:
        """What is assigned."""
        return self.provider, self.scope, self.scope_id

    def overlaps(self, other: "Assignment") -> bool:
        """Whether both own the same target on some day."""
        return (
            self.target == other.target
            and (other.valid_to is None or self.valid_from < other.valid_to)
            and (self.valid_to is None or other.valid_from < self.valid_to)
        )

    def __str__(self) -> str:
        until = "open" if self.valid_to is None else self.valid_to.isoformat()
        return f"{self.provider} {self.scope} {self.scope_id} -> {self.entity_id} [{self.valid_from}, {until})"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPath:
    """Where an entity stands. `level` is 1 directly below the organisation."""

    level: int
    #: Ids from the organisation down: /ACME/DEPT-001/PROJ-042.
    path: str
    #: Names along the path: /Acme/Engineering/Backend. A slash within a name is written as a hyphen here.
    path_names: str


def entity_faults(entities: Mapping[str, Entity]) -> dict[str, str]:
    """What is wrong with each faulty entity, by id: unknown parent, a parent of a lower level, a cycle."""
    faults = {}
    for entity_id, entity in entities.items():
        if entity.parent_entity_id is None:
            continue
        parent = entities.get(entity.parent_entity_id)
        if parent is None:
            faults[entity_id] = f"parent {entity.parent_entity_id!r} does not exist"
        elif _rank(parent) > _rank(entity):
            faults[entity_id] = (
                f"{entity.level_code} {entity_id!r} cannot stand below {parent.level_code} {parent.entity_id!r}"
                f" (order: {' > '.join(HIERARCHY_LEVELS)})"
            )
    for cycle in _cycles(entities):
        shown = " -> ".join((*cycle, cycle[0]))
        faults.update(dict.fromkeys(cycle, f"its parents form a cycle: {shown}"))
    return faults


def entity_paths(org_slug: str, org_name: str, entities: Mapping[str, Entity]) -> dict[str, EntityPath]:
    """The path of each entity, by id, at any depth. Raises ValueError when the entities have faults."""
    faults = entity_faults(entities)
    if faults:
        raise ValueError(f"hierarchy of {org_slug}: {'; '.join(faults.values())}")
    root = EntityPath(level=0, path=f"/{org_slug.upper()}", path_names=f"/{_segment(org_name)}")
    paths: dict[str, EntityPath] = {}
    for entity_id in entities:
        # Upwards to the nearest ancestor with a path, then down again: no recursion, as depth has no limit.
        pending = []
        above: str | None = entity_id
        while above is not None and above not in paths:
            pending.append(entities[above])
            above = entities[above].parent_entity_id
        parent = root if above is None else paths[above]
        for entity in reversed(pending):
            parent = EntityPath(
                level=parent.level + 1,
                path=f"{parent.path}/{entity.entity_id}",
                path_names=f"{parent.path_names}/{_segment(entity.name)}",
            )
            paths[entity.entity_id] = parent
    return paths


def overlapping_assignments(assignments: Iterable[Assignment]) -> list[tuple[Assignment, Assignment]]:
    """Pairs that own the same target on some day, the earlier one first; none means that each day has one owner."""
    by_target: dict[tuple[str, str, str], list[Assignment]] = defaultdict(list)
    for assignment in assignments:
        by_target[assignment.target].append(assignment)
    pairs = []
    for rivals in by_target.values():
        rivals.sort(key=lambda assignment: assignment.valid_from)
        latest = rivals[0]
        for rival in rivals[1:]:
            if latest.overlaps(rival):
                pairs.append((latest, rival))
            # The one that ends last is the one that later ones can still overlap.
            if latest.valid_to is not None and (rival.valid_to is None or rival.valid_to > latest.valid_to):
                latest = rival
    return pairs


def _cycles(entities: Mapping[str, Entity]) -> list[tuple[str, ...]]:
    cycles = []
    settled: set[str] = set()
    for start in entities:
        trail: dict[str, None] = {}
        here: str | None = start
        while here is not None and here in entities and here not in settled and here not in trail:
            trail[here] = None
            here = entities[here].parent_entity_id
        if here is not None and here in trail:
            steps = list(trail)
            cycles.append(tuple(steps[steps.index(here) :]))
        settled.update(trail)
    return cycles


def _rank(entity: Entity) -> int:
    return HIERARCHY_LEVELS.index(entity.level_code)


def _segment(name: str) -> str:
    return name.replace("/", "-")
