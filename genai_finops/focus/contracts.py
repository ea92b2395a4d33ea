"""The Contract Commitment dataset of an export: one file with every commitment, whatever days are exported."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from genai_finops.errors import FinopsError
from genai_finops.focus.files import ExportFormat, WrittenFile, write_file
from genai_finops.focus.manifest import Totals, drop_missing_files, file_entry, write_manifest
from genai_finops.focus.metadata import DatasetInstance, schema_object, write_completeness, write_description
from genai_finops.focus.versions import FocusVersion, projection
from genai_finops.schemas.tables.focus_contracts import CONTRACT_COMMITMENT_1_3
from genai_finops.warehouse.base import ReadOnlyWarehouse

_NAME = CONTRACT_COMMITMENT_1_3.name
_ORDER = "x_OrgSlug, x_GenaiProvider, ContractCommitmentId"
_COST = "ContractCommitmentCost"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedContracts:
    file: WrittenFile
    manifest: Path
    schema_id: str
    totals: Totals
    warnings: tuple[str, ...]


def export_contracts(
    warehouse: ReadOnlyWarehouse,
    *,
    org: str | None,
    version: FocusVersion,
    out: Path,
    file_format: ExportFormat,
    now: dt.datetime,
) -> ExportedContracts | None:
    """Write the commitments of one organisation, or of all, with manifest and metadata; null where there are none.

    Charges of any day may name a commitment that has ended, so the dataset is always written as a whole.
    """
    condition, parameters = ("true", []) if org is None else ("x_OrgSlug = ?", [org])
    instance = DatasetInstance(org, "ContractCommitment", version)
    path = out / f"{instance.file_stem}.{file_format}"
    answer = warehouse.rows(
        f"select BillingCurrency, count(*), sum({_COST}), max(x_LastObservedAt) from {_NAME} where {condition} "  # noqa: S608 - constants only
        "group by BillingCurrency order by 1",
        parameters,
    )
    if not answer:
        _remove(path, out, instance)
        return None
    projected = projection(version, "ContractCommitment")
    schema = schema_object(projected.table, instance, now)
    schema_id = str(schema["SchemaId"])
    batches = warehouse.batches(
        f"select {projected.select_list} from {_NAME} where {condition} order by {_ORDER}",  # noqa: S608 - constants only
        parameters,
    )
    written = write_file(path, projected.table, batches, file_format)
    expected = sum(rows for _, rows, *_ in answer)
    if written.rows != expected:
        raise FinopsError(
            f"{path.name} has {written.rows} commitments where the table had {expected}",
            remedy="the table was rebuilt during the export: export again",
        )
    totals = {currency: {_COST: cost or Decimal(0)} for currency, _, cost, _ in answer}
    write_description(out, instance, schema)
    write_completeness(out, instance=instance, is_complete=True, last_updated=max(seen for *_, seen in answer), now=now)
    manifest = write_manifest(out, instance, schema_id, [file_entry(written, schema_id, totals)])
    return ExportedContracts(
        file=written,
        manifest=manifest,
        schema_id=schema_id,
        totals=totals,
        warnings=tuple(_shared_ids(warehouse, org)),
    )


def _remove(path: Path, out: Path, instance: DatasetInstance) -> None:
    """Commitments of an earlier export that are no longer there must not stay in the folder."""
    path.unlink(missing_ok=True)
    drop_missing_files(out, instance)


def _shared_ids(warehouse: ReadOnlyWarehouse, org: str | None) -> list[str]:
    """FOCUS wants an id once in the dataset; entered ones are chosen by people who do not know each other."""
    if org is not None:
        return []
    answer = warehouse.rows(
        f"select ContractCommitmentId, count(*) from {_NAME} group by 1 having count(*) > 1 order by 1"  # noqa: S608 - constants only
    )
    return [
        f"{rows} commitments have the id {commitment_id}, which FOCUS wants to be unique: "
        "export each organisation with --org"
        for commitment_id, rows in answer
    ]
