"""The rules for what a tenant is charged: what each kind needs, and which of them decide the same. Pure."""

import dataclasses
import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.changes import check_slug, check_text
from genai_finops.control.checked_values import check_decimal, check_member
from genai_finops.errors import FinopsError
from genai_finops.schemas.columns import CURRENCY

#: Which question a kind answers. For each piece of cost one rule answers each question.
SLOTS: Mapping[str, str] = {
    "markup": "price",
    "margin": "price",
    "unit_price": "price",
    "tiers": "price",
    "allowance": "allowance",
    "minimum": "minimum",
    "distribute_unattributed": "distribution",
}
KINDS = tuple(SLOTS)
TIER_MEASURES = ("amount", "tokens")
#: Kinds that hold an amount, or count what must not be counted once per currency.
_NEEDS_CURRENCY = frozenset({"unit_price", "tiers", "allowance", "minimum"})
_UNIT_PRICES = ("per_million_input", "per_million_output", "per_request")
_FIELDS: Mapping[str, frozenset[str]] = {
    "markup": frozenset({"percentage"}),
    "margin": frozenset({"percentage"}),
    "unit_price": frozenset(_UNIT_PRICES),
    "tiers": frozenset({"tiers_of", "tiers"}),
    "allowance": frozenset({"amount", "tokens"}),
    "minimum": frozenset({"amount"}),
    "distribute_unattributed": frozenset(),
}
PARAMETERS = ("percentage", "amount", "tokens", *_UNIT_PRICES, "tiers_of", "tiers")
_MAX_NAME = 20_000
_REST = "rest"
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One step: up_to is where it ends, in the currency or in tokens a month; None for the last.

    rate is the markup percentage on cost of the step, or the price of a million tokens of it.
    """

    up_to: Decimal | None
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTerms:
    """One rule, in force in [valid_from, valid_to); None is open.

    Without a tenant it holds for every tenant of the organisation, without provider and model for all cost, without
    currency for cost in any. Amounts and tokens are per month.
    """

    org: str
    kind: str
    valid_from: dt.date
    valid_to: dt.date | None = None
    tenant: str | None = None
    provider: str | None = None
    #: model_id of the tables of attribution.
    model: str | None = None
    currency: str | None = None
    percentage: Decimal | None = None
    amount: Decimal | None = None
    tokens: Decimal | None = None
    per_million_input: Decimal | None = None
    per_million_output: Decimal | None = None
    per_request: Decimal | None = None
    tiers_of: str | None = None
    tiers: tuple[Tier, ...] = ()
    #: Of the stored rule; a statement names it beside what it charges by it.
    rule_id: int | None = dataclasses.field(default=None, compare=False)

    @property
    def slot(self) -> str:
        """The question that it answers: price, allowance, minimum or distribution."""
        return SLOTS[self.kind]

    @property
    def rank(self) -> tuple[bool, bool, bool, bool]:
        """The greater decides: a tenant's own rule, then the narrower one."""
        return self.tenant is not None, self.model is not None, self.provider is not None, self.currency is not None

    def holds_on(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, other: "StatementTerms") -> bool:
        """Whether both answer the same question for exactly the same cost on some day."""
        return (
            _target(self) == _target(other)
            and (other.valid_to is None or self.valid_from < other.valid_to)
            and (self.valid_to is None or other.valid_from < self.valid_to)
        )

    def parameters(self) -> dict[str, str]:
        """What the kind is told, as texts without exponents; `terms_from` reads them."""
        texts = {name: getattr(self, name) for name in PARAMETERS if getattr(self, name) is not None}
        del texts["tiers"]
        told = {name: value if isinstance(value, str) else plain(value) for name, value in texts.items()}
        return {**told, **({"tiers": tiers_text(self.tiers)} if self.tiers else {})}

    def __str__(self) -> str:
        who = "all tenants" if self.tenant is None else f"tenant {shown_name(self.tenant)}"
        what = " ".join(part for part in (self.provider, self.model, self.currency) if part)
        until = "open" if self.valid_to is None else self.valid_to.isoformat()
        told = ", ".join(f"{name} {value}" for name, value in self.parameters().items()) or "proportional"
        scope = f"{who}, {what}" if what else who
        return f"{self.org}: {self.kind} for {scope}: {told} [{self.valid_from}, {until})"


