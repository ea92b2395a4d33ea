"""A statement as texts for people: what is printed adds up as it stands. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from genai_finops.attribution.exact_amounts import as_amount, exact_sum
from genai_finops.attribution.minor_units import decimals_of
from genai_finops.attribution.statement_lines import Usage
from genai_finops.attribution.statements import CurrencyOverview, Section
from genai_finops.control.attribution_rules import shown_name
from genai_finops.control.statement_rules import plain

_NAME_LENGTH = 80
_MOST_DECIMALS = 6
_BASIS_TEXTS = {
    "effective": "effective cost (accrual: commitments spread over their use)",
    "billed": "billed cost (cash: what the providers invoice)",
    "list": "list cost (before any discount)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLine:
    """One line. The amounts shown add up to the last one: what more decimals would show is in the rounding."""

    step: str
    text: str
    amount: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewModel:
    """What one provider and model cost and served."""

    name: str
    cost: str
    input_cost: str
    output_cost: str
    other_cost: str
    input_tokens: str
    output_tokens: str
    requests: str
    measured: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSection:
    """One currency."""

    currency: str
    #: Label and amount: cost, markup and so on, total.
    summary: tuple[tuple[str, str], ...]
    lines: tuple[ViewLine, ...]
    models: tuple[ViewModel, ...]
    sums: ViewModel
    allocated: str
    #: Whole percent, for a bar.
    measured_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOverview:
    """One currency of the organisation's own view: rows of a name and its amounts."""

    currency: str
    cost: str
    charged: str
    tenants: tuple[tuple[str, str, str, str, str, str], ...]
    unattributed: tuple[tuple[str, str, str], ...]


def shown_tenant(tenant: str) -> str:
    """A tenant's name for one line, in quotes where it could be taken for something else."""
    text = shown_name(tenant, max_length=_NAME_LENGTH)
    return text if text == text.strip() and text else f'"{text}"'


def basis_text(basis: str) -> str:
    """What the base cost is."""
    return _BASIS_TEXTS[basis]


def view_section(section: Section) -> ViewSection:
    """The texts of one section."""
    share = section.allocated_share
    summary = [("Base cost", section.base_cost), ("Share of unattributed cost", section.distributed_cost)]
    rest = as_amount(
        Fraction(section.total) - exact_sum([section.base_cost, section.distributed_cost, section.adjustment])
    )
    summary += [("Markup, prices and allowances", section.adjustment), ("Minimum and rounding", rest)]
    shown = _adding_up([amount for _, amount in summary], section.total, section.currency)
    kept = [(label, text) for (label, amount), text in zip(summary, shown, strict=False) if amount]
    return ViewSection(
        currency=section.currency,
        summary=(*kept, ("Total", money(section.total, section.currency))),
        lines=_lines(section),
        models=tuple(
            _model(line.text.removeprefix("Base cost: "), line.amount, line.usage, section.currency)
            for line in section.lines
            if line.usage is not None
        ),
        sums=_model("Sum", section.base_cost, section.usage, section.currency),
        allocated="-" if share is None else f"{share * 100:.1f} %",
        measured_percent=0 if share is None else round(max(Decimal(0), min(Decimal(1), 1 - share)) * 100),
    )


def view_overview(overview: CurrencyOverview) -> ViewOverview:
    """The texts of one currency of the overview."""
    currency = overview.currency
    return ViewOverview(
        currency=currency,
        cost=money(overview.cost, currency),
        charged=money(overview.charged, currency),
        tenants=tuple(
            (
                shown_tenant(tenant),
                money(section.base_cost, currency),
                money(section.distributed_cost, currency),
                money(section.adjustment, currency),
                money(section.total, currency),
                view_section(section).allocated,
            )
            for tenant, section in overview.tenants
        ),
        unattributed=tuple(
            (reason, money(cost, currency), f"{cost / overview.cost * 100:.1f} %" if overview.cost else "-")
            for reason, cost in overview.unattributed
        ),
    )


def money(amount: Decimal, currency: str) -> str:
    """An amount with the digits that it has, six decimals at most and the currency's own at least."""
    return f"{amount:,.{_decimals([amount], currency)}f}"


def _lines(section: Section) -> tuple[ViewLine, ...]:
    steps = [line for line in section.lines if line.step not in {"rounding", "total"}]
    texts = _adding_up([line.amount for line in steps], section.total, section.currency)
    found = [
        ViewLine(
            step=line.step,
            text=line.text,
            amount=text,
            note="" if line.rule_id is None else f"rule {line.rule_id}",
        )
        for line, text in zip(steps, texts, strict=False)
    ]
    if len(texts) > len(steps):
        text = f"Rounding to {decimals_of(section.currency)} decimals of {section.currency}"
        found.append(ViewLine(step="rounding", text=text, amount=texts[-1], note=""))
    total = f"{section.total:,.{decimals_of(section.currency)}f}"
    return (*found, ViewLine(step="total", text=f"Total {section.currency}", amount=total, note=""))


def _adding_up(amounts: Sequence[Decimal], total: Decimal, currency: str) -> list[str]:
    """The amounts with the same decimals, and one more where they then miss the total: the rounding."""
    decimals = _decimals(amounts, currency)
    unit = 10**decimals
    units = [round(Fraction(amount) * unit) for amount in amounts]
    missing = Fraction(total) * unit - sum(units)
    held = [*units, *([int(missing)] if missing else [])]
    return [f"{Decimal(f'{count}e-{decimals}'):,f}" for count in held]


def _decimals(amounts: Iterable[Decimal], currency: str) -> int:
    needed = max((len(plain(amount).partition(".")[2]) for amount in amounts), default=0)
    return max(decimals_of(currency), min(_MOST_DECIMALS, needed))


def _model(name: str, cost: Decimal, usage: Usage, currency: str) -> ViewModel:
    return ViewModel(
        name=name,
        cost=money(cost, currency),
        input_cost=money(usage.input_cost, currency),
        output_cost=money(usage.output_cost, currency),
        other_cost=money(usage.other_cost, currency),
        input_tokens=_count(usage.input_tokens),
        output_tokens=_count(usage.output_tokens),
        requests=f"{usage.requests:,}",
        measured=f"{usage.measured_cost / cost * 100:.1f} %" if cost else "-",
    )


def _count(tokens: Decimal) -> str:
    return f"{Decimal(plain(tokens)):,f}"
