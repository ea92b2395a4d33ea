"""Attributes of OTLP spans that name columns of events themselves: `genai_finops.<column>`.

`genai_finops.record` posts them for what the GenAI conventions have no name for; anybody may set them on other spans.
"""

OWN_START = "genai_finops."
#: True on a span that is one request whatever its operation. It says all that is known: what it does not name is null.
RECORDED = "recorded"
OWN_TEXTS = (
    "x_genai_account_id",
    "sub_account_id",
    "resource_id",
    "api_key_id",
    "region_id",
    "geography",
    #: In the words of the caller, where the conventions want one of theirs.
    "operation",
)
#: Parts of what the conventions count as one.
OWN_PARTS = ("cache_write_5m", "cache_write_1h", "cache_read_audio")
#: Input of a request for embeddings, whatever the operation is called.
EMBEDDING_INPUT = "embedding_input"
#: What is no token.
OWN_COUNTS = ("image", "character", "web_search")
IS_CACHE_HIT = "is_cache_hit"
#: A flat JSON object of texts.
TAGS = "tags"
COST = "reported_cost"
CURRENCY = "reported_currency"
#: Of these the reader has slots of their own.
OWN_COLUMNS = (RECORDED, *OWN_TEXTS, EMBEDDING_INPUT, *OWN_COUNTS, IS_CACHE_HIT, TAGS, COST, CURRENCY)
