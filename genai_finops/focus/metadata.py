"""FOCUS metadata beside an export: who generated it, which datasets, how recent and complete, which columns.

Layout below the folder of the export:
    metadata/data_generator.json
    metadata/dataset_instances.json
    metadata/recency/<DatasetInstanceId>.json
    metadata/schemas/<SchemaId>.json
"""

import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import genai_finops
from genai_finops.errors import FinopsError
from genai_finops.focus.completeness import DayCompleteness
from genai_finops.focus.files import replacing
from genai_finops.focus.versions import DatasetId, FocusVersion
from genai_finops.focus.window import utc_midnight, utc_text
from genai_finops.schemas.table import Column, Table
from genai_finops.schemas.tables.focus import DEPRECATED_COLUMNS
from genai_finops.schemas.types import TYPES

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
#: Longest texts, where a rule of FOCUS asks for it. assert_focus_charges_are_named and assert_focus_contracts_are_known
#: hold the models to it.
STRING_MAX_LENGTHS = {"ChargeDescription": 1024, "ContractCommitmentDescription": 1024}
_NAMES: dict[DatasetId, tuple[str, str]] = {
    "CostAndUsage": ("Cost and Usage", "cost_and_usage"),
    "ContractCommitment": ("Contract Commitment", "contract_commitment"),
}


@dataclass(frozen=True, slots=True)
class DatasetInstance:
    """One delivered dataset: of all organisations, or of one, in one version of FOCUS.

    Where it is allocated, shared charges are split to who caused them; it may then be what one tenant of the
    organisation caused.
    """

    org: str | None
    dataset: DatasetId = "CostAndUsage"
    version: FocusVersion = "1.3"
    is_allocated: bool = False
    tenant: str | None = None

    @property
    def id(self) -> str:
        version = "" if self.version == "1.3" else f"/{self.version}"
        allocated = "/allocated" if self.is_allocated else ""
        tenant = "" if self.tenant is None else f"/tenant/{self.tenant}"
        return str(uuid.uuid5(_NAMESPACE, f"{self.dataset}/{self.org or ''}{version}{allocated}{tenant}"))

    @property
    def name(self) -> str:
        version = "" if self.version == "1.3" else f" in FOCUS {self.version}"
        allocated = ", allocated" if self.is_allocated else ""
        tenant = "" if self.tenant is None else f" to tenant {self.tenant}"
        return f"{_NAMES[self.dataset][0]}{'' if self.org is None else f' of {self.org}'}{version}{allocated}{tenant}"

    @property
    def file_stem(self) -> str:
        """Begin of the names of its files: those of other versions, organisations, tenants and datasets differ.

        A name that begins like that of the other variant would be read together with it.
        """
        allocated = "allocated_" if self.is_allocated else ""
        version = "" if self.version == "1.3" else f"_focus_{self.version.replace('.', '_')}"
        org = "" if self.org is None else f"_{self.org}"
        tenant = "" if self.tenant is None else f"_tenant_{_file_name_of(self.tenant)}"
        return f"{allocated}{_NAMES[self.dataset][1]}{version}{org}{tenant}"


