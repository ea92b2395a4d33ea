"""Rules that recognise the spellings of a model, from the catalogue's own match clauses.

The order of the catalogue is kept: its first model that matches decides. Below come the same models for dates written
without dashes, which the catalogue tries only when nothing matched.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version

from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ModelInfo

from genai_finops.pricing.catalogue import catalogue_provider
from genai_finops.pricing.catalogue_map import PROVIDERS, MappedProvider
from genai_finops.pricing.match_patterns import match_patterns
from genai_finops.pricing.model_families import model_family

#: Rank of the first rule for compact dates; the plain rules of a provider stay below it.
COMPACT_DATE_RANK = 100_000
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
        models = catalogue_provider(snapshot, mapped).models
        for first_rank, compact_dates in ((0, False), (COMPACT_DATE_RANK, True)):
            found = (rule for model in models for rule in _model_rules(mapped, model, compact_dates=compact_dates))
            rules.extend(replace(rule, rank=first_rank + position) for position, rule in enumerate(found))
    return AliasRules(version=package_version or version("genai-prices"), rules=tuple(rules))


def _model_rules(mapped: MappedProvider, model: ModelInfo, *, compact_dates: bool) -> Iterator[AliasRule]:
    for found in match_patterns(model.match, compact_dates=compact_dates):
        exclusions = [found.excluded, None if model.id.startswith("ft:") else FINE_TUNED]
        yield AliasRule(
            provider=mapped.provider,
            rank=0,
            pattern=found.pattern,
            excluded_pattern="|".join(exclusion for exclusion in exclusions if exclusion) or None,
            model_id=model.id,
            model_name=model.name,
            model_developer=mapped.developer,
            model_family=model_family(mapped.provider, model.id),
        )
