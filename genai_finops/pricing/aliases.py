"""Rules that recognise the spellings of a model, from the catalogue's own match clauses.

The order of the catalogue is kept: its first model that matches decides. Below come the same models for dates written
without dashes, which the catalogue tries only when nothing matched, and last the spellings that it does not know.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version

from genai_prices.data_snapshot import DataSnapshot, get_snapshot

from genai_finops.pricing.catalogue_map import PROVIDERS, MappedProvider
from genai_finops.pricing.entries import CatalogueModel, named_models
from genai_finops.pricing.match_patterns import match_patterns
from genai_finops.pricing.model_families import model_family
from genai_finops.pricing.spellings import PINNED, further_patterns, widened

#: Rank of the first rule for compact dates; the plain rules of a provider stay below it.
COMPACT_DATE_RANK = 100_000
#: Rank of the first rule for spellings that the catalogue does not know.
FURTHER_RANK = 200_000
#: A fine-tuned model has rates of its own. Only a model that is fine-tuned itself may take its spelling.
FINE_TUNED = "^ft:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRule:
    """One rule, in the words of genai_model_alias_rules."""

    provider: str
    rank: int
    pattern: str
    excluded_pattern: str | None
    model_id: str
    model_name: str | None
    model_developer: str
    model_family: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRules:
    """The rules of one version of the catalogue."""

    version: str
    rules: tuple[AliasRule, ...]


def read_alias_rules(snapshot: DataSnapshot | None = None, *, package_version: str | None = None) -> AliasRules:
    """The rules of the mapped providers in a snapshot; in the bundled one of the installed package by default.

    Raises FinopsError when a mapped provider is not in the snapshot, and UntranslatableMatchError when RE2 expressions
    cannot recognise a model: leaving its rule out would give its spellings to a later model.
    """
    snapshot = snapshot or get_snapshot()
    rules: list[AliasRule] = []
    for mapped in PROVIDERS:
        models = tuple(named_models(snapshot, mapped))
        for first_rank, found in (
            (0, (*_pinned_rules(mapped, models), *_catalogue_rules(models, compact_dates=False))),
            (COMPACT_DATE_RANK, _catalogue_rules(models, compact_dates=True)),
            (FURTHER_RANK, _further_rules(models)),
        ):
            rules.extend(replace(rule, rank=first_rank + position) for position, rule in enumerate(found))
    return AliasRules(version=package_version or version("genai-prices"), rules=tuple(rules))


def _pinned_rules(mapped: MappedProvider, models: Iterable[CatalogueModel]) -> Iterator[AliasRule]:
    by_id = {named.model_id: named for named in models}
    for provider, pattern, model_id in PINNED:
        if provider == mapped.provider and model_id in by_id:
            yield _rule(by_id[model_id], pattern, None)


def _catalogue_rules(models: Iterable[CatalogueModel], *, compact_dates: bool) -> Iterator[AliasRule]:
    for named in models:
        for found in match_patterns(named.model.match, compact_dates=compact_dates):
            pattern = widened(named.provider, named.price_list.catalogue_id, found.pattern)
            yield _rule(named, pattern, found.excluded)


def _further_rules(models: Iterable[CatalogueModel]) -> Iterator[AliasRule]:
    for named in models:
        for found in match_patterns(named.model.match):
            pattern = widened(named.provider, named.price_list.catalogue_id, found.pattern)
            for further in further_patterns(named.provider, named.model, pattern):
                yield _rule(named, further, found.excluded)


def _rule(named: CatalogueModel, pattern: str, excluded: str | None) -> AliasRule:
    exclusions = [excluded, None if named.model.id.startswith("ft:") else FINE_TUNED]
    return AliasRule(
        provider=named.provider,
        rank=0,
        pattern=pattern,
        excluded_pattern="|".join(exclusion for exclusion in exclusions if exclusion) or None,
        model_id=named.model_id,
        model_name=named.model_name,
        model_developer=named.developer,
        model_family=model_family(named.developer, named.model_id),
    )
