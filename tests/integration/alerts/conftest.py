"""A control database with two organisations, made once and copied for each test."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from genai_finops.alerts.alert import Alert
from genai_finops.control.alert_channels import add_channel
from genai_finops.control.alert_log import raise_alerts
from genai_finops.control.alert_routes import add_route
from genai_finops.control.database import connect, open_database, writing
from genai_finops.control.organisations import add_organisation
from genai_finops.control.secret import Secret
from genai_finops.settings import Settings

from .alert_cases import KEY, NOW


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings.from_environment({}, tmp_path_factory.mktemp("migrated"))
    engine = open_database(settings)
    with writing(engine) as session:
        for slug in ("acme", "globex"):
            add_organisation(session, slug=slug, name=slug.title(), now=NOW, actor="tester")
    engine.dispose()
    return settings.home / "control.db"


@pytest.fixture
def settings(tmp_path: Path, migrated: Path) -> Settings:
    settings = Settings.from_environment({"USER": "tester"}, tmp_path)
    settings.home.mkdir()
    shutil.copy(migrated, settings.home / "control.db")
    return settings


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings.control_url)
    yield engine
    engine.dispose()


@pytest.fixture
def raised(engine: Engine) -> Callable[..., tuple[Alert, ...]]:
    def raise_(*alerts: Alert, now: dt.datetime = NOW) -> tuple[Alert, ...]:
        with writing(engine) as session:
            return raise_alerts(session, alerts, now=now)

    return raise_


@pytest.fixture
def webhook(engine: Engine, settings: Settings) -> Callable[..., None]:
    """Adds a channel of the kind webhook, and a route to it."""

    def add(url: str, name: str = "hook", owner: str = "acme", **route: Any) -> None:
        with writing(engine) as session:
            add_channel(
                session,
                settings,
                owner=owner,
                name=name,
                kind="webhook",
                options={"url": url},
                secret=Secret.of(KEY),
                allow_private=True,
                allow_plain=True,
                now=NOW,
                actor="tester",
            )
            add_route(session, owner=owner, channel=name, now=NOW, actor="tester", **{"alerts_of": owner, **route})

    return add
