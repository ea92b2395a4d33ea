"""What Azure is asked, and how its refusals are understood."""

import datetime as dt
import json

import httpx
import pytest

from genai_finops.providers.azure_arm import classify_arm, without_default_port
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    MissingRightError,
    PermanentProviderError,
    TransientProviderError,
    Window,
)
from genai_finops.providers.config import ProviderConfigError

from .azure_answers import (
    NEWER,
    OLDER,
    SUBSCRIPTION,
    Subscription,
    account,
    definition,
    path_of,
    rows_of,
    source_over,
)
from .scripted_source import DAY

BATCH = {"route": "batch"}
WITH_TOTAL = tuple(definition(name) for name in OLDER)


def split_of(subscription: Subscription, ending: str = "/metrics") -> httpx.QueryParams:
    """The query of the one request that splits by deployment."""
    filters = ("$filter", "filter")
    [request] = [r for r in subscription.requests(ending) if any(name in r.url.params for name in filters)]
    return request.url.params


def test_the_default_of_ten_series_is_never_left_to_azure():
    subscription = Subscription()
    rows_of(subscription)
    assert split_of(subscription)["top"] == "1000"


def test_hours_are_asked_for_and_azure_may_not_pick_another_grain():
    subscription = Subscription()
    rows_of(subscription)
    query = split_of(subscription)
    assert (query["interval"], query["AutoAdjustTimegrain"], query["aggregation"]) == ("PT1H", "false", "total")


def test_a_split_by_several_dimensions_goes_without_their_validation():
    subscription = Subscription()
    rows_of(subscription)
    query = split_of(subscription)
    assert query["$filter"] == "ModelDeploymentName eq '*' and ModelVersion eq '*'"
    assert query["ValidateDimensions"] == "false"


def test_the_data_plane_takes_its_filter_without_a_dollar_sign_and_its_key_in_lower_case():
    subscription = Subscription()
    rows_of(subscription, account_options=BATCH)
    [request] = subscription.requests("/metrics:getBatch")
    assert "$filter" not in request.url.params
    assert request.url.params["filter"] == "ModelDeploymentName eq '*' and ModelVersion eq '*'"
    assert json.loads(request.content) == {"resourceids": [path_of("AOAI")]}


def test_the_data_plane_is_asked_for_by_starttime_and_endtime():
    subscription = Subscription()
    rows_of(subscription, account_options=BATCH)
    query = split_of(subscription, "/metrics:getBatch")
    assert (query["starttime"], query["endtime"]) == ("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z")


def test_the_data_plane_of_each_region_is_asked_with_a_token_of_its_own_audience():
    subscription = Subscription(accounts=[account(), account("swc", location="Sweden Central")], deployments=[])
    rows_of(subscription, account_options=BATCH)
    asked = {(r.url.host, r.headers["Authorization"]) for r in subscription.requests("/metrics:getBatch")}
    token = "Bearer token-for-https://metrics.monitor.azure.com/.default"
    assert asked == {
        ("eastus.metrics.monitor.azure.com", token),
        ("swedencentral.metrics.monitor.azure.com", token),
    }


@pytest.mark.parametrize(("count", "sizes"), [(50, [50]), (51, [50, 1]), (101, [50, 50, 1])])
def test_fifty_accounts_go_into_one_request_to_the_data_plane(count, sizes):
    subscription = Subscription(accounts=[account(f"a{number:03d}") for number in range(count)], deployments=[])
    rows_of(subscription, account_options=BATCH)
    asked = [json.loads(request.content)["resourceids"] for request in subscription.requests("/metrics:getBatch")]
    assert [len(ids) for ids in asked] == sizes
    assert len({path for ids in asked for path in ids}) == count


def test_accounts_of_a_request_to_the_data_plane_that_gets_no_answer_are_an_error():
    subscription = Subscription(accounts=[account("a"), account("b")], deployments=[])
    subscription.change = lambda _, content: {"values": content["values"][:1]}
    with pytest.raises(MalformedPageError, match=r"no answer for .*/b in eastus"):
        rows_of(subscription, account_options=BATCH)


