"""What is odd about a day: each rule at its mark, on either side of it."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.attribution.config import load_attribution_config
from genai_finops.attribution.findings import evaluate_day, finding_id
from genai_finops.attribution.thresholds import FindingThresholds
from genai_finops.control.attribution_findings import Finding
from genai_finops.warehouse.attribution_findings import AccountCoverage, AttributionRows, ConversationCost, TenantCost

DAY = dt.date(2026, 11, 3)


@pytest.fixture(scope="module")
def thresholds(repository: Path) -> FindingThresholds:
    """Those that the platform comes with."""
    return load_attribution_config(repository / "configs" / "attribution.yml").findings


def ago(days: int) -> dt.date:
    return DAY - dt.timedelta(days=days)


def tenant(days: int, cost: str = "5", name: str | None = "web", currency: str = "USD") -> TenantCost:
    return TenantCost(org="acme", day=ago(days), tenant_id=name, currency=currency, effective_cost=Decimal(cost))


def conversation(days: int, cost: str, name: str = "chat") -> ConversationCost:
    return ConversationCost(
        org="acme",
        day=ago(days),
        tenant_id="web",
        conversation_id=name,
        currency="USD",
        effective_cost=Decimal(cost),
    )


def coverage(effective: str, attributed: str, **unattributed: str) -> AccountCoverage:
    return AccountCoverage(
        org="acme",
        day=DAY,
        provider="openai",
        account_id="org-1",
        currency="USD",
        effective_cost=Decimal(effective),
        attributed_cost=Decimal(attributed),
        unattributed={reason: Decimal(cost) for reason, cost in unattributed.items()},
    )


def found(
    thresholds: FindingThresholds,
    *,
    accounts: Sequence[AccountCoverage] = (),
    tenants: Sequence[TenantCost] = (),
    conversations: Sequence[ConversationCost] = (),
    day: dt.date = DAY,
) -> list[Finding]:
    rows = AttributionRows(coverage=list(accounts), tenants=list(tenants), conversations=list(conversations))
    return list(evaluate_day(rows, day=day, thresholds=thresholds))


def kinds(findings: Sequence[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.kind, finding.tenant_id) for finding in findings]


def months(**costs_of: Any) -> list[TenantCost]:
    """Rows of tenants over 31 days, by a function of days ago that gives the cost, or None for no row."""
    return [
        tenant(days, cost, name)
        for name, cost_of in costs_of.items()
        for days in range(32)
        if (cost := cost_of(days)) is not None
    ]


def always(_: int) -> str:
    return "5"


@pytest.mark.parametrize(("attributed", "is_found"), [("79.99", True), ("80.00", False)])
def test_coverage_is_low_below_its_share(thresholds: FindingThresholds, attributed: str, is_found: bool) -> None:
    findings = found(thresholds, accounts=[coverage("100", attributed)])
    assert kinds(findings) == [("low_coverage", None)] * is_found


def test_low_coverage_says_how_much_is_missing_and_why(thresholds: FindingThresholds) -> None:
    [finding] = found(thresholds, accounts=[coverage("10", "6.2", incomplete_log="1.30", no_log_of_key="2.50")])
    assert "6.20 USD of 10.00 USD of openai account org-1 on 2026-11-03" in finding.message
    assert "62.0%, where 80.0% are wanted. Without one: no_log_of_key 2.50 USD, incomplete_log 1.30 USD" in (
        finding.message
    )


def test_cents_without_a_consumer_trouble_nobody(thresholds: FindingThresholds) -> None:
    assert found(thresholds, accounts=[coverage("0.99", "0")]) == []


def test_a_tenant_is_new_on_its_first_day_and_no_other(thresholds: FindingThresholds) -> None:
    rows = months(old=always, new=lambda days: "2" if days <= 1 else None)
    assert kinds(found(thresholds, tenants=rows, day=ago(1))) == [("new_tenant", "new")]
    assert found(thresholds, tenants=rows) == []


def test_at_the_start_of_an_organisation_no_tenant_is_new(thresholds: FindingThresholds) -> None:
    rows = [tenant(days, name="web") for days in range(7)] + [tenant(0, name="app")]
    assert found(thresholds, tenants=rows) == []
    assert kinds(found(thresholds, tenants=[*rows, tenant(7)])) == [("new_tenant", "app")]


def test_a_tenant_is_missing_on_the_third_day_without_cost_and_no_other(thresholds: FindingThresholds) -> None:
    rows = months(other=always, gone=lambda days: "5" if days >= 3 else None)
    by_day = {days: kinds(found(thresholds, tenants=rows, day=ago(days))) for days in (0, 1, 2)}
    assert by_day == {0: [("missing_tenant", "gone")], 1: [], 2: []}


def test_a_tenant_is_not_missed_where_the_organisation_has_no_cost_at_all(thresholds: FindingThresholds) -> None:
    """The consolidation of these days is yet to come."""
    assert found(thresholds, tenants=months(gone=lambda days: "5" if days >= 3 else None)) == []


def test_a_tenant_that_was_hardly_there_is_not_missed(thresholds: FindingThresholds) -> None:
    rows = months(other=always, seldom=lambda days: "5" if days in {3, 9, 17, 25} else None)
    assert found(thresholds, tenants=rows) == []


@pytest.mark.parametrize(("cost", "is_found"), [("15.00", False), ("15.01", True), ("4.99", False)])
def test_a_difference_below_the_least_money_is_no_finding(
    thresholds: FindingThresholds, cost: str, is_found: bool
) -> None:
    rows = months(web=lambda days: cost if days == 0 else "5")
    assert kinds(found(thresholds, tenants=rows)) == [("unusual_cost", "web")] * is_found


@pytest.mark.parametrize("cost", ["49", "151"])
def test_cost_far_above_and_far_below_is_unusual(thresholds: FindingThresholds, cost: str) -> None:
    rows = months(web=lambda days: cost if days == 0 else "100")
    assert kinds(found(thresholds, tenants=rows)) == [("unusual_cost", "web")]


def test_a_weekday_is_compared_with_the_same_weekdays(thresholds: FindingThresholds) -> None:
    rows = months(web=lambda days: "1000" if days % 7 == 0 else "10")
    assert found(thresholds, tenants=rows) == []


def test_the_wider_the_pattern_the_more_it_allows(thresholds: FindingThresholds) -> None:
    usual = {7: "100", 14: "140", 21: "60", 28: "100"}
    rows = months(web=lambda days: "240" if days == 0 else usual.get(days, "100"))
    [finding] = found(thresholds, tenants=[row for row in rows if row.day != DAY] + [tenant(0, "249")])
    # Median 100, median absolute deviation 20: 5 x 1.4826 x 20.
    assert finding.figures["allowed_difference"] == "148.2600"
    assert found(thresholds, tenants=[row for row in rows if row.day != DAY] + [tenant(0, "248.26")]) == []


def test_a_tenant_of_three_weeks_has_a_pattern_and_one_of_two_has_none(thresholds: FindingThresholds) -> None:
    three, two = ([tenant(7 * week, "100") for week in range(1, weeks + 1)] for weeks in (3, 2))
    assert kinds(found(thresholds, tenants=[*three, tenant(0, "500")])) == [("unusual_cost", "web")]
    assert found(thresholds, tenants=[*two, tenant(0, "500")]) == []


def test_a_day_without_a_row_cost_nothing(thresholds: FindingThresholds) -> None:
    rows = months(other=always, web={0: "50", 21: "40"}.get)
    [finding] = found(thresholds, tenants=rows)
    assert (finding.tenant_id, finding.figures["usual_cost"]) == ("web", "0")


def test_currencies_are_not_added_together(thresholds: FindingThresholds) -> None:
    rows = [tenant(7 * week, "10") for week in range(5)]
    rows += [tenant(7 * week, "10", currency="EUR") for week in range(5)]
    assert found(thresholds, tenants=rows) == []


def test_a_conversation_is_dear_on_the_day_on_which_it_comes_above_its_mark(thresholds: FindingThresholds) -> None:
    rows = [conversation(3, "4"), conversation(2, "6"), conversation(1, "0.01"), conversation(0, "20")]
    by_day = {days: len(found(thresholds, conversations=rows, day=ago(days))) for days in range(4)}
    assert by_day == {3: 0, 2: 0, 1: 1, 0: 0}


def test_a_finding_has_the_same_id_whatever_else_is_known(thresholds: FindingThresholds) -> None:
    [alone] = found(thresholds, conversations=[conversation(0, "11")])
    [among] = found(thresholds, conversations=[conversation(5, "1"), conversation(0, "12")], tenants=[tenant(0)])
    assert alone.finding_id == among.finding_id


def test_names_cannot_be_made_to_look_like_one_another() -> None:
    assert finding_id("new_tenant", "acme", ("a", "b/USD"), DAY) != finding_id(
        "new_tenant", "acme", ("a/b", "USD"), DAY
    )


def test_a_name_of_ten_kilobytes_makes_no_long_message(thresholds: FindingThresholds) -> None:
    rows = [*months(old=always), tenant(0, name="x\x00\n" * 3000)]
    [finding] = found(thresholds, tenants=rows)
    assert len(finding.message) < 400
    assert finding.message.isprintable()


def test_an_organisation_has_its_own_marks_and_the_usual_ones_beside_them(tmp_path: Path, repository: Path) -> None:
    text = (repository / "configs" / "attribution.yml").read_text()
    path = tmp_path / "attribution.yml"
    path.write_text(
        text.replace("organisations: {}", "organisations: {acme: {low_coverage: {attributed_share: 0.95}}}")
    )

    config = load_attribution_config(path)

    own = config.thresholds_of("acme")
    assert (own.low_coverage.attributed_share, own.low_coverage.least_cost) == (Decimal("0.95"), Decimal(1))
    assert config.thresholds_of("globex") == config.findings
