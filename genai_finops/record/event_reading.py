"""What was given becomes an event: the columns of a request log, canonical words, tokens in disjoint classes.

Runs in the background. A request that cannot be meant is dropped; a label that is none is left out and counted.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from uuid import UUID

from genai_finops.attribution.formats.log_values import EARLIEST, LATEST, Defect, amount_of, count_of, text_of
from genai_finops.attribution.provider_names import canonical_provider, provider_of_model, provider_of_spelling
from genai_finops.attribution.service_tiers import canonical_tier
from genai_finops.attribution.token_classes import DisjointCounts, disjoint_counts
from genai_finops.record.event import TOKEN_METERS, Event
from genai_finops.record.given import Given

#: Names and labels that are longer are left out: no id is, and a pasted prompt would be.
LONGEST_TEXT = 16_384
MOST_TAGS = 64

#: Input that excludes what was read from and written to a cache. Claude counts so on any cloud.
_CACHE_BESIDE = frozenset({"anthropic", "aws_bedrock"})
_EMBEDDINGS = frozenset({"embeddings", "embedding", "embed_content", "aembedding"})
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_RANGE = ((EARLIEST - _EPOCH) // _MICROSECOND, (LATEST - _EPOCH) // _MICROSECOND)
_CURRENCY_LETTERS = 3
_FREE = Decimal(0)


def event_of(given: Given, *, new_id: Callable[[], str], mended: Counter[str]) -> Event:
    """The event of a request; what had to be mended is counted by name. Raises Defect for one that cannot be meant.

    A request without an id is given one: two calls alike are two requests, and one that is sent twice is one.
    """
    model = _label("model", given.model, mended)
    provider = _provider(given, model)
    operation = _label("operation", given.operation, mended)
    counts = _tokens(given, provider, model)
    if operation in _EMBEDDINGS:
        counts = counts.as_embedding()
    if counts.mended:
        mended.update(counts.mended)
    started = _moment("started_at", given.started_at, mended)
    event: Event = {
        "request_id": _label("request_id", given.request_id, mended) or new_id(),
        "started_at": given.called_at // 1000 if started is None else started,
        "provider": provider,
        "provider_model_id": model,
        "operation": operation,
        "status": "success" if given.status in {None, "success"} else "failure",
        "is_cache_hit": bool(given.is_cache_hit),
    }
    event.update((meter, quantity) for meter, quantity in zip(TOKEN_METERS, counts, strict=False) if quantity)
    used = given.counts
    others = {"image": used.images, "character": used.characters, "web_search": used.web_searches}
    event.update((meter, number) for meter, value in others.items() if (number := count_of(meter, value)))
    ended = _moment("ended_at", given.ended_at, mended)
    # An end at the start was not measured: a span, which has to end, says with it that nobody knows.
    if ended is not None and ended > event["started_at"]:
        event["ended_at"] = ended
    for name, value in _described(given, provider):
        if value is not None and (known := _label(name, value, mended)) is not None:
            event[name] = known
    event["geography"] = event.get("geography") or _geography(provider, model, event.get("region_id"))
    _add_tags(event, given, mended)
    _add_cost(event, given, mended)
    return event


def _described(given: Given, provider: str | None) -> tuple[tuple[str, object], ...]:
    around = given.around
    tier = given.service_tier
    return (
        ("service_tier", canonical_tier(tier, provider) if isinstance(tier, str) else None),
        ("tenant_id", around.tenant_id if given.tenant_id is None else given.tenant_id),
        ("user_id", around.user_id if given.user_id is None else given.user_id),
        ("task", around.task if given.task is None else given.task),
        ("conversation_id", around.conversation_id if given.conversation_id is None else given.conversation_id),
        ("x_genai_account_id", given.account_id),
        ("sub_account_id", given.sub_account_id),
        ("resource_id", given.resource_id),
        ("api_key_id", given.api_key_id),
        ("region_id", given.region_id),
        ("geography", given.geography),
    )


def _provider(given: Given, model: str | None) -> str | None:
    """Who bills: as the caller says, else as the model or the answer tells."""
    if isinstance(given.provider, str):
        named = canonical_provider(given.provider)
        if named is not None:
            return named
    likely = canonical_provider(given.likely_provider)
    # Many answer in the shape of OpenAI, so that a model's name tells more.
    by_model = provider_of_model(model) if likely in {None, "openai"} else None
    return provider_of_spelling(model) or by_model or likely


def _tokens(given: Given, provider: str | None, model: str | None) -> DisjointCounts:
    used = given.counts
    includes = used.input_includes_cache
    if includes is None:
        includes = includes_cache(provider, model)
    return disjoint_counts(
        input_tokens=count_of("input_tokens", used.input_tokens),
        cache_read=count_of("cache_read_tokens", used.cache_read_tokens),
        cache_write=count_of("cache_write_tokens", used.cache_write_tokens),
        cache_write_5m=count_of("cache_write_5m_tokens", used.cache_write_5m_tokens),
        cache_write_1h=count_of("cache_write_1h_tokens", used.cache_write_1h_tokens),
        input_audio=count_of("input_audio_tokens", used.input_audio_tokens),
        cache_read_audio=count_of("cache_read_audio_tokens", used.cache_read_audio_tokens),
        input_image=count_of("input_image_tokens", used.input_image_tokens),
        input_video=count_of("input_video_tokens", used.input_video_tokens),
        output_tokens=count_of("output_tokens", used.output_tokens),
        output_audio=count_of("output_audio_tokens", used.output_audio_tokens),
        output_image=count_of("output_image_tokens", used.output_image_tokens),
        input_includes_cache=bool(includes),
    )


def includes_cache(provider: str | None, model: str | None) -> bool:
    """Whether the provider's own count of input includes what was read from and written to a cache."""
    return provider not in _CACHE_BESIDE and "claude" not in (model or "").lower()


