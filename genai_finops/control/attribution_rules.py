"""The rules for saying whom cost belongs to where request logs do not. Pure."""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from genai_finops.control.changes import check_slug, check_text
from genai_finops.control.checked_values import check_member
from genai_finops.errors import FinopsError
from genai_finops.schemas.tables.attribution import RULE_DIMENSIONS, RULE_SCOPES

_MAX_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whom the cost of one key, resource, sub-account or account belongs to in [valid_from, valid_to); None is open.

    The scope tenant says instead which tenant a name in the logs is; it has no provider.
    """

    org: str
    provider: str | None
    scope: str
    scope_id: str
    dimension: str
    value: str
    valid_from: dt.date
    valid_to: dt.date | None = None

    @property
    def target(self) -> tuple[str, str, str, str, str]:
        """What is named: only one rule of a target holds on a day."""
        return self.org, self.provider or "", self.scope, self.scope_id, self.dimension

    def overlaps(self, other: "Rule") -> bool:
        """Whether both name the same target on some day."""
        return (
            self.target == other.target
            and (other.valid_to is None or self.valid_from < other.valid_to)
            and (self.valid_to is None or other.valid_from < self.valid_to)
        )

    def __str__(self) -> str:
        until = "open" if self.valid_to is None else self.valid_to.isoformat()
        place = "name" if self.scope == "tenant" else f"{self.provider} {self.scope}"
        named = f"{place} {shown_name(self.scope_id)} -> {self.dimension} {shown_name(self.value)}"
        return f"{self.org}: {named} [{self.valid_from}, {until})"


def check_rule(rule: Rule, providers: Collection[str]) -> Rule:
    """The rule without blanks around the provider's id and the value. A name in the logs stays as it is.

    `providers` are those that are configured. Raises FinopsError that names the value and what to give instead.
    """
    check_slug(rule.org, "Organisation")
    check_member(rule.scope, "Scope", RULE_SCOPES)
    check_member(rule.dimension, "Dimension", RULE_DIMENSIONS)
    rule = dataclasses.replace(rule, value=check_text(rule.value, rule.dimension.title(), max_length=_MAX_LENGTH))
    rule = _checked_name(rule) if rule.scope == "tenant" else _checked_place(rule, providers)
    if rule.valid_to is not None and rule.valid_to <= rule.valid_from:
        raise FinopsError(
            f"Rule {rule} ends on {rule.valid_to}, which is not after its start",
            remedy="Give a later end, or none: the rule is then open.",
        )
    return rule


def overlapping_rules(rules: Iterable[Rule]) -> list[tuple[Rule, Rule]]:
    """Pairs that name the same target on some day, the earlier one first."""
    by_target: dict[tuple[str, ...], list[Rule]] = defaultdict(list)
    for rule in rules:
        by_target[rule.target].append(rule)
    pairs = []
    for rivals in by_target.values():
        rivals.sort(key=lambda rule: rule.valid_from)
        latest = rivals[0]
        for rival in rivals[1:]:
            if latest.overlaps(rival):
                pairs.append((latest, rival))
            # The one that ends last is the one that later ones can still overlap.
            if latest.valid_to is not None and (rival.valid_to is None or rival.valid_to > latest.valid_to):
                latest = rival
    return pairs


def shown_name(name: str, *, max_length: int = 60) -> str:
    """A name for a line of text: what cannot be printed is escaped, and the middle of a long one left out."""
    line = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in name)
    if len(line) <= max_length:
        return line
    return f"{line[: max_length // 2]}...{line[-(max_length // 4) :]} ({len(name)} characters)"


def _checked_place(rule: Rule, providers: Collection[str]) -> Rule:
    if rule.provider is None:
        raise FinopsError(
            f"Scope {rule.scope} of {rule.org} has no provider",
            remedy="Name the provider whose id it is; only the scope tenant has none.",
        )
    check_member(rule.provider, "Provider", tuple(sorted(providers)))
    scope_id = check_text(rule.scope_id, f"Id of the {rule.scope}", max_length=_MAX_LENGTH)
    return dataclasses.replace(rule, scope_id=scope_id)


def _checked_name(rule: Rule) -> Rule:
    if rule.provider is not None or rule.dimension != "tenant":
        raise FinopsError(
            f"The scope tenant has the provider {rule.provider or 'none'} and names the {rule.dimension}",
            remedy="It says which tenant a name in the logs is: give no provider, and the dimension tenant.",
        )
    if not rule.scope_id or len(rule.scope_id) > _MAX_LENGTH or any(map(_cannot_be_kept, rule.scope_id)):
        raise FinopsError(
            f"The name {shown_name(rule.scope_id)!r} is empty, too long or no text",
            remedy=f"Give 1 to {_MAX_LENGTH} characters, exactly as the logs have them.",
        )
    if rule.scope_id == rule.value:
        raise FinopsError(
            f"The name {shown_name(rule.scope_id)!r} is mapped to itself",
            remedy="Give the other name that the logs use, and the tenant that it is.",
        )
    return rule


def _cannot_be_kept(letter: str) -> bool:
    """Any name that a log may have is matched as it stands, but no database keeps halves of letters or, as Postgres,
    zero bytes.
    """
    return letter == "\x00" or "\ud800" <= letter <= "\udfff"
