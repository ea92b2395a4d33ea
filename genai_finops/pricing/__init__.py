"""Prices and the rules that recognise models: where they come from, and what usage costs by them.

No database and no dbt: frames go out, the lake stores them. `calculate_llm_cost` prices one request.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_finops.pricing.calculate import CostLine, LlmCost, calculate_llm_cost
    from genai_finops.pricing.requests import RequestError

__all__ = ["CostLine", "LlmCost", "RequestError", "calculate_llm_cost"]

_HOMES = {
    "CostLine": "calculate",
    "LlmCost": "calculate",
    "RequestError": "requests",
    "calculate_llm_cost": "calculate",
}


def __getattr__(name: str) -> object:
    # The engine and the catalogue take a second to import, which readers of a price file should not pay.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(f"genai_finops.pricing.{_HOMES[name]}"), name)
