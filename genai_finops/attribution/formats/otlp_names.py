"""Attributes that are looked at on a span, by what they say in our words; everything else is passed over.

Sources: the GenAI semantic conventions of OpenTelemetry with the names they had before, OpenLLMetry (Traceloop),
Pydantic Logfire, and Langfuse's OpenTelemetry attributes; OpenInference and our own names are in files of their own.
"""

from collections.abc import Iterable, Mapping

from genai_finops.attribution.formats import openinference
from genai_finops.attribution.formats.own_names import OWN_COLUMNS, OWN_PARTS, OWN_START


def own_slot(column: str) -> str:
    """Name of the slot of our own attribute for a column."""
    return f"own.{column}"


#: The first name that a span has decides: current before older before those of other vocabularies.
_NAMES: dict[str, tuple[str, ...]] = {
    "operation": ("gen_ai.operation.name",),
    "openinference_kind": (openinference.SPAN_KIND,),
    "langfuse_type": ("langfuse.observation.type",),
    "traceloop_type": ("llm.request.type",),
    "traceloop_kind": ("traceloop.span.kind",),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.vendor"),
    "vendor": (),
    "response_model": ("gen_ai.response.model", "llm.response.model", "langfuse.observation.model.name"),
    "request_model": ("gen_ai.request.model", "llm.request.model"),
    "response_id": ("gen_ai.response.id", "llm.response.id"),
    "host": ("server.address", "gen_ai.openai.api_base", "url.full"),
    "response_tier": (
        "openai.response.service_tier",
        "gen_ai.openai.response.service_tier",
        "gen_ai.response.service_tier",
        "aws.bedrock.response.service_tier",
    ),
    "request_tier": (
        "openai.request.service_tier",
        "gen_ai.openai.request.service_tier",
        "gen_ai.request.service_tier",
    ),
    "error": ("error.type",),
    "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens"),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens"),
    "total": ("gen_ai.usage.total_tokens", "llm.usage.total_tokens"),
    "cache_read": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.input_tokens.cached",
        "gen_ai.usage.cached_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cached_tokens",
        "llm.usage.cache_read_input_tokens",
    ),
    "cache_write": (
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
        "llm.usage.cache_creation_input_tokens",
    ),
    "reasoning": ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"),
    "input_audio": ("gen_ai.usage.audio.input_tokens",),
    "input_image": ("gen_ai.usage.image.input_tokens",),
    "input_video": ("gen_ai.usage.video.input_tokens",),
    "output_audio": ("gen_ai.usage.audio.output_tokens",),
    "output_image": ("gen_ai.usage.image.output_tokens",),
    "cost": ("gen_ai.usage.cost", "gen_ai.usage.total_cost", "operation.cost"),
    "input_cost": ("gen_ai.usage.input_cost",),
    "output_cost": ("gen_ai.usage.output_cost",),
    "usage_details": ("langfuse.observation.usage_details",),
    "cost_details": ("langfuse.observation.cost_details",),
    "metadata": (),
    "tag_list": ("langfuse.trace.tags",),
    **{column: (OWN_START + column,) for column in OWN_PARTS},
    # At the end, so that they are looked at together.
    **{own_slot(column): (OWN_START + column,) for column in OWN_COLUMNS},
}

#: Where consumers are named, unless a source is configured otherwise. There is no convention for tenants.
CONSUMER_NAMES: Mapping[str, tuple[str, ...]] = {
    "tenant_id": (
        "tenant.id",
        "tenant_id",
        "app.tenant_id",
        "app.tenant.id",
        "langfuse.trace.metadata.tenant_id",
        "traceloop.association.properties.tenant_id",
        "metadata.tenant_id",
        "tag:tenant",
    ),
    "user_id": (
        "user.id",
        "enduser.id",
        "enduser.pseudo.id",
        "langfuse.user.id",
        "traceloop.association.properties.user_id",
        "llm.user",
        "metadata.user_id",
    ),
    "task": (
        "gen_ai.agent.name",
        "gen_ai.workflow.name",
        "agent.name",
        "traceloop.workflow.name",
        "langfuse.trace.name",
        "metadata.task",
        "tag:task",
    ),
    "conversation_id": (
        "gen_ai.conversation.id",
        "session.id",
        "langfuse.session.id",
        "traceloop.association.properties.session_id",
        "claude.code.session_id",
    ),
}

#: Beginnings of the attributes that hold prompts, answers and arguments of tools: no option may name them.
CONTENT_STARTS = (
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.input",
    "gen_ai.output",
    "gen_ai.system_instructions",
    "gen_ai.tool",
    "gen_ai.event.content",
    "llm.input_messages",
    "llm.output_messages",
    "llm.prompts",
    "llm.choices",
    "llm.prompt_template",
    "llm.function_call",
    "input.",
    "output.",
    "tool.",
    "retrieval.",
    "embedding.",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "langfuse.trace.input",
    "langfuse.trace.output",
    "langfuse.observation.input",
    "langfuse.observation.output",
    "ai.prompt",
    "ai.response",
)

#: Operations that ask a model once, with the older and newer spellings that are seen.
INFERENCE = frozenset(
    {
        "chat",
        "generate_content",
        "text_completion",
        "embeddings",
        "completion",
        "embedding",
        "responses",
        "response",
        "messages",
        "image_generation",
        "transcription",
        "speech",
        "generation",
    }
)
#: Operations that repeat what others count, or ask no model.
OTHER_OPERATIONS = frozenset(
    {
        "fetch_response",
        "invoke_agent",
        "create_agent",
        "invoke_workflow",
        "execute_tool",
        "retrieval",
        "rerank",
        "plan",
        "handoff",
        "guardrail",
        "search_memory",
        "update_memory",
    }
)
EMBEDDINGS = frozenset({"embeddings", "embedding"})
LANGFUSE_OPERATIONS = {"generation": "chat", "embedding": "embeddings"}

#: Slot of each value of a span, as position in a list.
SLOTS = {name: position for position, name in enumerate(_NAMES)}


def wanted_names(consumer_fields: Iterable[str]) -> dict[str, tuple[int, int, bool]]:
    """Of each attribute that says something: its slot (-1 without), its rank there, and whether it names a consumer."""
    consumers = frozenset(consumer_fields)
    wanted = dict.fromkeys(consumers, (-1, 0, True))
    for slot, names in _NAMES.items():
        for rank, name in enumerate((*names, *openinference.NAMES.get(slot, ()))):
            wanted[name] = (SLOTS[slot], rank, name in consumers)
    return wanted
