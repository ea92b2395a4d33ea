"""Findings: the same matter stays one row, from when it is first seen until it is no longer seen."""

import dataclasses
import datetime as dt
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from genai_finops.cli.attribution import attribution
from genai_finops.control.attribution_findings import Finding, list_findings, record_findings, resolve_missing
from genai_finops.control.database import reading, writing
from genai_finops.settings import Settings

FINDING = Finding(
    finding_id="f1",
    org="acme",
    kind="low_coverage",
    severity="warning",
    tenant_id="x\x00'y",
    provider="openai",
    usage_date=dt.date(2026, 10, 2),
    message="62 % of gpt-5 are logged",
    figures={"share": "0.62"},
)
HOUR = dt.timedelta(hours=1)

Record = Callable[[Finding, dt.datetime], tuple[Finding, ...]]


@pytest.fixture
def record(engine: Engine) -> Record:
    def _record(finding: Finding, at: dt.datetime) -> tuple[Finding, ...]:
        with writing(engine) as session:
            return record_findings(session, [finding], at)

    return _record


@pytest.fixture
def resolve(engine: Engine, now: dt.datetime) -> Callable[..., int]:
    def _resolve(org: str = "acme", kind: str = "low_coverage", seen: tuple[str, ...] = ()) -> int:
        with writing(engine) as session:
            return resolve_missing(session, org, [kind], seen, now + HOUR)

    return _resolve


def test_a_finding_that_is_seen_again_keeps_when_it_was_first_seen(
    record: Record, engine: Engine, now: dt.datetime
) -> None:
    record(FINDING, now)
    record(dataclasses.replace(FINDING, severity="critical", figures={"share": "0.5"}), now + HOUR)
    with reading(engine) as session:
        [row] = list_findings(session)
        found = (row.first_seen_at, row.last_seen_at, row.severity, row.figures)
    assert found == (now, now + HOUR, "critical", {"share": "0.5"})


def test_only_what_is_new_or_was_resolved_is_raised(
    record: Record, resolve: Callable[..., int], now: dt.datetime
) -> None:
    raised = [len(record(FINDING, now)), len(record(FINDING, now))]
    resolve()
    assert [*raised, len(record(FINDING, now + 2 * HOUR))] == [1, 0, 1]


def test_what_is_no_longer_seen_is_resolved(record: Record, resolve: Callable[..., int], engine: Engine) -> None:
    now = dt.datetime(2026, 11, 5, tzinfo=dt.UTC)
    record(FINDING, now)
    resolve()
    with reading(engine) as session:
        counts = (len(list_findings(session)), len(list_findings(session, include_resolved=True)))
    assert counts == (0, 1)


@pytest.mark.parametrize(
    "other", [{"org": "globex"}, {"kind": "new_tenant"}, {"seen": ("f1",)}], ids=["org", "kind", "seen"]
)
def test_other_organisations_kinds_and_what_is_seen_are_not_resolved(
    other: dict[str, str], record: Record, resolve: Callable[..., int], now: dt.datetime
) -> None:
    record(FINDING, now)
    assert resolve(**other) == 0


def test_equal_ids_of_two_organisations_are_two_findings(record: Record, engine: Engine, now: dt.datetime) -> None:
    record(FINDING, now)
    record(dataclasses.replace(FINDING, org="globex"), now)
    with reading(engine) as session:
        assert [row.org_slug for row in list_findings(session)] == ["acme", "globex"]


def test_the_command_lists_findings_of_one_organisation(record: Record, settings: Settings, now: dt.datetime) -> None:
    record(FINDING, now)
    record(dataclasses.replace(FINDING, org="globex", message="a\nb"), now)
    output = CliRunner().invoke(attribution, ("findings", "globex"), obj=settings).output
    assert ("a\\nb" in output, "acme" in output) == (True, False)
