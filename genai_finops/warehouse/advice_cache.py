"""How much of a load's input is read from a cache, beside that of other tasks at the same model."""

import datetime as dt
from decimal import Decimal

from genai_finops.warehouse.advice_loads import LoadKey
from genai_finops.warehouse.advice_query import AdviceQuery

WRITES = ("cache_write", "cache_write_5m", "cache_write_1h")
INPUTS = ("uncached_input", "cache_read", *WRITES)
_TRAFFIC = """
    select
        case when coalesce(x_TaskId, '') = ? then 'this task' else 'other tasks' end as whose,
        sum(ConsumedQuantity) as input_tokens,
        sum(case when x_Meter = 'cache_read' then ConsumedQuantity else 0 end) as read_tokens,
        sum(case when x_Meter like 'cache_write%' then ConsumedQuantity else 0 end) as written_tokens
    from cost_data_standard_1_3_allocated
    where
        x_Flow = 'payg' and ChargeCategory = 'Usage' and x_OrgSlug = ? and lower(x_GenaiProvider) = ?
        and coalesce(x_GenaiAccountId, '') = ? and x_ModelId = ? and x_ServiceTier = ? and BillingCurrency = ?
        and x_Meter in ('uncached_input', 'cache_read', 'cache_write', 'cache_write_5m', 'cache_write_1h')
        and x_IngestionDate >= ? and x_IngestionDate <= ?
    group by 1
"""


def cache_query(
    key: LoadKey,
    first: dt.date,
    last: dt.date,
    *,
    wanted_share: Decimal,
    written_for_read: Decimal,
    saved_by_read: Decimal,
    added_by_write: Decimal,
) -> AdviceQuery:
    """What the load saves with wanted_share of its input read from the cache.

    Every token that is read more saves saved_by_read, and for each of them written_for_read tokens are written, at
    added_by_write above the price of plain input.
    """
    sql = f"""
    with traffic as ({_TRAFFIC}),

    own as (select * from traffic where whose = 'this task'),

    others as (
        select sum(input_tokens) as input_tokens, sum(read_tokens) as read_tokens from traffic
        where whose = 'other tasks'
    )

    select
        own.input_tokens,
        own.read_tokens,
        own.written_tokens,
        others.input_tokens as others_input_tokens,
        others.read_tokens as others_read_tokens,
        own.input_tokens * ? - own.read_tokens as further_reads,
        (own.input_tokens * ? - own.read_tokens) * ? as saving
    from own
    cross join others
    """  # noqa: S608 - text of this file; values are parameters
    one_read = saved_by_read - written_for_read * added_by_write
    values = (
        *(key.task, key.org, key.provider, key.account, key.model, key.tier, key.currency, first, last),
        *(wanted_share, wanted_share, one_read.quantize(Decimal("1e-18"))),
    )
    return AdviceQuery(sql=sql, parameters=values)
