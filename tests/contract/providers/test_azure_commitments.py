"""Provisioned throughput of Azure: what lists, metrics and reservations say of an hour."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from genai_finops.providers.base import (
    MalformedPageError,
    MissingRightError,
    PermanentProviderError,
    ResourceState,
    UsageRow,
)
from genai_finops.providers.commitments import COMMITMENT, CapacityCommitment
from genai_finops.providers.source import HttpUsageSource

from .azure_answers import (
    ORDER,
    Subscription,
    account,
    definition,
    deployment,
    id_of,
    metric,
    path_of,
    reservation,
    rows_of,
    series,
    source_over,
    state,
    transaction,
)
from .scripted_source import DAY

PTU = "GlobalProvisionedManaged"
V2 = "AzureOpenAIProvisionedManagedUtilizationV2"
OUTCOMES = ("ModelDeploymentName", "StatusCode", "IsSpillover")
DEFINITIONS = (
    definition("ProcessedPromptTokens"),
    definition("GeneratedTokens"),
    definition("AzureOpenAIRequests", (*OUTCOMES, "ModelVersion")),
    definition(V2),
)
BILLED = {"billing_account": "8608480"}


def at(hour: int, minute: int = 0, *, day: int = 1) -> dt.datetime:
    return dt.datetime(2026, 10, day, hour, minute, tzinfo=dt.UTC)


def ptu(name: str = "chat", capacity: int = 50, *, spills_to: str | None = None, **more: Any) -> dict[str, Any]:
    listed = deployment(name, **{"sku": PTU, "systemData": {"createdAt": "2026-09-01T08:00:00Z"}, **more})
    properties = {**listed["properties"], **({"spilloverDeploymentName": spills_to} if spills_to else {})}
    return {**listed, "sku": {"name": PTU, "capacity": capacity}, "properties": properties}


def known(capacity: int | None = 50, **more: Any) -> ResourceState:
    """A state of the deployment `chat`, seen on the days around the first of October."""
    units = None if capacity is None else Decimal(capacity)
    found = state("chat", first="2026-09-01T00:00:00+00:00", sku=PTU, capacity=units, **more)
    return replace(found, last_observed_at=at(6))


def provisioned(*listed: dict[str, Any], **more: Any) -> Subscription:
    return Subscription(deployments=listed, definitions=DEFINITIONS, **more)


def read(subscription: Subscription, **more: Any) -> list[UsageRow]:
    return rows_of(subscription, flow="commitment", **more)


def hourly(rows: Sequence[UsageRow], meter: str) -> dict[int, Decimal]:
    """Quantities by hour of the day."""
    return {row.period_start.hour: row.quantity for row in rows if row.meter == meter}


def load(mean: Any, peak: Any = 100, *, hour: str = "2026-10-01T09:00:00Z", name: str = V2) -> dict[str, Any]:
    point = {"timeStamp": hour, "average": mean, "maximum": peak}
    found = {**series(modeldeploymentname="chat"), "data": [point]}
    return {name: metric(name, found, unit="Percent")}


def outcome(count: float, *, of: str = "chat", status: str = "200", spilled: str = "False") -> dict[str, Any]:
    return series(count, modeldeploymentname=of, statuscode=status, isspillover=spilled)


def outcomes(*found: dict[str, Any]) -> Any:
    """An answer's change: requests by their outcome come with one split, those of tokens with another."""

    def change(request: httpx.Request, content: dict[str, Any]) -> dict[str, Any]:
        is_asked = "StatusCode" in request.url.params.get("$filter", "")
        return {**content, "value": [metric("AzureOpenAIRequests", *found)]} if is_asked else content

    return change


def commitments_of(subscription: Subscription, **options: str) -> list[CapacityCommitment]:
    with source_over(subscription, flow="commitment", account_options=options) as source:
        found = list(source.resources(list(source.fetch_lists())))
    return [CapacityCommitment.of_resource(one) for one in found if one.resource_type == COMMITMENT]


