"""One rate where several entries of LiteLLM's price file state the same, and none where they contradict each other.

Entries are the same when the alias rules give their names one model: `claude-opus-5` and `claude-opus-5@default`, or
`amazon.nova-pro-v1:0` and `us.amazon.nova-pro-v1:0`. Rating joins by that model, so two rates of it would charge twice.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from genai_finops.pricing.aliases import AliasRule
from genai_finops.pricing.sources.litellm_rates import EntryRates, Ladder, RateKey
from genai_finops.pricing.sources.statement import SkippedPrice, StatedRate

_Key = tuple[str, str | None, RateKey]


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one entry says of one rate key."""

    entry: EntryRates
    ladder: Ladder


class SameModels:
    """The canonical model of a spelling, by the rules in their order."""

    def __init__(self, rules: Iterable[AliasRule]) -> None:
        self._rules: dict[str, list[tuple[re.Pattern[str], re.Pattern[str] | None, str]]] = defaultdict(list)
        for rule in sorted(rules, key=lambda rule: (rule.provider, rule.rank)):
            excluded = re.compile(rule.excluded_pattern) if rule.excluded_pattern else None
            self._rules[rule.provider].append((re.compile(rule.pattern), excluded, rule.model_id))

    def canonical(self, provider: str, spelling: str) -> str:
        """The model that the first matching rule names; the spelling itself, in lower case, where none does."""
        text = spelling.lower()
        for pattern, excluded, model in self._rules[provider]:
            if pattern.search(text) and not (excluded and excluded.search(text)):
                return model
        return text


def merge_rates(
    entries: Iterable[EntryRates], models: SameModels
) -> tuple[tuple[StatedRate, ...], tuple[SkippedPrice, ...]]:
    """The rates of all entries, sorted, with one for each model and key; and those that entries contradict."""
    claims: dict[_Key, list[_Claim]] = defaultdict(list)
    by_unplaced_id: dict[_Key, list[_Claim]] = defaultdict(list)
    for entry in entries:
        sold = entry.sold
        model = models.canonical(sold.provider, sold.model_id) if sold.model_id else None
        unplaced = models.canonical(sold.provider, sold.unplaced_id) if sold.unplaced_id else model
        for rate_key, ladder in entry.ladders.items():
            claim = _Claim(entry, ladder)
            claims[sold.provider, model, rate_key].append(claim)
            by_unplaced_id[sold.provider, unplaced, rate_key].append(claim)
    displaced = _displaced(by_unplaced_id)
    rates: list[StatedRate] = []
    skipped: list[SkippedPrice] = []
    for (provider, model, rate_key), all_claims in claims.items():
        kept = [claim for claim in all_claims if claim.entry.name not in displaced]
        for claim in all_claims:
            if (placed := displaced.get(claim.entry.name)) is not None:
                reason = f"the name has no place, and {placed} states another price for the regions of the US"
                skipped.append(SkippedPrice(provider=provider, subject=_subject(claim), reason=reason))
        agreeing = _agreeing(kept, model)
        skipped.extend(_contradicted(provider, kept, agreeing))
        if agreeing:
            rates.extend(_rates(provider, model, rate_key, agreeing))
    rates.sort(key=_order)
    return tuple(rates), tuple(skipped)


def _displaced(claims: dict[_Key, list[_Claim]]) -> dict[str, str]:
    """Entries that name no place, by the entry with a place that contradicts them.

    A bare id of Bedrock repeats the global price of some models and the regional one of others. Where it is not the
    regional one, all of it is left out.
    """
    displaced: dict[str, str] = {}
    for same in claims.values():
        placed = [claim for claim in same if not claim.entry.sold.names_no_place]
        for claim in same:
            contradicting = next((other for other in placed if other.ladder != claim.ladder), None)
            if claim.entry.sold.names_no_place and contradicting is not None:
                displaced.setdefault(claim.entry.name, contradicting.entry.name)
    return displaced


def _agreeing(claims: list[_Claim], model: str | None) -> list[_Claim]:
    """The claims that hold: all where they agree, else those of the entries that are named as the model itself is,
    where these agree, else none. The rules give a model some names that another price list keeps apart.
    """
    for candidates in (claims, [claim for claim in claims if _is_named(claim, model)]):
        if len({claim.ladder for claim in candidates}) == 1:
            return candidates
    return []


def _is_named(claim: _Claim, model: str | None) -> bool:
    model_id = claim.entry.sold.model_id
    return model_id is not None and model_id.lower() == model


def _contradicted(provider: str, claims: list[_Claim], agreeing: list[_Claim]) -> Iterator[SkippedPrice]:
    if len(agreeing) == len(claims):
        return
    said = " and ".join(sorted(f"{claim.entry.name} ({_prices(claim.ladder)})" for claim in claims))
    kept = f", of which {agreeing[0].entry.name} has the model's name and holds" if agreeing else ""
    for claim in claims:
        if not any(claim is other for other in agreeing):
            reason = f"entries of one model contradict each other: {said}{kept}"
            yield SkippedPrice(provider=provider, subject=_subject(claim), reason=reason)


def _rates(provider: str, model: str | None, rate_key: RateKey, claims: list[_Claim]) -> Iterator[StatedRate]:
    # The spelling must not depend on the order of the file: a rate that is stated under another one is a second rate.
    claim = min(
        claims,
        key=lambda claim: (
            claim.entry.sold.model_id != model,
            len(claim.entry.sold.model_id or ""),
            claim.entry.sold.model_id or "",
            claim.entry.name,
        ),
    )
    for band in claim.ladder:
        yield StatedRate(
            provider=provider,
            model_id=claim.entry.sold.model_id,
            meter=rate_key.meter,
            service_tier=rate_key.service_tier,
            geography=rate_key.geography,
            context_tokens_above=band.above,
            context_tokens_up_to=band.up_to,
            variant=rate_key.variant,
            unit_price=band.price,
            valid_from=None,
            source_reference=f"{claim.entry.name}: {band.reference}",
        )


def _subject(claim: _Claim) -> str:
    return f"{claim.entry.name}: {claim.ladder[0].reference}"


def _prices(ladder: Ladder) -> str:
    return ", ".join(
        f"{band.price:f}"
        + (f" above {band.above}" if band.above else "")
        + (f" up to {band.up_to}" if band.up_to else "")
        for band in ladder
    )


def _order(rate: StatedRate) -> tuple[str, str, str, str, str, str, int]:
    return (
        rate.provider,
        rate.model_id or "",
        rate.meter or "",
        rate.service_tier or "",
        rate.geography or "",
        rate.variant or "",
        rate.context_tokens_above,
    )
