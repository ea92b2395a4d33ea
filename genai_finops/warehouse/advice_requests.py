"""How the requests of a load come: when, in which conversations, with what input."""

# ruff: noqa: S608 - statements are put together from those of this file; values are parameters

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.warehouse.advice_loads import LoadKey
from genai_finops.warehouse.advice_query import AdviceQuery, Parameter
from genai_finops.warehouse.base import ReadOnlyWarehouse

_COUNTED = """
    select
        *,
        coalesce(service_tier, 'standard') as tier,
        coalesce(x_genai_account_id, '') as account,
        coalesce(task, '') as task_name,
        coalesce(uncached_input, 0) as plain_tokens,
        coalesce(cache_read, 0) as read_tokens,
        coalesce(uncached_input, 0) + coalesce(cache_read, 0) + coalesce(cache_write, 0)
            + coalesce(cache_write_5m, 0) + coalesce(cache_write_1h, 0) as input_tokens
    from genai_usage_events
    where x_ingestion_date >= ? and x_ingestion_date <= ? and model_id is not null and not coalesce(is_cache_hit, false)
"""
_KEY = "x_org_slug, provider, account, task_name, model_id, tier"
_OF_LOAD = "x_org_slug = ? and provider = ? and account = ? and task_name = ? and model_id = ? and tier = ?"
_IN_CONVERSATION = "partition by x_org_slug, provider, account, model_id, tenant_id, conversation_id"
#: A prefix is served from a cache for five minutes at least, wherever there is one; shorter than this it is not kept.
_LEAST_PREFIX_TOKENS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPattern:
    """The requests of a load in a period. Repeated tokens are input that the request before, within five minutes and
    the same conversation, had too.
    """

    requests: int
    #: Of conversations of two or more requests.
    conversation_requests: int
    conversations: int
    active_hours: int
    active_days: int
    input_tokens: int
    repeated_tokens: int