def terms_from(values: Mapping[str, str | None]) -> dict[str, object]:
    """Parameters as the fields of StatementTerms. Raises FinopsError for what is no number or no list of tiers."""
    found: dict[str, object] = {}
    for name in PARAMETERS:
        text = values.get(name)
        if text is None:
            continue
        found[name] = parse_tiers(text) if name == "tiers" else text if name == "tiers_of" else _number(name, text)
    return found


def check_terms(terms: StatementTerms, providers: Collection[str]) -> StatementTerms:
    """The rule without blanks around names. `providers` are those that are configured.

    Raises FinopsError that names the value and what to give instead.
    """
    check_slug(terms.org, "Organisation")
    check_member(terms.kind, "Kind", KINDS)
    _check_scope(terms, providers)
    _check_parameters(terms)
    if terms.valid_to is not None and terms.valid_to <= terms.valid_from:
        raise FinopsError(
            f"Rule {terms} ends on {terms.valid_to}, which is not after its start",
            remedy="Give a later end, or none: the rule is then open.",
        )
    if terms.model is None:
        return terms
    return dataclasses.replace(terms, model=check_text(terms.model, "Model"))


def overlapping_terms(rules: Iterable[StatementTerms]) -> list[tuple[StatementTerms, StatementTerms]]:
    """Neighbours that answer the same question for the same cost on some day, the earlier one first."""
    ordered = sorted(rules, key=lambda rule: (*map(str, _target(rule)), rule.valid_from))
    latest: dict[tuple[str | None, ...], StatementTerms] = {}
    pairs = []
    for rule in ordered:
        before = latest.get(_target(rule))
        if before is not None and before.overlaps(rule):
            pairs.append((before, rule))
        if before is None or (before.valid_to is not None and (rule.valid_to or dt.date.max) > before.valid_to):
            latest[_target(rule)] = rule
    return pairs


def parse_tiers(text: str) -> tuple[Tier, ...]:
    """Tiers written as `1000=40,5000=30,rest=20`: up to where, and the rate there. Raises FinopsError."""
    steps = []
    for part in text.split(","):
        bound, separator, rate = part.partition("=")
        if not separator:
            raise FinopsError(f"Tier {part!r} has no =", remedy="Write tiers as 1000=40,5000=30,rest=20.")
        up_to = None if bound.strip() == _REST else _number("bound of a tier", bound)
        steps.append(Tier(up_to=up_to, rate=_number("rate of a tier", rate)))
    return tuple(steps)


def tiers_text(tiers: Iterable[Tier]) -> str:
    """What parse_tiers reads."""
    return ",".join(f"{_REST if tier.up_to is None else plain(tier.up_to)}={plain(tier.rate)}" for tier in tiers)


