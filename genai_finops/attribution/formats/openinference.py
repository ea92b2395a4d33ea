"""Names of OpenInference (Arize Phoenix and others) on OTLP spans, by what they say in our words."""

#: Kind of a span. Only these ask a model; AGENT, CHAIN, TOOL, RETRIEVER and others may repeat what their children
#: count.
SPAN_KIND = "openinference.span.kind"
OPERATIONS = {"LLM": "chat", "EMBEDDING": "embeddings"}

NAMES: dict[str, tuple[str, ...]] = {
    "provider": ("llm.provider",),
    "vendor": ("llm.system",),
    "response_model": ("llm.response.model_name", "llm.model_name", "embedding.model_name"),
    "request_model": ("llm.request.model_name",),
    "input_tokens": ("llm.token_count.prompt",),
    "output_tokens": ("llm.token_count.completion",),
    "total": ("llm.token_count.total",),
    "cache_read": ("llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"),
    "cache_write": ("llm.token_count.prompt_details.cache_write",),
    "reasoning": ("llm.token_count.completion_details.reasoning",),
    "input_audio": ("llm.token_count.prompt_details.audio",),
    "output_audio": ("llm.token_count.completion_details.audio",),
    "cost": ("llm.cost.total",),
    "input_cost": ("llm.cost.prompt",),
    "output_cost": ("llm.cost.completion",),
    "metadata": ("metadata",),
    "tag_list": ("tag.tags",),
}
