"""The project's metrics of publisher models, and their series."""

from collections.abc import Iterator, Mapping

from genai_finops.simulator.gcp_vertex.traffic import SOURCE
from genai_finops.simulator.google.monitoring import Metric, Series, of_stream
from genai_finops.simulator.google.service_account import project_number
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.traffic import Account, Stream

_PREFIX = "aiplatform.googleapis.com/publisher/online_serving"
_RESOURCE = "aiplatform.googleapis.com/PublisherModel"
_TOKEN_LABELS = (
    "type",
    "request_type",
    "max_token_size",
    "explicit_caching",
    "modality",
    "accounting_resource",
    "source",
)

TOKEN_COUNT = Metric(
    type=f"{_PREFIX}/token_count",
    labels=_TOKEN_LABELS,
    resource_type=_RESOURCE,
    description="Accumulated input/output token count.",
)
#: The same tokens as a histogram over requests.
TOKENS = Metric(
    type=f"{_PREFIX}/tokens",
    labels=_TOKEN_LABELS,
    resource_type=_RESOURCE,
    value_type="DISTRIBUTION",
    description="Input/output token count distribution.",
)
INVOCATIONS = Metric(
    type=f"{_PREFIX}/model_invocation_count",
    labels=("response_code", "request_type", "method", "error_category", "max_token_size", "explicit_caching"),
    resource_type=_RESOURCE,
    description="Number of model invocations (prediction requests).",
)
CHARACTERS = Metric(
    type=f"{_PREFIX}/character_count",
    labels=("type", "request_type"),
    resource_type=_RESOURCE,
    description="Accumulated input/output character count.",
)
METRICS = (CHARACTERS, INVOCATIONS, TOKEN_COUNT, TOKENS)

#: type and modality of the token meters.
_TYPES: Mapping[str, tuple[str, str | None]] = {
    "input": ("input", "text"),
    "input_audio": ("input", "audio"),
    "embedding_input": ("input", None),
    "uncached_input": ("input", None),
    "cache_read": ("cache_read_input", None),
    "cache_write_5m": ("cache_write_input", None),
    "cache_write_1h": ("cache_write_1h_input", None),
    "output": ("output", None),
}


def series_of(account: Account, ledger: Ledger) -> Iterator[Series]:
    """All series of the project."""
    number = project_number(account.scenario.seed, account.org, account.provider)
    for stream in account.streams[SOURCE]:
        asked = stream.plan.dimensions
        resource = {
            # The documentation also calls it project_id and monitored_resource_container.
            "resource_container": number,
            "location": str(asked["location"]),
            "publisher": str(asked["publisher"]),
            "model_user_id": str(asked["model"]),
            "model_version_id": str(asked["model"]).partition("@")[2] or "default",
        }
        yield from _tokens(stream, resource, ledger)
        yield from _others(stream, resource, ledger)


def _tokens(stream: Stream, resource: Mapping[str, str], ledger: Ledger) -> Iterator[Series]:
    names = ("request_type", "max_token_size", "explicit_caching", "source")
    for meter in stream.plan.per_request:
        if meter.removeprefix("_") not in _TYPES:
            continue
        kind, modality = _TYPES[meter.removeprefix("_")]
        labels = {"type": kind, **_given(stream, names)}
        if modality:
            labels["modality"] = modality
        if stream.plan.dimensions["request_type"] == "dedicated":
            labels["accounting_resource"] = "projects/pt-order-1"
        for metric in (TOKEN_COUNT, TOKENS):
            yield Series(
                metric=metric,
                metric_labels=labels,
                resource_labels=resource,
                quantity=of_stream(ledger, stream, meter),
            )


def _others(stream: Stream, resource: Mapping[str, str], ledger: Ledger) -> Iterator[Series]:
    names = ("request_type", "max_token_size", "explicit_caching")
    asked = {"method": "generateContent", **_given(stream, names)}
    for meter, labels in (
        ("request", {"response_code": "200"}),
        ("_request", {"response_code": "200"}),
        ("_rejected", {"response_code": "429", "error_category": "capacity"}),
    ):
        yield Series(
            metric=INVOCATIONS,
            metric_labels={**asked, **labels},
            resource_labels=resource,
            quantity=of_stream(ledger, stream, meter),
        )
    yield Series(
        metric=CHARACTERS,
        metric_labels={"type": "input", **_given(stream, ("request_type",))},
        resource_labels=resource,
        quantity=of_stream(ledger, stream, "_character"),
    )


def _given(stream: Stream, names: tuple[str, ...]) -> dict[str, str]:
    """The labels of the stream that are set."""
    asked = stream.plan.dimensions
    return {name: str(asked[name]) for name in names if asked[name] is not None}
