"""The price book as assets: refreshed from what is packaged every night, from all sources every week."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from genai_finops.defs.column_schema import column_schema
from genai_finops.defs.resources import PlatformResource
from genai_finops.ingest.price_refresh import RefreshReport, SourceOutcome
from genai_finops.schemas.register import tables_of
from genai_finops.schemas.table import Table

_TABLES = tables_of("prices")
_CHECK = "sources_answer"


class PriceBookConfig(dg.Config):
    """Which sources a run reads."""

    all_sources: bool = Field(
        default=False,
        description="Also the price lists that are asked over the network, and a configured file of LiteLLM.",
    )


def price_key(table: str) -> dg.AssetKey:
    """Key of a table of the price book."""
    return dg.AssetKey(["prices", table])


@dg.multi_asset(
    name="price_book",
    specs=[
        dg.AssetSpec(
            key=price_key(table.name),
            description=table.description,
            group_name="prices",
            kinds={"python", "parquet"},
            owners=["team:data-platform"],
            metadata={"dagster/column_schema": column_schema(table)},
        )
        for table in _TABLES
    ],
    check_specs=[
        dg.AssetCheckSpec(
            name=_CHECK,
            asset=price_key(table.name),
            description="Every source that was read could be read; one that could not keeps what it said before.",
        )
        for table in _TABLES
    ],
)
def price_book(config: PriceBookConfig, platform: PlatformResource) -> Iterator[dg.MaterializeResult]:
    """Add what the sources say now to what they said before."""
    report = platform.refresh_prices(all_sources=config.all_sources)
    for table in _TABLES:
        yield table_result(table, report)


def table_result(table: Table, report: RefreshReport) -> dg.MaterializeResult:
    """What a refresh did to one table, by source, and a warning that names the sources that failed."""
    outcomes = report.of_table(table.name)
    failures = {outcome.source: outcome.error for outcome in outcomes if outcome.error is not None}
    return dg.MaterializeResult(
        asset_key=price_key(table.name),
        metadata={
            "opened": sum(outcome.opened for outcome in outcomes),
            "closed": sum(outcome.closed for outcome in outcomes),
            **{f"source {outcome.source}": _source_metadata(outcome) for outcome in outcomes},
        },
        check_results=[
            dg.AssetCheckResult(
                asset_key=price_key(table.name),
                check_name=_CHECK,
                passed=not failures,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"failed": dg.MetadataValue.json(failures)},
            )
        ],
    )


def _source_metadata(outcome: SourceOutcome) -> dg.MetadataValue:
    return dg.MetadataValue.json(
        {
            "version": outcome.version,
            "rows": outcome.rows,
            "opened": outcome.opened,
            "closed": outcome.closed,
            "skipped": len(outcome.skipped),
            "error": outcome.error,
        }
    )


def definitions() -> dg.Definitions:
    """The price book."""
    return dg.Definitions(assets=[price_book])
