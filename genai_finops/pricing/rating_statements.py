"""The statements of the rating engine: what is put around the SQL that is rendered from dbt.

None of them multiplies a quantity by a price: that is in the rendered ones.
"""

# ruff: noqa: S608 - statements are put together from those of the package; values are parameters or tables

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import polars as pl

from genai_finops.schemas.types import TYPES

#: Columns of usage as it is given to the engine.
USAGE_COLUMNS: Mapping[str, str] = {
    "usage_id": "varchar",
    "provider": "varchar",
    "usage_date": "date",
    "provider_model_id": "varchar",
    "meter": "varchar",
    "quantity": TYPES["quantity"].duckdb,
    "service_tier": "varchar",
    "geography": "varchar",
    "context_tokens_above": "bigint",
    "context_tokens_up_to": "bigint",
    "variant": "varchar",
    "x_org_slug": "varchar",
    "x_genai_account_id": "varchar",
}
_POLARS: Mapping[str, pl.DataType] = {"varchar": pl.String(), "date": pl.Date(), "bigint": pl.Int64()}
USAGE_SCHEMA: Mapping[str, pl.DataType] = {
    name: _POLARS.get(type_, pl.Decimal(26, 6)) for name, type_ in USAGE_COLUMNS.items()
}

_RATING_KEY = (
    *("provider", "model_id", "meter", "service_tier", "geography"),
    *("context_tokens_above", "context_tokens_up_to", "variant"),
)
_KEY = ", ".join(_RATING_KEY)


def same_key(left: str, right: str) -> str:
    """Condition that two relations have one rating key."""
    return " and ".join(f"{left}.{column} is not distinct from {right}.{column}" for column in _RATING_KEY)


@cache
def rendered(name: str) -> str:
    """A statement of `sql/`, by the name of its file without the ending."""
    return resources.files("genai_finops.pricing").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def per_unit(price: str) -> str:
    """The price of one consumed unit: 12 decimals for a million tokens are 18 for one."""
    return f"cast({price} * cast(resolved.per_block as decimal(7,6)) as {TYPES['cost'].duckdb})"


def set_up() -> tuple[str, ...]:
    """What makes the price table, and the tables that are filled as usage comes."""
    columns = ", ".join(f"{name} {type_}" for name, type_ in USAGE_COLUMNS.items())
    return (
        f"create table genai_payg_pricing as {rendered('price_table')}",
        f"create table int_pricing__alias_rules as {rendered('alias_rules')}",
        """
        create table rule_days as
        select date '0001-01-01' as day
        union select valid_from from int_pricing__alias_rules
        union select valid_to from int_pricing__alias_rules where valid_to is not null
        """,
        """
        create table spelled_models (
            provider varchar, provider_model_id varchar, valid_from date, valid_until date, model_id varchar
        )
        """,
        """
        create table priced_orgs as
        select x_org_slug from genai_payg_pricing where x_org_slug is not null
        union select x_org_slug from genai_provider_accounts
        """,
        """
        create table provider_bands as
        select
            providers.provider,
            coalesce(
                list(distinct edges.edge order by edges.edge) filter (edges.edge is not null), []
            ) as context_edges
        from genai_providers as providers
        left join (
            select provider, context_tokens_above as edge from genai_payg_pricing where context_tokens_above > 0
            union select provider, context_tokens_up_to from genai_payg_pricing where context_tokens_up_to is not null
        ) as edges on edges.provider = providers.provider
        group by providers.provider
        """,
        f"create table given_usage (usage_row bigint, {columns})",
        f"create table usage ({columns}, model_id varchar, resource_id varchar)",
        "create sequence resolved_ids",
        f"""
        create table resolved as
        select cast(0 as bigint) as resolved_id, prices.* from ({rendered("resolved_prices")}) as prices
        """,
        f"create table volume_tiers as select tiers.* from ({rendered('volume_tiers')}) as tiers",
        f"create table resolved_keys as select {_KEY}, x_org_slug, x_genai_account_id from usage",
    )


#: Rows of a frame that is registered as `given`.
GIVEN_USAGE = f"""
    create or replace table given_usage as
    select row_number() over () as usage_row, {", ".join(f"cast({n} as {t}) as {n}" for n, t in USAGE_COLUMNS.items())}
    from given
"""

#: The models of spellings that were never seen, for all days on which the rules change.
NEW_SPELLINGS = """
    insert into spelled_models
    with spellings as (
        select provider, provider_model_id from given_usage where provider_model_id is not null
        except select provider, provider_model_id from spelled_models
    ),
    usage as (select spellings.*, rule_days.day as usage_date from spellings cross join rule_days)
    select
        usage.provider,
        usage.provider_model_id,
        usage.usage_date,
        lead(usage.usage_date, 1, date '9999-12-31') over (
            partition by usage.provider, usage.provider_model_id order by usage.usage_date
        ),
        models.model_id
    from usage
    left join ({resolved_models}) as models
        on models.provider = usage.provider
        and models.provider_model_id = usage.provider_model_id
        and models.usage_date = usage.usage_date
"""

#: given_usage with its models. What an organisation without a name uses is nobody's.
USAGE = """
    create or replace table usage as
    select
        given.* exclude (usage_row, x_org_slug, x_genai_account_id),
        coalesce(given.x_org_slug, '') as x_org_slug,
        coalesce(given.x_genai_account_id, '') as x_genai_account_id,
        models.model_id,
        cast(null as varchar) as resource_id
    from given_usage as given
    left join spelled_models as models
        on models.provider = given.provider
        and models.provider_model_id = given.provider_model_id
        and given.usage_date >= models.valid_from
        and given.usage_date < models.valid_until
"""

