"""The manifest beside the data files of one dataset: what each holds, and how to know that it is whole."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from genai_finops.focus.files import WrittenFile
from genai_finops.focus.metadata import DatasetInstance, read_json, write_json

#: Amount of each column by currency; currencies are never added together.
Totals = Mapping[str, Mapping[str, Decimal]]


def file_entry(file: WrittenFile, schema_id: str, totals: Totals, **more: Any) -> dict[str, Any]:
    """What the manifest says of one file."""
    return {
        "Path": file.path.name,
        "SchemaId": schema_id,
        **more,
        "Rows": file.rows,
        "Bytes": file.bytes,
        "Sha256": file.sha256,
        "Totals": {
            currency: {name: decimal_text(amount) for name, amount in amounts.items()}
            for currency, amounts in sorted(totals.items())
        },
    }


def write_manifest(out: Path, instance: DatasetInstance, schema_id: str, entries: Iterable[Mapping[str, Any]]) -> Path:
    """The manifest of the folder: this delivery, and the files of earlier ones that it did not replace."""
    path = _path(out, instance)
    files = {entry["Path"]: entry for entry in _still_there(path)}
    files |= {entry["Path"]: entry for entry in entries}
    content = {"DatasetInstanceId": instance.id, "FocusDatasetId": instance.dataset, "SchemaId": schema_id}
    write_json(path, content | {"Files": [files[name] for name in sorted(files)]})
    return path


def drop_missing_files(out: Path, instance: DatasetInstance) -> None:
    """Take files that are gone out of the manifest, where there is one."""
    path = _path(out, instance)
    if path.exists():
        write_json(path, read_json(path, {}) | {"Files": _still_there(path)})


def _path(out: Path, instance: DatasetInstance) -> Path:
    return out / f"{instance.file_stem}.manifest.json"


def _still_there(path: Path) -> list[dict[str, Any]]:
    return [entry for entry in read_json(path, {"Files": []})["Files"] if (path.parent / entry["Path"]).exists()]


def decimal_text(amount: Decimal) -> str:
    """Plain text, because a JSON number would be read as floating point."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
