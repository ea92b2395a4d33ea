"""Snapshots of providers, meters, organisations and hierarchy, as dbt reads them."""

from collections.abc import Iterator

import dagster as dg

from genai_finops.defs.column_schema import column_schema
from genai_finops.defs.resources import PlatformResource
from genai_finops.defs.snapshots import SNAPSHOT_KEY
from genai_finops.schemas.register import tables_of
from genai_finops.schemas.tables.commitments import COMMITMENTS


def reference_key(table: str) -> dg.AssetKey:
    """Key of a reference snapshot."""
    return dg.AssetKey(["reference", table])


@dg.multi_asset(
    name="reference_snapshots",
    specs=[
        dg.AssetSpec(
            key=reference_key(table.name),
            description=table.description,
            group_name="reference",
            kinds={"python", "parquet"},
            owners=["team:data-platform"],
            metadata={"dagster/column_schema": column_schema(table)},
            deps=[SNAPSHOT_KEY] if table is COMMITMENTS else [],
        )
        for table in tables_of("reference")
    ],
)
def reference_snapshots(platform: PlatformResource) -> Iterator[dg.MaterializeResult]:
    """Write every snapshot to the lake; an equal one is left as it is."""
    for table, rows in platform.write_reference().items():
        yield dg.MaterializeResult(asset_key=reference_key(table), metadata={"dagster/row_count": rows})


def definitions() -> dg.Definitions:
    """The snapshots."""
    return dg.Definitions(assets=[reference_snapshots])
