"""Writes the SQL that rates usage outside dbt, or tells that it is stale.

    python -m genai_finops.transform.render_rating --write | --check

The dbt project is the only place where rating is written. dbt compiles its macros and models for DuckDB, and what
comes out is kept in genai_finops/pricing/sql with plain names of tables, for the engine that rates single requests
and files.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from genai_finops.settings import Settings
from genai_finops.transform.invoke import invoke, warehouse_lock

#: First line of every rendered file.
MARK = (
    "-- Rendered from dbt_project by `python -m genai_finops.transform.render_rating --write`. "
    "Change the macros and models there."
)
#: Nodes of the dbt project, by the file that they become.
NODES: Mapping[str, str] = {
    "price_table.sql": "genai_payg_pricing",
    "rates_of_all_sources.sql": "int_pricing__multiplied_rates",
    "alias_rules.sql": "int_pricing__alias_rules",
    "resolved_models.sql": "rating_resolved_models",
    "resolved_prices.sql": "rating_resolved_prices",
    "volume_tiers.sql": "rating_volume_tiers",
    "rated_usage.sql": "rating_rated_usage",
    "charges.sql": "rating_charges",
}
_REPOSITORY = Path(__file__).resolve().parents[2]
_FOLDER = Path("genai_finops/pricing/sql")

_FILES_OF_A_TABLE = re.compile(r"read_parquet\('[^']*/(genai_\w+)(?:/\*)?\.parquet'[^)]*\)")
_RELATION = re.compile(r'"\w+"\."\w+"\."(\w+)"')
_BLANK_LINES = re.compile(r"\n\s*\n(?:\s*\n)+")


def renderings(root: Path = _REPOSITORY) -> dict[Path, str]:
    """Every rendered file below root with its content. Raises FinopsError when dbt cannot compile the project."""
    with tempfile.TemporaryDirectory() as home:
        # Of the environment nothing counts: the same project gives the same SQL.
        settings = Settings.from_environment({"GENAI_FINOPS_HOME": home}, Path(home))
        with warehouse_lock(settings, timeout_seconds=60):
            arguments = ["compile", "--no-introspect", "--no-populate-cache", "--select", *NODES.values()]
            outcome = invoke(settings, arguments)
        compiled = {result.node.name: str(result.node.compiled_code) for result in outcome.result.results}
    return {root / _FOLDER / name: f"{MARK}\n{_plain(compiled[node])}\n" for name, node in NODES.items()}


def problems(root: Path = _REPOSITORY) -> list[str]:
    """One line for each rendered file below root that is missing, stale or nobody's."""
    expected = renderings(root)
    found = [
        f"{path.relative_to(root).as_posix()} is {'stale' if path.exists() else 'missing'}: run `make rating-sql`"
        for path, content in expected.items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    found.extend(
        f"{path.relative_to(root).as_posix()} is rendered from nothing: run `make rating-sql` to delete it"
        for path in _orphans(root, expected)
    )
    return sorted(found)


def write(root: Path = _REPOSITORY) -> list[Path]:
    """Write all renderings below root, delete those that nothing gives any more, and return the files that changed."""
    expected = renderings(root)
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
    return [path for path in (root / _FOLDER).glob("*.sql") if path not in expected]


def _plain(statement: str) -> str:
    """The statement with plain names of tables, without the blanks that Jinja leaves behind."""
    named = _RELATION.sub(r"\1", _FILES_OF_A_TABLE.sub(r"\1", statement))
    lines = "\n".join(line.rstrip() for line in named.strip().splitlines())
    return _BLANK_LINES.sub("\n\n", lines)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Render the SQL of rating from the dbt project.")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write what changed")
    mode.add_argument("--check", action="store_true", help="name what is stale, and fail then")
    if parser.parse_args(arguments).write:
        for path in write():
            sys.stdout.write(f"{path.relative_to(_REPOSITORY).as_posix()}\n")
        return 0
    found = problems()
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
