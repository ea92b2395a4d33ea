"""The same quantities at other prices: a cheaper model, another provider, a batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.optimisation.advice import Advice, Baseline, Kind, monthly
from genai_finops.optimisation.confidence import Cap, Grounds, judge
from genai_finops.optimisation.config import AdviceConfig, BatchMarks
from genai_finops.optimisation.load_words import baseline_lines, group_of, shown_load, subject_of
from genai_finops.optimisation.model_steps import MODEL_STEPS, candidates
from genai_finops.optimisation.survey import Survey
from genai_finops.optimisation.unit_prices import TEXT_METERS, Bands, Place, unit_prices
from genai_finops.pricing.rating_engine import RatingEngine
from genai_finops.warehouse.advice_loads import LineKey, Load, LoadKey, repricing_query
from genai_finops.warehouse.advice_requests import RequestPattern

_CAPS: Mapping[Kind, Cap] = {
    "cheaper_model": Cap(level="medium", reason="whether the model is good enough for the task is to be tried"),
    "cheaper_model_elsewhere": Cap(
        level="low", reason="another developer counts tokens otherwise, and whether the model is good enough is open"
    ),
    "batch": Cap(level="medium", reason="that nobody waits for the answers is taken from when the requests come"),
}
_HOURS_OF_A_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    kind: Kind
    load: Load
    place: Place
    prices: dict[LineKey, Decimal]

    @property
    def cost(self) -> Decimal:
        return sum((line.quantity * self.prices[line.key] for line in self.load.lines), Decimal())


def move_advice(
    survey: Survey,
    engine: RatingEngine,
    loads: Iterable[Load],
    patterns: Mapping[tuple[str, ...], RequestPattern],
    *,
    bands: Bands,
) -> list[Advice]:
    """For each load and kind the place that costs least, where it saves enough."""
    period, config = survey.period, survey.config
    traffic = list(loads)
    accounts = _accounts(traffic)
    wanted = [load for load in traffic if load.cost > config.least_saving]
    asked = [
        (kind, load, place)
        for load in wanted
        for kind, place in _places(load, accounts[load.key.org], _pattern(patterns, load), config.batch)
    ]
    found = unit_prices(engine, [(load, place) for _, load, place in asked], bands=bands, day=period.last_day)
    best: dict[tuple[LoadKey, Kind], _Move] = {}
    for (kind, load, place), prices in zip(asked, found, strict=True):
        if prices is not None:
            move = _Move(kind=kind, load=load, place=place, prices=prices)
            known = best.get((load.key, kind))
            if known is None or move.cost < known.cost:
                best[load.key, kind] = move
    advised = (_advice(survey, move, _pattern(patterns, move.load)) for move in best.values())
    return [advice for advice in advised if advice is not None]


def _places(
    load: Load, accounts: Mapping[str, str], pattern: RequestPattern | None, marks: BatchMarks
) -> list[tuple[Kind, Place]]:
    """Where the load could go, to providers at which the organisation has traffic."""
    key = load.key
    is_text = all(line.key.meter in TEXT_METERS for line in load.lines if line.quantity)
    places: list[tuple[Kind, Place]] = [
        ("cheaper_model", Place(key.provider, key.account, model, key.tier))
        for model in candidates(key.model, same_developer=True)
    ]
    if is_text and key.model in MODEL_STEPS:
        for model in candidates(key.model, same_developer=False):
            places += [
                ("cheaper_model_elsewhere", Place(provider, account, model, key.tier))
                for provider, account in accounts.items()
            ]
    places += [
        ("provider_arbitrage", Place(provider, account, key.model, key.tier))
        for provider, account in accounts.items()
        if provider != key.provider
    ]
    if pattern is not None and key.tier == "standard" and is_batchable(pattern, marks):
        places.append(("batch", Place(key.provider, key.account, key.model, "batch")))
    return places


def is_batchable(pattern: RequestPattern, marks: BatchMarks) -> bool:
    """Whether requests come in bursts with long gaps, and few of them in conversations."""
    hours = pattern.active_days * _HOURS_OF_A_DAY
    return (
        pattern.requests >= marks.least_requests
        and pattern.conversation_requests <= marks.most_conversation_share * pattern.requests
        and pattern.active_hours <= marks.most_active_share * hours
    )


def _advice(survey: Survey, move: _Move, pattern: RequestPattern | None) -> Advice | None:
    period, config = survey.period, survey.config
    key, cost_now = move.load.key, move.load.cost
    expected = cost_now - move.cost
    first, last = period.of(key.org)
    days = (last - first).days + 1
    if monthly(expected, days) < config.least_saving or expected < _least_share(move.kind, config) * cost_now:
        return None
    query = repricing_query(key, move.prices, first, last)
    current, then, saving = query.row(survey.warehouse)
    cap = _CAPS.get(move.kind)
    grounds = Grounds(days=move.load.days, measured_share=move.load.measured_share, priced_share=move.load.priced_share)
    place = move.place
    return Advice(
        kind=move.kind,
        org=key.org,
        subject=subject_of(key),
        group=group_of(key),
        currency=key.currency,
        current_cost=current,
        saving=saving,
        monthly_saving=monthly(saving, days),
        summary=f"{shown_load(key)}: {_told(move)} would cost {then:.2f} instead of {current:.2f} {key.currency}",
        confidence=judge(grounds, config.confidence, *([cap] if cap else [])),
        query=query,
        baseline=Baseline(
            method="unit_prices",
            first_day=first,
            last_day=last,
            requests=pattern.requests if pattern else None,
            lines=baseline_lines(move.load, move.prices),
            target={
                "provider": place.provider,
                "account": place.account,
                "model": place.model,
                "tier": place.tier,
            },
        ),
    )


def _told(move: _Move) -> str:
    place = move.place
    return {
        "cheaper_model": f"the same quantities at {place.model}",
        "cheaper_model_elsewhere": f"the same quantities at {place.model} of {place.provider}",
        "provider_arbitrage": f"{place.model} of {place.provider}",
        "batch": "sent as batches, it",
    }[move.kind]


def _least_share(kind: Kind, config: AdviceConfig) -> Decimal:
    marks = {
        "cheaper_model": config.cheaper_model,
        "cheaper_model_elsewhere": config.cheaper_model_elsewhere,
        "provider_arbitrage": config.provider_arbitrage,
    }
    return marks[kind].least_share if kind in marks else Decimal()


def _accounts(loads: Iterable[Load]) -> dict[str, dict[str, str]]:
    """The providers at which each organisation has traffic, each with the account that costs most."""
    costs: dict[tuple[str, str, str], Decimal] = {}
    for load in loads:
        key = (load.key.org, load.key.provider, load.key.account)
        costs[key] = costs.get(key, Decimal()) + load.cost
    accounts: dict[str, dict[str, str]] = {}
    for org, provider, account in sorted(costs, key=lambda key: (-costs[key], key)):
        accounts.setdefault(org, {}).setdefault(provider, account)
    return accounts


def _pattern(patterns: Mapping[tuple[str, ...], RequestPattern], load: Load) -> RequestPattern | None:
    return patterns.get(load.key.requests_key)