def test_units_are_counted_for_every_hour_whether_they_are_used_or_not():
    rows = read(provisioned(ptu()))
    assert hourly(rows, "ptu_hour") == dict.fromkeys(range(24), Decimal(50))
    assert {(row.service_tier, row.provider_service_tier, row.geography) for row in rows} == {
        ("committed", PTU, "global")
    }


def test_the_hour_of_a_scale_up_is_prorated_by_the_minute():
    scaled = ptu(capacity=80, systemData={"lastModifiedAt": "2026-10-01T13:20:00Z"})
    hours = hourly(read(provisioned(scaled), known_resources=[known()]), "ptu_hour")
    assert (hours[12], hours[13], hours[14]) == (Decimal(50), Decimal(70), Decimal(80))


def test_units_begin_with_the_deployment():
    created = ptu(systemData={"createdAt": "2026-10-01T22:15:00Z", "lastModifiedAt": "2026-10-01T22:15:00Z"})
    assert hourly(read(provisioned(created)), "ptu_hour") == {22: Decimal("37.5"), 23: Decimal(50)}


def test_nothing_is_counted_for_the_time_to_come():
    hours = hourly(read(provisioned(ptu()), now="2026-10-01T02:30:00+00:00"), "ptu_hour")
    assert hours == {0: Decimal(50), 1: Decimal(50), 2: Decimal(25)}


def test_a_deployment_that_was_missed_ended_with_its_last_sample():
    gone = replace(known(), missed_at=at(12))
    sampled = provisioned(metrics=load(0, hour="2026-10-01T08:00:00Z"))
    assert max(hourly(read(sampled, known_resources=[gone]), "ptu_hour")) == 8


def test_a_deployment_without_a_sample_ended_when_it_was_missed():
    gone = replace(known(), missed_at=at(12))
    assert max(hourly(read(provisioned(), known_resources=[gone]), "ptu_hour")) == 11


def test_a_sample_of_before_the_last_list_that_showed_it_ends_nothing():
    gone = replace(known(), missed_at=at(12))
    sampled = provisioned(metrics=load(0, hour="2026-10-01T03:00:00Z"))
    assert max(hourly(read(sampled, known_resources=[gone]), "ptu_hour")) == 11


def test_samples_since_the_day_of_the_last_list_are_asked_for():
    seen = replace(known(), last_observed_at=at(20) - dt.timedelta(days=1), missed_at=at(6))
    subscription = provisioned(metrics=load(0, hour="2026-09-30T21:00:00Z"))
    assert hourly(read(subscription, known_resources=[seen]), "ptu_hour") == {}
    asked = [r.url.params["timespan"] for r in subscription.requests("/metrics") if r.url.params["metricnames"] == V2]
    assert asked == ["2026-09-30T00:00:00Z/2026-10-02T00:00:00Z"]


def test_todays_list_already_misses_what_is_gone_from_it():
    sampled = provisioned(metrics=load(1, hour="2026-10-01T09:00:00Z"))
    assert max(hourly(read(sampled, known_resources=[known()]), "ptu_hour")) == 9


def test_a_provisioned_deployment_without_a_capacity_is_refused():
    with pytest.raises(MalformedPageError, match=r"chat has SKU GlobalProvisionedManaged and no capacity"):
        read(provisioned(), known_resources=[known(None)])


def test_mean_load_becomes_unit_hours_and_the_peak_stays_a_percentage():
    rows = read(provisioned(ptu(), metrics=load(12.34567891, 101.5)))
    assert hourly(rows, "busy_unit_hour") == {9: Decimal("6.172839")}
    assert hourly(rows, "peak_utilization") == {9: Decimal("101.500000")}


def test_the_newer_name_of_the_load_comes_before_the_older_one():
    newer = "ProvisionedUtilization"
    subscription = provisioned(ptu(), metrics=load(50, name=newer))
    subscription.definitions = (*DEFINITIONS, definition(newer))
    assert hourly(read(subscription), "busy_unit_hour") == {9: Decimal(25)}
    assert V2 not in str([request.url for request in subscription.asked])


