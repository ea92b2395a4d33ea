"""Input that could be read from a cache: tasks far below others at the same model, whose conversations repeat it."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal

from genai_finops.optimisation.advice import Advice, Baseline, monthly
from genai_finops.optimisation.confidence import Cap, Grounds, judge
from genai_finops.optimisation.config import CacheMarks
from genai_finops.optimisation.load_words import baseline_lines, group_of, shown_load, subject_of
from genai_finops.optimisation.survey import Survey
from genai_finops.warehouse.advice_cache import INPUTS, WRITES, cache_query
from genai_finops.warehouse.advice_loads import Load
from genai_finops.warehouse.advice_requests import RequestPattern

_SHARE = Decimal("0.0001")
_PRICE = Decimal("1e-18")
_SLOW = Cap(
    level="low",
    reason="less of the input than that repeats a request of the last five minutes, which every cache keeps it for",
)


def cache_advice(
    survey: Survey, loads: Iterable[Load], patterns: Mapping[tuple[str, ...], RequestPattern]
) -> list[Advice]:
    """Advice on each load that reads less from the cache than the organisation's other tasks at the same place."""
    places: dict[tuple[str, ...], list[Load]] = {}
    for load in loads:
        key = load.key
        if key.tier == "standard":
            place = (key.org, key.provider, key.account, key.model, key.currency)
            places.setdefault(place, []).append(load)
    found = []
    for peers in places.values():
        for load in peers:
            pattern = patterns.get(load.key.requests_key)
            others = [other for other in peers if other is not load]
            if load.key.task and pattern is not None and others and repeats_prefixes(pattern, survey.config.cache):
                advice = _advice(survey, load, others, pattern)
                found += [advice] if advice else []
    return found


def repeats_prefixes(pattern: RequestPattern, marks: CacheMarks) -> bool:
    """Whether conversations are long enough, and their input, for a prefix to be worth keeping."""
    return (
        pattern.conversations > 0
        and pattern.conversation_requests >= marks.least_requests_per_conversation * pattern.conversations
        and pattern.input_tokens >= marks.least_input_tokens * pattern.requests
    )


def _advice(survey: Survey, load: Load, others: list[Load], pattern: RequestPattern) -> Advice | None:
    period, config = survey.period, survey.config
    own_input, _ = load.of_meters(*INPUTS)
    own_reads, _ = load.of_meters("cache_read")
    others_input, others_reads, read_price, written = _comparable(others)
    if not own_input or not others_input or not others_reads:
        return None
    own_share = own_reads / own_input
    repeated = min(Decimal(pattern.repeated_tokens) / pattern.input_tokens, Decimal(1))
    wanted = (others_reads / others_input).quantize(_SHARE, rounding=ROUND_DOWN)
    plain_tokens, plain_cost = load.of_meters("uncached_input")
    plain_price = plain_cost / plain_tokens if plain_tokens else Decimal()
    if wanted - own_share < config.cache.least_gap or read_price >= plain_price:
        return None
    written_tokens, written_cost = written
    # Written once, read as often as elsewhere; what is written costs more than plain input where it costs at all.
    added_by_write = max(written_cost / written_tokens - plain_price, Decimal()) if written_tokens else Decimal()
    key = load.key
    first, last = period.of(key.org)
    query = cache_query(
        key,
        first,
        last,
        wanted_share=wanted,
        written_for_read=written_tokens / others_reads,
        saved_by_read=(plain_price - read_price).quantize(_PRICE, rounding=ROUND_DOWN),
        added_by_write=added_by_write,
    )
    *_, saving = query.row(survey.warehouse)
    monthly_saving = monthly(saving, period.days(key.org))
    if monthly_saving < config.least_saving:
        return None
    grounds = Grounds(days=load.days, measured_share=load.measured_share, priced_share=load.priced_share)
    return Advice(
        kind="cache",
        org=key.org,
        subject=subject_of(key),
        group=group_of(key),
        currency=key.currency,
        current_cost=load.of_meters(*INPUTS)[1],
        saving=saving,
        monthly_saving=monthly_saving,
        summary=f"{shown_load(key)}: {own_share:.0%} of the input is read from the cache, {wanted:.0%} could be as for "
        f"other tasks there; {repeated:.0%} of it repeats the request before",
        confidence=judge(grounds, config.confidence, *([_SLOW] if repeated < wanted else [])),
        query=query,
        baseline=Baseline(
            method="input_per_token",
            first_day=first,
            last_day=last,
            requests=pattern.requests,
            lines=baseline_lines(load),
            target={"cache_read_share": f"{wanted:f}"},
        ),
    )


def _comparable(others: list[Load]) -> tuple[Decimal, Decimal, Decimal, tuple[Decimal, Decimal]]:
    """Input and cache reads of other tasks, what a read costs there, and quantity and cost of what was written."""
    tokens, _ = _added_up(others, INPUTS)
    reads, reads_cost = _added_up(others, ("cache_read",))
    return tokens, reads, reads_cost / reads if reads else Decimal(), _added_up(others, WRITES)


def _added_up(loads: list[Load], meters: tuple[str, ...]) -> tuple[Decimal, Decimal]:
    parts = [load.of_meters(*meters) for load in loads]
    return sum((quantity for quantity, _ in parts), Decimal()), sum((cost for _, cost in parts), Decimal())
