"""What a request says of itself, in the words in which spend is counted."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from genai_finops.attribution.provider_names import canonical_provider
from genai_finops.errors import FinopsError
from genai_finops.pricing.aliases import AliasRules, read_alias_rules
from genai_finops.pricing.model_resolution import recognised_model
from genai_finops.warehouse.spend_scope import COLUMNS, SpendScope

#: Model names arrive with what gateways route by in front of them.
_ROUTE = re.compile(r"^(?:[a-z0-9_-]+/)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestScope:
    """The dimensions of one request. It counts for every budget whose scope has no other value than these.

    Make it with `of`.
    """

    #: Value by dimension, without hierarchy and tag.
    values: Mapping[str, str] = field(default_factory=dict)
    #: The entity that the request belongs to, then what is above it as far as that is known.
    hierarchy: tuple[str, ...] = ()
    #: As `key=value`.
    tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, dimensions: Mapping[str, str], tags: Iterable[str] = ()) -> "RequestScope":
        """Providers and models may be spelled as gateways do; `hierarchy` is an entity's id or its whole path.

        A request that does not name its flow is pay-as-you-go. Raises FinopsError as `SpendScope.of`, and for a request
        that names no organisation.
        """
        given = {"flow": "payg", **dimensions}
        path = given.pop("hierarchy", None)
        tag = given.pop("tag", None)
        if "provider" in given:
            given["provider"] = canonical_provider(given["provider"]) or given["provider"]
        if "model" in given:
            given["model"] = canonical_model(given.get("provider"), given["model"])
        if "org" not in given:
            raise FinopsError(
                f"The request {_shown(dimensions)} names no organisation",
                remedy="Give org=SLUG: without it, no budget of an organisation could see the request.",
            )
        entities = _entities(path)
        found = (*([tag] if tag is not None else []), *tags)
        # The checks of a budget's scope hold for a request's: a value that no budget can have is a mistake.
        SpendScope.of({**given, **({"hierarchy": entities[0]} if entities else {})})
        for each in found:
            SpendScope.of({"org": given["org"], "tag": each})
        return cls(values=given, hierarchy=entities, tags=tuple(dict.fromkeys(found)))

    def keys(self, shape: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The values that a scope of this shape may have to include the request; none if it lacks a dimension."""
        return product(*(self._of_dimension(dimension) for dimension in shape))

    def as_mapping(self) -> dict[str, str]:
        """What is stored of it."""
        told = dict(self.values)
        if self.hierarchy:
            told["hierarchy"] = self.hierarchy[0]
        return told | {f"tag {number}": tag for number, tag in enumerate(self.tags, 1)}

    def __str__(self) -> str:
        return _shown(self.as_mapping())

    def _of_dimension(self, dimension: str) -> Sequence[str]:
        if dimension == "hierarchy":
            return self.hierarchy
        if dimension == "tag":
            return self.tags
        value = self.values.get(dimension)
        return () if value is None else (value,)


@lru_cache(maxsize=4096)
def canonical_model(provider: str | None, spelled: str) -> str:
    """The model as spend names it; what no rule recognises stays as it is spelled, as it does in the spend."""
    bare = _ROUTE.sub("", spelled)
    if provider is None:
        return spelled
    for name in (spelled, bare):
        model = recognised_model(_alias_rules(), provider, name)
        if model is not None:
            return model
    return spelled


@lru_cache(maxsize=1)
def _alias_rules() -> AliasRules:
    return read_alias_rules()


def _entities(path: str | None) -> tuple[str, ...]:
    if path is None:
        return ()
    if not path.startswith("/"):
        return (path,)
    # The first segment is the organisation.
    return tuple(reversed(path.strip("/").split("/")[1:]))


def _shown(dimensions: Mapping[str, str]) -> str:
    names = dict.fromkeys((*COLUMNS, *dimensions))
    return ",".join(f"{name}={dimensions[name]}" for name in names if name in dimensions)