@pytest.mark.parametrize("value", [-1, "a lot"])
def test_a_load_that_is_no_percentage_is_refused(value):
    with pytest.raises(MalformedPageError, match="no percentage"):
        read(provisioned(ptu(), metrics=load(value)))


def test_tokens_on_provisioned_units_are_committed_and_those_of_other_deployments_are_left_to_payg():
    found = [series(7.0, modeldeploymentname="chat"), series(9.0, modeldeploymentname="std")]
    metrics = {"ProcessedPromptTokens": metric("ProcessedPromptTokens", *found)}
    rows = read(provisioned(ptu(), deployment("std"), metrics=metrics))
    assert [(row.quantity, row.service_tier) for row in rows if row.meter == "input"] == [(Decimal(7), "committed")]


def test_accounts_without_provisioned_units_are_not_asked_for_metrics():
    subscription = provisioned(ptu(), accounts=[account(), account("Other")])
    read(subscription)
    assert [request.url.path.split("/")[8] for request in subscription.requests("/metricDefinitions")] == ["AOAI"]
    assert {request.url.path.split("/")[8] for request in subscription.requests("/metrics")} == {"AOAI"}


@pytest.mark.parametrize(
    ("shown", "requests"),
    [
        pytest.param([outcome(5, of="std", spilled="True")], 5, id="by-the-one-that-served"),
        pytest.param([outcome(5, spilled="True")], 5, id="by-the-provisioned-one"),
        pytest.param([outcome(6, spilled="True"), outcome(5, of="std", spilled="true")], 5, id="by-both-counted-once"),
    ],
)
def test_spilled_over_requests_belong_to_the_deployment_that_was_full(shown, requests):
    subscription = provisioned(ptu(spills_to="STD"), deployment("std"), change=outcomes(*shown))
    [row] = [row for row in read(subscription) if row.meter == "spillover_request"]
    assert (row.resource_id, row.quantity) == (id_of("AOAI", "chat"), requests)


def test_spilled_over_requests_of_two_deployments_stay_with_the_one_that_served_them(caplog):
    both = (ptu(spills_to="std"), ptu("other", spills_to="std"), deployment("std"))
    subscription = provisioned(*both, change=outcomes(outcome(5, of="std", spilled="True")))
    [row] = [row for row in read(subscription) if row.meter == "spillover_request"]
    assert row.resource_id == id_of("AOAI", "std")
    assert "2 deployments spill over" in caplog.text


def test_refused_requests_are_those_of_provisioned_deployments():
    shown = [outcome(3, status="429"), outcome(4, of="std", status="429"), outcome(90)]
    subscription = provisioned(ptu(), deployment("std"), change=outcomes(*shown))
    assert hourly(read(subscription), "throttled_request") == {9: Decimal(3)}


def test_an_answer_about_the_load_that_is_missing_is_an_error():
    with source_over(provisioned(ptu()), flow="commitment") as source:
        pages = [page for page in source.fetch(DAY) if page.source != "load"]
        with pytest.raises(MalformedPageError, match=r"load: no answer for .*aoai"):
            list(source.normalise(pages, DAY))


def test_lists_that_are_whole_say_so_and_others_do_not():
    with source_over(provisioned(ptu(), reservations=[reservation()]), flow="commitment") as source:
        pages = list(source.fetch_lists())
        assert source.listed_types(pages) == {"Deployment", COMMITMENT}
        assert source.listed_types([page for page in pages if page.source != "reservations"]) == {"Deployment"}
        assert source.listed_types([page for page in pages if page.source != "deployments"]) == {COMMITMENT}


def test_the_pay_as_you_go_flow_lists_deployments_whole():
    with source_over(Subscription()) as source:
        assert source.listed_types(list(source.fetch_lists())) == {"Deployment"}