@pytest.mark.parametrize("options", [{}, BATCH], ids=["resource", "batch"])
def test_the_control_total_is_asked_for_without_a_split_and_before_it(options):
    subscription = Subscription(definitions=WITH_TOTAL)
    rows_of(subscription, account_options=options)
    asked = [
        (request.url.params["metricnames"], "filter" in str(request.url.query))
        for request in subscription.asked
        if "metricnames" in request.url.params
    ]
    assert asked == [("TokenTransaction", False), (",".join(OLDER[:3]), True)]


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("auto", ("InputTokens", "OutputTokens", "cacheReadInputTokens", *NEWER[3:])),
        ("models", ("InputTokens", "OutputTokens", "cacheReadInputTokens", *NEWER[3:])),
        ("azure_openai", OLDER[:3]),
    ],
)
def test_the_definitions_and_the_choice_decide_between_the_older_and_the_newer_names(choice, names):
    subscription = Subscription(definitions=tuple(definition(name) for name in (*OLDER[:3], *NEWER)))
    rows_of(subscription, options={"metric_names": choice})
    assert split_of(subscription)["metricnames"] == ",".join(names)


def test_an_account_without_token_metrics_is_an_error():
    with pytest.raises(PermanentProviderError, match=r"no token metrics.*metric_names"):
        rows_of(Subscription(definitions=[definition("TotalCalls")]))


def test_a_dimension_that_the_definitions_do_not_have_is_not_split_by():
    subscription = Subscription(definitions=[definition(name, ["ModelDeploymentName"]) for name in OLDER[:3]])
    rows_of(subscription)
    assert split_of(subscription)["$filter"] == "ModelDeploymentName eq '*'"


def test_definitions_are_asked_for_once_for_each_region_and_kind():
    accounts = [account("a"), account("b"), account("c", kind="AIServices"), account("d", location="eastus2")]
    subscription = Subscription(accounts=accounts, deployments=[])
    rows_of(subscription)
    assert len(subscription.requests("/metricDefinitions")) == 3


def test_a_long_window_is_asked_for_in_parts_of_thirty_days():
    subscription = Subscription()
    rows_of(subscription, Window.of_days(dt.date(2026, 9, 1), dt.date(2026, 10, 4)))
    assert [request.url.params["timespan"] for request in subscription.requests("/metrics")] == [
        "2026-09-01T00:00:00Z/2026-10-01T00:00:00Z",
        "2026-10-01T00:00:00Z/2026-10-05T00:00:00Z",
    ]


def test_days_that_azure_has_forgotten_are_refused_with_the_earliest_day_that_is_left():
    subscription = Subscription()
    forgotten = Window.of_days(dt.date(2026, 7, 4), dt.date(2026, 7, 8))
    with pytest.raises(PermanentProviderError, match=r"93 days.*2026-07-04.*earliest.*2026-07-05"):
        rows_of(subscription, forgotten)
    assert subscription.asked == []


def test_the_earliest_day_that_is_named_can_be_read():
    assert rows_of(Subscription(), Window.of_days(dt.date(2026, 7, 5), dt.date(2026, 7, 5))) == []


def test_the_retention_is_a_setting():
    with pytest.raises(PermanentProviderError, match="30 days"):
        rows_of(
            Subscription(), Window.of_days(dt.date(2026, 9, 1), dt.date(2026, 9, 1)), options={"retention_days": 30}
        )


@pytest.mark.parametrize(
    ("options", "read"),
    [
        pytest.param({"resource_groups": "RG-ai"}, ["AOAI"], id="group-in-any-case"),
        pytest.param({"accounts": "other , "}, ["Other"], id="name-in-any-case"),
        pytest.param({"resource_groups": "rg-2", "accounts": "aoai"}, [], id="both-have-to-fit"),
    ],
)
def test_accounts_can_be_limited_to_resource_groups_and_names(options, read):
    elsewhere = {**account("Other"), "id": path_of("Other").replace("rg-AI", "rg-2")}
    subscription = Subscription(accounts=[account(), elsewhere], deployments=[])
    rows_of(subscription, account_options=options)
    assert [request.url.path.split("/")[8] for request in subscription.requests("/metrics")] == read


@pytest.mark.parametrize("option", ["resource_groups", "accounts"])
def test_a_misspelt_name_in_an_option_is_an_error_and_no_missing_usage(option):
    with pytest.raises(PermanentProviderError, match=f"option {option} names typo, where"):
        rows_of(Subscription(), account_options={option: "typo"})


def test_a_route_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ProviderConfigError, match="route"):
        source_over(Subscription(), account_options={"route": "telepathy"})


def test_an_account_that_is_no_subscription_id_is_refused_before_it_becomes_part_of_an_address():
    subscription = Subscription()
    source = source_over(subscription, account_id="../other")
    with source, pytest.raises(PermanentProviderError, match="no subscription id"):
        list(source.fetch(DAY))
    assert subscription.asked == []


