"""The registers of this package as frames, for the lake."""

import polars as pl

from genai_finops.schemas import meters
from genai_finops.schemas.tables.reference import METERS
from genai_finops.schemas.validation import empty_frame, validate


def meters_frame() -> pl.DataFrame:
    """The registry of meters, shape of `genai_meters`."""
    rows = [
        {
            "meter": meter.name,
            "kind": meter.kind,
            "sku_meter": meter.sku_meter,
            "consumed_unit": meter.consumed_unit,
            "pricing_unit": meter.pricing_unit,
            "pricing_block": meter.pricing_block,
            "per_block": meter.per_block,
            "is_billable": meter.is_billable,
            "token_direction": meter.token_direction,
            "token_cache_action": meter.token_cache_action,
            "modality": meter.modality,
            "priced_as_meter": meter.parts.priced_as if meter.parts else None,
            "bounding_meter": meter.parts.bounded_by if meter.parts else None,
            "estimate_reason": meter.parts.reason if meter.parts else None,
        }
        for meter in meters.METERS.values()
    ]
    return validate(METERS, pl.DataFrame(rows, schema=empty_frame(METERS).schema), subject="registry of meters")
