"""Requests and answers held against the discovery documents that Google's own Python client carries."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import httpx

Document = Mapping[str, Any]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
    "any": (object,),
}


def document(name: str) -> Document:
    """The document of `monitoring.v3`, `bigquery.v2` and the like."""
    text = files("googleapiclient") / "discovery_cache" / "documents" / f"{name}.json"
    found: Document = json.loads(text.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True)
class Method:
    """One method of an interface."""

    id: str
    http_method: str
    path: re.Pattern[str]
    parameters: Mapping[str, Mapping[str, Any]]
    body: str | None
    answer: str | None


def methods(found: Document) -> Iterator[Method]:
    """All methods of a document."""
    yield from _methods_below(found, found)


def _methods_below(found: Document, node: Mapping[str, Any]) -> Iterator[Method]:
    for method in node.get("methods", {}).values():
        path = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(method.get("flatPath", method["path"])))
        yield Method(
            id=method["id"],
            http_method=method["httpMethod"],
            path=re.compile(f"/(?:{re.escape(found['servicePath'])})?{path}"),
            parameters={**found["parameters"], **method.get("parameters", {})},
            body=method.get("request", {}).get("$ref"),
            answer=method.get("response", {}).get("$ref"),
        )
    for resource in node.get("resources", {}).values():
        yield from _methods_below(found, resource)


def method_of(found: Document, http_method: str, path: str) -> Method:
    """The method that a request calls. Raises LookupError."""
    for method in methods(found):
        if method.http_method == http_method and method.path.fullmatch(path):
            return method
    raise LookupError(f"{found['id']} has no method {http_method} {path}")


def request_problems(found: Document, request: httpx.Request) -> list[str]:
    """What of a request the interface does not know."""
    method = method_of(found, request.method, urlsplit(str(request.url)).path)
    problems = []
    for name, value in request.url.params.multi_items():
        parameter = method.parameters.get(name)
        if parameter is None or parameter.get("location") != "query":
            problems.append(f"{method.id} has no parameter {name}")
        elif "enum" in parameter and value not in parameter["enum"]:
            problems.append(f"{method.id} parameter {name} is {value}, none of its values")
        elif not parameter.get("repeated") and len(request.url.params.get_list(name)) > 1:
            problems.append(f"{method.id} parameter {name} is given twice")
    problems += [
        f"{method.id} lacks parameter {name}"
        for name, parameter in method.parameters.items()
        if parameter.get("required") and parameter["location"] == "query" and name not in request.url.params
    ]
    if method.body:
        problems += schema_problems(found, method.body, json.loads(request.content))
    return problems


def answer_problems(found: Document, http_method: str, path: str, answer: Any) -> list[str]:
    """What of an answer the interface does not know."""
    method = method_of(found, http_method, path)
    return schema_problems(found, method.answer or "", answer)


def schema_problems(found: Document, schema: str, value: Any) -> list[str]:
    """Where a value differs from a schema of the document."""
    return list(_walk(found, {"$ref": schema}, value, schema))


def _walk(found: Document, spec: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
    if "$ref" in spec:
        spec = found["schemas"][spec["$ref"]]
    kind = spec.get("type", "object")
    is_whole = kind == "integer" and isinstance(value, bool)
    if not isinstance(value, _TYPES[kind]) or is_whole:
        yield f"{place} is {type(value).__name__}, not {kind}"
    elif kind == "array":
        for number, one in enumerate(value):
            yield from _walk(found, spec["items"], one, f"{place}[{number}]")
    elif kind == "object":
        yield from _walk_object(found, spec, value, place)
    elif "enum" in spec and value not in spec["enum"]:
        yield f"{place} is {value}, none of its values"
    elif spec.get("format") in {"int64", "uint64"} and not re.fullmatch(r"-?\d+", str(value)):
        yield f"{place} is {value}, not a whole number as text"
    elif spec.get("format") == "google-datetime" and not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-][\d:]+)", value):
        yield f"{place} is {value}, not RFC 3339"


def _walk_object(found: Document, spec: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
    properties = spec.get("properties", {})
    for name, one in value.items():
        inner = properties.get(name, spec.get("additionalProperties"))
        if inner is None:
            yield f"{place} has no field {name}"
        else:
            yield from _walk(found, inner, one, f"{place}.{name}")