def _geography(provider: str | None, model: str | None, region: str | None) -> str | None:
    """What decides the price where the model or the region says it, as in the provider's usage."""
    if provider == "gcp_vertex" and region is not None:
        return "global" if region == "global" else "regional"
    if provider == "aws_bedrock" and model is not None:
        from genai_finops.providers.bedrock_models import geography_of  # noqa: PLC0415 # only callers of Bedrock pay

        found = geography_of(model, region or "")
        return found if region is not None or found != "regional_other" else None
    return None


def _label(name: str, value: object, mended: Counter[str]) -> str | None:
    """A name; None for what is none, which is counted."""
    if value is None:
        return None
    plain = value
    if isinstance(value, str):
        # Enumerations of texts, which print as something else.
        plain = str.__str__(value)
    elif isinstance(value, UUID):
        plain = str(value)
    try:
        found = text_of(name, plain)
    except Defect:
        found = None
        mended[f"{name}_left_out"] += 1
    if found is not None and len(found) > LONGEST_TEXT:
        found = None
        mended[f"{name}_left_out"] += 1
    return found


def _moment(name: str, value: object, mended: Counter[str]) -> int | None:
    """Microseconds since 1970 of a datetime, of seconds since 1970, or of a text in ISO 8601.

    A datetime without a zone is local time, as it is everywhere in Python.
    """
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, dt.datetime):
            found = (moment.astimezone(dt.UTC) - _EPOCH) // _MICROSECOND
        elif isinstance(moment, int | float | Decimal) and not isinstance(moment, bool):
            found = int(moment * 1_000_000)
        else:
            found = -1
    except (ValueError, OverflowError, ArithmeticError):
        found = -1
    if _RANGE[0] <= found < _RANGE[1]:
        return found
    mended[f"{name}_left_out"] += 1
    return None


def _add_tags(event: Event, given: Given, mended: Counter[str]) -> None:
    around: Mapping[str, object] = given.around.tags or {}
    tags = {**around, **(given.tags or {})}
    if given.cost_type is not None:
        tags["cost_type"] = given.cost_type
    kept: dict[str, str] = {}
    for name, value in tags.items():
        known = _label("tags", value, mended) if type(value) is not bool else str(value).lower()
        if known is not None and isinstance(name, str) and len(name) <= LONGEST_TEXT and len(kept) < MOST_TAGS:
            kept[str.__str__(name)] = known
    if kept:
        event["tags"] = json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _add_cost(event: Event, given: Given, mended: Counter[str]) -> None:
    """The cost that the caller claims. What a cache answered costs nothing, whatever it would have cost."""
    claimed = given.reported_cost
    if event["is_cache_hit"]:
        event["reported_cost"], event["reported_currency"] = _FREE, "USD"
        return
    # The shortest spelling of a float is what its source meant.
    spelled = repr(claimed) if type(claimed) is float else claimed
    try:
        cost = amount_of("reported_cost", spelled)
    except Defect:
        cost = None
        mended["reported_cost_left_out"] += 1
    currency = "USD" if given.reported_currency is None else given.reported_currency
    if cost is None:
        return
    if not (
        isinstance(currency, str) and len(currency) == _CURRENCY_LETTERS and currency.isascii() and currency.isupper()
    ):
        mended["reported_cost_left_out"] += 1
        return
    event["reported_cost"], event["reported_currency"] = cost, currency
