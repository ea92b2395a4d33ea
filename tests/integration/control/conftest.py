"""A control database of its own for each test, with two organisations that have an OpenAI account."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.settings import Settings


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"USER": "tester"}, tmp_path)


@pytest.fixture
def empty_engine(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty_engine: Engine, now: dt.datetime) -> Engine:
    with writing(empty_engine) as session:
        add_organisation(session, slug="acme", name="Acme", now=now, actor="tester")
        add_organisation(session, slug="globex", name="Globex", now=now, actor="tester")
        for org in ("acme", "globex"):
            add_account(
                session,
                org_slug=org,
                provider="openai",
                account_id=f"org-{org}",
                name="Main",
                now=now,
                actor="tester",
            )
    return empty_engine
