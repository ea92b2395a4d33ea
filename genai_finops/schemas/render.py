"""Writes what is rendered from the register, or tells which rendering is stale.

    python -m genai_finops.schemas.render --write | --check

Rendered are the dbt sources and contracts, the dbt macros with the spelling of types and the layout of tables, and the
tables of BigQuery and DuckDB for whoever creates them without dbt.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from genai_finops.schemas import render_dbt, render_ddl
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.table import Table

#: First words of every rendered file that can hold a comment.
MARK = "Rendered from genai_finops/schemas"
_RENDERED_FOLDER = Path("genai_finops/schemas/rendered")
_MIXED_FOLDERS = (Path("dbt_project/models"), Path("dbt_project/macros"))
_REPOSITORY = Path(__file__).resolve().parent.parent.parent


def renderings(root: Path, tables: Mapping[str, Table] = TABLES) -> dict[Path, str]:
    """Every rendered file below root with its content."""
    models = [table for table in tables.values() if table.model_folder is not None]
    landing, reference, resources, prices = (
        [table for table in tables.values() if table.layer == layer]
        for layer in ("landing", "reference", "resources", "prices")
    )
    mark = f"{MARK} by `make schemas`. Change the tables there, not this file."

    files = {
        Path(
            "dbt_project/models/landing/sources.yml"
        ): f"# {mark}\n{render_dbt.sources_yaml(landing, reference, resources, prices)}",
        Path("dbt_project/macros/types/types.sql"): f"{{# {mark} #}}\n{render_dbt.type_macros()}",
        Path("dbt_project/macros/types/table_layout.sql"): f"{{# {mark} #}}\n{render_dbt.layout_macro(models)}",
        _RENDERED_FOLDER / "duckdb.sql": f"-- {mark}\n{render_ddl.duckdb_ddl([*tables.values()])}",
        _RENDERED_FOLDER / "bigquery_sources.sql": f"-- {mark}\n"
        + render_ddl.bigquery_sources_ddl([*landing, *reference, *resources, *prices]),
    }
    for table in models:
        path = Path("dbt_project/models") / str(table.model_folder) / f"{table.name}.yml"
        files[path] = f"# {mark}\n{render_dbt.contract_yaml(table)}"
    for table in tables.values():
        files[_RENDERED_FOLDER / "bigquery" / f"{table.name}.json"] = render_ddl.bigquery_json(table)
    return {root / path: content for path, content in files.items()}


def problems(root: Path, tables: Mapping[str, Table] = TABLES) -> list[str]:
    """One line for each rendering below root that is missing, stale or orphaned."""
    expected = renderings(root, tables)
    found = []
    for path, content in expected.items():
        name = path.relative_to(root).as_posix()
        if not path.exists():
            found.append(f"{name} is missing: run `make schemas`")
        elif path.read_text(encoding="utf-8") != content:
            found.append(f"{name} differs from the register: change genai_finops/schemas, then run `make schemas`")
    found.extend(
        f"{path.relative_to(root).as_posix()} belongs to no table of the register: run `make schemas` to delete it"
        for path in _orphans(root, expected)
    )
    return sorted(found)


def write(root: Path, tables: Mapping[str, Table] = TABLES) -> list[Path]:
    """Write all renderings below root, delete orphans, and return the files that changed."""
    expected = renderings(root, tables)
    changed = _orphans(root, expected)
    for path in changed:
        path.unlink()
    for path, content in expected.items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            changed.append(path)
    return changed


def _orphans(root: Path, expected: Mapping[Path, str]) -> list[Path]:
    rendered = [path for path in (root / _RENDERED_FOLDER).rglob("*") if path.is_file()]
    for folder in _MIXED_FOLDERS:
        rendered.extend(path for path in (root / folder).rglob("*") if path.is_file() and _is_marked(path))
    return sorted(path for path in rendered if path not in expected)


def _is_marked(path: Path) -> bool:
    if path.suffix not in {".yml", ".sql"}:
        return False
    with path.open(encoding="utf-8") as file:
        return MARK in file.readline()


def main(arguments: Sequence[str] | None = None, root: Path = _REPOSITORY) -> int:
    """Exit code 1 when --check finds a rendering that is not what the register says."""
    parser = argparse.ArgumentParser(prog="python -m genai_finops.schemas.render", description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write all renderings, delete orphans")
    mode.add_argument("--check", action="store_true", help="fail when a rendering is missing, stale or orphaned")
    options = parser.parse_args(arguments)
    if options.write:
        for path in write(root):
            sys.stdout.write(f"{path.relative_to(root).as_posix()}\n")
        return 0
    found = problems(root)
    for line in found:
        sys.stderr.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
