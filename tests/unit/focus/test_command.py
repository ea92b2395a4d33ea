import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from genai_finops.cli.focus import focus


@pytest.fixture
def home(warehouse_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(warehouse_path, home / "warehouse.duckdb")
    monkeypatch.setenv("GENAI_FINOPS_HOME", str(home))
    return home


def export(out: Path, first: str, last: str, *options: str) -> Result:
    return CliRunner().invoke(focus, ["export", "--from", first, "--to", last, "--out", str(out), *options])


def test_the_export_prints_files_rows_and_totals_per_currency(home: Path) -> None:
    result = export(home / "out", "2026-10", "2026-11", "--format", "csv", "--org", "acme")
    assert (
        result.exit_code,
        "cost_and_usage_acme_2026-11.csv: 4 rows" in result.output,
        "EUR: BilledCost" in result.output,
    ) == (
        0,
        True,
        True,
    )


def test_what_a_tenant_caused_is_exported_as_allocated_charges_without_the_commitments(home: Path) -> None:
    result = export(home / "out", "2026-10", "2026-11", "--org", "acme", "--tenant", "a/../b")
    names = {path.name.partition("_2026")[0] for path in (home / "out").glob("*.parquet")}
    assert (result.exit_code, names) == (0, {"allocated_cost_and_usage_acme_tenant_a-b-900ea8b7e0d8"})


def test_the_export_warns_of_what_is_missing(home: Path) -> None:
    result = export(home / "out", "2026-11-01", "2026-11-01")
    assert "Warning: 1 rows of usage on 2026-11-01 have no price" in result.stderr


def test_an_empty_window_fails_with_reason_and_remedy(home: Path) -> None:
    result = export(home / "out", "2025-01", "2025-01")
    assert (result.exit_code, "there is no charge" in result.stderr, "ingest these days" in result.stderr) == (
        1,
        True,
        True,
    )


def test_a_home_without_a_warehouse_fails_with_reason_and_remedy(home: Path) -> None:
    (home / "warehouse.duckdb").unlink()
    result = export(home / "out", "2026-10", "2026-10")
    assert (result.exit_code, "does not exist" in result.stderr, "make demo" in result.stderr) == (1, True, True)
