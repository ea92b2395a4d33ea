"""The simulated Azure Retail Prices API: the rules that its documentation and its captures have."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from genai_finops.simulator.azure_openai.retail_prices import ROWS_PER_PAGE, Throttle, answer
from genai_finops.simulator.wire import Refusal, WireRequest, encode

EAST = "serviceName eq 'Foundry Models' and armRegionName eq 'eastus'"


class Unhurried(Throttle):
    def is_too_fast(self, server: str) -> bool:  # noqa: ARG002
        return False


def request(filter_: str = EAST, *more: tuple[str, str], path: str = "/retail/api/retail/prices") -> WireRequest:
    params = (
        ("api-version", "2023-01-01-preview"),
        ("currencyCode", "'USD'"),
        ("meterRegion", "'primary'"),
        ("$filter", filter_),
    )
    return WireRequest(path=path, params=[*params, *more], headers={"host": "127.0.0.1:1"}, raw_path=f"/azure{path}")


def page(asked: WireRequest) -> dict[str, Any]:
    return answer(asked, Unhurried())


def all_rows(filter_: str = EAST, *more: tuple[str, str]) -> list[dict[str, Any]]:
    found = page(request(filter_, *more))
    rows = list(found["Items"])
    while found["NextPageLink"]:
        params = parse_qsl(urlsplit(found["NextPageLink"]).query)
        found = page(
            WireRequest(path="/retail/api/retail/prices", params=params, headers={"host": "127.0.0.1:1"}, raw_path="/x")
        )
        rows.extend(found["Items"])
    return rows


def names(filter_: str) -> list[str]:
    return [row["meterName"] for row in all_rows(filter_)]


@pytest.mark.parametrize("name", ["Azure OpenAI", "Cognitive Services", "foundry models"])
def test_older_names_of_the_service_and_another_case_give_no_rows(name):
    assert all_rows(f"serviceName eq '{name}'") == []


def test_there_is_no_region_named_global():
    assert all_rows("armRegionName eq 'global'") == []


def test_global_meters_are_listed_under_each_region():
    regions = {row["armRegionName"] for row in all_rows("meterName eq 'gpt 4.1 Inp glbl Tokens'")}
    assert regions == {"eastus", "eastus2", "swedencentral"}


def test_pages_link_to_the_next_one_until_all_rows_are_given():
    first = page(request())
    assert (len(first["Items"]), first["Count"]) == (ROWS_PER_PAGE, ROWS_PER_PAGE)
    assert len(all_rows()) > 2 * ROWS_PER_PAGE
    assert len({row["meterId"] + row["effectiveStartDate"] + str(row["tierMinimumUnits"]) for row in all_rows()}) > 60


def test_a_page_is_as_long_as_ever_whatever_top_asks_for():
    assert len(page(request(EAST, ("$top", "5")))["Items"]) == ROWS_PER_PAGE


def test_contains_and_ne_are_understood():
    found = names(f"{EAST} and contains(meterName, 'Batch') and meterName ne 'gpt 4.1 mini Batch Inp glbl Tokens'")
    assert found == [
        "gpt 4.1 mini Batch Outp glbl Tokens",
        "gpt 4o 1120 Batch Inp Data Zone Tokens",
        "gpt 4o 1120 Batch Outp Data Zone Tokens",
    ]


def test_of_alternatives_one_has_to_hold():
    found = all_rows("armRegionName eq 'eastus2' and meterName eq 'GPT 5 Inpt DZ 1M Tokens' or armRegionName eq 'x'")
    assert [(row["armRegionName"], row["meterName"]) for row in found] == [("eastus2", "GPT 5 Inpt DZ 1M Tokens")]


def test_startswith_minds_the_case():
    assert names("armRegionName eq 'eastus' and startswith(meterName, 'gpt 5 Inpt')") == []


@pytest.mark.parametrize("filter_", ["serviceName = 'x'", "colour eq 'x'", "serviceName eq x", "retailPrice gt 5"])
def test_a_filter_that_is_none_is_refused(filter_):
    with pytest.raises(Refusal) as refused:
        page(request(filter_))
    assert (refused.value.status, refused.value.kind) == (400, "BadRequest")


def test_the_list_has_every_spelling_of_a_unit():
    assert {row["unitOfMeasure"] for row in all_rows()} == {
        "1K",
        "1M",
        "1/Hour",
        "1 Hour",
        "1 Second",
        "1/Day",
        "100",
        "1",
    }


def test_a_reservation_costs_its_whole_term_although_its_unit_says_an_hour():
    (row,) = (
        row
        for row in all_rows(f"{EAST} and priceType eq 'Reservation' and contains(meterName, 'Global')")
        if row["reservationTerm"] == "1 Year"
    )
    assert (encode(row["retailPrice"]), row["unitOfMeasure"]) == (b"2652", "1/Hour")


def test_there_are_rows_of_a_later_day_beside_the_price_of_today():
    rows = all_rows(f"{EAST} and meterName eq 'gpt 4.1 nano Outp glbl Tokens'")
    assert sorted(row["effectiveStartDate"] for row in rows) == ["2025-04-01T00:00:00Z", "2027-01-01T00:00:00Z"]


def test_there_are_rows_with_a_price_of_zero():
    (row,) = all_rows(f"{EAST} and meterName eq 'gpt 4.1 nano cached Inp glbl Tokens'")
    assert encode(row["retailPrice"]) == b"0"


def test_meters_outside_their_primary_region_are_listed_only_where_they_are_not_left_out():
    params = [("api-version", "2023-01-01-preview"), ("$filter", f"{EAST} and meterName eq 'gpt 4.1 Inp glbl Tokens'")]
    unlimited = WireRequest(path="/retail/api/retail/prices", params=params, headers={}, raw_path="/x")
    assert [row["isPrimaryMeterRegion"] for row in page(unlimited)["Items"]] == [True, False]


def test_prices_of_a_thousand_tokens_are_exact_decimals():
    (row,) = all_rows(f"{EAST} and meterName eq 'gpt 4.1 cached Inp Data Zone Tokens'")
    assert float(encode(row["retailPrice"])) == 0.00055


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"path": "/retail/api/retail/other"}, 404),
        ({"params": [("api-version", "2099-01-01")]}, 400),
        ({"params": [("currencyCode", "'EUR'")]}, 400),
    ],
)
def test_what_is_not_served_is_refused(change, status):
    asked = {"path": "/retail/api/retail/prices", "params": [], "headers": {}, **change}
    with pytest.raises(Refusal) as refused:
        page(WireRequest(**asked))
    assert refused.value.status == status


def test_a_burst_has_one_refusal_and_a_pause_ends_it():
    moments = iter([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 9.0])
    throttle = Throttle(clock=lambda: next(moments))
    assert [throttle.is_too_fast("a") for _ in range(7)] == [False, False, False, False, True, False, False]


def test_slow_requests_are_never_refused():
    moments = iter(range(20))
    throttle = Throttle(clock=lambda: float(next(moments)))
    assert not any(throttle.is_too_fast("a") for _ in range(20))


def test_servers_count_for_themselves():
    throttle = Throttle(clock=lambda: 0.0)
    assert not any(throttle.is_too_fast(server) for server in ("a", "b", "a", "b", "a", "b", "a", "b"))


def test_a_refused_burst_asks_to_wait_a_second():
    throttle = Throttle(clock=lambda: 0.0)
    for _ in range(4):
        answer(request(), throttle)
    with pytest.raises(Refusal) as refused:
        answer(request(), throttle)
    assert (refused.value.status, refused.value.retry_after) == (429, "1")