def request_patterns(
    warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date
) -> Mapping[tuple[str, ...], RequestPattern]:
    """The patterns of all loads whose requests are logged on the days first to last, by requests_key."""
    sql = f"""
        with counted as ({_COUNTED}),

        placed as (
            select
                *,
                count(*) over ({_IN_CONVERSATION}) as turns,
                row_number() over ({_IN_CONVERSATION} order by started_at, event_id) as turn,
                lag(input_tokens) over ({_IN_CONVERSATION} order by started_at, event_id) as previous_tokens,
                lag(started_at) over ({_IN_CONVERSATION} order by started_at, event_id) as previous_start
            from counted
        ),

        by_hour as (
            select
                {_KEY},
                usage_date,
                extract(hour from started_at) as hour_of_day,
                count(*) as requests,
                sum(case when conversation_id is not null and turns > 1 then 1 else 0 end) as conversation_requests,
                sum(case when conversation_id is not null and turn = 1 then 1 else 0 end) as conversations,
                sum(input_tokens) as input_tokens,
                sum(
                    case
                        when conversation_id is null or previous_tokens is null then 0
                        when started_at > previous_start + interval 5 minute then 0
                        when least(previous_tokens, input_tokens) < {_LEAST_PREFIX_TOKENS} then 0
                        else least(previous_tokens, input_tokens)
                    end
                ) as repeated_tokens
            from placed
            group by {_KEY}, usage_date, extract(hour from started_at)
        )

        select
            {_KEY}, sum(requests), sum(conversation_requests), sum(conversations), count(*), count(distinct usage_date),
            sum(input_tokens), sum(repeated_tokens)
        from by_hour
        group by {_KEY}
    """
    return {
        row[:6]: RequestPattern(
            requests=int(row[6]),
            conversation_requests=int(row[7]),
            conversations=int(row[8]),
            active_hours=int(row[9]),
            active_days=int(row[10]),
            input_tokens=int(row[11]),
            repeated_tokens=int(row[12]),
        )
        for row in warehouse.rows(sql, [first, last])
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class LongConversation:
    """A conversation that costs more than a mark, at one load. Inputs are tokens of a request; cost as priced."""

    load: LoadKey
    tenant: str
    conversation: str
    requests: int
    cost: Decimal
    first_input: int
    early_input: Decimal
    late_input: Decimal
    days: int


def long_conversations(
    warehouse: ReadOnlyWarehouse, first: dt.date, last: dt.date, *, least_cost: Decimal, least_requests: int
) -> list[LongConversation]:
    """Conversations of the days first to last, both inclusive, above both marks; the dearest first."""
    sql = f"""
        with counted as ({_COUNTED} and conversation_id is not null),

        placed as (
            select
                *,
                count(*) over ({_IN_CONVERSATION}, task_name, tier, currency) as turns,
                row_number() over (
                    {_IN_CONVERSATION}, task_name, tier, currency order by started_at, event_id
                ) as turn
            from counted
        )

        select
            {_KEY}, currency, coalesce(tenant_id, '') as tenant, conversation_id,
            count(*) as requests,
            sum(contracted_cost) as cost,
            sum(case when turn = 1 then input_tokens else 0 end),
            sum(case when turn * 2 <= turns then input_tokens else 0 end),
            sum(case when turn * 2 <= turns then 1 else 0 end),
            sum(case when turn * 2 > turns then input_tokens else 0 end),
            sum(case when turn * 2 > turns then 1 else 0 end),
            count(distinct usage_date)
        from placed
        where currency is not null
        group by {_KEY}, currency, coalesce(tenant_id, ''), conversation_id
        having sum(contracted_cost) >= ? and count(*) >= ?
        order by cost desc, conversation_id
    """
    return [
        LongConversation(
            load=LoadKey(*row[:7]),
            tenant=row[7],
            conversation=row[8],
            requests=int(row[9]),
            cost=row[10],
            first_input=int(row[11]),
            early_input=Decimal(row[12]) / max(int(row[13]), 1),
            late_input=Decimal(row[14]) / max(int(row[15]), 1),
            days=int(row[16]),
        )
        for row in warehouse.rows(sql, [first, last, least_cost, least_requests])
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionPrices:
    """What one token costs: read from the cache, plain input, output."""

    cache_read: Decimal
    input: Decimal
    output: Decimal


def compaction_query(
    found: LongConversation,
    prices: CompactionPrices,
    first: dt.date,
    last: dt.date,
    *,
    kept_tokens: int,
    summary_tokens: int,
) -> AdviceQuery:
    """What a conversation would have cost less if no request of it had more input than kept_tokens.

    What is cut off is what was read from the cache first. A compaction halves the input, so that one is needed for
    every half of kept_tokens that it grew, and for no more requests than there are; each reads the input once to write
    the summary, and once more uncached.
    """
    sql = f"""
    with counted as ({_COUNTED}),

    requests as (
        select
            contracted_cost, input_tokens, read_tokens, plain_tokens, greatest(input_tokens - ?, 0) as excess
        from counted
        where {_OF_LOAD} and coalesce(tenant_id, '') = ? and conversation_id = ?
    ),

    added_up as (
        select
            cast(count(*) as int64) as requests,
            sum(contracted_cost) as cost_now,
            cast(sum(least(excess, read_tokens)) as int64) as read_tokens_cut,
            cast(sum(least(greatest(excess - read_tokens, 0), plain_tokens)) as int64) as plain_tokens_cut,
            least(
                cast(floor(2 * max(excess) / ?) as int64) + 1,
                cast(sum(case when excess > 0 then 1 else 0 end) as int64)
            ) as compactions
        from requests
    )

    select
        *,
        read_tokens_cut * ? + plain_tokens_cut * ? - compactions * ? as saving
    from added_up
    """
    one_compaction = 2 * kept_tokens * prices.input + summary_tokens * prices.output
    values: list[Parameter] = [first, last, kept_tokens, *found.load.requests_key, found.tenant, found.conversation]
    values += [kept_tokens, prices.cache_read, prices.input, one_compaction]
    return AdviceQuery(sql=sql, parameters=tuple(values))


def requests_of(warehouse: ReadOnlyWarehouse, key: LoadKey, first: dt.date, last: dt.date) -> int:
    """How many requests of a load are logged on the days first to last, both inclusive."""
    sql = f"with counted as ({_COUNTED}) select count(*) from counted where {_OF_LOAD}"
    return int(warehouse.rows(sql, [first, last, *key.requests_key])[0][0])
