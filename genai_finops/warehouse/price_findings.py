"""Where sources of prices disagree, and where used models have no price: the rows to look at, worst first."""

from genai_finops.warehouse.base import ReadOnlyWarehouse

#: More than this no one reads; the tables have them all.
_MAX_ROWS = 100
_DIFFERENCES = """
    select
        provider, model_id, meter, service_tier, geography, deciding_source, deciding_unit_price, other_source,
        other_unit_price, currency, difference_percentage
    from genai_price_differences
    order by abs(difference_percentage) desc, provider, model_id, meter, service_tier, geography, other_source
    limit ?
"""
_GAPS = """
    select
        provider, model_id, meter, service_tier, geography, first_day, last_day, quantity, consumed_unit,
        previous_valid_to, next_valid_from
    from genai_price_gaps
    order by last_day desc, provider, model_id, meter, service_tier, geography, first_day
    limit ?
"""

#: By dbt test: what it objects to.
_FINDINGS = {"sources_agree_on_prices": _DIFFERENCES, "used_models_have_prices_without_gaps": _GAPS}

Row = dict[str, str | None]


def price_findings(warehouse: ReadOnlyWarehouse, test: str) -> tuple[Row, ...]:
    """What a dbt test of prices objects to, as texts: the largest differences or latest gaps first, at most a hundred.

    Nothing for other tests.
    """
    if test not in _FINDINGS:
        return ()
    sql = _FINDINGS[test]
    names = [name.strip() for name in sql.partition("select")[2].partition("from")[0].split(",")]
    return tuple(
        {name: None if value is None else str(value) for name, value in zip(names, row, strict=True)}
        for row in warehouse.rows(sql, [_MAX_ROWS])
    )