def test_a_reservation_is_a_commitment():
    [found] = commitments_of(provisioned(reservations=[reservation()]))
    assert found == CapacityCommitment(
        commitment_id=f"{ORDER}/reservations/R-1".lower(),
        contract_id=ORDER.lower(),
        commitment_type="Reservation",
        meter="ptu_hour",
        quantity=Decimal(50),
        term="P1M",
        starts_at=dt.datetime(2026, 9, 20, 10, 30, 0, 123_456, tzinfo=dt.UTC),
        ends_at=dt.datetime(2026, 10, 20, 10, 30, tzinfo=dt.UTC),
        payment="upfront",
        name="PTU",
        scope="global",
        applies_to="organisation",
        region_id="eastus",
    )


@pytest.mark.parametrize(
    ("sku", "scope"),
    [
        ("Provisioned Managed Global Unit", "global"),
        ("DataZone_Provisioned", "data_zone"),
        ("Provisioned-Managed-Data-Zone", "data_zone"),
        ("PTU Regional", "regional"),
        ("ProvisionedManaged", "regional"),
    ],
)
def test_the_sku_of_a_reservation_says_its_scope(sku, scope):
    [found] = commitments_of(provisioned(reservations=[reservation(sku=sku)]))
    assert found.scope == scope


@pytest.mark.parametrize(
    ("term", "written"), [("P1Y", "P1Y"), ("P12M", "P1Y"), ("P36M", "P3Y"), ("P1M", "P1M"), ("P7D", "P1W")]
)
def test_a_term_is_read_as_a_duration(term, written):
    [found] = commitments_of(provisioned(reservations=[reservation(term=term)]))
    assert found.term == written


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        pytest.param({"term": "OneMonth"}, "term is 'OneMonth', no ISO 8601 duration", id="term-of-another-kind"),
        pytest.param({"term": "P"}, "no ISO 8601 duration", id="empty-term"),
        pytest.param({"term": "P5Y"}, "terms that can be priced are", id="term-without-a-price"),
        pytest.param({"billingPlan": "Weekly"}, "billingPlan is 'Weekly'", id="payment"),
        pytest.param({"billingPlan": None}, "its order does not say it", id="no-payment"),
        pytest.param({"appliedScopeType": "Galaxy"}, "appliedScopeType is 'galaxy'", id="applied-scope"),
        pytest.param({"quantity": 0}, "quantity is 0", id="no-units"),
        pytest.param({"sku": "Something"}, "does not say whether", id="scope"),
        pytest.param({"expiryDateTime": "soon"}, "expiryDateTime is 'soon'", id="date"),
    ],
)
def test_a_reservation_that_cannot_be_understood_is_refused_by_name(changed, named):
    with pytest.raises(MalformedPageError, match=named):
        commitments_of(provisioned(reservations=[reservation(**changed)]))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"reservedResourceType": "VirtualMachines", "term": "OneMonth"}, id="of-something-else"),
        pytest.param({"provisioningState": "BillingFailed"}, id="never-bought"),
        pytest.param({"appliedScopeType": "Single", "appliedScopes": ["/subscriptions/other"]}, id="of-another"),
    ],
)
def test_what_is_no_reservation_of_this_subscriptions_throughput_is_left_alone(changed):
    assert commitments_of(provisioned(reservations=[reservation(**changed)])) == []


def test_a_reservation_of_this_subscription_alone_applies_to_its_account():
    scopes = [f"{path_of('AOAI').partition('/resourceGroups')[0]}/resourceGroups/rg-AI"]
    [found] = commitments_of(provisioned(reservations=[reservation(appliedScopeType="Single", appliedScopes=scopes)]))
    assert found.applies_to == "account"


