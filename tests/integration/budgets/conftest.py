"""A home with an organisation and a small warehouse of daily spend, made by hand."""

import datetime as dt
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.stored_budget import columns_of
from genai_finops.control.budget_store import add_budget
from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.schemas.register import TABLES
from genai_finops.schemas.types import TYPES
from genai_finops.settings import Settings
from genai_finops.warehouse.spend_scope import SpendScope

NOON = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)
_FILLER = {"string": "text", "date": NOON.date(), "timestamp": NOON, "bool": False}


@dataclass
class Home:
    """Settings, and what changes their stores."""

    settings: Settings

    def spend(self, rows: Iterable[tuple[dt.date, str, str]], **values: Any) -> None:
        """Replace the spend by rows of day, tenant and cost; and let the provider have told of it at once."""
        told = list(rows)
        with duckdb.connect(str(self.settings.warehouse_path)) as connection:
            for name in ("genai_budget_spend_daily", "genai_usage_daily_unified"):
                _recreate(connection, name)
            for day, tenant, cost in told:
                _insert(
                    connection,
                    "genai_budget_spend_daily",
                    {
                        "usage_date": day,
                        "x_ingestion_date": day,
                        "spend_source": "charges",
                        "flow": "payg",
                        "provider": "openai",
                        "tenant_id": tenant,
                        "x_org_slug": "acme",
                        "x_genai_account_id": "org-1",
                        "currency": "USD",
                        "effective_cost": Decimal(cost),
                        "billed_cost": Decimal(cost),
                        "list_cost": Decimal(cost),
                        "tokens": Decimal(100),
                        **values,
                    },
                )

    def read_until(self, day: dt.date, *, provider: str = "openai") -> None:
        """Say that the provider's usage of the day was read after its end."""
        with duckdb.connect(str(self.settings.warehouse_path)) as connection:
            _insert(
                connection,
                "genai_usage_daily_unified",
                {
                    "usage_date": day,
                    "x_ingestion_date": day,
                    "x_ingested_at": dt.datetime.combine(day, dt.time(6), dt.UTC) + dt.timedelta(days=1),
                    "x_org_slug": "acme",
                    "provider": provider,
                },
            )

    def add(self, name: str = "monthly", *, now: dt.datetime = NOON, **values: Any) -> int:
        """A budget of acme over 100 USD a month, but for the values given."""
        budget = Budget(
            **{
                "owner": "acme",
                "name": name,
                "scope": SpendScope.of({"org": "acme"}),
                "period": "monthly",
                "time_zone": "UTC",
                "measure": "effective_cost",
                "amount": Decimal(100),
                "currency": "USD",
                "valid_from": dt.date(2026, 11, 1),
                **values,
            }
        )
        engine = open_database(self.settings)
        try:
            with writing(engine) as session:
                return add_budget(session, columns_of(budget), now=now, actor="tester").id
        finally:
            engine.dispose()

    def process(self, script: str) -> subprocess.Popen[str]:
        """A process of its own that runs the script, with `settings` and `NOON` at hand."""
        head = (
            "import datetime as dt, os, sys, time\n"
            "from pathlib import Path\n"
            "from genai_finops.settings import Settings\n"
            f"settings = Settings.from_environment({{'GENAI_FINOPS_HOME': {str(self.settings.home)!r}}}, Path('/'))\n"
            "NOON = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)\n"
        )
        return subprocess.Popen(
            [sys.executable, "-c", head + script], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )


def _recreate(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    columns = ", ".join(f'"{column.name}" {TYPES[column.type].duckdb}' for column in TABLES[name].columns)
    connection.execute(f"create or replace table {name} ({columns})")


def _insert(connection: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> None:
    columns = [column for column in TABLES[name].columns if not column.nullable or column.name in values]
    row = [values.get(column.name, _FILLER.get(column.type, 0)) for column in columns]
    named, places = ", ".join(f'"{column.name}"' for column in columns), ", ".join("?" for _ in columns)
    connection.execute(f"insert into {name} ({named}) values ({places})", row)  # noqa: S608 - names of ours


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With acme, which has an account at OpenAI, 60 USD spent on 2 November and nothing else."""
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(tmp_path / "home"), "USER": "tester"}, tmp_path)
    settings.home.mkdir()
    engine = open_database(settings)
    with writing(engine) as session:
        add_organisation(session, slug="acme", name="Acme", now=NOON, actor="tester")
        add_account(
            session, org_slug="acme", provider="openai", account_id="org-1", name="Main", now=NOON, actor="tester"
        )
    engine.dispose()
    found = Home(settings)
    found.spend([(dt.date(2026, 11, 2), "web", "60")])
    found.read_until(dt.date(2026, 11, 4))
    return found


@pytest.fixture
def killed() -> Callable[[subprocess.Popen[str]], None]:
    """Kills a process as `kill -9` does, and waits until it is gone."""

    def kill(process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)

    return kill
