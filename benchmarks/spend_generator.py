"""A warehouse file with a year of daily spend, and scopes to hold budgets against: equal arguments, equal rows.

The rows are made by the engine without random numbers. Each organisation has 6 providers with 3 models each, 20
tenants, 100 users, 4 tasks and 20 projects in 4 departments; conversations last a day.
"""

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from genai_finops.schemas.register import TABLES
from genai_finops.schemas.types import TYPES
from genai_finops.warehouse.spend_scope import SpendScope

ORGS, PROVIDERS, MODELS, TENANTS, USERS, TASKS, PROJECTS = 50, 6, 18, 20, 100, 4, 20
_ROWS = """
insert into genai_budget_spend_daily by name
select
    day as usage_date,
    'charges' as spend_source,
    'payg' as flow,
    'provider-' || (slot % 6) as provider,
    'project-' || (slot % 20) as sub_account_id,
    'model-' || (slot % 18) as model_id,
    'tenant-' || org || '-' || (key % 20) as tenant_id,
    'user-' || org || '-' || (key % 100) as user_id,
    'task-' || (key % 4) as task,
    'conversation-' || org || '-' || days || '-' || slot as conversation_id,
    'USD' as currency,
    cast(key % 10007 as decimal(38, 18)) / 1000 as list_cost,
    cast((key % 10007) * 0.00000123 as decimal(38, 18)) as effective_cost,
    cast((key % 10007) * 0.00000123 as decimal(38, 18)) as billed_cost,
    key % 100003 as tokens,
    'PROJ-' || (key % 20) as x_hierarchy_entity_id,
    '/ORG-' || org || '/DEPT-' || (key % 4) || '/PROJ-' || (key % 20) as x_hierarchy_path,
    'org-' || org as x_org_slug,
    'PROVIDER' as x_genai_provider,
    'account-' || org || '-' || (slot % 6) as x_genai_account_id,
    day as x_ingestion_date
from (
    select
        cast(? as date) - cast(days as integer) as day, days, org, slot,
        (days * 7919 + org * 104729 + slot * 1299709) % 15485863 as key
    from range(?) as d (days), range(50) as o (org), range(?) as s (slot)
    order by day, org, slot
)
"""


def write_spend(path: Path, *, last_day: dt.date, days: int = 365, rows_per_org: int = 55) -> int:
    """Make the file: on each day `rows_per_org` rows of each of 50 organisations. Gives how many there are."""
    columns = ", ".join(
        f'"{column.name}" {TYPES[column.type].duckdb}' for column in TABLES["genai_budget_spend_daily"].columns
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table genai_budget_spend_daily ({columns})")
        connection.execute(_ROWS, [last_day, days, rows_per_org])
        found = connection.execute("select count(*) from genai_budget_spend_daily").fetchone()
    return int(found[0]) if found else 0


def scopes(count: int) -> list[SpendScope]:
    """So many scopes of ten shapes, as many of each as there are, repeated when they are used up."""
    by_shape = [list(_of_shape(number)) for number in range(10)]
    turns = itertools.zip_longest(*by_shape)
    found = [values for turn in turns for values in turn if values is not None]
    return [SpendScope.of(values) for values in itertools.islice(itertools.cycle(found), count)]


def _of_shape(number: int) -> Iterator[Mapping[str, str]]:
    orgs = [f"org-{org}" for org in range(ORGS)]
    if number == 0:
        yield {}
    elif number == 1:
        yield from ({"provider": f"provider-{provider}"} for provider in range(PROVIDERS))
    for org in range(ORGS) if number > 1 else ():
        named = {"org": orgs[org]}
        values: dict[int, list[dict[str, str]]] = {
            2: [{}],
            3: [{"provider": f"provider-{provider}"} for provider in range(PROVIDERS)],
            4: [{"model": f"model-{model}"} for model in range(MODELS)],
            5: [
                *({"hierarchy": f"DEPT-{entity}"} for entity in range(4)),
                *({"hierarchy": f"PROJ-{entity}"} for entity in range(PROJECTS)),
            ],
            6: [{"tenant": f"tenant-{org}-{tenant}"} for tenant in range(TENANTS)],
            7: [{"user": f"user-{org}-{user}"} for user in range(USERS)],
            8: [{"task": f"task-{task}"} for task in range(TASKS)],
            9: [
                {"tenant": f"tenant-{org}-{tenant}", "provider": f"provider-{provider}"}
                for tenant in range(TENANTS)
                for provider in range(PROVIDERS)
            ],
        }
        yield from ({**named, **value} for value in values[number])
