"""A scripted AWS: series of metrics and profiles that a test gives, answered as CloudWatch and Bedrock answer."""

import datetime as dt
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import httpx

from genai_finops.providers.base import ResourceState, SourceAccount, UsageRow, Window
from genai_finops.providers.bedrock_source import BedrockSource
from genai_finops.providers.config import ProviderConfig, load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source

from .scripted_source import CONFIGS, DAY, NOW, Unlimited

RUNTIME, MANTLE = "AWS/Bedrock", "AWS/BedrockMantle"
ACCOUNT = "123456789012"
SECRET_KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYPlantedKey01"
SECRET = json.dumps({"access_key_id": "AKIAEXAMPLE7SCRIPTED", "secret_access_key": SECRET_KEY})
REGION = "us-east-1"
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
MIDNIGHT = int(DAY.start.timestamp())

_HOST = re.compile(r"(monitoring|bedrock|sts)\.([a-z0-9-]+)\.amazonaws\.com")


@cache
def _config() -> ProviderConfig:
    return load_provider_configs(CONFIGS, {})["aws_bedrock"]


def profile(identifier: str, *model_arns: str, name: str = "tenant-acme", region: str = REGION) -> dict[str, Any]:
    """One application inference profile."""
    return {
        "inferenceProfileName": name,
        "inferenceProfileArn": f"arn:aws:bedrock:{region}:{ACCOUNT}:application-inference-profile/{identifier}",
        "inferenceProfileId": identifier,
        "models": [{"modelArn": arn} for arn in model_arns or (f"arn:aws:bedrock:{region}::foundation-model/{MODEL}",)],
        "status": "ACTIVE",
        "type": "APPLICATION",
        "createdAt": "2026-06-01T00:00:00Z",
        "updatedAt": "2026-06-01T00:00:00Z",
    }


def provisioned(identifier: str = "abc123def456", *, region: str = REGION, **fields: Any) -> dict[str, Any]:
    """One provisioned model by the hour; `fields` replace or add, None takes away."""
    model = f"arn:aws:bedrock:{region}::foundation-model/{MODEL}"
    entry = {
        "provisionedModelName": "claude-prod",
        "provisionedModelArn": arn_of(identifier, region=region),
        "modelArn": model,
        "desiredModelArn": model,
        "foundationModelArn": model,
        "modelUnits": 2,
        "desiredModelUnits": 2,
        "status": "InService",
        "creationTime": "2026-09-01T00:00:00Z",
        "lastModifiedTime": "2026-09-01T00:00:00Z",
        **fields,
    }
    return {name: value for name, value in entry.items() if value is not None}


def arn_of(identifier: str = "abc123def456", *, region: str = REGION) -> str:
    """The ARN of a provisioned model."""
    return f"arn:aws:bedrock:{region}:{ACCOUNT}:provisioned-model/{identifier}"


@dataclass
class ScriptedAws:
    """What there is, and what was asked."""

    models: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    profiles: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    tags: Mapping[str, list[dict[str, str]]] = field(default_factory=dict)
    #: Metrics that have data but are older than two weeks.
    forgotten: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str, Any]] = field(default_factory=list)
    _sums: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], dict[int, float]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def put(
        self,
        metric: str,
        value: float,
        dimensions: Mapping[str, str] | None = None,
        *,
        namespace: str = RUNTIME,
        region: str = REGION,
        at: int = MIDNIGHT,
    ) -> "ScriptedAws":
        """A sum of one day. `dimensions` None is the model alone."""
        own = {"ModelId": MODEL} if dimensions is None else dimensions
        self._sums[region, namespace, metric, tuple(sorted(own.items()))][at] = value
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match = _HOST.fullmatch(request.url.host)
        assert match, f"unknown host {request.url.host}"
        service, region = match.groups()
        body = json.loads(request.content) if request.content else dict(request.url.params)
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2] or request.url.path.strip("/")
        self.asked.append((service, region, operation, body))
        return httpx.Response(200, json=self._answers(operation, region, body))

    def _answers(self, operation: str, region: str, body: Any) -> Any:
        if operation == "inference-profiles":
            return {"inferenceProfileSummaries": self.profiles.get(region, [])}
        if operation == "provisioned-model-throughputs":
            return {"provisionedModelSummaries": self.models.get(region, [])}
        if operation == "listTagsForResource":
            return {"tags": self.tags.get(body["resourceARN"].rpartition("/")[2], [])}
        if operation == "ListMetrics":
            return {
                "Metrics": [
                    {
                        "Namespace": namespace,
                        "MetricName": metric,
                        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions],
                    }
                    for place, namespace, metric, dimensions in self._sums
                    if (place, namespace) == (region, body["Namespace"]) and metric not in self.forgotten
                ]
            }
        return {"MetricDataResults": [self._result(region, query) for query in body["MetricDataQueries"]]}

    def _result(self, region: str, query: Any) -> Any:
        metric = query["MetricStat"]["Metric"]
        dimensions = tuple(sorted((part["Name"], part["Value"]) for part in metric["Dimensions"]))
        found = self._sums.get((region, metric["Namespace"], metric["MetricName"], dimensions), {})
        return {
            "Id": query["Id"],
            "Label": query["Label"],
            "Timestamps": list(found),
            "Values": list(found.values()),
            "StatusCode": "Complete",
        }


def source_over(
    answer: Any,
    *,
    known_resources: Iterable[ResourceState] = (),
    account: Mapping[str, str] | None = None,
    secret: str = SECRET,
    now: str = NOW,
    flow: Literal["payg", "commitment"] = "payg",
    **options: Any,
) -> BedrockSource:
    """The source over a scripted AWS, with these options of its flow beside the configured ones."""
    config = _config()
    values = config.flows[flow]
    values = values.model_copy(update={"options": {**values.options, **options}})
    source = usage_source(
        config.model_copy(update={"flows": {flow: values}}),
        secret,
        SessionOptions(
            transport=httpx.MockTransport(answer),
            now=lambda: dt.datetime.fromisoformat(now),
            rate_limiter=Unlimited(),
            sleep=lambda _: None,
        ),
        flow=flow,
        account=SourceAccount(id=ACCOUNT, options={"regions": REGION, **(account or {})}),
        known_resources=tuple(known_resources),
    )
    assert isinstance(source, BedrockSource)
    return source


def rows_over(answer: Any, window: Window = DAY, **options: Any) -> list[UsageRow]:
    """The usage that the source reads."""
    with source_over(answer, **options) as source:
        return list(source.normalise(list(source.fetch(window)), window))


def quantities(rows: Iterable[UsageRow]) -> dict[str, int]:
    """Sums by meter."""
    sums: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.meter] += int(row.quantity)
    return dict(sums)
