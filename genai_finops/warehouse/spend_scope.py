"""What part of the spend is meant: any combination of dimensions, each with one value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from genai_finops.errors import FinopsError
from genai_finops.schemas.columns import SLUG

#: Column of genai_budget_spend_daily by dimension. Of `hierarchy` the value is the id of an entity, and everything
#: below it is meant; of `tag` it is `key=value`, and only requests in logs have tags.
COLUMNS = {
    "org": "x_org_slug",
    "hierarchy": "x_hierarchy_path",
    "provider": "provider",
    "account": "x_genai_account_id",
    "sub_account": "sub_account_id",
    "flow": "flow",
    "model": "model_id",
    "tenant": "tenant_id",
    "user": "user_id",
    "task": "task",
    "conversation": "conversation_id",
    "tag": "tags",
}
DIMENSIONS = tuple(COLUMNS)
#: Of one organisation's own making: equal values of two organisations have nothing to do with each other.
WITHIN_ORG = ("hierarchy", "account", "sub_account", "tenant", "user", "task", "conversation", "tag")


@dataclass(frozen=True, slots=True)
class SpendScope:
    """Spend whose dimensions have these values, all of them; without any, the whole platform.

    `values` are in the order of DIMENSIONS: make it with `of`.
    """

    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "SpendScope":
        """Raises FinopsError for a dimension that does not exist, a value that is none, or one that lacks its org."""
        for dimension, value in values.items():
            if dimension not in COLUMNS:
                raise FinopsError(
                    f"Scope dimension {dimension!r} does not exist", remedy=f"Use one of: {', '.join(DIMENSIONS)}."
                )
            _check_value(dimension, value)
        lacking = [dimension for dimension in WITHIN_ORG if dimension in values and "org" not in values]
        if lacking:
            raise FinopsError(
                f"Scope {lacking[0]}={values[lacking[0]]!r} names no organisation",
                remedy=f"Add org=SLUG: a {lacking[0]} belongs to one organisation.",
            )
        if "tag" in values and "hierarchy" in values:
            raise FinopsError(
                f"Scope tag={values['tag']!r} is combined with hierarchy={values['hierarchy']!r}",
                remedy="Give one of them: tags are of requests in logs, which have no owner in the hierarchy.",
            )
        return cls(tuple((dimension, values[dimension]) for dimension in DIMENSIONS if dimension in values))

    @classmethod
    def parse(cls, text: str) -> "SpendScope":
        """`org=acme,provider=openai`; values with commas cannot be written so. The empty text is the platform."""
        parts = [part.partition("=") for part in text.split(",") if part.strip()]
        names = [name.strip() for name, _, _ in parts]
        if len(set(names)) < len(names):
            raise FinopsError(f"Scope {text!r} names a dimension twice", remedy="Give each dimension once.")
        return cls.of({name.strip(): value.strip() for name, _, value in parts})

    @property
    def shape(self) -> tuple[str, ...]:
        """The dimensions that are given. Scopes of one shape are looked up together."""
        return tuple(dimension for dimension, _ in self.values)

    @property
    def org(self) -> str | None:
        """The organisation; None where the scope spans several."""
        return dict(self.values).get("org")

    def as_mapping(self) -> dict[str, str]:
        """Value by dimension."""
        return dict(self.values)

    def __str__(self) -> str:
        return ",".join(f"{dimension}={value}" for dimension, value in self.values) or "platform"


def _check_value(dimension: str, value: str) -> None:
    if not value or value != value.strip() or len(value) > 500:  # noqa: PLR2004 - as long as the rules of attribution
        raise FinopsError(
            f"Scope {dimension}={value!r} is empty, too long or padded", remedy="Give 1 to 500 characters, unpadded."
        )
    if dimension in {"org", "provider"} and not re.fullmatch(SLUG, value):
        raise FinopsError(f"Scope {dimension}={value!r} is not a slug", remedy="Take it as the lists of it print it.")
    if dimension == "tag" and "=" not in value:
        raise FinopsError(f"Scope tag={value!r} has no value", remedy="Write it as tag=key=value.")