def plain(value: Decimal) -> str:
    """All digits of a number, without exponent and zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _target(terms: StatementTerms) -> tuple[str | None, ...]:
    return terms.org, terms.slot, terms.tenant, terms.provider, terms.model, terms.currency


def _number(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise FinopsError(f"{name} {text!r} is not a number", remedy="Write it as 12.5, without separators.")
    return value


def _check_scope(terms: StatementTerms, providers: Collection[str]) -> None:
    if terms.tenant is not None:
        _check_tenant(terms.tenant)
    check_member(terms.provider, "Provider", tuple(sorted(providers)))
    if terms.model is not None and terms.provider is None:
        raise FinopsError(
            f"Model {terms.model!r} has no provider", remedy="Name the provider too: others may sell the model as well."
        )
    if terms.kind == "minimum" and terms.provider is not None:
        raise FinopsError(
            f"A minimum of {terms.provider}", remedy="Leave the provider out: a minimum is for the whole statement."
        )
    if terms.kind == "distribute_unattributed" and terms.rank != (False, False, False, False):
        raise FinopsError(
            "distribute_unattributed with a tenant, provider, model or currency",
            remedy="Give only the organisation: all of its unattributed cost is distributed, or none.",
        )
    if terms.currency is None and terms.kind in _NEEDS_CURRENCY:
        raise FinopsError(f"{terms.kind} has no currency", remedy="Name the currency of the statement, as USD.")
    if terms.currency is not None and not re.fullmatch(CURRENCY, terms.currency):
        raise FinopsError(f"Currency {terms.currency!r} is no ISO 4217 code", remedy="Write it as USD.")


def _check_tenant(tenant: str) -> None:
    # Kept exactly as the logs have it, but no database keeps halves of letters or, as Postgres, zero bytes.
    unkept = any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in tenant)
    if not tenant or len(tenant) > _MAX_NAME or unkept:
        raise FinopsError(
            f"Tenant {shown_name(tenant)!r} is empty, too long or no text",
            remedy="Take the name from genai-finops attribution costs --by tenant --json.",
        )


def _check_parameters(terms: StatementTerms) -> None:
    given = set(terms.parameters())
    surplus = sorted(given - _FIELDS[terms.kind])
    if surplus:
        allowed = ", ".join(sorted(_FIELDS[terms.kind])) or "no parameters"
        raise FinopsError(f"{terms.kind} has {', '.join(surplus)}", remedy=f"It takes {allowed}.")
    for name in ("amount", "tokens", *_UNIT_PRICES):
        check_decimal(getattr(terms, name), name, decimals=12, digits=15)
    if terms.kind in {"markup", "margin"}:
        _check_percentage(terms.kind, terms.percentage)
    elif terms.kind == "tiers":
        _check_tiers(terms)
    elif terms.kind == "allowance" and len(given) != 1:
        raise FinopsError("An allowance has both or none of amount and tokens", remedy="Give one of them.")
    elif terms.kind in {"unit_price", "minimum"} and not given:
        raise FinopsError(f"{terms.kind} has no price or amount", remedy=f"Give {', '.join(_FIELDS[terms.kind])}.")


def _check_percentage(kind: str, percentage: Decimal | None) -> None:
    if percentage is None:
        raise FinopsError(f"{kind} has no percentage", remedy="Give --percentage.")
    check_decimal(abs(percentage), "percentage", decimals=12, digits=9)
    if kind == "margin" and not 0 <= percentage < _HUNDRED:
        raise FinopsError(
            f"A margin of {percentage} % has no price", remedy="Give 0 or more and less than 100; or use a markup."
        )
    if percentage < -_HUNDRED:
        raise FinopsError(f"A markup of {percentage} % would pay the tenant", remedy="Give -100 or more.")


def _check_tiers(terms: StatementTerms) -> None:
    check_member(terms.tiers_of, "Tiers of", TIER_MEASURES)
    if not terms.tiers or terms.tiers_of is None:
        raise FinopsError("tiers without steps or without what they count", remedy="Give --tiers-of and --tiers.")
    bounds = [tier.up_to for tier in terms.tiers[:-1]]
    finite = [bound for bound in bounds if bound is not None]
    rising = all(low < high for low, high in zip([Decimal(0), *finite], finite, strict=False))
    if terms.tiers[-1].up_to is not None or len(finite) != len(bounds) or not rising:
        raise FinopsError(
            f"Tiers {tiers_text(terms.tiers)} do not rise up to a last one for the rest",
            remedy="Write them as 1000=40,5000=30,rest=20.",
        )
    for tier in terms.tiers:
        check_decimal(tier.up_to, "bound of a tier", decimals=12, digits=15)
        if terms.tiers_of == "amount":
            _check_percentage("markup", tier.rate)
        else:
            check_decimal(tier.rate, "rate of a tier", decimals=12, digits=15)
