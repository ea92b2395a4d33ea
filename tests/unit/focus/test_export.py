import csv
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from genai_finops.errors import FinopsError
from genai_finops.focus.completeness import CredentialKey
from genai_finops.focus.export import ExportResult, export_focus
from genai_finops.focus.window import DayWindow
from genai_finops.schemas.tables.focus import COST_DATA_STANDARD_1_3
from genai_finops.warehouse.duckdb import open_duckdb

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
BOTH_MONTHS = DayWindow(dt.date(2026, 10, 1), dt.date(2026, 12, 1))
Export = Callable[..., ExportResult]


def sectors(out: Path) -> dict[str, bool]:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (out / "metadata" / "recency").iterdir()]
    (content,) = [recency for recency in found if "TimeSectors" in recency]
    return {sector["TimeSectorStart"][:10]: sector["TimeSectorComplete"] for sector in content["TimeSectors"]}


def test_there_is_a_file_for_each_billing_month_with_its_charges(export: Export) -> None:
    result = export()
    assert {exported.file.path.name: exported.file.rows for exported in result.files} == {
        "cost_and_usage_2026-10.parquet": 16,
        "cost_and_usage_2026-11.parquet": 8,
    }


def test_an_organisation_gets_its_own_charges_and_no_other(export: Export, tmp_path: Path) -> None:
    result = export(org="globex", out=tmp_path)
    orgs = [pq.read_table(exported.file.path)["x_OrgSlug"].unique().to_pylist() for exported in result.files]
    assert (orgs, result.files[0].file.path.name) == ([["globex"], ["globex"]], "cost_and_usage_globex_2026-10.parquet")


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_the_same_tables_give_the_same_bytes_at_another_time(export: Export, tmp_path: Path, file_format: str) -> None:
    first = export(out=tmp_path / "a", file_format=file_format)
    second = export(out=tmp_path / "b", file_format=file_format, now=NOW + dt.timedelta(days=1))
    assert [exported.file.sha256 for exported in first.files] == [exported.file.sha256 for exported in second.files]


def test_totals_are_exact_and_by_currency(export: Export, warehouse_path: Path) -> None:
    with duckdb.connect(str(warehouse_path), read_only=True) as connection:
        expected = connection.execute(
            "select BillingCurrency, cast(sum(ListCost) as varchar) from cost_data_standard_1_3 group by 1"
        ).fetchall()
    assert {currency: costs["ListCost"] for currency, costs in export().totals.items()} == {
        currency: Decimal(text) for currency, text in expected
    }


def test_the_manifest_names_bytes_rows_hash_and_totals_of_each_file(export: Export) -> None:
    result = export()
    entry = json.loads(result.manifest.read_text(encoding="utf-8"))["Files"][1]
    content = result.files[1].file.path.read_bytes()
    assert (entry["Path"], entry["Rows"], entry["Bytes"], entry["Sha256"], sorted(entry["Totals"])) == (
        "cost_and_usage_2026-11.parquet",
        8,
        len(content),
        hashlib.sha256(content).hexdigest(),
        ["EUR", "USD"],
    )


def test_a_later_month_joins_the_manifest_of_the_folder(export: Export, tmp_path: Path) -> None:
    export(window=DayWindow.parse("2026-10", "2026-10"), out=tmp_path)
    result = export(window=DayWindow.parse("2026-11", "2026-11"), out=tmp_path)
    files = json.loads(result.manifest.read_text(encoding="utf-8"))["Files"]
    assert [entry["Path"] for entry in files] == ["cost_and_usage_2026-10.parquet", "cost_and_usage_2026-11.parquet"]


def test_parquet_has_the_types_of_the_schema(export: Export) -> None:
    types = {field.name: str(field.type) for field in pq.read_schema(export().files[0].file.path)}
    names = ("ListCost", "ListUnitPrice", "PricingQuantity", "ChargePeriodStart", "SkuPriceDetails", "x_IsEstimated")
    assert [types[name] for name in names] == [
        "decimal128(38, 18)",
        "decimal128(24, 12)",
        "decimal128(26, 6)",
        "timestamp[us, tz=UTC]",
        "string",
        "bool",
    ]


def test_csv_has_the_texts_that_focus_prescribes(export: Export) -> None:
    path = export(file_format="csv").files[0].file.path
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    row = next(row for row in rows if row["ListCost"].startswith("0.0000375"))
    names = ("ListCost", "ListUnitPrice", "PricingQuantity", "ChargePeriodStart", "x_IngestedAt", "x_IngestionDate")
    assert [row[name] for name in names] == [
        "0.0000375",
        "0.000000000001",
        "1000.0",
        "2026-10-30T00:00:00Z",
        "2026-11-05T06:00:00Z",
        "2026-10-30",
    ]


def test_csv_keeps_every_digit_of_a_large_cost(export: Export) -> None:
    content = export(file_format="csv").files[0].file.path.read_text(encoding="utf-8")
    assert ",123456789012345678.000000000000000001," in content


def test_csv_writes_null_as_nothing_and_lines_with_lf(export: Export) -> None:
    content = export(file_format="csv").files[0].file.path.read_bytes()
    assert (
        b"\r" in content,
        b'""' in content.replace(b'""quoted""', b"").replace(b'""x_ModelId"":""gpt-4.1""', b""),
    ) == (
        False,
        False,
    )


def test_json_in_csv_is_read_back_unchanged(export: Export) -> None:
    with export(file_format="csv").files[0].file.path.open(encoding="utf-8", newline="") as file:
        assert {row["SkuPriceDetails"] for row in csv.DictReader(file)} == {'{"x_ModelId":"gpt-4.1"}'}


def test_nothing_is_left_beside_the_files(export: Export, tmp_path: Path) -> None:
    export(out=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.name.startswith(".")] == []


