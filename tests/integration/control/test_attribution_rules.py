"""Rules for whom cost belongs to, as the commands add, list, end, remove and import them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from genai_finops.cli.attribution import attribution
from genai_finops.control.database import reading
from genai_finops.control.models import AuditEntry
from genai_finops.control.snapshot import control_snapshot
from genai_finops.schemas.tables.attribution import ATTRIBUTION_RULES
from genai_finops.schemas.validation import validate
from genai_finops.settings import Settings

Run = Callable[..., Result]
Listed = Callable[[], list[dict[str, Any]]]
RULE = ("add", "acme", "api_key", "key_1", "tenant", "initrode", "--provider", "openai")
HEADER = "org,provider,scope,scope_id,dimension,value,valid_from,valid_to\n"
CSV = HEADER + (
    "acme,openai,api_key,key_1,tenant,initrode,2026-10-01,2026-11-01\n"
    "acme,openai,api_key,key_1,tenant,hooli,2026-11-01,\n"
    "globex,,tenant,Initrode Ltd,tenant,initrode,2026-10-01,\n"
)

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def run(settings: Settings) -> Run:
    def _run(*arguments: str) -> Result:
        return CliRunner().invoke(attribution, ("rule", *arguments), obj=settings)

    return _run


@pytest.fixture
def listed(run: Run) -> Listed:
    def _listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(run("list", "--json").stdout)
        return found

    return _listed


@pytest.fixture
def imported(run: Run, tmp_path: Path) -> Callable[[str], Result]:
    def _imported(text: str, name: str = "rules.csv") -> Result:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return run("import", str(path))

    return _imported


def test_a_rule_is_told_back_with_its_last_day_turned_into_its_end(run: Run) -> None:
    assert run(*RULE, "--from", "2026-10-01", "--to", "2026-10-31").output == (
        "attribution rule 1: added\n"
        "  acme: openai api_key key_1 -> tenant initrode [2026-10-01, 2026-11-01)\n"
        "The next transform attributes by it.\n"
    )


def test_an_overlap_is_refused_naming_both(run: Run) -> None:
    run(*RULE, "--from", "2026-10-01")
    result = run(*RULE[:5], "hooli", *RULE[6:], "--from", "2026-12-01")
    named = [
        "acme: openai api_key key_1 -> tenant hooli [2026-12-01, open)",
        "rule 1, acme: openai api_key key_1 -> tenant initrode [2026-10-01, open)",
    ]
    assert (result.exit_code, [text for text in named if text not in result.output]) == (1, [])


@pytest.mark.parametrize(
    "other",
    [
        ("add", "acme", "api_key", "key_1", "task", "search", "--provider", "openai"),
        ("add", "acme", "sub_account", "key_1", "tenant", "hooli", "--provider", "openai"),
        ("add", "acme", "api_key", "key_1", "tenant", "hooli", "--provider", "anthropic"),
        ("add", "globex", "api_key", "key_1", "tenant", "hooli", "--provider", "openai"),
        ("add", "acme", "api_key", "KEY_1", "tenant", "hooli", "--provider", "openai"),
    ],
    ids=["dimension", "scope", "provider", "organisation", "id"],
)
def test_a_rule_of_another_target_is_no_overlap(other: tuple[str, ...], run: Run, listed: Listed) -> None:
    run(*RULE, "--from", "2026-10-01")
    run(*other, "--from", "2026-10-01")
    assert len(listed()) == 2


def test_an_ended_rule_makes_place_for_the_next(run: Run, listed: Listed) -> None:
    run(*RULE, "--from", "2026-10-01")
    run("end", "acme", "1", "--to", "2026-10-31")
    run(*RULE[:5], "hooli", *RULE[6:], "--from", "2026-11-01")
    assert [(row["value"], row["valid_from"], row["valid_to"]) for row in listed()] == [
        ("initrode", "2026-10-01", "2026-11-01"),
        ("hooli", "2026-11-01", None),
    ]


def test_a_later_end_over_the_next_rule_is_refused(run: Run, imported: Callable[[str], Result]) -> None:
    imported(CSV)
    result = run("end", "acme", "1", "--to", "2026-11-01")
    assert (result.exit_code, "would overlap rule 2" in result.output) == (1, True)


def test_a_rule_of_another_organisation_cannot_be_removed(run: Run, listed: Listed) -> None:
    run(*RULE, "--from", "2026-10-01")
    assert (run("remove", "globex", "1").exit_code, len(listed())) == (1, 1)


def test_every_change_is_in_the_audit_log(run: Run, engine: Engine) -> None:
    run(*RULE, "--from", "2026-10-01")
    run("end", "acme", "1", "--to", "2026-10-31")
    run("remove", "acme", "1")
    with reading(engine) as session:
        found = select(AuditEntry.action, AuditEntry.org_slug).where(AuditEntry.action.like("attribution_rule.%"))
        actions = [tuple(row) for row in session.execute(found.order_by(AuditEntry.id))]
    assert actions == [(f"attribution_rule.{verb}", "acme") for verb in ("add", "end", "remove")]


@pytest.mark.parametrize("name", ["  Initrode\n", "'; drop table attribution_rules; --", "\u0131nitrode\\", "x" * 500])
def test_any_name_of_a_log_can_be_mapped_as_it_stands(name: str, run: Run, listed: Listed) -> None:
    run("add", "acme", "tenant", name, "tenant", "initrode", "--from", "2026-10-01")
    assert [row["scope_id"] for row in listed()] == [name]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("api_key", "key_1", "tenant", "x"), "has no provider"),
        (("tenant", "A", "tenant", "x", "--provider", "openai"), "give no provider"),
        (("tenant", "A", "user", "x"), "the dimension tenant"),
        (("tenant", "A", "tenant", "A"), "mapped to itself"),
        (("tenant", "x" * 501, "tenant", "A"), "501 characters"),
        (("api_key", "key_1", "tenant", "x", "--provider", "opanai"), "Did you mean openai"),
        (("api_key", "key_1", "tenant", "x", "--provider", "openai", "--to", "2026-09-30"), "not after its start"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(arguments: tuple[str, ...], reason: str, run: Run) -> None:
    result = run("add", "acme", *arguments, "--from", "2026-10-01")
    assert (result.exit_code, reason in result.output) == (1, True), result.output


def test_a_file_is_imported_once_however_often_it_is(imported: Callable[[str], Result]) -> None:
    outputs = [imported(CSV).output.partition(": ")[2] for _ in range(2)]
    assert outputs == ["3 added, 0 unchanged\n", "0 added, 3 unchanged\n"]


def test_a_rule_that_was_ended_since_is_still_the_rule_of_the_file(run: Run, imported: Callable[[str], Result]) -> None:
    imported(CSV)
    run("end", "acme", "2", "--to", "2026-12-31")
    assert imported(CSV).output.endswith("0 added, 3 unchanged\n")


def test_yaml_says_the_same(imported: Callable[..., Result], listed: Listed) -> None:
    rule = "{provider: openai, scope: api_key, scope_id: 007, dimension: task, value: search, valid_from: 2026-10-01}"
    imported(f"org: acme\nrules:\n  - {rule}\n", "rules.yml")
    assert [(row["scope_id"], row["value"], row["valid_from"]) for row in listed()] == [("007", "search", "2026-10-01")]


def test_every_bad_line_is_named_and_nothing_is_imported(imported: Callable[[str], Result], listed: Listed) -> None:
    result = imported(
        CSV + "acme,openai,api_key,key_1,tenant,acme,2026-12-01,\n"
        "acme,openai,api_key,key_2,tenant,,2026-12-01,\n"
        "acme,openai,key,key_2,tenant,a,2026-12-01,\n"
        "acme,openai,api_key,key_2,tenant,a,yesterday,\n"
        "nobody,openai,api_key,key_2,tenant,a,2026-12-01,\n"
        "globex,,tenant,Initrode Ltd,tenant,initrode,2026-10-01,\n"
    )
    faults = [line.split()[1] for line in result.output.splitlines() if line.startswith("  line")]
    assert (sorted(int(line.rstrip(":")) for line in faults), listed()) == ([5, 6, 7, 8, 9, 10], [])


def test_the_snapshot_of_rules_is_what_the_table_declares(imported: Callable[[str], Result], engine: Engine) -> None:
    imported(CSV)
    with reading(engine) as session:
        frame = control_snapshot(session)[ATTRIBUTION_RULES.name]
    validate(ATTRIBUTION_RULES, frame, subject="snapshot")
    assert [(row["x_org_slug"], row["provider"], row["value"]) for row in frame.to_dicts()] == [
        ("acme", "openai", "initrode"),
        ("acme", "openai", "hooli"),
        ("globex", None, "initrode"),
    ]
