"""What became of the requests that were given to a recorder."""

from collections.abc import Mapping
from typing import NamedTuple

#: Why requests are dropped. The queue had no room.
QUEUE_FULL = "queue_full"
#: The recorder was closed before.
CLOSED = "closed"
#: Nobody said where to record to.
NOT_CONFIGURED = "not_configured"
#: Counts that are negative or no numbers.
INVALID = "invalid"
#: Something raised while the request was looked at, an answer with hostile attributes for example.
UNREADABLE = "unreadable"
#: The endpoint will not take it however often it is sent.
REFUSED = "refused"
#: Still not written when the process ended.
UNSENT = "unsent"

#: What to do about a reason, where something can be done.
REMEDIES: Mapping[str, str] = {
    QUEUE_FULL: "Raise GENAI_FINOPS_RECORD_QUEUE_SIZE, or look why writing is slow or fails.",
    CLOSED: "Close the recorder last.",
    NOT_CONFIGURED: "Set GENAI_FINOPS_RECORD_TO to a folder or to the URL of an OTLP endpoint, or call configure().",
    INVALID: "Give token counts as the provider's answer has them.",
    UNREADABLE: "Give the answer of the client library as it is.",
    REFUSED: "Look at the endpoint, its path and GENAI_FINOPS_RECORD_HEADERS.",
    UNSENT: "Raise GENAI_FINOPS_RECORD_EXIT_SECONDS, or call flush() before the process ends.",
    "unknown_answer": "Give the answer of a provider's client library, or use record_llm_cost().",
    "no_usage_yet": "Give only a stream's last event; OpenAI has it with stream_options={'include_usage': True}.",
}


class MetricCounts(NamedTuple):
    """What became of the requests that metrics were wanted for."""

    #: Their costs and tokens are in the metrics.
    measured: int = 0
    #: Of these: with a cost that is estimated, or without a price for a part of it; both are marked `is_estimated`.
    estimated: int = 0
    unpriced: int = 0
    #: Of these: under the tenant and user `other`, because there are too many to tell apart.
    folded: int = 0
    #: Not measured: more at once than could be priced, or an instrument that raised.
    skipped: int = 0


class Statistics(NamedTuple):
    """Counts of this process since the recorder was made. recorded = written + waiting + sum of dropped."""

    #: Requests that were given to the recorder.
    recorded: int
    #: Of these: in the file or accepted by the endpoint.
    written: int
    #: Of these: taken, and not written yet.
    waiting: int
    #: Of these: lost, by reason.
    dropped: Mapping[str, int] = {}
    #: Times that writing a batch failed; it is tried again until it succeeds, the endpoint refuses or the process ends.
    failed: int = 0
    #: Labels that were left out and counts that were made to fit, by name.
    mended: Mapping[str, int] = {}
    #: Of the written: answered by a cache.
    cache_hits: int = 0
    metrics: MetricCounts = MetricCounts()
