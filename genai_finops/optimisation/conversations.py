"""Conversations that grew dear: what they would have cost with their input compacted."""

from collections.abc import Iterable
from decimal import Decimal

from genai_finops.optimisation.advice import Advice, Baseline, in_cents
from genai_finops.optimisation.confidence import Grounds, judge
from genai_finops.optimisation.load_words import baseline_lines, group_of, shown_load, subject_of
from genai_finops.optimisation.survey import Survey
from genai_finops.warehouse.advice_loads import Load, LoadKey
from genai_finops.warehouse.advice_requests import (
    CompactionPrices,
    LongConversation,
    compaction_query,
    long_conversations,
    requests_of,
)

_PRICE = Decimal("1e-18")


def conversation_advice(survey: Survey, loads: Iterable[Load]) -> list[Advice]:
    """Advice on each conversation above the mark whose input grows. What it saves is of the window, and not projected:
    nobody knows whether there will be another.
    """
    marks, period = survey.config.long_conversation, survey.period
    by_key = {load.key: load for load in loads}
    requests: dict[LoadKey, int] = {}
    advised = []
    for found in long_conversations(
        survey.warehouse,
        period.first_day,
        period.last_day,
        least_cost=marks.least_cost,
        least_requests=marks.least_requests,
    ):
        load = by_key.get(found.load)
        if load is None or found.late_input < marks.least_growth * found.early_input:
            continue
        prices = compaction_prices(load)
        if prices is None:
            continue
        if found.load not in requests:
            first, last = period.of(found.load.org)
            requests[found.load] = requests_of(survey.warehouse, found.load, first, last)
        advice = _advice(survey, found, load, prices, requests[found.load])
        advised += [advice] if advice else []
    return advised


def compaction_prices(load: Load) -> CompactionPrices | None:
    """What tokens of the load cost on average; None where plain input or output has no cost."""
    plain_tokens, plain_cost = load.of_meters("uncached_input", "input")
    output_tokens, output_cost = load.of_meters("output", "output_reasoning")
    if not plain_tokens or not output_tokens:
        return None
    read_tokens, read_cost = load.of_meters("cache_read")
    plain = (plain_cost / plain_tokens).quantize(_PRICE)
    return CompactionPrices(
        cache_read=(read_cost / read_tokens).quantize(_PRICE) if read_tokens else Decimal(),
        input=plain,
        output=(output_cost / output_tokens).quantize(_PRICE),
    )


def _advice(
    survey: Survey, found: LongConversation, load: Load, prices: CompactionPrices, requests: int
) -> Advice | None:
    period, config = survey.period, survey.config
    marks = config.long_conversation
    key = found.load
    first, last = period.of(key.org)
    kept = max(marks.compact_above_tokens, found.first_input)
    query = compaction_query(found, prices, first, last, kept_tokens=kept, summary_tokens=marks.summary_tokens)
    _, cost, read_cut, plain_cut, compactions, saving = query.row(survey.warehouse)
    # A saving above the cost would say that the average price is not that of these requests.
    if in_cents(saving) < config.least_saving or saving > cost:
        return None
    grounds = Grounds(days=period.days(key.org), priced_share=load.priced_share)
    return Advice(
        kind="long_conversation",
        org=key.org,
        subject={**subject_of(key), "tenant": found.tenant, "conversation": found.conversation},
        group=group_of(key),
        currency=key.currency,
        current_cost=cost,
        saving=saving,
        monthly_saving=in_cents(saving),
        summary=f"conversation {found.conversation} of {shown_load(key)}: {found.requests} requests cost {cost:.2f} "
        f"{key.currency}; kept to {kept} tokens, {read_cut + plain_cut} tokens less would be sent, for {compactions} "
        "summaries",
        confidence=judge(grounds, config.confidence),
        query=query,
        baseline=Baseline(
            method="input_per_request",
            first_day=first,
            last_day=last,
            requests=requests,
            lines=baseline_lines(load),
            target={"kept_tokens": str(kept)},
        ),
    )
