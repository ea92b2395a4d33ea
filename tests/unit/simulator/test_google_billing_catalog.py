"""The simulated price list of Google: what it refuses, and what its times say."""

import datetime as dt
from decimal import Decimal

import pytest

from genai_finops.simulator.google.billing_catalog import CatalogueSku, Service, list_skus
from genai_finops.simulator.wire import Refusal, WireRequest

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
NEW_YEAR = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
SKUS = [
    CatalogueSku(
        id=f"A-{number}", description="x", tiers=((0, Decimal("1.000000030")),), later=((NEW_YEAR, ((0, Decimal(2)),)),)
    )
    for number in range(15)
]
SERVICE = Service("C7E2-9256-1C43", "Vertex AI", SKUS)


def ask(path: str = "/v1/services/C7E2-9256-1C43/skus", now: dt.datetime = NOW, **params: str):
    return list_skus(WireRequest(path=path, params=list(params.items()), headers={}), SERVICE, now)


def test_pages_end_with_an_empty_token():
    first = ask(pageSize="5000")
    last = ask(pageToken=first["nextPageToken"])
    assert [sku["skuId"] for page in (first, last) for sku in page["skus"]] == [sku.id for sku in SKUS]
    assert last["nextPageToken"] == ""


def test_a_price_is_whole_units_as_text_and_billionths():
    (rate,) = ask()["skus"][0]["pricingInfo"][0]["pricingExpression"]["tieredRates"]
    assert rate["unitPrice"] == {"currencyCode": "USD", "units": "1", "nanos": 30}


def test_the_time_of_the_latest_price_moves_with_the_reading():
    times = [ask(now=now)["skus"][0]["pricingInfo"][0]["effectiveTime"] for now in (NOW, NOW + dt.timedelta(days=1))]
    assert times == ["2026-11-05T00:59:59.583Z", "2026-11-06T00:59:59.583Z"]


def test_an_announced_price_holds_once_its_time_has_come():
    before, after = (
        [entry["pricingExpression"]["tieredRates"][0]["unitPrice"]["units"] for entry in page["skus"][0]["pricingInfo"]]
        for page in (ask(), ask(now=NEW_YEAR + dt.timedelta(days=1)))
    )
    assert (before, after) == (["1", "2"], ["2"])


def test_within_a_range_the_time_is_the_beginning_of_the_range():
    page = ask(startTime="2026-11-02T00:00:00+00:00", endTime="2026-11-04T00:00:00+00:00")
    assert [entry["effectiveTime"] for entry in page["skus"][0]["pricingInfo"]] == ["2026-11-02T00:00:00.000Z"]


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"pagesize": "5"}, "pagesize"),
        ({"pageSize": "0"}, "Page size"),
        ({"pageSize": "5001"}, "Page size"),
        ({"pageToken": "x"}, "page token"),
        ({"currencyCode": "XXX"}, "XXX"),
        # 06:00 in UTC is the evening of the day before in Los Angeles.
        ({"startTime": "2026-11-01T06:00:00+00:00", "endTime": "2026-11-02T00:00:00+00:00"}, "calendar month"),
        ({"startTime": "2026-11-04T00:00:00+00:00", "endTime": "2026-11-06T00:00:00+00:00"}, "future"),
    ],
)
def test_what_the_interface_does_not_take_is_refused_by_name(params, named):
    with pytest.raises(Refusal) as refused:
        ask(**params)
    assert refused.value.status == 400
    assert named in refused.value.message


def test_another_service_is_not_found():
    with pytest.raises(Refusal) as refused:
        ask("/v1/services/6F81-5844-456A/skus")
    assert refused.value.status == 404


def test_a_price_below_a_billionth_cannot_be_in_the_list():
    with pytest.raises(ValueError, match="counts in nanos"):
        CatalogueSku(id="A", description="x", tiers=((0, Decimal("0.0000000375")),))
