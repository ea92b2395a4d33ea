"""Answers as Cloud Monitoring writes them, and a source that reads them."""

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from genai_finops.providers.base import SourceAccount, UsageRow
from genai_finops.providers.source import HttpUsageSource

from .scripted_source import DAY, Answer, scripted_source

PREFIX = "aiplatform.googleapis.com/publisher/online_serving/"
PROJECT = "acme-prod-1"
TOKEN_LABELS = (
    "type",
    "request_type",
    "max_token_size",
    "explicit_caching",
    "modality",
    "accounting_resource",
    "source",
)
LABELS: Mapping[str, Sequence[str]] = {
    "token_count": TOKEN_LABELS,
    "tokens": TOKEN_LABELS,
    "model_invocation_count": ("response_code", "request_type", "method", "error_category", "max_token_size"),
    "character_count": ("type", "request_type"),
    "consumed_token_throughput": ("request_type", "accounting_resource", "modality"),
    "dedicated_gsu_limit": (),
    "dedicated_token_limit": (),
}


@functools.cache
def key_file() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return json.dumps(
        {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "0123456789abcdef0123456789abcdef01234567",
            "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "client_email": f"usage-reader@{PROJECT}.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.googleapis.com/token",
        }
    )


def descriptors(labels: Mapping[str, Sequence[str]] = LABELS) -> dict[str, Any]:
    """The answer of metricDescriptors.list."""
    return {
        "metricDescriptors": [
            {"type": PREFIX + name, "labels": [{"key": key} for key in keys]} for name, keys in labels.items()
        ]
    }


def point(value: Any = "100", end: str = "2026-10-02T00:00:00Z", start: str = "2026-10-01T00:00:00Z") -> dict[str, Any]:
    """One value of 1 October."""
    return {"interval": {"startTime": start, "endTime": end}, "value": {"int64Value": value}}


def series(
    metric: str = "token_count",
    *,
    model: str = "gemini-2.5-flash",
    publisher: str = "google",
    location: str = "global",
    points: Sequence[Any] | None = None,
    resource: Mapping[str, str] | None = None,
    **labels: str,
) -> dict[str, Any]:
    """One series; labels beside those of a pay-as-you-go call. A label given as "" is left out."""
    usual = {"response_code": "200"} if metric == "model_invocation_count" else {"type": "input"}
    named = {**usual, "request_type": "shared", **labels}
    return {
        "metric": {"type": PREFIX + metric, "labels": {name: value for name, value in named.items() if value}},
        "resource": {
            "type": "aiplatform.googleapis.com/PublisherModel",
            "labels": resource or {"location": location, "publisher": publisher, "model_user_id": model},
        },
        "metricKind": "DELTA",
        "valueType": "INT64",
        "points": [point()] if points is None else list(points),
    }


def answering(*found: dict[str, Any], labels: Mapping[str, Sequence[str]] = LABELS) -> Answer:
    """A server that has these series."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "oauth2.googleapis.com":
            return httpx.Response(200, json={"access_token": "ya29.token-of-a-test", "expires_in": 3599})
        if request.url.path.endswith("/metricDescriptors"):
            return httpx.Response(200, json=descriptors(labels))
        of_metric = [one for one in found if f'"{one["metric"]["type"]}"' in request.url.params["filter"]]
        return httpx.Response(200, json={"timeSeries": of_metric, "unit": "1"} if of_metric else {})

    return answer


def source_over(answer: Answer, *, account: str = PROJECT, **more: Any) -> HttpUsageSource:
    return scripted_source("gcp_vertex", key_file(), answer, account=SourceAccount(id=account), **more)


def rows_of(*found: dict[str, Any], **more: Any) -> list[UsageRow]:
    """What is read of a day that has these series."""
    with source_over(answering(*found), **more) as source:
        return list(source.normalise(list(source.fetch(DAY)), DAY))


def row_of(*found: dict[str, Any], **more: Any) -> UsageRow:
    (row,) = rows_of(*found, **more)
    return row
