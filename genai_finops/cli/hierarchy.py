"""`genai-finops hierarchy`: who owns which cost."""

import dataclasses
from collections import defaultdict
from pathlib import Path

import click

from genai_finops.cli.context import (
    control_reading,
    control_writing,
    current_settings,
    json_option,
    print_rows,
    update_option,
    utc_now,
)
from genai_finops.cli.errors import FinopsGroup
from genai_finops.control.hierarchy import Assignment, Entity, EntityPath, entity_paths
from genai_finops.control.hierarchy_file import parse_hierarchy
from genai_finops.control.hierarchy_store import import_hierarchy, stored_assignments, stored_entities
from genai_finops.control.organisations import get_organisation


@click.group(cls=FinopsGroup)
def hierarchy() -> None:
    """Import and show departments, projects and teams, and what is assigned to them."""


@hierarchy.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@update_option
def import_(file: Path, update: bool) -> None:
    """Import entities and assignments from FILE (.csv, .yml), all of them or none.

    What is stored already stays; importing a file again changes nothing.

    \b
    record,org,entity_id,name,level,parent,owner,provider,scope,scope_id,valid_from,valid_to
    entity,acme,DEPT-001,Engineering,DEPT,,,,,,,
    assignment,acme,DEPT-001,,,,,openai,sub_account,proj_1,2026-01-01,
    """
    records, faults = parse_hierarchy(file)
    with control_writing() as session:
        counts = import_hierarchy(
            session,
            records,
            faults,
            source=file,
            update=update,
            now=utc_now(),
            actor=current_settings().actor,
        )
    click.echo(f"{file}: {counts.added} added, {counts.updated} updated, {counts.unchanged} unchanged")


@hierarchy.command()
@click.argument("org")
@json_option
def show(org: str, as_json: bool) -> None:
    """Show the tree of ORG and what is assigned to each entity."""
    with control_reading() as session:
        row = get_organisation(session, org)
        entities = stored_entities(session, org)
        assignments = stored_assignments(session, org)
    paths = entity_paths(org, row.name, entities)
    if as_json:
        print_rows(_json_rows(entities, assignments, paths), as_json=True, empty="")
        return
    click.echo(f"{row.name} (/{org.upper()})")
    for line in _tree(entities, assignments, paths):
        click.echo(line)


def _by_entity(assignments: list[Assignment]) -> dict[str, list[Assignment]]:
    grouped: dict[str, list[Assignment]] = defaultdict(list)
    for assignment in assignments:
        grouped[assignment.entity_id].append(assignment)
    return grouped


def _json_rows(
    entities: dict[str, Entity], assignments: list[Assignment], paths: dict[str, EntityPath]
) -> list[dict[str, object]]:
    grouped = _by_entity(assignments)
    return [
        {
            **dataclasses.asdict(entity),
            **dataclasses.asdict(paths[entity_id]),
            "assignments": [dataclasses.asdict(assignment) for assignment in grouped[entity_id]],
        }
        for entity_id, entity in entities.items()
    ]


def _tree(entities: dict[str, Entity], assignments: list[Assignment], paths: dict[str, EntityPath]) -> list[str]:
    grouped = _by_entity(assignments)
    lines = []
    # Ids along the path as the sort key put each entity right behind its parent.
    for entity_id in sorted(entities, key=lambda entity_id: paths[entity_id].path.split("/")):
        entity, indent = entities[entity_id], "  " * paths[entity_id].level
        owner = f", owner {entity.owner}" if entity.owner else ""
        lines.append(f"{indent}{entity_id} {entity.name} [{entity.level_code}{owner}]")
        lines += [
            f"{indent}  <- {item.provider} {item.scope} {item.scope_id}"
            f" from {item.valid_from}{f' until {item.valid_to}' if item.valid_to else ''}"
            for item in grouped[entity_id]
        ]
    return lines
