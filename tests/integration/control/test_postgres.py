"""The same database on Postgres, where one is reachable: migrations, writers, encryption, snapshot."""

import datetime as dt
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from genai_finops.control.attribution_findings import Finding, list_findings, record_findings, resolve_missing
from genai_finops.control.attribution_rule_store import add_rule
from genai_finops.control.attribution_rules import Rule
from genai_finops.control.credentials import add_credential, enabled_credentials, open_secret
from genai_finops.control.database import connect, downgrade, open_database, reading, writing
from genai_finops.control.hierarchy_file import parse_hierarchy
from genai_finops.control.hierarchy_store import ImportCounts, import_hierarchy
from genai_finops.control.models import Base
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.plans import Plan, enter_plan
from genai_finops.control.price_defaults import OrganisationDefaults, reset_to_defaults
from genai_finops.control.price_entries import enter_price, remove_price
from genai_finops.control.price_rules import PriceTerms
from genai_finops.control.rotation import rotate_master_key
from genai_finops.control.secret import Secret
from genai_finops.control.snapshot import control_snapshot, price_entries_frame
from genai_finops.settings import Settings

URL = os.environ.get("GENAI_FINOPS_TEST_POSTGRES_URL")

pytestmark = pytest.mark.skipif(
    URL is None, reason="GENAI_FINOPS_TEST_POSTGRES_URL names no Postgres database that tests may empty"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"GENAI_FINOPS_CONTROL_URL": URL or "unset"}, tmp_path)


@pytest.fixture
def empty_engine(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    downgrade(engine, "base")
    engine.dispose()
    engine = open_database(settings)
    yield engine
    downgrade(engine, "base")
    engine.dispose()


def test_the_migrated_schema_is_the_schema_of_the_models(empty_engine: Engine) -> None:
    with empty_engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_credential_opens_after_a_key_rotation(engine: Engine, settings: Settings, now: dt.datetime) -> None:
    with writing(engine) as session:
        add_credential(
            session, settings, org_slug="acme", provider="openai", secret=Secret.of("sk-1"), now=now, actor="tester"
        )
    rotate_master_key(engine, settings, now=now, actor="tester")
    assert open_secret(engine, settings, org_slug="acme", credential_id="acme-openai").reveal() == "sk-1"


def test_enabled_credentials_are_found(engine: Engine, settings: Settings, now: dt.datetime) -> None:
    with writing(engine) as session:
        add_credential(
            session, settings, org_slug="acme", provider="openai", reference="env:X", now=now, actor="tester"
        )
    with reading(engine) as session:
        assert [row.credential_id for row in enabled_credentials(session, "openai")] == ["acme-openai"]


def test_a_hierarchy_is_imported_and_snapshot(engine: Engine, now: dt.datetime, tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text(
        "record,org,entity_id,name,level,parent\nentity,acme,P,Backend,PROJ,D\nentity,acme,D,Engineering,DEPT,\n"
    )
    records, faults = parse_hierarchy(path)
    with writing(engine) as session:
        counts = import_hierarchy(session, records, faults, source=path, update=False, now=now, actor="tester")
    with reading(engine) as session:
        paths = control_snapshot(session)["genai_hierarchy_entities"]["path"].to_list()
    assert (counts, paths) == (ImportCounts(added=2, updated=0, unchanged=0), ["/ACME/D", "/ACME/D/P"])


def test_moments_come_back_in_utc(engine: Engine, now: dt.datetime) -> None:
    with reading(engine) as session:
        assert control_snapshot(session)["genai_organisations"]["created_at"].to_list() == [now, now]


def test_a_price_comes_back_exactly_and_with_the_time_that_it_was_known(engine: Engine, now: dt.datetime) -> None:
    terms = PriceTerms(
        provider="openai",
        model="gpt-5",
        meter="output",
        service_tier="standard",
        geography="global",
        pricing_type="negotiated",
        currency="USD",
        unit_price=Decimal("0.000000000001"),
        valid_from=dt.date(2026, 11, 1),
    )
    common: dict[str, Any] = {"org_slug": "acme", "now": now, "actor": "tester"}
    with writing(engine) as session:
        entry = enter_price(session, terms, currencies={"openai": "USD"}, **common)
        remove_price(session, entry.id, **common)
    with reading(engine) as session:
        frame = price_entries_frame(session)
    assert frame.select("unit_price", "known_from", "known_to").rows() == [
        (Decimal("0.000000000001"), now, now + dt.timedelta(microseconds=1))
    ]


def test_a_reset_gives_defaults_and_keeps_own_plans(engine: Engine, now: dt.datetime) -> None:
    plan = Plan(subscription_id="free", provider="openai", plan_name="FREE", effective_date=dt.date(2026, 1, 1))
    own = Plan(subscription_id="own", provider="openai", plan_name="OWN", effective_date=dt.date(2026, 1, 1))
    defaults = OrganisationDefaults(version="v1", prices=(), plans=(plan,))
    with writing(engine) as session:
        enter_plan(session, own, org_slug="acme", now=now, actor="tester")
        counts = reset_to_defaults(session, "acme", defaults, now=now, actor="tester").counts
    assert (counts["own_plans"], counts["added_plans"]) == (1, 1)


def test_attribution_rules_and_findings_are_kept_as_they_were_given(engine: Engine, now: dt.datetime) -> None:
    name = "Initrode\n\U0001f600" + "x" * 480
    rule = Rule(
        org="acme",
        provider=None,
        scope="tenant",
        scope_id=name,
        dimension="tenant",
        value="initrode",
        valid_from=dt.date(2026, 10, 1),
    )
    finding = Finding(
        finding_id="f1", org="acme", kind="new_tenant", severity="info", tenant_id="a\x00b" * 5000, message="new"
    )
    with writing(engine) as session:
        add_rule(session, rule, providers=(), now=now, actor="tester")
        record_findings(session, [finding], now)
        resolve_missing(session, "acme", ["new_tenant"], [], now)
    with reading(engine) as session:
        rows = control_snapshot(session)["genai_attribution_rules"].rows()
        [found] = list_findings(session, include_resolved=True)
        seen = (found.first_seen_at, found.resolved_at, len(found.tenant_id or ""))
    assert (rows, seen) == (
        [("acme", None, "tenant", name, "tenant", "initrode", dt.date(2026, 10, 1), None)],
        (now, now, 15_000),
    )


def test_a_second_writer_waits_for_the_first(engine: Engine, now: dt.datetime) -> None:
    rival = connect(f"{URL}?options=-cstatement_timeout%3D200").execution_options(control_write=True)
    with writing(engine) as session:
        add_organisation(session, slug="first", name="First", now=now, actor="tester")
        add_account(session, org_slug="first", provider="openai", account_id="a", name="A", now=now, actor="tester")
        with pytest.raises(Exception, match="statement timeout"), rival.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    rival.dispose()
