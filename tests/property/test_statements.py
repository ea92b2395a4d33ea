"""What holds of every statement, whatever the cost and the rules."""

import dataclasses
import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from genai_finops.attribution.exact_amounts import exact_sum, parts_of
from genai_finops.attribution.minor_units import rounded
from genai_finops.attribution.statement_files import statement_file_name
from genai_finops.attribution.statement_lines import tier_portions
from genai_finops.attribution.statement_rules import StatementMonth
from genai_finops.attribution.statements import Section, make_statements
from genai_finops.control.statement_rules import StatementTerms, Tier
from genai_finops.warehouse.statement_costs import StatementCost

MONTH = StatementMonth.parse("2026-10")
NOW = dt.datetime(2026, 11, 3, tzinfo=dt.UTC)
EXAMPLES = settings(max_examples=50)

amounts = st.decimals(Decimal(-10), Decimal(10**6), places=18)
positive = st.decimals(Decimal("0.01"), Decimal(10**6), places=18)
rates = st.decimals(Decimal(0), Decimal(99), places=4)
days = st.sampled_from(MONTH.days)


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    bounds = sorted(draw(st.sets(st.decimals(Decimal("0.01"), Decimal(10**6), places=2), max_size=4)))
    return tuple(Tier(up_to=bound, rate=draw(rates)) for bound in (*bounds, None))


def term(kind: str, **values: object) -> StatementTerms:
    base = StatementTerms(org="acme", kind=kind, valid_from=dt.date(2026, 1, 1))
    return dataclasses.replace(base, **values)  # type: ignore[arg-type]


def cost(amount: Decimal, day: dt.date = MONTH.first, provider: str = "openai") -> StatementCost:
    return StatementCost(
        tenant="initrode",
        unattributed_reason=None,
        first_day=day,
        provider=provider,
        model="gpt-5",
        currency="USD",
        cost=amount,
        measured_cost=amount,
        input_cost=amount,
        output_cost=Decimal(0),
        other_cost=Decimal(0),
        input_tokens=Decimal(1000),
        output_tokens=Decimal(10),
        requests=1,
    )


def charged(costs: Sequence[StatementCost], *rules: StatementTerms) -> Section:
    (made,) = make_statements(costs, rules, org="acme", month=MONTH, basis="effective", now=NOW)
    (section,) = made.sections
    return section


#: One rule of each kind, each perhaps of one provider, and perhaps from some day of the month on.
rule_sets = st.tuples(
    st.one_of(
        st.builds(lambda rate: term("markup", percentage=rate), rates),
        st.builds(lambda rate: term("margin", percentage=rate), rates),
        st.builds(lambda rate: term("unit_price", per_million_input=rate, per_request=rate, currency="USD"), rates),
        st.builds(
            lambda steps, of: term("tiers", tiers=steps, tiers_of=of, currency="USD"),
            tiers(),
            st.sampled_from(["amount", "tokens"]),
        ),
    ),
    st.one_of(
        st.builds(lambda amount: term("allowance", amount=amount, currency="USD"), positive),
        st.builds(lambda tokens: term("allowance", tokens=tokens, currency="USD"), positive),
    ),
    st.builds(lambda amount: term("minimum", amount=amount, currency="USD"), positive),
).flatmap(lambda rules: st.tuples(*(st.builds(dataclasses.replace, st.just(rule), valid_from=days) for rule in rules)))
cost_lists = st.lists(st.builds(cost, amounts, days, st.sampled_from(["openai", "anthropic"])), min_size=1, max_size=6)


@given(whole=st.fractions(Fraction(-100), Fraction(10**7)), steps=tiers(), days_in_force=st.integers(1, 31))
@EXAMPLES
def test_the_portions_of_tiers_add_up_to_what_is_tiered(
    whole: Fraction, steps: tuple[Tier, ...], days_in_force: int
) -> None:
    portions = tier_portions(whole, steps, Fraction(days_in_force, 31))

    assert sum((portion for _, portion in portions), Fraction(0)) == whole


@given(costs=cost_lists, rules=rule_sets)
@EXAMPLES
def test_the_lines_of_a_section_add_up_to_its_total(
    costs: list[StatementCost], rules: tuple[StatementTerms, ...]
) -> None:
    section = charged(costs, *rules)

    assert exact_sum(line.amount for line in section.lines[:-1]) == Fraction(section.total)
    assert section.total == rounded(section.total, "USD")


@given(costs=cost_lists, rules=rule_sets)
@EXAMPLES
def test_days_read_apart_are_charged_as_days_read_together(
    costs: list[StatementCost], rules: tuple[StatementTerms, ...]
) -> None:
    halves = [
        dataclasses.replace(
            row, **{name: getattr(row, name) * part for name in ("cost", "input_tokens", "output_tokens")}
        )
        for row in costs
        for part in (Decimal("0.25"), Decimal("0.75"))
    ]
    together = [dataclasses.replace(row, cost=row.cost, requests=0) for row in costs]

    assert (
        charged([dataclasses.replace(row, requests=0) for row in halves], *rules).total
        == charged(together, *rules).total
    )


@given(low=positive, more=positive, percentage=st.decimals(Decimal(-100), Decimal(500), places=2))
@EXAMPLES
def test_a_markup_never_charges_more_cost_less(low: Decimal, more: Decimal, percentage: Decimal) -> None:
    rule = term("markup", percentage=percentage)

    assert charged([cost(low)], rule).total <= charged([cost(low), cost(more)], rule).total


@given(costs=cost_lists, rules=rule_sets)
@EXAMPLES
def test_a_minimum_never_lowers_a_total_and_is_reached(
    costs: list[StatementCost], rules: tuple[StatementTerms, ...]
) -> None:
    *others, minimum = rules
    whole_month = dataclasses.replace(minimum, valid_from=MONTH.first)
    with_minimum = charged(costs, *others, whole_month).total

    assert with_minimum == max(charged(costs, *others).total, rounded(minimum.amount or Decimal(0), "USD"))


@given(names=st.sets(st.text(st.characters(codec="utf-8"), max_size=200), min_size=2, max_size=4))
@EXAMPLES
def test_every_tenant_has_a_file_of_its_own_in_the_folder(names: set[str]) -> None:
    files = {statement_file_name("acme", name, MONTH, "csv") for name in names}

    assert len(files) == len(names)
    assert all(re.fullmatch(r"statement-2026-10-[a-z0-9-]{1,40}-[0-9a-f]{16}\.csv", file) for file in files)


@given(whole=amounts, weights=st.lists(st.fractions(Fraction(1, 1000), Fraction(10**6)), min_size=1, max_size=7))
@EXAMPLES
def test_what_is_distributed_adds_up_to_what_nobody_was_named_for(whole: Decimal, weights: list[Fraction]) -> None:
    assert exact_sum(parts_of(whole, weights)) == Fraction(whole)
