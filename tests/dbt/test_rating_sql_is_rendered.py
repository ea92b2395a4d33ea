"""The SQL of the rating engine is what dbt compiles from the project."""

from pathlib import Path

import pytest

from genai_finops.transform import render_rating


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    render_rating.write(root)
    return root


def test_the_files_of_the_package_are_what_is_rendered(rendered: Path) -> None:
    folder = Path(render_rating.__file__).parents[1] / "pricing" / "sql"
    files = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.sql")}

    assert files == {path.name: path.read_text(encoding="utf-8") for path in rendered.rglob("*.sql")}


def test_no_file_names_a_place_of_this_machine(rendered: Path) -> None:
    places = ("read_parquet", '"main"', str(Path.home()))
    found = [(path.name, place) for path in rendered.rglob("*.sql") for place in places if place in path.read_text()]

    assert found == []
