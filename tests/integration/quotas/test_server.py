"""The endpoint for gateways, over real HTTP."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from genai_finops.errors import FinopsError
from genai_finops.quotas.server import quota_token

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
#: As the fixture `quota_url` expects it.
TOKEN = "gateway-token"
QUESTION = {"scope": {"org": "acme", "provider": "openai"}, "cost": "60", "currency": "USD"}


@pytest.fixture
def client(quota_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=quota_url, headers={"authorization": f"Bearer {TOKEN}"}) as client:
        yield client


def test_a_gateway_checks_settles_and_is_refused_when_nothing_is_left(client: httpx.Client) -> None:
    first = client.post("/check", json=QUESTION).json()
    assert (first["decision"], first["budgets"][0]["bound"]) == ("allow", "100")
    refused = client.post("/check", json=QUESTION).json()
    assert (refused["decision"], refused["reservation_id"]) == ("block", None)
    told = {"reservation_id": first["reservation_id"], "cost": 0.5, "currency": "USD"}
    assert [client.post("/settle", json=told).json()["outcome"] for _ in range(2)] == ["settled", "repeated"]
    (answer,) = client.post("/check", json=QUESTION).json()["budgets"]
    assert (answer["settled"], answer["held"], answer["verdict"]) == ("0.5", "0", "room")


def test_the_block_list_is_sent_once_for_each_version(client: httpx.Client, one_budget: Any) -> None:
    one_budget.tick("100")
    first = client.get("/blocklist")
    again = client.get("/blocklist", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert json.loads(first.content)["version"] in first.headers["etag"]


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer other"}, {"authorization": f"Basic {TOKEN}"}])
def test_nothing_but_the_health_is_told_without_the_token(quota_url: str, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/blocklist"), ("POST", "/check"), ("POST", "/settle"), ("POST", "/release")):
        assert httpx.request(method, f"{quota_url}{path}", headers=headers).status_code == 401
    assert httpx.get(f"{quota_url}/healthz", headers=headers).json() == {"status": "ok", "budgets": 1}


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/check", "[", "JSON object"),
        ("/check", "{}", "no scope"),
        ("/check", '{"scope": {"org": "acme"}, "price": 1}', "'price'"),
        ("/check", '{"scope": {"provider": "openai"}, "tokens": 1}', "names no organisation"),
        ("/check", '{"scope": {"org": "acme"}}', "neither its cost nor its tokens"),
        ("/check", '{"scope": {"org": "acme"}, "cost": true, "currency": "USD"}', "cost"),
        ("/check", '{"scope": {"org": "acme"}, "usage": {"input_tokens": -1}}', "usage"),
        ("/settle", '{"reservation_id": "x", "tokens": 1}', "no reservation 'x'"),
        ("/check", '{"scope": {"org": "' + "a" * 70_000 + '"}}', "too long"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(client: httpx.Client, path: str, body: str, named: str) -> None:
    answer = client.post(path, content=body)
    assert answer.status_code == 422
    assert named in answer.json()["error"]


def test_only_a_loopback_address_needs_no_token(one_budget: Any) -> None:
    assert quota_token(one_budget.settings, "127.0.0.1") is None
    with pytest.raises(FinopsError, match="without a token"):
        quota_token(one_budget.settings, "0.0.0.0")  # noqa: S104 - what is refused