def linking_to(link: object) -> tuple[Subscription, list[httpx.Request]]:
    subscription, asked = Subscription(), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path.endswith("/accounts") and "$skiptoken" not in request.url.params:
            return httpx.Response(200, json={"value": [], "nextLink": link})
        return subscription(request)

    with source_over(answer) as source:
        list(source.normalise(list(source.fetch(DAY)), DAY))
    return subscription, asked


LINK = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/accounts"


def test_a_next_link_is_followed_as_it_is_with_its_own_version():
    _, asked = linking_to(f"{LINK}?api-version=2030-01-01&$skiptoken=AQAAAA%3D%3D")
    [followed] = [request for request in asked if "$skiptoken" in request.url.params]
    assert followed.url.query == b"api-version=2030-01-01&$skiptoken=AQAAAA%3D%3D"


def test_a_next_link_with_the_port_of_its_scheme_is_the_same_host():
    link = f"{LINK}?api-version=2030-01-01&$skiptoken=AQ".replace("azure.com", "azure.com:443")
    _, asked = linking_to(link)
    assert {request.url.host for request in asked if "$skiptoken" in request.url.params} == {"management.azure.com"}


@pytest.mark.parametrize("link", ["https://a.example/x", "https://a.example:8443/x", "http://a.example:443/x", "/x"])
def test_other_links_stay_as_they_are(link):
    assert without_default_port(link) == link


def test_a_next_link_to_another_host_is_refused_and_gets_no_token():
    with pytest.raises(PermanentProviderError, match=r"links to host 'elsewhere.example'"):
        linking_to("https://elsewhere.example/subscriptions?$skiptoken=1")


def test_a_next_link_that_is_no_text_is_refused():
    with pytest.raises(MalformedPageError, match="nextLink is 17"):
        linking_to(17)


ENVELOPES = {
    "wrapped": lambda code, message: {"error": {"code": code, "message": message}},
    "top-level": lambda code, message: {"code": code, "message": message},
}


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize(
    ("status", "said", "error", "remedy"),
    [
        (403, ("AuthorizationFailed", "no"), MissingRightError, "Monitoring Reader"),
        (401, ("ExpiredAuthenticationToken", "no"), CredentialError, "tenant"),
        (400, ("InvalidAuthenticationTokenTenant", "no"), CredentialError, "tenant"),
        (409, ("MissingSubscriptionRegistration", "no"), PermanentProviderError, "Microsoft.Insights"),
        (404, ("SubscriptionNotFound", "no"), PermanentProviderError, "id of the subscription"),
        (400, ("BadRequest", "X does not support requested dimension combination: y"), PermanentProviderError, "names"),
        (400, ("TooManyRequests", "no"), TransientProviderError, "later"),
        (429, ("429", "no"), TransientProviderError, "later"),
        (529, ("Throttled", "no"), TransientProviderError, "later"),
        (400, ("BadRequest", "no"), PermanentProviderError, "refused"),
    ],
)
def test_a_refusal_is_understood_by_its_code_in_both_envelopes(envelope, status, said, error, remedy):
    verdict = classify_arm(status, {}, ENVELOPES[envelope](*said))
    assert verdict.error is error
    assert remedy in verdict.remedy


@pytest.mark.parametrize("options", [{}, BATCH], ids=["resource", "batch"])
def test_each_right_has_a_check_that_names_the_role(options):
    with source_over(Subscription(), account_options=options) as source:
        checks = source.checks(dt.datetime(2026, 10, 5, 6, tzinfo=dt.UTC))
        said = [(check.name, check.needs, check.run()) for check in checks]
    scope = "the subscription" if options else "the subscription or the accounts"
    assert said == [
        ("accounts", "Reader on the subscription", "1 accounts with deployments"),
        ("deployments", "Reader on the subscription", "1 deployments in AOAI"),
        (
            "metrics",
            f"Monitoring Reader on {scope}",
            f"{', '.join(OLDER[:3])} of AOAI by the {options.get('route', 'resource')} route",
        ),
    ]


def test_a_check_of_a_role_that_is_missing_says_so():
    subscription = Subscription()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/metricDefinitions"):
            return httpx.Response(403, json={"error": {"code": "AuthorizationFailed", "message": "no"}})
        return subscription(request)

    with source_over(answer) as source:
        [_, deployments, metrics] = source.checks(dt.datetime(2026, 10, 5, 6, tzinfo=dt.UTC))
        assert "deployments" in deployments.run()
        with pytest.raises(CredentialError, match="Monitoring Reader"):
            metrics.run()
