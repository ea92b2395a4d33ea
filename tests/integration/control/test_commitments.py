"""Orders of capacity and their prices, as the commands enter, list, end and import them."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from genai_finops.cli.commitment import commitment
from genai_finops.control.database import reading, writing
from genai_finops.control.models import AuditEntry
from genai_finops.control.organisations import add_account
from genai_finops.control.snapshot import capacity_price_entries_frame
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.validation import validate
from genai_finops.settings import Settings

Run = Callable[..., Result]
ORDER = (
    *("add", "acme", "openai", "scale-1", "--meter", "throughput_unit_hour", "--quantity", "4", "--model", "gpt-5"),
    *("--term", "P1M", "--from", "2026-10-01", "--payment", "monthly", "--tokens-per-minute", "30000"),
    *("--weight", "uncached_input=1", "--weight", "output=4", "--weight", "output>200000=6"),
)
RECORD = {
    "org": "acme",
    "provider": "openai",
    "id": "scale-1",
    "meter": "throughput_unit_hour",
    "quantity": "4",
    "model": "gpt-5",
    "term": "P1M",
    "starts_at": "2026-10-01",
    "payment": "monthly",
    "tokens_per_minute": "30000",
    "weights": "uncached_input=1 output=4 output>200000=6",
}
PRICE = ("price", "set", "acme", "openai", "--meter", "throughput_unit_hour", "--price", "3.5")

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def run(settings: Settings) -> Run:
    def _run(*arguments: str) -> Result:
        return CliRunner().invoke(commitment, arguments, obj=settings)

    return _run


@pytest.fixture
def listed(run: Run) -> Callable[..., list[dict[str, Any]]]:
    def _listed(*arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(run("list", "--json", *arguments).stdout)
        return found

    return _listed


Listed = Callable[..., list[dict[str, Any]]]


def test_an_order_is_told_back_with_its_term_and_price(run: Run) -> None:
    assert run(*ORDER).output == (
        "commitment scale-1 of acme/org-acme: entered\n"
        "  4 x Committed Throughput for gpt-5, P1M from 2026-10-01 00:00 to 2026-11-01 00:00 UTC, paid monthly at the "
        "price table's price\nThe next transform takes it into the register of commitments.\n"
    )


def test_an_order_reads_back_as_it_was_entered(run: Run, listed: Listed) -> None:
    run(*ORDER)
    [order] = listed("acme")
    found = {name: order[name] for name in ("account_id", "quantity", "starts_at", "ends_at", "commitment_type")}
    assert found == {
        "account_id": "org-acme",
        "quantity": "4",
        "starts_at": "2026-10-01T00:00:00Z",
        "ends_at": "2026-11-01T00:00:00Z",
        "commitment_type": "Scale Tier",
    }
    assert [(entry["token_meter"], entry["context_tokens_above"], entry["weight"]) for entry in order["weights"]] == [
        ("uncached_input", 0, "1"),
        ("output", 0, "4"),
        ("output", 200000, "6"),
    ]


def test_an_id_that_is_entered_already_is_refused_in_any_case_of_its_letters(run: Run) -> None:
    run(*ORDER)
    result = run("add", "acme", "openai", "SCALE-1", *ORDER[4:])
    assert (result.exit_code, "has a commitment scale-1 at openai already" in result.output) == (1, True)


def test_another_organisation_may_use_the_same_id(run: Run, listed: Listed) -> None:
    run(*ORDER)
    run("add", "globex", *ORDER[2:])
    assert [order["org"] for order in listed()] == ["acme", "globex"]


def test_an_order_that_ended_early_is_known_with_and_without_its_end(run: Run, listed: Listed) -> None:
    run(*ORDER)
    assert run("end", "acme", "openai", "scale-1", "--at", "2026-10-15T13:00:00Z").exit_code == 0
    assert [order["ended_at"] for order in listed("acme")] == ["2026-10-15T13:00:00Z"]
    before, after = listed("acme", "--removed")
    assert (before["ended_at"], before["removed_at"], after["weights"]) == (
        None,
        after["entered_at"],
        before["weights"],
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("end", "acme", "openai", "none", "--at", "2026-10-15T00:00:00Z"), "known: scale-1", id="unknown"),
        pytest.param(("end", "acme", "openai", "scale-1", "--at", "2026-12-01T00:00:00Z"), "outside", id="too late"),
        pytest.param(("remove", "globex", "openai", "scale-1"), "has no commitment", id="another organisation's"),
        pytest.param(("add", "acme", "anthropic", *ORDER[3:]), "no account at anthropic", id="no account"),
        pytest.param((*ORDER[:3], "x", *ORDER[4:7], "0", *ORDER[8:]), "not above 0", id="no units"),
        pytest.param((*ORDER[:3], "x", *ORDER[4:], "--weight", "output"), "no weight of a meter", id="weight"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_reason(run: Run, arguments: tuple[str, ...], message: str) -> None:
    run(*ORDER)
    result = run(*arguments)
    assert (result.exit_code, message in result.output) == (1, True), result.output


def test_a_removed_order_may_be_entered_again(run: Run, listed: Listed, engine: Engine) -> None:
    run(*ORDER)
    run("remove", "acme", "openai", "scale-1")
    assert listed("acme") == []
    run(*ORDER)
    assert [order["commitment_id"] for order in listed("acme")] == ["scale-1"]
    with reading(engine) as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("commitment%"))).all()
    assert actions == ["commitment.add", "commitment.remove", "commitment.add"]


def write_csv(path: Path, *records: dict[str, str]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(RECORD))
        writer.writeheader()
        writer.writerows(records)
    return path


def test_a_file_enters_what_the_command_enters_and_nothing_the_second_time(
    run: Run, listed: Listed, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "orders.csv", RECORD)
    assert run("import", str(file)).output == f"{file}: 1 added, 0 unchanged\n"
    [imported] = listed("acme")
    assert run("import", str(file)).output == f"{file}: 0 added, 1 unchanged\n"
    run("remove", "acme", "openai", "scale-1")
    run(*ORDER)
    [added] = listed("acme")
    moments = {"entered_at": None}
    assert {**imported, **moments} == {**added, **moments}


def test_yaml_says_the_same_as_csv(run: Run, listed: Listed, tmp_path: Path) -> None:
    file = tmp_path / "orders.yml"
    file.write_text(
        "org: acme\ncommitments:\n  - {provider: openai, id: scale-1, meter: throughput_unit_hour, model: gpt-5,\n"
        "     quantity: 4, term: P1M, starts_at: 2026-10-01, payment: monthly, tokens_per_minute: 30000,\n"
        '     weights: {uncached_input: 1, output: 4, "output>200000": 6}}\n'
    )
    run("import", str(file))
    same = write_csv(tmp_path / "orders.csv", RECORD)
    assert run("import", str(same)).output == f"{same}: 0 added, 1 unchanged\n"


def test_a_file_with_faults_enters_nothing_and_names_each_line(run: Run, listed: Listed, tmp_path: Path) -> None:
    other = RECORD | {"id": "scale-2"}
    faulty = (other | {"id": "b", "quantity": "four"}, other | {"id": "c", "term": "P2M"}, RECORD | {"quantity": "5"})
    run(*ORDER)
    result = run("import", str(write_csv(tmp_path / "orders.csv", other, *faulty)))
    assert result.exit_code == 1
    for fault in ("line 3: quantity is 'four'", "line 4: Commitment c of openai: term 'P2M'", "line 5: Organisation"):
        assert fault in result.output
    assert [order["commitment_id"] for order in listed("acme")] == ["scale-1"]


def test_own_prices_are_rows_of_the_book_of_their_source(run: Run, engine: Engine) -> None:
    term = ("--term", "P1M", "--per", "month", "--payment", "monthly", "--from", "2026-10-01")
    assert run(*PRICE, "--model", "gpt-5-2025-08-07", *term).exit_code == 0
    assert run(*PRICE, "--account", "org-acme", "--from", "2026-10-01", "--to", "2026-10-31").exit_code == 0
    assert run("price", "remove", "acme", "2").output == "capacity price 2 of acme: removed\n"
    with reading(engine) as session:
        frame = capacity_price_entries_frame(session)
    found = validate(CAPACITY_PRICE_BOOK, frame, subject="entries").sort("source_version")
    columns = ("source", "priority", "model_id", "x_genai_account_id", "purchase_option", "term", "unit_price")
    assert found.select(columns).rows() == [
        ("organisation", 20, "gpt-5", None, "commitment", "P1M", 3.5),
        ("account", 10, None, "org-acme", "on_demand", None, 3.5),
    ]
    assert found["known_to"].is_null().to_list() == [True, False]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param((), "price 1 decides the same", id="twice"),
        pytest.param(("--term", "P1W", "--per", "month"), "has none", id="month of a week"),
        pytest.param(("--per", "month"), "paid by the hour", id="month without a term"),
        pytest.param(("--variant", "h100"), "have no machine type", id="machine"),
        pytest.param(("--account", "other"), "no account 'other'", id="account"),
        pytest.param(("--from", "2026-10-02", "--to", "2026-10-01"), "is before", id="days"),
        pytest.param(("--currency", "EUR"), "bills in USD", id="currency"),
    ],
)
def test_a_price_that_cannot_be_meant_is_refused(run: Run, more: tuple[str, ...], message: str) -> None:
    run(*PRICE)
    result = run(*PRICE, *more)
    assert (result.exit_code, message in result.output) == (1, True), result.output


def test_an_order_of_one_account_among_several_names_it(run: Run, listed: Listed, engine: Engine, now: Any) -> None:
    with writing(engine) as session:
        add_account(
            session, org_slug="acme", provider="openai", account_id="org-2", name="Two", now=now, actor="tester"
        )
    assert "Choose one with --account" in run(*ORDER).output
    run(*ORDER, "--account", "org-2")
    assert [order["account_id"] for order in listed("acme")] == ["org-2"]
