"""Bedrock over a real socket: roles and refusals, and what ListMetrics forgets."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import botocore.auth
import pytest

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    ResourceState,
    Window,
)
from genai_finops.simulator.aws_bedrock.credentials import open_session
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

from .bedrock_sources import PROVIDER, read, simulated_source, sums, true_sums

WEEK = Window.of_days(dt.date(2026, 10, 26), dt.date(2026, 11, 1))
ALL_DAYS = Window.of_days(dt.date(2026, 10, 1), dt.date(2026, 11, 4))
#: Read through a role with an external id; the others have keys of their own.
ROLE_ORG = "globex"


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    running.clear_faults()
    running.clear_requests()
    yield running
    running.clear_faults()


def credential(simulator: Simulator, org: str = "acme") -> dict[str, str]:
    fields: dict[str, str] = json.loads(simulator.admin_key(org, PROVIDER))
    return fields


def as_known(resources: Any, seen: dt.datetime) -> list[ResourceState]:
    return [ResourceState(resource=found, first_observed_at=seen, last_observed_at=seen) for found in resources]


def test_usage_read_through_an_assumed_role_equals_the_truth(simulator):
    assert "role_arn" in credential(simulator, ROLE_ORG)
    assert sums(read(simulated_source(simulator, ROLE_ORG), WEEK)) == true_sums(simulator, WEEK, ROLE_ORG)


def test_a_role_is_assumed_once_for_all_requests_of_a_fetch(simulator):
    read(simulated_source(simulator, ROLE_ORG), WEEK)
    assert sum("/sts/" in seen.path for seen in simulator.requests) == 1


def test_hours_add_up_to_the_days(simulator):
    day = Window.of_days(dt.date(2026, 10, 28), dt.date(2026, 10, 28))
    hours = read(simulated_source(simulator, period_seconds=3600), day)
    assert {row.period_end - row.period_start for row in hours} == {dt.timedelta(hours=1)}
    assert sums(hours) == true_sums(simulator, day)


def test_a_long_window_takes_several_pages_of_sums_and_loses_none(simulator):
    with simulated_source(simulator) as source:
        pages = list(source.fetch(ALL_DAYS))
        rows = list(source.normalise(pages, ALL_DAYS))
    data = [page for page in pages if page.source == "cloudwatch/GetMetricData"]
    partial = [
        result for page in data for result in page.content["MetricDataResults"] if result["StatusCode"] == "PartialData"
    ]
    assert len(data) > 2 * len({page.request["region"] for page in data})
    assert partial
    assert sums(rows) == true_sums(simulator, ALL_DAYS)


def test_a_secret_that_did_not_sign_is_refused(simulator):
    secret = json.dumps({**credential(simulator), "secret_access_key": "x" * 40})
    with pytest.raises(CredentialError, match=r"secret_access_key does not belong"):
        read(simulated_source(simulator, secret=secret), WEEK)


def test_an_unknown_access_key_is_refused(simulator):
    secret = json.dumps({**credential(simulator), "access_key_id": "AKIAUNKNOWN0UNKNOWN0"})
    with pytest.raises(CredentialError, match="does not know the access key"):
        read(simulated_source(simulator, secret=secret), WEEK)


def test_a_missing_permission_is_named(simulator):
    secret = simulator.inference_key("acme", PROVIDER)
    with pytest.raises(CredentialError, match="allow bedrock:ListInferenceProfiles"):
        read(simulated_source(simulator, secret=secret), WEEK)
    with pytest.raises(CredentialError, match="allow cloudwatch:ListMetrics"):
        read(simulated_source(simulator, secret=secret, inference_profiles=False), WEEK)


def test_keys_that_may_only_assume_a_role_read_nothing_without_it(simulator):
    keys = {name: value for name, value in credential(simulator, ROLE_ORG).items() if name.endswith(("id", "key"))}
    del keys["external_id"]
    with pytest.raises(CredentialError, match="is not authorized"):
        read(simulated_source(simulator, ROLE_ORG, secret=json.dumps(keys)), WEEK)


@pytest.mark.parametrize("change", [{"external_id": "another"}, {"external_id": None}])
def test_a_role_is_not_given_without_its_external_id(simulator, change):
    fields = {**credential(simulator, ROLE_ORG), **change}
    secret = json.dumps({name: value for name, value in fields.items() if value is not None})
    with pytest.raises(CredentialError, match=r"allow sts:AssumeRole.*external_id"):
        read(simulated_source(simulator, ROLE_ORG, secret=secret), WEEK)


def test_an_ended_session_is_refused(simulator):
    ended = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    keys, token = open_session(credential(simulator, ROLE_ORG)["access_key_id"], ended)
    fields = {
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "session_token": token,
    }
    with pytest.raises(CredentialError, match="session token has expired"):
        read(simulated_source(simulator, ROLE_ORG, secret=json.dumps(fields)), WEEK)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_off_by_more_than_five_minutes_is_named(simulator, monkeypatch, minutes):
    wrong = dt.datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: wrong)
    with pytest.raises(CredentialError, match="set this machine's clock"):
        read(simulated_source(simulator), WEEK)


@pytest.mark.parametrize("org", ["acme", ROLE_ORG])
def test_the_account_and_every_check_of_the_probe_pass(simulator, org):
    with simulated_source(simulator, org) as source:
        account = source.account()
        assert account is not None
        assert account.id == simulator.account_id(org, PROVIDER)
        assert all(check.run() for check in source.checks(simulator.now))


def test_a_check_names_the_action_that_is_not_allowed(simulator):
    with simulated_source(simulator, secret=simulator.inference_key("acme", PROVIDER)) as source:
        checks = {check.name: check for check in source.checks(simulator.now)}
        assert checks["sts:GetCallerIdentity"].run()
        with pytest.raises(CredentialError, match="allow cloudwatch:GetMetricData"):
            checks["cloudwatch:GetMetricData us-east-1"].run()


def test_throttling_with_status_400_is_waited_out_and_loses_nothing(simulator):
    simulator.set_fault(PROVIDER, "rate_limited", path_prefix="/monitoring/", times=3)
    assert sums(read(simulated_source(simulator), WEEK)) == true_sums(simulator, WEEK)
    assert [seen.status for seen in simulator.requests if seen.fault] == [400] * 3


def test_a_dropped_page_is_an_error(simulator):
    simulator.set_fault(PROVIDER, "dropped_page", path_prefix="/monitoring/")
    with pytest.raises(MalformedPageError):
        read(simulated_source(simulator), ALL_DAYS)


def test_a_dropped_page_of_listmetrics_is_found_by_the_totals(simulator):
    # Metrics are listed by 40, which is less than the first region has.
    simulator.set_fault(PROVIDER, "dropped_page", path_prefix="/monitoring/us-east-1/", times=1)
    with simulated_source(simulator) as source, pytest.raises(MalformedPageError, match="model_ids"):
        list(source.normalise(list(source.fetch(WEEK)), WEEK))


def test_a_dropped_region_is_seen_in_the_comparison_with_the_truth(simulator):
    simulator.set_fault(PROVIDER, "dropped_region", region="eu-central-1")
    found = sums(read(simulated_source(simulator), WEEK))
    assert true_sums(simulator, WEEK).keys() - found.keys() == {
        key for key in true_sums(simulator, WEEK) if key[0] == "eu-central-1"
    }


def test_a_dropped_namespace_is_seen_in_the_comparison_with_the_truth(simulator):
    simulator.set_fault(PROVIDER, "dropped_namespace")
    found = sums(read(simulated_source(simulator), WEEK))
    missing = true_sums(simulator, WEEK).keys() - found.keys()
    assert {key[1] for key in missing} == {"openai.gpt-oss-120b-1:0"}


@pytest.fixture
def short() -> Iterator[Simulator]:
    """A week of usage of one organisation, with a clock that may be advanced."""
    scenario = Scenario(first_day=dt.date(2026, 10, 26), last_day=dt.date(2026, 11, 1), orgs=("acme",))
    with running_simulator(scenario=scenario, now=dt.datetime(2026, 11, 4, 6, tzinfo=dt.UTC)) as simulator:
        yield simulator


def test_what_listmetrics_forgot_is_an_error_and_never_no_usage(short):
    short.advance(dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    with pytest.raises(MalformedPageError, match="ListMetrics forgets models after two weeks"):
        read(simulated_source(short), WEEK)


def test_what_listmetrics_forgot_is_read_by_the_resources_of_earlier_fetches(short):
    with simulated_source(short) as source:
        known = as_known(source.resources(list(source.fetch(WEEK))), short.now)
    short.advance(dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    assert sums(read(simulated_source(short, known=known), WEEK)) == true_sums(short, WEEK)


def test_a_deleted_profile_is_resolved_by_the_resources_of_earlier_fetches(short):
    with simulated_source(short) as source:
        known = as_known(source.resources(list(source.fetch(WEEK))), short.now)
    short.advance(dt.datetime(2026, 11, 10, tzinfo=dt.UTC))
    assert sums(read(simulated_source(short, known=known), WEEK)) == true_sums(short, WEEK)


def test_a_deleted_profile_that_nobody_remembers_is_a_visible_row_without_a_model(short):
    before = {row.resource_id for row in read(simulated_source(short), WEEK) if row.provider_model_id is None}
    short.advance(dt.datetime(2026, 11, 10, tzinfo=dt.UTC))
    rows = read(simulated_source(short), WEEK)
    after = {row.resource_id for row in rows if row.provider_model_id is None}
    assert len(after - before) == 1
    assert sum(sums(rows).values()) == sum(true_sums(short, WEEK).values())


def test_a_refusal_of_sts_comes_in_its_own_words_and_passes(simulator):
    simulator.set_fault(PROVIDER, "rate_limited", path_prefix="/sts/", times=2)
    assert sums(read(simulated_source(simulator, ROLE_ORG), WEEK)) == true_sums(simulator, WEEK, ROLE_ORG)
    assert [seen.path for seen in simulator.requests if seen.fault] == ["/sts/us-east-1/"] * 2
