"""The project's metrics of publisher models, and their series."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from genai_finops.simulator.gcp_vertex.burndown import throughput_of
from genai_finops.simulator.gcp_vertex.orders import gsu_levels, orders_of
from genai_finops.simulator.gcp_vertex.provisioned import weighted_in_hour
from genai_finops.simulator.gcp_vertex.traffic import SOURCE
from genai_finops.simulator.google.monitoring import Metric, Quantity, Series, of_levels, of_stream
from genai_finops.simulator.google.service_account import project_number
from genai_finops.simulator.ledger import Ledger, midnight
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
#: Tokens after weights, of all requests.
CONSUMED = Metric(
    type=f"{_PREFIX}/consumed_token_throughput",
    labels=("request_type", "accounting_resource", "modality"),
    resource_type=_RESOURCE,
    description="Overall throughput used (accounting for burndown rate) in terms of tokens.",
)
GSU_LIMIT = Metric(
    type=f"{_PREFIX}/dedicated_gsu_limit",
    labels=(),
    resource_type=_RESOURCE,
    kind="GAUGE",
    description="Dedicated limit in GSU.",
)
TOKEN_LIMIT = Metric(
    type=f"{_PREFIX}/dedicated_token_limit",
    labels=(),
    resource_type=_RESOURCE,
    kind="GAUGE",
    unit="1/s",
    description="Dedicated limit in tokens per second.",
)
METRICS = (CHARACTERS, CONSUMED, GSU_LIMIT, TOKEN_LIMIT, INVOCATIONS, TOKEN_COUNT, TOKENS)

_MINUTE = dt.timedelta(minutes=1)
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
        resource = _resource(number, str(asked["publisher"]), str(asked["model"]), str(asked["location"]))
        yield from _tokens(stream, resource, ledger)
        yield from _others(stream, resource, ledger)
        yield from _consumed(stream, resource, ledger)
    yield from _limits(account, number, ledger)


def _resource(number: str, publisher: str, model: str, location: str) -> dict[str, str]:
    return {
        # The documentation also calls it project_id and monitored_resource_container.
        "resource_container": number,
        "location": location,
        "publisher": publisher,
        "model_user_id": model,
        "model_version_id": model.partition("@")[2] or "default",
    }


def _tokens(stream: Stream, resource: Mapping[str, str], ledger: Ledger) -> Iterator[Series]:
    names = ("request_type", "max_token_size", "explicit_caching", "source")
    for meter in stream.plan.per_request:
        if meter not in _TYPES:
            continue
        kind, modality = _TYPES[meter]
        labels = {"type": kind, **_given(stream, names), **_accounting(stream, resource)}
        if modality:
            labels["modality"] = modality
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


def _consumed(stream: Stream, resource: Mapping[str, str], ledger: Ledger) -> Iterator[Series]:
    """Weighted tokens by modality; output has none."""
    meters: dict[str | None, list[str]] = {}
    for meter in stream.plan.per_request:
        if meter in _TYPES:
            meters.setdefault(_TYPES[meter][1], []).append(meter)
    if throughput_of(stream.model or "") is None:
        return
    for modality, found in meters.items():
        labels = {**_given(stream, ("request_type",)), **_accounting(stream, resource)}
        yield Series(
            metric=CONSUMED,
            metric_labels=labels if modality is None else {**labels, "modality": modality},
            resource_labels=resource,
            quantity=_weighted_quantity(stream, ledger, found),
        )


def _weighted_quantity(stream: Stream, ledger: Ledger, meters: Sequence[str]) -> Quantity:
    """The minutes of an hour share its whole weighted tokens evenly."""

    def quantity(start: dt.datetime, end: dt.datetime) -> int:
        day = start.date()
        first, last = (int((moment - midnight(day)) / _MINUTE) for moment in (start, end))
        total = 0
        for hour in range(first // 60, -(-last // 60)):
            tokens = weighted_in_hour(stream, ledger, day, hour, meters)
            total += tokens * min(last - hour * 60, 60) // 60 - tokens * max(first - hour * 60, 0) // 60
        return total

    return quantity


def _limits(account: Account, number: str, ledger: Ledger) -> Iterator[Series]:
    orders = orders_of(account.scenario, account.org)
    for model, location in sorted({(order.model or "", order.region_id or "") for order in orders}):
        throughput = throughput_of(model)
        if throughput is None:
            continue
        levels = gsu_levels(order for order in orders if (order.model, order.region_id) == (model, location))
        publisher = "anthropic" if model.startswith("claude") else "google"
        for metric, factor in ((GSU_LIMIT, 1), (TOKEN_LIMIT, throughput.per_second)):
            yield Series(
                metric=metric,
                metric_labels={},
                resource_labels=_resource(number, publisher, model, location),
                mean=of_levels(ledger, [(moment, units and units * factor) for moment, units in levels]),
            )


def _accounting(stream: Stream, resource: Mapping[str, str]) -> dict[str, str]:
    """Whose quota it is."""
    if stream.plan.dimensions["request_type"] != "dedicated":
        return {}
    return {"accounting_resource": f"projects/{resource['resource_container']}"}


def _given(stream: Stream, names: tuple[str, ...]) -> dict[str, str]:
    """The labels of the stream that are set."""
    asked = stream.plan.dimensions
    return {name: str(asked[name]) for name in names if asked[name] is not None}
