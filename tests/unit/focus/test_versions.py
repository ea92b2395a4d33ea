import csv
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from genai_finops.errors import FinopsError
from genai_finops.focus.export import ExportResult
from genai_finops.focus.versions import projection
from genai_finops.schemas.tables.focus import COST_DATA_STANDARD_1_3

Export = Callable[..., ExportResult]


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        (
            "1.2",
            {
                *("AllocatedMethodDetails", "AllocatedMethodId", "AllocatedResourceId", "AllocatedResourceName"),
                *("AllocatedTags", "ContractApplied", "HostProviderName", "ServiceProviderName"),
            },
        ),
        ("1.3", set()),
        ("1.4", {"ProviderName", "PublisherName"}),
    ],
)
def test_a_version_has_the_columns_that_it_knows(export: Export, version: str, missing: set[str]) -> None:
    delivered = pq.read_schema(export(version=version).files[0].file.path).names
    names = [column.name for column in COST_DATA_STANDARD_1_3.columns]
    assert delivered == [name for name in names if name not in missing]


def test_1_4_names_what_it_defines_of_a_price_line_without_a_prefix(export: Export) -> None:
    table = pq.read_table(export(version="1.4").files[0].file.path)
    assert set(table["SkuPriceDetails"].to_pylist()) == {'{"ModelId":"gpt-4.1"}'}


def test_1_2_has_no_commitments_of_contracts(export: Export) -> None:
    assert export(version="1.2").contracts is None
    with pytest.raises(FinopsError, match=r"FOCUS 1\.2 has no dataset ContractCommitment"):
        projection("1.2", "ContractCommitment")


def test_versions_lie_side_by_side_under_schemas_of_their_own(export: Export, tmp_path: Path) -> None:
    schemas = {version: export(version=version, out=tmp_path).schema_id for version in ("1.2", "1.3", "1.4")}
    texts = {version: (tmp_path / "metadata/schemas" / f"{name}.json").read_text() for version, name in schemas.items()}
    found = {version: json.loads(text) for version, text in texts.items()}
    deprecated = {
        version: sorted(entry["ColumnName"] for entry in schema["ColumnDefinition"] if entry.get("Deprecated"))
        for version, schema in found.items()
    }
    assert [schema["FocusVersion"] for schema in found.values()] == ["1.2", "1.3", "1.4"]
    assert deprecated == {"1.2": [], "1.3": ["ProviderName", "PublisherName"], "1.4": []}
    assert len(list(tmp_path.glob("cost_and_usage*_2026-10.parquet"))) == 3


def test_all_versions_cost_the_same(export: Export) -> None:
    rows = []
    for version in ("1.2", "1.3", "1.4"):
        with export(version=version, file_format="csv").files[0].file.path.open(encoding="utf-8", newline="") as file:
            rows.append([(row["x_ChargeId"], row["BilledCost"], row["EffectiveCost"]) for row in csv.DictReader(file)])
    assert rows[0] == rows[1] == rows[2]