#: Keys that no price was resolved for. Organisations that no price knows share those of nobody.
NEW_KEYS = f"""
    create or replace table new_keys as
    select
        {_KEY},
        case when x_org_slug in (from priced_orgs) then x_org_slug else '' end as x_org_slug,
        case when x_org_slug in (from priced_orgs) then x_genai_account_id else '' end as x_genai_account_id
    from usage
    except select * from resolved_keys
"""


@cache
def new_spellings() -> str:
    return NEW_SPELLINGS.format(resolved_models=rendered("resolved_models"))


@cache
def new_prices() -> str:
    """Prices of the new keys. Those of everyone are found again with each organisation that has none of its own."""
    return f"""
        insert into resolved
        with usage as (from new_keys)
        select nextval('resolved_ids'), prices.*
        from ({rendered("resolved_prices")}) as prices
        where not exists (
            select 1 from resolved as known
            where {same_key("known", "prices")}
                and known.price_org is not distinct from prices.price_org
                and known.price_account is not distinct from prices.price_account
        )
    """


@cache
def new_volume_tiers() -> str:
    return f"""
        insert into volume_tiers
        with usage as (from new_keys)
        select tiers.* from ({rendered("volume_tiers")}) as tiers
    """


def rated() -> str:
    """What each row of the table usage costs, allowances and volume tiers included."""
    return rendered("rated_usage")


@cache
def rated_apart() -> str:
    """The same without allowances and volume tiers: each row at its contracted price."""
    return f"""
        with resolved as (select * replace (false as is_pooled) from main.resolved)
        select * from ({rendered("rated_usage")})
    """


def charges(relation: str) -> str:
    """What quantities cost at resolved prices: the relation has usage_id, resolved_id and quantity."""
    return f"""
        with usage as (from {relation})
        select * from ({rendered("charges")})
    """


#: Lists of row numbers, ids of prices and quantities, as parameters.
LISTS = f"""(
    select
        unnest(cast($1 as bigint[])) as usage_id,
        unnest(cast($2 as bigint[])) as resolved_id,
        unnest(cast($3 as {USAGE_COLUMNS["quantity"]}[])) as quantity
)"""


def read_json(fields: Sequence[str], *, object_field: str) -> str:
    """The fields of the lines in a table `lines` (case_row, line), each as JSON text, and what the field of objects
    holds.

    The parser is a lenient one, and gives numbers with a point by way of a binary float.
    """
    shape = json.dumps(dict.fromkeys((*fields, object_field), "JSON"))
    texts = ", ".join(f"cast(read.{field} as varchar) as {field}" for field in (*fields, object_field))
    return f"""
        with judged as (
            select case_row, line, json_valid(line) and starts_with(ltrim(line), '{{') as is_object
            from lines
        ),
        parsed as (
            select
                case_row, coalesce(is_object, false) as is_object,
                case when is_object then json_keys(line) end as names,
                case when is_object then from_json(line, '{shape}') end as read
            from judged
        )
        select
            case_row, is_object, names, {texts},
            json_keys(read.{object_field}) as inner_names,
            cast(json_extract(read.{object_field}, '$.*') as varchar[]) as inner_values
        from parsed
    """


#: The prices of the rows of usage in all periods, each as usage on the first day of its period.
PERIODS = f"""
    create or replace table periods as
    select
        usage.* exclude (usage_id, usage_date),
        usage.usage_id as asked_id,
        usage.usage_id || ' ' || resolved.resolved_id as usage_id,
        resolved.valid_from as usage_date,
        resolved.resolved_id
    from usage
    inner join resolved
        on {same_key("resolved", "usage")}
        and case
            when usage.x_org_slug in (select price_org from resolved where price_org is not null)
                then resolved.price_org = usage.x_org_slug and resolved.price_account = usage.x_genai_account_id
            else resolved.price_org is null
        end
"""


@cache
def resolved_prices() -> str:
    """What is known of the prices in `periods`, with the origin of the price that is charged."""
    return f"""
        with usage as (from periods)
        select
            periods.asked_id,
            resolved.resolved_id,
            resolved.valid_from,
            resolved.valid_until,
            resolved.pricing_status as status,
            rated.pricing_reason as reason,
            resolved.currency,
            resolved.pricing_unit,
            resolved.contracted_unit_price as quoted_price,
            {per_unit("resolved.list_unit_price")} as list_unit_price,
            {per_unit("resolved.contracted_unit_price")} as unit_price,
            resolved.pricing_source as list_source,
            resolved.contracted_pricing_id as pricing_id,
            origin.pricing_type,
            origin.source,
            origin.source_version,
            origin.source_reference,
            origin.valid_from as rate_valid_from,
            origin.discount_percentage as discount,
            resolved.is_pooled,
            resolved.allowance_id is not null as has_allowance,
            resolved.has_volume_tiers,
            resolved.pool
        from periods
        inner join resolved on resolved.resolved_id = periods.resolved_id
        inner join ({rated_apart()}) as rated on rated.usage_id = periods.usage_id
        left join genai_payg_pricing as origin on origin.pricing_id = resolved.contracted_pricing_id
        order by resolved.valid_from
    """
