import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from genai_finops.focus.export import ExportResult
from genai_finops.focus.window import DayWindow

Export = Callable[..., ExportResult]


def test_every_commitment_is_written_whatever_days_are_exported(export: Export) -> None:
    result = export(window=DayWindow.parse("2026-10-31", "2026-10-31"))
    assert result.contracts is not None
    rows = pq.read_table(result.contracts.file.path).to_pylist()
    assert [(row["x_OrgSlug"], row["ContractCommitmentId"]) for row in rows] == [
        ("acme", "order-1"),
        ("globex", "order-1"),
    ]


def test_an_organisation_gets_its_own_commitments_in_a_file_of_its_name(export: Export) -> None:
    contracts = export(org="globex").contracts
    assert contracts is not None
    orgs = pq.read_table(contracts.file.path)["x_OrgSlug"].to_pylist()
    assert (contracts.file.path.name, orgs) == ("contract_commitment_globex.parquet", ["globex"])


def test_its_manifest_adds_up_the_costs_that_are_known(export: Export) -> None:
    contracts = export().contracts
    assert contracts is not None
    (entry,) = json.loads(contracts.manifest.read_text(encoding="utf-8"))["Files"]
    assert (entry["Rows"], entry["Totals"]) == (
        2,
        {"USD": {"ContractCommitmentCost": "123456789012345678.000000000000000001"}},
    )


def test_what_has_no_days_is_complete_as_a_whole(export: Export, tmp_path: Path) -> None:
    export(out=tmp_path)
    instances = json.loads((tmp_path / "metadata" / "dataset_instances.json").read_text(encoding="utf-8"))
    (identifier,) = [
        entry["DatasetInstanceId"] for entry in instances if entry["FocusDatasetId"] == "ContractCommitment"
    ]
    recency = json.loads((tmp_path / "metadata" / "recency" / f"{identifier}.json").read_text(encoding="utf-8"))
    assert (recency["DatasetInstanceComplete"], "TimeSectors" in recency) == (True, False)


def test_one_id_in_two_organisations_is_warned_of(export: Export) -> None:
    (line,) = [line for line in export().warnings if "order-1" in line]
    assert line.startswith("2 commitments have the id order-1")


def test_commitments_that_are_gone_leave_no_file(export: Export, warehouse_path: Path, tmp_path: Path) -> None:
    export(out=tmp_path)
    emptied = Path(shutil.copy(warehouse_path, tmp_path / "emptied.duckdb"))
    with duckdb.connect(str(emptied)) as connection:
        connection.execute("delete from contract_commitment_1_3")
    result = export(out=tmp_path, warehouse_path=emptied)
    manifest = json.loads((tmp_path / "contract_commitment.manifest.json").read_text(encoding="utf-8"))
    assert (result.contracts, manifest["Files"], (tmp_path / "contract_commitment.parquet").exists()) == (
        None,
        [],
        False,
    )
