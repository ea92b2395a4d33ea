"""The export as someone reads it who has the folder and the specification, and none of our code."""

import csv
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

EXACT = Context(prec=60)
TYPED: dict[str, Callable[[str], Any]] = {
    "STRING": str,
    "JSON": json.loads,
    "DECIMAL": Decimal,
    "DATETIME": lambda text: dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z"),
    "DATE": dt.date.fromisoformat,
    "BOOLEAN": {"true": True, "false": False}.__getitem__,
}
ARROW: dict[str, Callable[[dict[str, Any]], pa.DataType]] = {
    "STRING": lambda _: pa.string(),
    "JSON": lambda _: pa.string(),
    "DECIMAL": lambda column: pa.decimal128(column["NumericPrecision"], column["NumberScale"]),
    "DATETIME": lambda _: pa.timestamp("us", "UTC"),
    "DATE": lambda _: pa.date32(),
    "BOOLEAN": lambda _: pa.bool_(),
}


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def deliveries(out: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every file that a manifest names, with its columns, found by the identifiers alone."""
    instances = {entry["DatasetInstanceId"]: entry for entry in read(out / "metadata/dataset_instances.json")}
    for path in out.glob("*.manifest.json"):
        manifest = read(path)
        assert instances[manifest["DatasetInstanceId"]]["FocusDatasetId"] == manifest["FocusDatasetId"]
        assert (out / "metadata/recency" / f"{manifest['DatasetInstanceId']}.json").exists()
        for entry in manifest["Files"]:
            schema = read(out / "metadata/schemas" / f"{entry['SchemaId']}.json")
            assert schema["DatasetInstanceId"] == manifest["DatasetInstanceId"]
            yield entry, {column["ColumnName"]: column for column in schema["ColumnDefinition"]}


def fits(column: dict[str, Any], value: object) -> bool:
    if isinstance(value, Decimal):
        scale = -int(value.as_tuple().exponent)
        whole = len(value.as_tuple().digits) - scale
        return scale <= column["NumberScale"] and whole <= column["NumericPrecision"] - column["NumberScale"]
    return not isinstance(value, str) or len(value) <= column.get("StringMaxLength", len(value))


def csv_rows(path: Path, columns: dict[str, Any]) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == list(columns)
        return [
            {name: TYPED[columns[name]["DataType"]](text) if text else None for name, text in row.items()}
            for row in reader
        ]


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_the_metadata_alone_tell_how_to_read_the_files_and_what_they_add_up_to(
    export: Callable[..., Any], tmp_path: Path, file_format: str
) -> None:
    export(out=tmp_path, file_format=file_format)
    found = list(deliveries(tmp_path))
    assert len(found) == 3
    for entry, columns in found:
        path = tmp_path / entry["Path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["Sha256"]
        if file_format == "csv":
            rows = csv_rows(path, columns)
        else:
            table = pq.read_table(path)
            assert [(field.name, field.type) for field in table.schema] == [
                (name, ARROW[column["DataType"]](column)) for name, column in columns.items()
            ]
            rows = table.to_pylist()
        assert [name for row in rows for name, value in row.items() if not fits(columns[name], value)] == []
        assert len(rows) == entry["Rows"]
        for currency, totals in entry["Totals"].items():
            for name, total in totals.items():
                amount = Decimal(0)
                for row in rows:
                    if row["BillingCurrency"] == currency and row[name] is not None:
                        amount = EXACT.add(amount, row[name])
                assert amount == Decimal(total)
