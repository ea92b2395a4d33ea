"""FOCUS metadata beside an export: who generated it, which datasets, how recent and complete, which columns.

Layout below the folder of the export:
    metadata/data_generator.json
    metadata/dataset_instances.json
    metadata/recency/<DatasetInstanceId>.json
    metadata/schemas/<SchemaId>.json
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import genai_finops
from genai_finops.focus.completeness import DayCompleteness
from genai_finops.focus.files import replacing
from genai_finops.focus.window import utc_midnight, utc_text
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.focus import DEPRECATED_COLUMNS, FOCUS_VERSION
from genai_finops.schemas.types import TYPES

DATASET_ID = "CostAndUsage"
_DATA_GENERATOR = "genai-finops"
#: Fixed for ever: identifiers of equal content are equal wherever they are made.
_NAMESPACE = uuid.UUID("5b1f8a52-9f0e-5c0f-9d53-6b3f6f2c1a13")
_DATA_TYPES = {
    "string": "STRING",
    "json": "JSON",
    "timestamp": "DATETIME",
    "date": "DATE",
    "bool": "BOOLEAN",
    "int": "INTEGER",
}
#: Longest texts, where a rule of FOCUS asks for it. assert_focus_charges_are_named holds the model to it.
STRING_MAX_LENGTHS = {"ChargeDescription": 1024}


@dataclass(frozen=True, slots=True)
class DatasetInstance:
    """One delivered dataset: all organisations, or one."""

    org: str | None

    @property
    def id(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"{DATASET_ID}/{self.org or ''}"))

    @property
    def name(self) -> str:
        return "Cost and Usage" if self.org is None else f"Cost and Usage of {self.org}"

    @property
    def file_stem(self) -> str:
        return "cost_and_usage" if self.org is None else f"cost_and_usage_{self.org}"


def schema_object(table: Table, instance: DatasetInstance, now: dt.datetime) -> dict[str, Any]:
    """The Schema object of the columns. Its id follows from its content, so that a change is a new object."""
    content = {
        "FocusVersion": FOCUS_VERSION,
        "DataGeneratorVersion": genai_finops.__version__,
        "DatasetInstanceId": instance.id,
        "ColumnDefinition": [_column_definition(column) for column in table.columns],
    }
    schema_id = str(uuid.uuid5(_NAMESPACE, json.dumps(content, sort_keys=True)))
    return {"SchemaId": schema_id, "CreationDate": utc_text(now), **content}


def write_metadata(
    out: Path,
    *,
    instance: DatasetInstance,
    schema: Mapping[str, Any],
    completeness: Iterable[DayCompleteness],
    last_ingested: Mapping[dt.date, dt.datetime],
    now: dt.datetime,
) -> None:
    """Write or update the metadata files. Sectors of other months, from earlier exports into the folder, stay."""
    folder = out / "metadata"
    write_json(folder / "data_generator.json", {"DataGenerator": _DATA_GENERATOR})

    instances = {entry["DatasetInstanceId"]: entry for entry in read_json(folder / "dataset_instances.json", [])}
    instances[instance.id] = {
        "DatasetInstanceId": instance.id,
        "DatasetInstanceName": instance.name,
        "FocusDatasetId": DATASET_ID,
    }
    write_json(folder / "dataset_instances.json", [instances[key] for key in sorted(instances)])

    schema_path = folder / "schemas" / f"{schema['SchemaId']}.json"
    # Schema objects are never edited in place: the first one keeps its creation date.
    if not schema_path.exists():
        write_json(schema_path, schema)

    recency_path = folder / "recency" / f"{instance.id}.json"
    stored = read_json(recency_path, {"TimeSectors": []})
    sectors = {sector["TimeSectorStart"]: sector for sector in stored["TimeSectors"]}
    for entry in completeness:
        sector = _time_sector(entry, last_ingested.get(entry.day, now))
        sectors[sector["TimeSectorStart"]] = sector
    recency = {
        "DatasetInstanceId": instance.id,
        "DatasetInstanceLastUpdated": utc_text(max(last_ingested.values(), default=now)),
        "RecencyLastUpdated": utc_text(now),
        "TimeSectors": [sectors[start] for start in sorted(sectors)],
    }
    write_json(recency_path, recency)


def read_json(path: Path, default: Any) -> Any:
    """The content of a JSON file, or the default when there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else default


def write_json(path: Path, content: object) -> None:
    """Replace a JSON file in one step."""
    with replacing(path) as aside:
        aside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def _time_sector(entry: DayCompleteness, last_updated: dt.datetime) -> dict[str, Any]:
    return {
        "TimeSectorStart": utc_text(utc_midnight(entry.day)),
        "TimeSectorEnd": utc_text(utc_midnight(entry.day + dt.timedelta(days=1))),
        "TimeSectorComplete": entry.is_complete,
        "TimeSectorLastUpdated": utc_text(last_updated),
    }


def _column_definition(column: Column) -> dict[str, Any]:
    definition: dict[str, Any] = {"ColumnName": column.name, "DataType": _DATA_TYPES.get(column.type, "DECIMAL")}
    if definition["DataType"] == "DECIMAL":
        precision, scale = TYPES[column.type].duckdb.removeprefix("decimal(").removesuffix(")").split(",")
        definition |= {"NumericPrecision": int(precision), "NumberScale": int(scale)}
    if definition["DataType"] in {"STRING", "JSON"}:
        definition["StringEncoding"] = "UTF-8"
    if column.name in STRING_MAX_LENGTHS:
        definition["StringMaxLength"] = STRING_MAX_LENGTHS[column.name]
    if column.name in DEPRECATED_COLUMNS:
        definition["Deprecated"] = True
    if column.name == "Tags":
        definition["ProviderTagPrefixes"] = []
    return definition
