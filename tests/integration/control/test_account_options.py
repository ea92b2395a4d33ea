"""Options of an account: stored, listed, replaced, given to the fetch, and checked by the provider's source."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select, text

from genai_finops.cli.account import account
from genai_finops.cli.org import org
from genai_finops.control.credentials import add_credential, enabled_credentials
from genai_finops.control.database import downgrade, reading, upgrade, writing
from genai_finops.control.models import AuditEntry
from genai_finops.control.organisations import add_account, list_accounts
from genai_finops.control.secret import Secret
from genai_finops.settings import Settings

REGIONAL = Path(__file__).resolve().parents[1] / "regional"
REGIONS = {"regions": "us-east-1,eu-west-1"}

Add = Callable[..., Result]


@pytest.fixture
def add(tmp_path: Path) -> Add:
    """`account add acme regional 1 --name Main ...` at a provider whose source knows two regions."""
    settings = Settings.from_environment({"GENAI_FINOPS_PROVIDERS_PATH": str(REGIONAL)}, tmp_path)
    assert CliRunner().invoke(org, ["add", "acme", "--name", "Acme"], obj=settings).exit_code == 0

    def run(*arguments: str, provider: str = "regional") -> Result:
        return CliRunner().invoke(account, ["add", "acme", provider, "1", "--name", "Main", *arguments], obj=settings)

    return run


@pytest.fixture
def listed(add: Add, tmp_path: Path) -> Callable[[], list[Mapping[str, object]]]:
    settings = Settings.from_environment({}, tmp_path)
    return lambda: list(json.loads(CliRunner().invoke(account, ["list", "--json"], obj=settings).stdout))


def test_options_are_listed_as_a_mapping(add: Add, listed: Callable[[], list[Mapping[str, object]]]) -> None:
    add("--option", "regions=us-east-1,eu-west-1")
    assert [row["options"] for row in listed()] == [REGIONS]


def test_options_are_shown_in_the_table(add: Add, tmp_path: Path) -> None:
    add("--option", "regions=us-east-1,eu-west-1")
    shown = CliRunner().invoke(account, ["list"], obj=Settings.from_environment({}, tmp_path)).stdout
    assert "regions=us-east-1,eu-west-1" in shown


def test_the_same_options_change_nothing(add: Add) -> None:
    add("--option", "regions=us-east-1")
    assert add("--option", "regions=us-east-1").stdout == "account 1 of acme at regional: unchanged\n"


def test_options_that_are_not_given_stay(add: Add, listed: Callable[[], list[Mapping[str, object]]]) -> None:
    add("--option", "regions=us-east-1")
    add("--free-tier", "--update")
    assert [(row["options"], row["is_free_tier"]) for row in listed()] == [({"regions": "us-east-1"}, True)]


def test_other_options_need_update(add: Add) -> None:
    add("--option", "regions=us-east-1")
    refused = add("--option", "regions=eu-west-1")
    assert (refused.exit_code, "pass --update" in refused.stderr) == (1, True)


def test_update_replaces_all_options(add: Add, listed: Callable[[], list[Mapping[str, object]]]) -> None:
    add("--option", "a=1", "--option", "b=2", provider="elsewhere")
    add("--option", "b=3", "--update", provider="elsewhere")
    assert [row["options"] for row in listed()] == [{"b": "3"}]


def test_all_options_can_be_removed(add: Add, listed: Callable[[], list[Mapping[str, object]]]) -> None:
    add("--option", "a=1", provider="elsewhere")
    add("--no-options", "--update", provider="elsewhere")
    assert [row["options"] for row in listed()] == [{}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--option", "regions=us-east-9"), "'us-east-9' is no region"),
        (("--option", "region=us-east-1", "--option", "regions=us-east-1"), "The options of an account are: regions"),
        ((), "option.regions: Field required"),
        (("--option", "regions=us-east-1", "--option", "regions=eu-west-1"), "given twice"),
        (("--option", "us-east-1"), "not KEY=VALUE"),
    ],
    ids=["mistyped region", "mistyped key", "missing", "twice", "no key"],
)
def test_options_that_the_source_cannot_use_are_told_at_once(
    arguments: tuple[str, ...], message: str, add: Add
) -> None:
    refused = add(*arguments)
    assert (refused.exit_code, message in refused.stderr) == (1, True)


def test_a_refused_account_is_not_stored(add: Add, listed: Callable[[], list[Mapping[str, object]]]) -> None:
    add("--option", "regions=us-east-9")
    assert listed() == []


def test_a_secret_in_an_option_is_refused_without_repeating_it(add: Add) -> None:
    refused = add("--option", "client_secret=planted-4711")
    assert (refused.exit_code, "planted-4711" in refused.output, "credential add" in refused.stderr) == (1, False, True)


def test_an_option_without_a_key_is_not_repeated(add: Add) -> None:
    assert "planted-4711" not in add("--option", "planted-4711").output


def test_the_fetch_gets_the_accounts_options(engine: Engine, settings: Settings, now: dt.datetime) -> None:
    with writing(engine) as session:
        add_account(
            session,
            org_slug="acme",
            provider="regional",
            account_id="1",
            name="Main",
            options=REGIONS,
            now=now,
            actor="tester",
        )
        add_credential(
            session,
            settings,
            org_slug="acme",
            provider="regional",
            secret=Secret.of("planted"),
            now=now,
            actor="tester",
        )
    with reading(engine) as session:
        assert [row.account_options for row in enabled_credentials(session, "regional")] == [REGIONS]


def test_the_audit_log_names_the_new_options(add: Add, tmp_path: Path, empty_engine: Engine) -> None:
    add("--option", "regions=us-east-1")
    add("--option", "regions=eu-west-1", "--update")
    with reading(empty_engine) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert json.loads(entry.detail) == {"options": {"regions": "eu-west-1"}}


def test_accounts_of_an_older_database_have_no_options(engine: Engine) -> None:
    downgrade(engine, "0001")
    upgrade(engine)
    with reading(engine) as session:
        assert [(row.account_id, row.options) for row in list_accounts(session)] == [
            ("org-acme", {}),
            ("org-globex", {}),
        ]


def test_going_back_to_a_database_without_options_keeps_credentials_and_accounts(
    engine: Engine, settings: Settings, now: dt.datetime
) -> None:
    with writing(engine) as session:
        add_credential(
            session, settings, org_slug="acme", provider="openai", reference="env:KEY", now=now, actor="tester"
        )
    downgrade(engine, "0001")
    with engine.connect() as connection:
        joined = (
            "SELECT c.credential_id, a.name FROM credentials c JOIN provider_accounts a USING (org_slug, account_id)"
        )
        assert connection.execute(text(joined)).all() == [("acme-openai", "Main")]
