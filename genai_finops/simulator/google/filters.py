"""The filters of Cloud Monitoring, as far as usage needs them: terms joined by AND, and one metric type."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from genai_finops.simulator.google.errors import invalid

_FIELD = r"(?:metric|resource)\.(?:type|labels?\.(?:[A-Za-z_]\w*|\"[^\"]+\"))|project"
_TERM = re.compile(
    rf"\s*(?P<field>{_FIELD})\s*(?P<operator>!?=)\s*"
    r"(?:(?P<function>starts_with|ends_with|has_substring|monitoring\.regex\.full_match|one_of)\s*"
    r"\((?P<arguments>[^()]*)\)|\"(?P<value>[^\"]*)\")\s*"
)
_TEXT = re.compile(r'"([^"]*)"')
_LABEL = re.compile(r"^(metric|resource)\.labels?\.\"?([^\"]+)\"?$")

#: Values of a series by field, such as `metric.type` and `metric.labels.type`.
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison."""

    field: str
    is_equal: bool
    function: str | None
    values: tuple[str, ...]

    def holds(self, fields: Fields) -> bool:
        """Whether a series fits."""
        found = fields.get(self.field, "")
        return self.is_equal == any(_TESTS[self.function](found, value) for value in self.values)


_TESTS: Mapping[str | None, Callable[[str, str], bool]] = {
    None: lambda found, value: found == value,
    "one_of": lambda found, value: found == value,
    "starts_with": lambda found, value: found.startswith(value),
    "ends_with": lambda found, value: found.endswith(value),
    "has_substring": lambda found, value: value in found,
    "monitoring.regex.full_match": lambda found, value: re.fullmatch(value, found) is not None,
}


def field_name(text: str) -> str:
    """A field in one spelling: `metric.labels.type` for `metric.label.type`, with or without quotes."""
    match = _LABEL.match(text)
    return f"{match.group(1)}.labels.{match.group(2)}" if match else text


def parse_filter(text: str | None) -> tuple[Term, ...]:
    """The terms of a filter. Raises Refusal for one that this does not understand."""
    terms = []
    rest = text or ""
    while rest.strip():
        match = _TERM.match(rest)
        if match is None:
            raise invalid(f"The provided filter doesn't refer to any known field or cannot be parsed: {rest.strip()!r}")
        arguments = match["arguments"]
        values = tuple(_TEXT.findall(arguments)) if arguments is not None else (match["value"],)
        if not values:
            raise invalid(f"Function {match['function']} has no arguments.")
        terms.append(Term(field_name(match["field"]), match["operator"] == "=", match["function"], values))
        rest = rest[match.end() :]
        if rest.strip():
            joined = re.match(r"AND\s+", rest)
            if joined is None:
                raise invalid(f"Terms of a filter must be joined by AND: {rest.strip()!r}")
            rest = rest[joined.end() :]
    return tuple(terms)


def single_metric_type(terms: tuple[Term, ...]) -> str:
    """The metric type that the filter names. Raises Refusal unless it is exactly one."""
    named = [term for term in terms if term.field == "metric.type"]
    if len(named) != 1 or not named[0].is_equal or named[0].function is not None:
        raise invalid("The supplied filter does not specify a valid combination of metric and monitored resource "
                      "descriptors. The query must specify exactly one metric.type.")  # fmt: skip
    return named[0].values[0]
