"""The two sources of Gemini usage over a real socket: each day from exactly one, and none of their traps sprung."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    PermanentProviderError,
    SourceAccount,
    UsageRow,
    Window,
)
from genai_finops.providers.config import ProviderConfigError, load_provider_configs
from genai_finops.providers.http import SessionOptions, page_of
from genai_finops.providers.registry import usage_source
from genai_finops.providers.source import HttpUsageSource
from genai_finops.simulator.running import Simulator, running_simulator

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
WEEK = Window.of_days(dt.date(2026, 10, 29), dt.date(2026, 11, 4))
INPUT = ("uncached_input", "uncached_input_audio", "uncached_input_image", "cache_read")


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    running.clear_faults()
    yield running
    running.clear_faults()


def source(simulator: Simulator, *, secret: str | None = None, now: dt.datetime | None = None, **options: str):
    environ = simulator.environment("gemini")
    config = load_provider_configs(CONFIGS, environ)["gemini"]
    account = SourceAccount(
        id=simulator.account_id("acme", "gemini"), options={**simulator.account_options("acme", "gemini"), **options}
    )
    clock = now or simulator.now
    session = SessionOptions(now=lambda: clock, sleep=lambda _: None)
    return usage_source(config, secret or simulator.admin_key("acme", "gemini"), session, account=account)


def read(opened: HttpUsageSource, window: Window = WEEK) -> list[UsageRow]:
    with opened:
        return list(opened.normalise(list(opened.fetch(window)), window))


def sums(rows: list[UsageRow]) -> Mapping[tuple[dt.date, str], Decimal]:
    found: defaultdict[tuple[dt.date, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row.period_start.date(), row.meter] += row.quantity
    return dict(found)


def true_sums(simulator: Simulator, window: Window = WEEK) -> Mapping[tuple[dt.date, str], Decimal]:
    found: defaultdict[tuple[dt.date, str], Decimal] = defaultdict(Decimal)
    for row in simulator.truth()["rows"]:
        day = dt.date.fromisoformat(row["date"])
        if (row["org"], row["provider"]) == ("acme", "gemini") and day in window.days:
            found[day, row["meter"]] += row["quantity"]
    return dict(found)


def test_labels_credits_taxes_corrections_and_other_projects_do_not_change_the_exports_usage(simulator):
    assert sums(read(source(simulator))) == true_sums(simulator)


def test_a_quota_that_is_repeated_for_each_limit_is_counted_once(simulator):
    found = sums(read(source(simulator, money="monitoring")))
    truth = true_sums(simulator)
    expected = {day: sum(truth.get((day, meter), Decimal(0)) for meter in INPUT) for day in WEEK.days}
    assert {day: found[day, "input"] for day in WEEK.days} == expected


def test_the_output_of_batches_is_missing_from_monitoring_and_present_in_the_export(simulator):
    monitored = sums(read(source(simulator, money="monitoring")))
    exported = read(source(simulator))
    by_tier: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in exported:
        if row.meter == "output":
            by_tier[row.service_tier] += row.quantity
    assert by_tier["batch"] > 0
    total = sum(quantity for (_, meter), quantity in monitored.items() if meter == "output")
    assert total == sum(by_tier.values()) - by_tier["batch"]


def test_the_metrics_of_the_projects_billing_tier_are_found_by_their_descriptors(simulator):
    opened = source(simulator, money="monitoring")
    with opened:
        sources = {page.source for page in opened.fetch(WEEK)}
    assert "monitoring quota/generate_content_paid_tier_2_input_token_count/usage" in sources
    assert not any("free_tier" in name or name.endswith("/limit") for name in sources)


def test_each_day_is_read_from_exactly_one_source(simulator):
    rows = read(source(simulator, near_real_time="monitoring", export_delay_hours="24"))
    days: defaultdict[str | None, set[dt.date]] = defaultdict(set)
    for row in rows:
        days[row.metering_source].add(row.period_start.date())
    assert days == {"billing_export": set(WEEK.days[:-1]), "monitoring": {WEEK.days[-1]}}


def test_a_day_moves_from_monitoring_to_the_export_once_that_had_time_to_fill(simulator):
    later = simulator.now + dt.timedelta(hours=20)
    rows = read(source(simulator, near_real_time="monitoring", export_delay_hours="24", now=later))
    assert {row.metering_source for row in rows} == {"billing_export"}


def test_other_projects_of_the_billing_account_are_sub_accounts_where_the_scope_says_so(simulator):
    rows = read(source(simulator, scope="billing_account"))
    projects = {row.sub_account_id for row in rows}
    assert simulator.account_id("acme", "gemini") in projects
    assert any(project and project.startswith("acme-sandbox-") for project in projects)
    # A charge to the billing account itself has no project.
    assert None in projects


def test_a_sku_that_nothing_maps_is_a_visible_row_and_a_warning(simulator, caplog):
    [sku] = {(row.resource_id, row.resource_name) for row in read(source(simulator)) if row.meter == "unmapped"}
    assert sku == ("51A0-0099-AAAA", "Gemini dialog experiments surcharge units")
    assert caplog.text.count("51A0-0099-AAAA") == 1


def test_a_missing_page_of_the_result_is_an_error(simulator):
    simulator.set_fault("gemini", "dropped_page", path_prefix="/queries")
    with pytest.raises(MalformedPageError, match="a page is missing"):
        read(source(simulator))


def test_monitoring_says_how_far_back_it_reaches(simulator):
    window = Window.of_days(dt.date(2026, 9, 1), dt.date(2026, 9, 1))
    with pytest.raises(PermanentProviderError, match="ask for days from 2026-09-24"):
        read(source(simulator, money="monitoring"), window)


def test_a_service_account_without_the_roles_is_refused(simulator):
    with pytest.raises(CredentialError, match="gemini"):
        read(source(simulator, secret=simulator.inference_key("acme", "gemini")))


def test_an_api_key_is_no_credential_for_usage(simulator):
    with pytest.raises(CredentialError):
        source(simulator, secret="AIzaSyPlantedKey0123456789abcdefghijklm")


def test_an_export_table_of_somebody_else_is_refused_with_the_role_to_ask_for(simulator):
    with pytest.raises(CredentialError, match="Access Denied"):
        read(source(simulator, export_table="acme-finops.billing.gcp_billing_export_v1_OTHER"))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        pytest.param({"export_table": "no-table"}, "export_table", id="no table name"),
        pytest.param({"export_table": "p.d.gcp_billing_export_v1_X` --"}, "export_table", id="more than a name"),
        pytest.param({"scope": "billing_account", "near_real_time": "monitoring"}, "Monitoring knows", id="scope"),
        pytest.param({"moneys": "monitoring"}, "moneys", id="unknown option"),
    ],
)
def test_options_that_do_not_fit_are_refused_by_name(simulator, options, named):
    with pytest.raises(ProviderConfigError, match=named):
        source(simulator, **options)


def test_money_from_the_export_needs_its_table(simulator):
    config = load_provider_configs(CONFIGS, simulator.environment("gemini"))["gemini"]
    with pytest.raises(ProviderConfigError, match="export_table is needed"):
        usage_source(config, simulator.admin_key("acme", "gemini"), account=SourceAccount(id="acme-gemini"))


def test_checks_ask_for_the_rights_that_the_settings_need(simulator):
    both = source(simulator, near_real_time="monitoring")
    with both:
        found = {check.name: check.run() for check in both.checks(simulator.now)}
    assert found == {"billing export": "1048576 bytes to read", "monitoring": "6 metrics"}


def exported(simulator: Simulator, *, unit: str = "count", amount: str = "1000") -> list[UsageRow]:
    """The rows of one line of the export."""
    values = {
        "sku_id": "981A-C057-0BF9",
        "sku_description": "Generate content input token count gemini 2.5 flash short input text",
        "project_id": "acme-gemini",
        "project_name": "Acme",
        "usage_day": "2026-10-29",
        "usage_unit": unit,
        "usage_amount": amount,
    }
    content = {
        "schema": {"fields": [{"name": name, "type": "STRING"} for name in values]},
        "rows": [{"f": [{"v": value} for value in values.values()]}],
    }
    page = page_of(json.dumps(content).encode(), source="billing export", request={})
    with source(simulator) as opened:
        return list(opened.normalise([page], WEEK))


def test_a_unit_that_is_no_count_is_not_taken_for_tokens(simulator):
    assert [row.meter for row in exported(simulator)] == ["uncached_input"]
    assert [row.meter for row in exported(simulator, unit="thousand counts")] == ["unmapped"]


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1.0000001", "many"])
def test_an_amount_that_is_no_quantity_is_refused_by_its_field(simulator, amount):
    with pytest.raises(MalformedPageError, match=f"usage_amount is '{amount}'"):
        exported(simulator, amount=amount)
