"""The metrics of Cognitive Services accounts, as Azure's table of supported metrics names them."""

from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN_DIMENSIONS = ("ApiName", "ModelDeploymentName", "FeatureName", "UsageChannel", "Region", "ModelVersion")
_REQUEST_DIMENSIONS = (
    "ApiName",
    "OperationName",
    "Region",
    "StreamType",
    "ModelDeploymentName",
    "ModelName",
    "ModelVersion",
    "StatusCode",
    "IsSpillover",
)
_LOAD_DIMENSIONS = ("Region", "StreamType", "ModelDeploymentName", "ModelName", "ModelVersion")
_MODEL_DIMENSIONS = ("ApiName", "Region", "ModelDeploymentName", "ModelName", "ModelVersion")
_INPUT = ("input", "uncached_input", "embedding_input")
_OUTPUT = ("output",)
_REQUESTS = ("request",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: the meters of the traffic that it adds up, none for the load on provisioned units."""

    name: str
    label: str
    meters: tuple[str, ...]
    dimensions: tuple[str, ...]
    unit: str = "Count"
    category: str = "Models - Usage"


def _older(name: str, label: str, meters: tuple[str, ...], dimensions: tuple[str, ...] = _TOKEN_DIMENSIONS) -> Metric:
    return Metric(name=name, label=label, meters=meters, dimensions=dimensions, category="Azure OpenAI - Usage")


def _newer(name: str, label: str, meters: tuple[str, ...], *more: str) -> Metric:
    return Metric(name=name, label=label, meters=meters, dimensions=(*_MODEL_DIMENSIONS, *more))


def _load(name: str, label: str, dimensions: tuple[str, ...]) -> Metric:
    return Metric(name=name, label=label, meters=(), dimensions=dimensions, unit="Percent")


def _by_name(*metrics: Metric) -> Mapping[str, Metric]:
    return {metric.name: metric for metric in metrics}


OLDER = _by_name(
    _older("AzureOpenAIRequests", "Azure OpenAI Requests", _REQUESTS, _REQUEST_DIMENSIONS),
    _older("ProcessedPromptTokens", "Processed Prompt Tokens", _INPUT),
    _older("GeneratedTokens", "Generated Completion Tokens", _OUTPUT),
    _older("TokenTransaction", "Processed Inference Tokens", (*_INPUT, *_OUTPUT)),
    _load("AzureOpenAIProvisionedManagedUtilizationV2", "Provisioned-managed Utilization V2", _LOAD_DIMENSIONS),
)
NEWER = _by_name(
    _newer("InputTokens", "Input Tokens", _INPUT),
    _newer("OutputTokens", "Output Tokens", _OUTPUT),
    _newer("TotalTokens", "Total Tokens", (*_INPUT, *_OUTPUT)),
    _newer("cacheReadInputTokens", "Cache Read Input Tokens", ("cache_read",), "ContextLength"),
    _newer("ephemeral5mInputTokens", "Ephemeral 5m Input Tokens", ("cache_write_5m",), "ContextLength"),
    _newer("ephemeral1hInputTokens", "Ephemeral 1h Input Tokens", ("cache_write_1h",), "ContextLength"),
    _newer("ModelRequests", "Model Requests", _REQUESTS),
    _load("ProvisionedUtilization", "Provisioned Utilization", _MODEL_DIMENSIONS[1:]),
)