def _file_name_of(tenant: str) -> str:
    """What of a name any file system can hold, and a hash that tells it from names that look alike."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "-", tenant).strip("-")[:40]
    digest = hashlib.sha256(tenant.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{readable}-{digest}" if readable else digest


def schema_object(table: Table, instance: DatasetInstance, now: dt.datetime) -> dict[str, Any]:
    """The Schema object of the columns. Its id follows from its content, so that a change is a new object."""
    content = {
        "FocusVersion": instance.version,
        "DataGeneratorVersion": genai_finops.__version__,
        "DatasetInstanceId": instance.id,
        "ColumnDefinition": [_column_definition(column, instance.version) for column in table.columns],
    }
    schema_id = str(uuid.uuid5(_NAMESPACE, json.dumps(content, sort_keys=True)))
    return {"SchemaId": schema_id, "CreationDate": utc_text(now), **content}


def write_description(out: Path, instance: DatasetInstance, schema: Mapping[str, Any]) -> None:
    """Write or update what does not change with the data: the generator, the dataset and its schema."""
    folder = out / "metadata"
    write_json(folder / "data_generator.json", {"DataGenerator": _DATA_GENERATOR})

    instances = {entry["DatasetInstanceId"]: entry for entry in read_json(folder / "dataset_instances.json", [])}
    instances[instance.id] = {
        "DatasetInstanceId": instance.id,
        "DatasetInstanceName": instance.name,
        "FocusDatasetId": instance.dataset,
        # FOCUS defines no such keys.
        **({"x_IsAllocated": True} if instance.is_allocated else {}),
        **({} if instance.tenant is None else {"x_TenantId": instance.tenant}),
    }
    write_json(folder / "dataset_instances.json", [instances[key] for key in sorted(instances)])

    schema_path = folder / "schemas" / f"{schema['SchemaId']}.json"
    # Schema objects are never edited in place: the first one keeps its creation date.
    if not schema_path.exists():
        write_json(schema_path, schema)


def require_same_variant(out: Path, instance: DatasetInstance) -> None:
    """Raise FinopsError when the folder holds Cost and Usage of the other variant, or of another tenant.

    A folder is read as a whole: both variants together would be the money twice, and a tenant is handed its own.
    """
    for entry in read_json(out / "metadata" / "dataset_instances.json", []):
        held = (entry.get("x_IsAllocated", False), entry.get("x_TenantId"))
        if entry["FocusDatasetId"] == instance.dataset and held != (instance.is_allocated, instance.tenant):
            raise FinopsError(
                f"{out} already holds {entry['DatasetInstanceName']}, which must not be added to {instance.name}",
                remedy="export to a folder of its own",
            )


def write_time_sectors(
    out: Path,
    *,
    instance: DatasetInstance,
    completeness: Iterable[DayCompleteness],
    last_ingested: Mapping[dt.date, dt.datetime],
    now: dt.datetime,
) -> None:
    """Write or update the recency of data that has days.

    Sectors of other months, from earlier exports into the folder, stay.
    """
    path = _recency_path(out, instance)
    stored = read_json(path, {"TimeSectors": []})
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
    write_json(path, recency)


def write_completeness(
    out: Path, *, instance: DatasetInstance, is_complete: bool, last_updated: dt.datetime, now: dt.datetime
) -> None:
    """Write the recency of data that has no days."""
    recency = {
        "DatasetInstanceId": instance.id,
        "DatasetInstanceLastUpdated": utc_text(last_updated),
        "RecencyLastUpdated": utc_text(now),
        "DatasetInstanceComplete": is_complete,
    }
    write_json(_recency_path(out, instance), recency)


def _recency_path(out: Path, instance: DatasetInstance) -> Path:
    return out / "metadata" / "recency" / f"{instance.id}.json"


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


def _column_definition(column: Column, version: FocusVersion) -> dict[str, Any]:
    definition: dict[str, Any] = {"ColumnName": column.name, "DataType": _DATA_TYPES.get(column.type, "DECIMAL")}
    if definition["DataType"] == "DECIMAL":
        precision, scale = TYPES[column.type].duckdb.removeprefix("decimal(").removesuffix(")").split(",")
        definition |= {"NumericPrecision": int(precision), "NumberScale": int(scale)}
    if definition["DataType"] in {"STRING", "JSON"}:
        definition["StringEncoding"] = "UTF-8"
    if column.name in STRING_MAX_LENGTHS:
        definition["StringMaxLength"] = STRING_MAX_LENGTHS[column.name]
    if version == "1.3" and column.name in DEPRECATED_COLUMNS:
        definition["Deprecated"] = True
    if column.name == "Tags":
        definition["ProviderTagPrefixes"] = []
    # FOCUS defines no such key.
    definition["x_Description"] = column.description
    return definition
