"""Records what an application's requests to language models used, for whom, with the least effort and no risk.

    from genai_finops.record import attributed, record_response

    with attributed(tenant_id="acme", user_id="u-7", task="summarize", conversation_id="c-42"):
        record_response(client.responses.create(...))

Where to: GENAI_FINOPS_RECORD_TO, a folder or the URL of an OTLP endpoint. Imports nothing heavy.
"""

from genai_finops.record.calls import close, configure, flush, record_llm_cost, record_response, stats
from genai_finops.record.consumers import attributed
from genai_finops.record.statistics import MetricCounts, Statistics

__all__ = [
    "MetricCounts",
    "Statistics",
    "attributed",
    "close",
    "configure",
    "flush",
    "record_llm_cost",
    "record_response",
    "stats",
]
