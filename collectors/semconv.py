"""The only place that knows the attribute names of OTel GenAI, OpenInference and OpenLLMetry.

Follows the OpenTelemetry GenAI conventions (current names first, then the older ones), OpenInference and
OpenLLMetry (Traceloop), and the names of Langfuse and the Vercel AI SDK where they say the same thing.
Attributes that are stored in a column of their own, as they are, are listed in `STORED`; all others stay in
`attributes`. `chainwatch.<field>` sets any field of a span outright.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Attributes = Mapping[str, Any]

OWN_PREFIX = "chainwatch."

# First name that has a value wins.
MODEL = (
    "gen_ai.response.model", "gen_ai.request.model", "llm.response.model_name", "llm.model_name",
    "llm.request.model_name", "embedding.model_name", "reranker.model_name",
    "llm.response.model", "llm.request.model", "ai.response.model", "ai.model.id",
)  # fmt: skip
PROVIDER = (
    "gen_ai.provider.name",
    "llm.provider",
    "gen_ai.system",
    "llm.system",
    "llm.vendor",
    "ai.model.provider",
)
INPUT_TOKENS = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
    "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens",
)  # fmt: skip
OUTPUT_TOKENS = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
    "llm.usage.completion_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens",
)  # fmt: skip
TOTAL_TOKENS = ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total")
CACHED_TOKENS = (
    "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cached_tokens",
    "llm.token_count.prompt_details.cache_read", "ai.usage.cachedInputTokens",
    "ai.usage.inputTokenDetails.cacheReadTokens",
)  # fmt: skip
COST = (
    "gen_ai.usage.cost", "gen_ai.usage.total_cost", "llm.cost.total", "llm.usage.total_cost",
    "operation.cost",
)  # fmt: skip
SESSION = (
    "session.id", "gen_ai.conversation.id", "traceloop.association.properties.session_id",
    "langfuse.session.id",
    "traceloop.association.properties.conversation_id", "traceloop.association.properties.thread_id",
    "ai.telemetry.metadata.sessionId", "ai.telemetry.metadata.thread_id",
    "spring.ai.chat.client.conversation.id",
)  # fmt: skip
USER = (
    "user.id", "enduser.id", "traceloop.association.properties.user_id", "langfuse.user.id",
    "ai.telemetry.metadata.userId",
)  # fmt: skip
PROMPT_TEMPLATE = ("llm.prompt_template.template", "traceloop.prompt.template", "gen_ai.prompt.template")
PROMPT_VERSION = (
    "llm.prompt_template.version", "traceloop.prompt.version", "gen_ai.prompt.version",
    "langfuse.prompt.version",
)  # fmt: skip
COMPONENT_VERSION = ("gen_ai.agent.version", "traceloop.entity.version")
FIRST_TOKEN_S = ("gen_ai.response.time_to_first_chunk",)
# The second is a metric of the conventions, in seconds; as an attribute Strands Agents writes it, in ms.
FIRST_TOKEN_MS = ("ai.response.msToFirstChunk", "gen_ai.server.time_to_first_token")
CHAIN = ("service.name",)
CHAIN_VERSION = ("service.version",)
ENVIRONMENT = ("deployment.environment.name", "deployment.environment")
ERROR_TYPE = ("error.type",)
METADATA = "metadata"

PARAMETERS: Mapping[str, str] = {
    "gen_ai.request.temperature": "temperature", "gen_ai.request.top_p": "top_p",
    "gen_ai.request.top_k": "top_k",
    "gen_ai.request.max_tokens": "max_tokens", "gen_ai.request.seed": "seed",
    "gen_ai.request.frequency_penalty": "frequency_penalty",
    "gen_ai.request.presence_penalty": "presence_penalty",
    "gen_ai.request.stop_sequences": "stop", "gen_ai.request.choice.count": "n",
    "gen_ai.request.stream": "stream", "gen_ai.is_streaming": "stream", "llm.is_streaming": "stream",
    "llm.request.temperature": "temperature", "llm.top_p": "top_p", "llm.request.max_tokens": "max_tokens",
    "llm.top_k": "top_k", "llm.frequency_penalty": "frequency_penalty",
    "llm.presence_penalty": "presence_penalty", "llm.chat.stop_sequences": "stop",
}  # fmt: skip
INVOCATION_PARAMETERS = "llm.invocation_parameters"
INVOCATION_KEYS: Mapping[str, str] = {
    "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens", "seed": "seed",
    "stream": "stream",
    "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty", "stop": "stop",
    "n": "n",
    "reasoning_effort": "reasoning_effort",
}  # fmt: skip
FINISH_REASONS = (
    "gen_ai.response.finish_reasons", "llm.finish_reason", "ai.response.finishReason",
    "llm.response.finish_reason", "llm.response.stop_reason", "ai.finishReason",
)  # fmt: skip
FINISH_REASONS_KEY = "gen_ai.response.finish_reasons"
REASONING_TOKENS_KEY = "gen_ai.usage.reasoning.output_tokens"

# Texts. Structured or JSON messages, flattened messages, then whatever went in and out.
INPUT_MESSAGES = ("gen_ai.input.messages", "ai.prompt.messages")
OUTPUT_MESSAGES = ("gen_ai.output.messages",)
INPUT_FLAT = ("llm.input_messages.", "gen_ai.prompt.", "llm.prompts.")
OUTPUT_FLAT = ("llm.output_messages.", "gen_ai.completion.", "llm.choices.")
INPUT_VALUE = (
    "input.value", "traceloop.entity.input", "gen_ai.tool.call.arguments", "gen_ai.retrieval.query.text",
    "ai.prompt",
    "reranker.query", "gen_ai.prompt", "langfuse.observation.input", "ai.toolCall.args", "ai.value",
    "ai.values", "spring.ai.tool.call.arguments", "spring.ai.chat.client.user.text",
    "db.vector.query.content", "gen_ai.memory.query.text", "gcp.vertex.agent.llm_request",
    "gcp.vertex.agent.tool_call_args",
)  # fmt: skip
OUTPUT_VALUE = (
    "output.value", "traceloop.entity.output", "gen_ai.tool.call.result", "ai.response.text",
    "gen_ai.completion",
    "langfuse.observation.output", "ai.toolCall.result", "ai.response.object", "ai.result.text",
    "ai.result.object", "spring.ai.tool.call.result", "gcp.vertex.agent.llm_response",
    "gcp.vertex.agent.tool_response",
)  # fmt: skip
# Values that are JSON even where they are one text: in quotes.
QUOTED_VALUE = ("ai.value", "ai.values", "traceloop.entity.input", "traceloop.entity.output")
# Calls that the model asked for, beside its text.
OUTPUT_CALLS = ("ai.response.toolCalls", "ai.result.toolCalls")
EMBEDDED_TEXT = "embedding.embeddings."
DOCUMENTS_FLAT = ("reranker.output_documents.", "retrieval.documents.")
DOCUMENTS = ("gen_ai.retrieval.documents", "gen_ai.memory.records", "db.vector.query.response.documents")
DOCUMENT_STORED = (".document.id", ".document.content", ".document.score")
# One event a hit, as OpenLLMetry's vector store instrumentations write them.
VECTOR_RESULT_EVENTS = frozenset({"db.query.result", "db.search.result", "pinecone.query.result"})
VECTOR_RESULT: Mapping[str, tuple[str, ...]] = {
    "id": ("db.query.result.id", "db.search.result.id", "pinecone.query.result.id"),
    "score": ("db.query.result.score", "db.query.result.distance", "db.search.result.score",
    "db.search.result.distance", "pinecone.query.result.score"),
    "text": ("db.query.result.document", "db.query.result.text", "db.search.result.entity"),
}  # fmt: skip

OPERATION = "gen_ai.operation.name"
OPERATION_KINDS: Mapping[str, str] = {
    "chat": "llm", "text_completion": "llm", "generate_content": "llm", "completion": "llm",
    "responses": "llm",
    "embeddings": "embedding", "embedding": "embedding", "retrieval": "retriever", "rerank": "reranker",
    "execute_tool": "tool", "create_agent": "agent", "invoke_agent": "agent", "invoke_workflow": "chain",
    "invoke_swarm": "chain", "invoke_graph": "chain", "search_memory": "retriever",
    "evaluate": "evaluator", "guardrail": "guardrail", "apply_guardrail": "guardrail",
}  # fmt: skip
SPAN_KIND_KINDS: Mapping[str, Mapping[str, str]] = {
    "openinference.span.kind": {
        "llm": "llm", "chain": "chain", "retriever": "retriever", "reranker": "reranker",
        "embedding": "embedding",
        "agent": "agent", "tool": "tool", "guardrail": "guardrail", "evaluator": "evaluator",
        "prompt": "other",
    },
    "traceloop.span.kind": {"workflow": "chain", "agent": "agent", "tool": "tool", "task": "other"},
    "langfuse.observation.type": {
        "generation": "llm", "agent": "agent", "tool": "tool", "chain": "chain", "retriever": "retriever",
        "evaluator": "evaluator", "embedding": "embedding", "guardrail": "guardrail",
    },
    "spring.ai.kind": {
        "chat_client": "chain", "advisor": "other", "tool_call": "tool", "vector_store": "retriever",
    },
    # The outer span of a call holds the inner ones, one a step, which are those that ask the model.
    "ai.operationId": {
        "ai.generatetext": "chain", "ai.streamtext": "chain", "ai.generateobject": "chain",
        "ai.streamobject": "chain", "ai.embed": "chain", "ai.embedmany": "chain",
        "ai.generatetext.dogenerate": "llm", "ai.streamtext.dostream": "llm",
        "ai.generateobject.dogenerate": "llm", "ai.streamobject.dostream": "llm",
        "ai.embed.doembed": "embedding", "ai.embedmany.doembed": "embedding", "ai.toolcall": "tool",
    },
    "llm.request.type": {"chat": "llm", "completion": "llm", "embedding": "embedding", "rerank": "reranker"},
}  # fmt: skip
VECTOR_STORES = frozenset(
    {
        "chroma",
        "pinecone",
        "qdrant",
        "weaviate",
        "milvus",
        "lancedb",
        "marqo",
        "pgvector",
        "opensearch_vector",
    }
)
DB_SYSTEM = ("db.system.name", "db.system")
DB_OPERATION = ("db.operation.name", "db.operation")
# What is done to a vector store that retrieves nothing.
WRITES = frozenset({"add", "insert", "upsert", "update", "delete", "remove", "create", "create_collection"})

# Names of a step, for the kinds of span where they name the step itself and not what it belongs to.
COMPONENT_NAMES: Mapping[str, tuple[str, ...]] = {
    "agent": ("gen_ai.agent.name", "agent.name", "traceloop.entity.name"),
    "tool": (
        "gen_ai.tool.name",
        "tool.name",
        "ai.toolCall.name",
        "spring.ai.tool.definition.name",
        "traceloop.entity.name",
    ),
    "chain": ("gen_ai.workflow.name", "traceloop.entity.name", "traceloop.workflow.name"),
    "retriever": ("gen_ai.data_source.id", "traceloop.entity.name"),
}
ANY_COMPONENT_NAME = ("traceloop.entity.name", "spring.ai.advisor.name")
AGENT_NAME = ("gen_ai.agent.name",)
# The application's name for a call of the Vercel AI SDK, on all spans of the call, and which of them it is.
FUNCTION_ID = "ai.telemetry.functionId"
FUNCTION_STEP = "ai.operationId"

FIRST_TOKEN_EVENTS = frozenset(
    {
        "First Token Stream Event",
        "gen_ai.content.completion.chunk",
        "llm.content.completion.chunk",
        "ai.stream.firstChunk",
    }
)
EXCEPTION_EVENT = "exception"
EXCEPTION_TYPE = "exception.type"
# Where the Azure SDKs put the body of a message event.
EVENT_CONTENT = "gen_ai.event.content"
# OpenInference: results of evaluations, flattened into the attributes of the span that they are about, or of
# one in the trace that they are about.
NOTE_PREFIXES: Mapping[str, str] = {
    "annotations.": "annotation", "evaluations.": "evaluation", "trace.annotations.": "annotation",
    "trace.evaluations.": "evaluation",
}  # fmt: skip
NOTE_RESULTS = ("score", "label", "explanation")
TRACE_NOTES = ("trace.annotations.", "trace.evaluations.")
EVALUATION_EVENT = "gen_ai.evaluation.result"
EVALUATION = {
    "name": ("gen_ai.evaluation.name",), "score": ("gen_ai.evaluation.score.value",
    "gen_ai.evaluation.score"),
    "label": ("gen_ai.evaluation.score.label", "gen_ai.evaluation.label"),
    "comment": ("gen_ai.evaluation.explanation",),
}  # fmt: skip
FEEDBACK_EVENTS = frozenset({"gen_ai.evaluation.user_feedback", "gen_ai.user.feedback"})
DETAILS_EVENT = "gen_ai.client.inference.operation.details"
# Log events that carry one message each, with the role they mean.
MESSAGE_EVENTS: Mapping[str, str] = {
    "gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool", "gen_ai.choice": "choice",
}  # fmt: skip
CONTENT_EVENTS: Mapping[str, tuple[str, ...]] = {
    "gen_ai.content.prompt": ("gen_ai.prompt",),
    "gen_ai.content.completion": ("gen_ai.completion",),
}
RESPONSE_ERRORS = ("http.response.status_code", "http.status_code")
STATUS_DESCRIPTION = "otel.status_description"

# Values that a column holds exactly as they came; keeping them again in `attributes` would store them twice.
STORED = frozenset(
    {
        *INPUT_TOKENS, *OUTPUT_TOKENS, *CACHED_TOKENS, *COST, *SESSION, *USER, *PROMPT_TEMPLATE,
        *PROMPT_VERSION,
        *COMPONENT_VERSION, *FIRST_TOKEN_S, *PARAMETERS, *FINISH_REASONS, OPERATION,
        "openinference.span.kind",
    }
    - {"ai.usage.tokens"}
)  # fmt: skip
RESOURCE_STORED = frozenset({*CHAIN, *CHAIN_VERSION, *ENVIRONMENT})
RESOURCE_NOISE_PREFIX = "telemetry."


def first(attributes: Attributes, names: tuple[str, ...]) -> Any:
    """The value under the first of `names` that has one; None when none has."""
    for name in names:
        value = attributes.get(name)
        if value is not None and value != "":
            return value
    return None


def kind_of(attributes: Attributes) -> str:
    """The kind of step that the attributes tell of; `other` when they tell nothing."""
    operation = attributes.get(OPERATION)
    if isinstance(operation, str) and operation in OPERATION_KINDS:
        return OPERATION_KINDS[operation]
    for name, kinds in SPAN_KIND_KINDS.items():
        value = attributes.get(name)
        if isinstance(value, str) and value.lower() in kinds:
            kind = kinds[value.lower()]
            return "other" if kind == "retriever" and _writes(attributes) else kind
    store = first(attributes, DB_SYSTEM)
    if isinstance(store, str) and store.lower() in VECTOR_STORES:
        return "other" if _writes(attributes) else "retriever"
    if isinstance(attributes.get("ai.toolCall.name"), str):
        return "tool"
    if first(attributes, ("gen_ai.request.model", "llm.model_name")) is not None:
        return "llm"
    return "other"


def _writes(attributes: Attributes) -> bool:
    operation = first(attributes, DB_OPERATION)
    return isinstance(operation, str) and operation.lower() in WRITES