def test_a_window_without_charges_is_an_error_and_writes_nothing(export: Export, tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match="no charge from 2025-01-01 to before 2025-02-01"):
        export(window=DayWindow.parse("2025-01", "2025-01"))
    assert not (tmp_path / "out").exists()


def test_a_day_with_unpriced_usage_is_not_complete(export: Export, tmp_path: Path) -> None:
    export(out=tmp_path)
    found = sectors(tmp_path)
    assert (found["2026-10-31"], found["2026-11-01"]) == (True, False)


def test_unpriced_usage_of_one_organisation_does_not_touch_another(export: Export, tmp_path: Path) -> None:
    export(out=tmp_path, org="globex")
    assert sectors(tmp_path)["2026-11-01"] is True


def test_a_day_that_one_credential_lacks_is_not_complete(export: Export, tmp_path: Path) -> None:
    landed = {
        CredentialKey("acme", "openai", "main"): {dt.date(2026, 10, 30), dt.date(2026, 10, 31)},
        CredentialKey("acme", "anthropic", "main"): {dt.date(2026, 10, 30)},
    }
    export(out=tmp_path, landed=landed)
    found = sectors(tmp_path)
    assert (found["2026-10-30"], found["2026-10-31"]) == (True, False)


def test_the_days_of_a_month_that_a_window_leaves_out_are_not_complete(export: Export, tmp_path: Path) -> None:
    export(out=tmp_path, window=DayWindow.parse("2026-10-31", "2026-10-31"))
    found = sectors(tmp_path)
    assert (len(found), found["2026-10-30"], found["2026-10-31"]) == (31, False, True)


def test_a_day_that_has_not_ended_is_not_complete(export: Export, tmp_path: Path) -> None:
    export(
        out=tmp_path, now=dt.datetime(2026, 10, 31, 23, 59, tzinfo=dt.UTC), window=DayWindow.parse("2026-10", "2026-10")
    )
    assert sectors(tmp_path)["2026-10-31"] is False


def test_a_narrower_window_withdraws_the_other_days_of_its_month(export: Export, tmp_path: Path) -> None:
    export(out=tmp_path)
    export(out=tmp_path, window=DayWindow.parse("2026-10-31", "2026-10-31"))
    assert sectors(tmp_path)["2026-10-30"] is False


def test_a_day_of_which_nothing_is_known_is_not_complete(export: Export, tmp_path: Path) -> None:
    export(out=tmp_path)
    assert sectors(tmp_path)["2026-10-02"] is False


def test_an_empty_day_that_was_ingested_is_complete(export: Export, tmp_path: Path) -> None:
    days = [dt.date(2026, 10, day) for day in range(1, 32)]
    export(out=tmp_path, landed={CredentialKey("acme", "openai", "main"): days})
    assert sectors(tmp_path)["2026-10-02"] is True


def test_a_month_that_lost_its_charges_leaves_no_file(export: Export, tmp_path: Path) -> None:
    stale = tmp_path / "cost_and_usage_2026-12.parquet"
    stale.touch()
    export(out=tmp_path, window=DayWindow.parse("2026-10", "2026-12"))
    assert not stale.exists()


def test_warnings_name_unpriced_and_estimated_rows(export: Export) -> None:
    text = "\n".join(export().warnings)
    assert ("1 rows of usage on 2026-11-01 have no price" in text, "1 charges are estimates" in text) == (True, True)


def test_the_schema_describes_every_column_in_order(export: Export, tmp_path: Path) -> None:
    result = export(out=tmp_path)
    content = json.loads((tmp_path / "metadata" / "schemas" / f"{result.schema_id}.json").read_text(encoding="utf-8"))
    names = [definition["ColumnName"] for definition in content["ColumnDefinition"]]
    assert names == [column.name for column in COST_DATA_STANDARD_1_3.columns]


def test_a_schema_object_keeps_its_creation_date(export: Export, tmp_path: Path) -> None:
    result = export(out=tmp_path)
    export(out=tmp_path, now=NOW + dt.timedelta(days=9))
    content = json.loads((tmp_path / "metadata" / "schemas" / f"{result.schema_id}.json").read_text(encoding="utf-8"))
    assert content["CreationDate"] == "2026-11-05T06:00:00Z"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("ProviderName", {"DataType": "STRING", "StringEncoding": "UTF-8", "Deprecated": True}),
        ("ListCost", {"DataType": "DECIMAL", "NumericPrecision": 38, "NumberScale": 18}),
        ("ChargeDescription", {"DataType": "STRING", "StringEncoding": "UTF-8", "StringMaxLength": 1024}),
        ("Tags", {"DataType": "JSON", "StringEncoding": "UTF-8", "ProviderTagPrefixes": []}),
        ("ChargePeriodStart", {"DataType": "DATETIME"}),
    ],
)
def test_a_column_is_defined_as_the_specification_asks(
    export: Export, tmp_path: Path, column: str, expected: dict[str, object]
) -> None:
    result = export(out=tmp_path)
    content = json.loads((tmp_path / "metadata" / "schemas" / f"{result.schema_id}.json").read_text(encoding="utf-8"))
    found = {definition.pop("ColumnName"): definition for definition in content["ColumnDefinition"]}
    del found[column]["x_Description"]
    assert found[column] == expected


def test_a_missing_warehouse_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match="does not exist"), open_duckdb(tmp_path / "warehouse.duckdb"):
        pass


def test_a_warehouse_without_the_table_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    with (
        open_duckdb(tmp_path / "warehouse.duckdb") as warehouse,
        pytest.raises(FinopsError, match="no table cost_data_standard_1_3"),
    ):
        export_focus(warehouse, window=BOTH_MONTHS, out=tmp_path, file_format="csv", now=NOW, landed={})