def test_a_cancelled_reservation_ended_when_it_was_cancelled():
    cancelled = reservation(provisioningState="Cancelled", lastUpdatedDateTime="2026-09-29T08:00:00Z")
    [found] = commitments_of(provisioned(reservations=[cancelled]))
    assert found.ended_at == dt.datetime(2026, 9, 29, 8, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("plan", "frequency", "period"), [("Upfront", "OneTime", "term"), ("Monthly", "recurring", "month")]
)
def test_the_price_of_a_reservation_is_what_was_paid_for_one_unit(plan, frequency, period):
    refund = transaction(-1, eventType="Refund")
    later = transaction(999, eventDate="2026-10-20T10:30:00Z", billingFrequency=frequency)
    paid = [refund, later, transaction(10625.5, billingFrequency=frequency)]
    subscription = provisioned(reservations=[reservation(billingPlan=plan)], transactions=paid)
    [found] = commitments_of(subscription, **BILLED)
    assert (found.agreed_unit_price, found.agreed_price_period, found.currency) == (Decimal("212.51"), period, "EUR")


def test_without_a_billing_account_no_transactions_are_asked_for():
    subscription = provisioned(reservations=[reservation()], transactions=[transaction(1)])
    [found] = commitments_of(subscription)
    assert found.agreed_unit_price is None
    assert subscription.requests("/reservationTransactions") == []


def test_a_billing_account_that_is_no_id_does_not_become_part_of_an_address():
    with pytest.raises(PermanentProviderError, match="billing_account"):
        commitments_of(provisioned(reservations=[reservation()]), billing_account="../x")


def refusing(subscription: Subscription, part: str, **options: str) -> HttpUsageSource:
    def answer(request: httpx.Request) -> httpx.Response:
        if part in request.url.path:
            return httpx.Response(403, json={"error": {"code": "AuthorizationFailed", "message": "no"}})
        return subscription(request)

    return source_over(answer, flow="commitment", account_options=options)


@pytest.mark.parametrize(
    ("part", "named"),
    [("Microsoft.Capacity", "Reservations Reader.*option reservations"), ("Microsoft.Billing", "billing_account")],
)
def test_a_role_that_is_missing_fails_the_reading_and_names_the_way_out(part, named):
    subscription = provisioned(ptu(), reservations=[reservation()])
    with refusing(subscription, part, **BILLED) as source, pytest.raises(MissingRightError, match=named):
        list(source.fetch(DAY))


def test_reservations_can_be_left_out():
    subscription = provisioned(ptu(), reservations=[reservation()])
    with refusing(subscription, "Microsoft.Capacity", reservations="false") as source:
        rows = list(source.normalise(list(source.fetch(DAY)), DAY))
        assert [check.name for check in source.checks(at(6, day=5))] == ["accounts", "deployments", "metrics"]
    assert len(hourly(rows, "ptu_hour")) == 24


def test_each_further_right_has_a_check():
    subscription = provisioned(ptu(), reservations=[reservation()], transactions=[transaction(1)])
    with source_over(subscription, flow="commitment", account_options=BILLED) as source:
        said = {check.name: check.run() for check in source.checks(at(6, day=5))}
    assert said["reservations"] == "1 reservations of provisioned throughput in 1 orders"
    assert said["transactions"] == "1 pages of the last 31 days"


def summary(reserved: int, *, used: int = 0, day: str = "2026-10-01") -> dict[str, Any]:
    hours = {"reservationId": "R-1", "usageDate": f"{day}T00:00:00Z", "reservedHours": reserved, "usedHours": used}
    return {"properties": hours}


@pytest.mark.parametrize(
    ("summaries", "is_reported"),
    [
        pytest.param([summary(1200, used=1200)], False, id="as-bought"),
        pytest.param([summary(1150)], True, id="fewer"),
        pytest.param([summary(1200, used=1201)], True, id="more-used-than-bought"),
        pytest.param([summary(675, day="2026-09-20")], False, id="part-of-the-first-day"),
        pytest.param([summary(24, day="2026-10-21")], True, id="after-the-end"),
    ],
)
def test_reserved_hours_that_differ_from_what_was_bought_are_reported(summaries, is_reported, caplog):
    read(provisioned(ptu(), reservations=[reservation()], summaries=summaries))
    assert ("reserved and" in caplog.text) == is_reported
