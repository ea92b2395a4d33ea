"""From cost to charge: the lines of one section of a statement, in the order in which the rules are applied. Pure.

Base cost, distributed cost, allowances, prices (per unit, tiers, markup or margin: one for each piece of cost),
minimum, rounding. Lines before the rounding have 18 decimals; all of them add up to the total.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from genai_finops.attribution.exact_amounts import as_amount, exact_sum
from genai_finops.attribution.minor_units import rounded
from genai_finops.attribution.statement_rules import CostScope, TenantRules
from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.statement_rules import StatementTerms, Tier, plain
from genai_finops.warehouse.statement_costs import StatementCost

Step = Literal[
    "base_cost",
    "distributed_cost",
    "allowance",
    "cost_replaced",
    "unit_price",
    "tier",
    "markup",
    "margin",
    "minimum",
    "rounding",
    "total",
]
_MILLION = 1_000_000
_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a line of base cost rests on. measured_cost is of the basis; input, output and other cost are effective."""

    measured_cost: Decimal
    input_cost: Decimal
    output_cost: Decimal
    other_cost: Decimal
    input_tokens: Decimal
    output_tokens: Decimal
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step. Where it is a product, amount is quantity times rate: a price per unit, or a percentage."""

    step: Step
    text: str
    amount: Decimal
    provider: str | None = None
    model: str | None = None
    rule_id: int | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    rate: Decimal | None = None
    usage: Usage | None = None


@dataclass(slots=True, kw_only=True)
class _Piece:
    """Cost that the same rules decide for; what an allowance includes is taken off it."""

    cost: Fraction
    input_tokens: Fraction
    output_tokens: Fraction
    requests: Fraction
    allowance: StatementTerms | None
    price: StatementTerms | None

    @property
    def tokens(self) -> Fraction:
        return self.input_tokens + self.output_tokens

    def keep(self, part: Fraction) -> None:
        self.cost *= part
        self.input_tokens *= part
        self.output_tokens *= part
        self.requests *= part


def section_lines(
    costs: Sequence[StatementCost], distributed: Sequence[StatementCost], rules: TenantRules, currency: str
) -> tuple[Line, ...]:
    """The lines of a tenant's cost in one currency; the last is the total, in minor units of the currency.

    `distributed` is the tenant's part of what nobody was named for; only its cost counts.
    """
    pieces = [_piece(row, rules) for row in (*costs, *distributed)]
    lines = [*_base_lines(costs), *_distributed_lines(distributed)]
    lines.extend(_allowance_lines(pieces, rules))
    lines.extend(_price_lines(pieces, rules))
    lines.extend(_minimum_line(lines, rules, currency))
    exact = as_amount(exact_sum(line.amount for line in lines))
    total = rounded(exact, currency)
    if total != exact:
        difference = as_amount(Fraction(total) - Fraction(exact))
        lines.append(Line(step="rounding", text=f"Rounding to {currency}", amount=difference))
    lines.append(Line(step="total", text="Total", amount=total))
    return tuple(lines)


def _piece(row: StatementCost, rules: TenantRules) -> _Piece:
    scope = CostScope(provider=row.provider, model=row.model, currency=row.currency)
    return _Piece(
        cost=Fraction(row.cost),
        input_tokens=Fraction(row.input_tokens),
        output_tokens=Fraction(row.output_tokens),
        requests=Fraction(row.requests),
        allowance=rules.deciding("allowance", row.first_day, scope),
        price=rules.deciding("price", row.first_day, scope),
    )


def _base_lines(costs: Iterable[StatementCost]) -> Iterator[Line]:
    by_model: dict[tuple[str, str | None], list[StatementCost]] = {}
    for row in sorted(costs, key=lambda row: (row.provider, row.model or "", row.model is not None)):
        by_model.setdefault((row.provider, row.model), []).append(row)
    for (provider, model), rows in by_model.items():
        yield Line(
            step="base_cost",
            text=f"Base cost: {shown_name(provider)}, {'no model' if model is None else shown_name(model)}",
            provider=provider,
            model=model,
            amount=as_amount(exact_sum(row.cost for row in rows)),
            usage=total_usage(rows),
        )


def total_usage(rows: Sequence[StatementCost] | Sequence[Usage]) -> Usage:
    """The sum of rows of one currency."""
    return Usage(
        measured_cost=as_amount(exact_sum(row.measured_cost for row in rows)),
        input_cost=as_amount(exact_sum(row.input_cost for row in rows)),
        output_cost=as_amount(exact_sum(row.output_cost for row in rows)),
        other_cost=as_amount(exact_sum(row.other_cost for row in rows)),
        input_tokens=as_amount(exact_sum(row.input_tokens for row in rows)),
        output_tokens=as_amount(exact_sum(row.output_tokens for row in rows)),
        requests=sum(row.requests for row in rows),
    )


def _distributed_lines(distributed: Sequence[StatementCost]) -> Iterator[Line]:
    amount = as_amount(exact_sum(row.cost for row in distributed))
    if amount:
        text = "Share of cost that nobody was named for, in proportion to base cost"
        yield Line(step="distributed_cost", text=text, amount=amount)


def _allowance_lines(pieces: Iterable[_Piece], rules: TenantRules) -> Iterator[Line]:
    for rule, held in _by_rule(pieces, lambda piece: piece.allowance):
        share = rules.share_of_month(rule)
        # Cost without tokens, as of reserved capacity, is not what tokens are included of.
        served = held if rule.tokens is None else [piece for piece in held if piece.tokens > 0]
        measure: Callable[[_Piece], Fraction] = _cost if rule.tokens is None else _tokens
        whole = sum(map(measure, served), start=_ZERO)
        included = Fraction(rule.tokens if rule.tokens is not None else rule.amount or 0) * share
        used = min(included, whole)
        if used <= 0:
            continue
        cost = sum(map(_cost, served), start=_ZERO)
        for piece in served:
            piece.keep(1 - used / whole)
        unit = rule.currency if rule.tokens is None else "tokens"
        yield Line(
            step="allowance",
            text=f"Included: {_shown(used)} of {_shown(included)} {unit}{_part(share)}",
            amount=as_amount(-cost * used / whole),
            rule_id=rule.rule_id,
            provider=rule.provider,
            model=rule.model,
            quantity=as_amount(used),
            unit=unit,
        )


def _price_lines(pieces: Iterable[_Piece], rules: TenantRules) -> Iterator[Line]:
    for rule, held in _by_rule(pieces, lambda piece: piece.price):
        yield from _PRICES[rule.kind](rule, held, rules.share_of_month(rule))


def _unit_prices(rule: StatementTerms, held: Sequence[_Piece], _: Fraction) -> Iterator[Line]:
    yield _replaced(rule, held)
    counted = (
        (rule.per_million_input, "million input tokens", sum((piece.input_tokens for piece in held), _ZERO) / _MILLION),
        (
            rule.per_million_output,
            "million output tokens",
            sum((piece.output_tokens for piece in held), _ZERO) / _MILLION,
        ),
        (rule.per_request, "requests", sum((piece.requests for piece in held), _ZERO)),
    )
    for price, unit, quantity in counted:
        if price is not None:
            text = f"{_shown(quantity)} {unit} at {plain(price)} {rule.currency}"
            yield _product("unit_price", rule, text=text, quantity=quantity, unit=unit, rate=price)


def _tiers(rule: StatementTerms, held: Sequence[_Piece], share: Fraction) -> Iterator[Line]:
    is_amount = rule.tiers_of == "amount"
    if not is_amount:
        yield _replaced(rule, held)
    whole = sum(map(_cost if is_amount else _tokens, held), start=_ZERO)
    for tier, portion in tier_portions(whole, rule.tiers, share):
        until = "the rest" if tier.up_to is None else f"up to {_shown(Fraction(tier.up_to) * share)}"
        if is_amount:
            text = f"Markup of {plain(tier.rate)} % on {_shown(portion)} {rule.currency}, {until}{_part(share)}"
            yield _product("tier", rule, text=text, quantity=portion, unit=rule.currency, rate=tier.rate, part=100)
        else:
            text = f"{_shown(portion)} tokens at {plain(tier.rate)} {rule.currency} per million, {until}{_part(share)}"
            millions = portion / _MILLION
            yield _product("tier", rule, text=text, quantity=millions, unit="million tokens", rate=tier.rate)


def tier_portions(whole: Fraction, tiers: Iterable[Tier], share: Fraction) -> list[tuple[Tier, Fraction]]:
    """How much of the whole falls into each tier; the portions add up to it. `share` shortens the tiers with the month.

    A credit, which is below zero, is of the first tier. Tiers that nothing falls into are left out.
    """
    portions = []
    reached = _ZERO
    for tier in tiers:
        until = whole if tier.up_to is None else min(whole, Fraction(tier.up_to) * share)
        if until > reached or whole < 0:
            portions.append((tier, until - reached))
            reached = until
        if reached == whole:
            break
    return portions


def _markup(rule: StatementTerms, held: Sequence[_Piece], _: Fraction) -> Iterator[Line]:
    cost, percentage = sum(map(_cost, held), start=_ZERO), rule.percentage or Decimal(0)
    text = f"Markup of {plain(percentage)} % on {_shown(cost)}"
    yield _product("markup", rule, text=text, quantity=cost, unit=rule.currency, rate=percentage, part=100)


def _margin(rule: StatementTerms, held: Sequence[_Piece], _: Fraction) -> Iterator[Line]:
    cost, percentage = sum(map(_cost, held), start=_ZERO), rule.percentage or Decimal(0)
    text = f"Margin of {plain(percentage)} % of the price, cost being {_shown(cost)}"
    yield Line(
        step="margin",
        text=text,
        amount=as_amount(cost * Fraction(percentage) / (100 - Fraction(percentage))),
        rule_id=rule.rule_id,
        provider=rule.provider,
        model=rule.model,
        quantity=as_amount(cost),
        rate=percentage,
    )


_PRICES: Mapping[str, Callable[[StatementTerms, Sequence[_Piece], Fraction], Iterator[Line]]] = {
    "unit_price": _unit_prices,
    "tiers": _tiers,
    "markup": _markup,
    "margin": _margin,
}


def _minimum_line(lines: Iterable[Line], rules: TenantRules, currency: str) -> Iterator[Line]:
    minimums = [(rule, Fraction(rule.amount or 0) * rules.share_of_month(rule)) for rule in rules.minimums(currency)]
    wanted = sum((amount for _, amount in minimums), start=_ZERO)
    missing = wanted - exact_sum(line.amount for line in lines)
    if missing > 0 and wanted > 0:
        held = [rule for rule, amount in minimums if amount]
        yield Line(
            step="minimum",
            text=f"Up to the minimum of {_shown(wanted)} {currency}",
            amount=as_amount(missing),
            rule_id=held[0].rule_id if len(held) == 1 else None,
            quantity=as_amount(wanted),
            unit=currency,
        )


def _replaced(rule: StatementTerms, held: Iterable[_Piece]) -> Line:
    return Line(
        step="cost_replaced",
        text="Cost that a price replaces",
        amount=as_amount(-sum(map(_cost, held), start=_ZERO)),
        rule_id=rule.rule_id,
        provider=rule.provider,
        model=rule.model,
    )


def _product(
    step: Step, rule: StatementTerms, *, text: str, quantity: Fraction, unit: str | None, rate: Decimal, part: int = 1
) -> Line:
    """quantity times rate; `part` is 100 for a percentage."""
    return Line(
        step=step,
        text=text,
        amount=as_amount(quantity * Fraction(rate) / part),
        rule_id=rule.rule_id,
        provider=rule.provider,
        model=rule.model,
        quantity=as_amount(quantity),
        unit=unit,
        rate=rate,
    )


def _by_rule(
    pieces: Iterable[_Piece], rule_of: Callable[[_Piece], StatementTerms | None]
) -> list[tuple[StatementTerms, list[_Piece]]]:
    found: dict[StatementTerms, list[_Piece]] = {}
    for piece in pieces:
        rule = rule_of(piece)
        if rule is not None:
            found.setdefault(rule, []).append(piece)
    kinds = [*_PRICES, "allowance"]
    return sorted(
        found.items(),
        key=lambda item: (kinds.index(item[0].kind), item[0].valid_from, item[0].rule_id or 0, str(item[0])),
    )


def _cost(piece: _Piece) -> Fraction:
    return piece.cost


def _tokens(piece: _Piece) -> Fraction:
    return piece.tokens


def _part(share: Fraction) -> str:
    return "" if share == 1 else f" ({share.numerator}/{share.denominator} of the month)"


def _shown(value: Fraction) -> str:
    return f"{Decimal(f'{round(value * 10**6)}e-6'):,f}".rstrip("0").rstrip(".")
