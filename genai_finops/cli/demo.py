"""`genai-finops demo`: the whole platform over simulated providers, totals beside the truth."""

from decimal import Decimal

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.demo.attribution import DimensionCosts
from genai_finops.demo.budgets import BudgetDemo
from genai_finops.demo.comparison import ProviderComparison
from genai_finops.demo.reserved_capacity import CapacityComparison
from genai_finops.demo.run import ALL_DAYS, DemoResult, run_demo
from genai_finops.demo.verdict import validator_verdict
from genai_finops.errors import FinopsError

_NAMED_KEYS = 5
_CENT = Decimal("0.01")


@click.command()
@click.option(
    "--days",
    type=click.IntRange(1, ALL_DAYS),
    default=ALL_DAYS,
    show_default=True,
    help="The last days of the scenario. A home that was used for more days keeps them.",
)
def demo(*, days: int) -> None:
    """Run simulated days of all providers through Dagster and compare every number with the simulator's truth.

    The exit code is 1 when any number differs. Running it again changes no total.
    """
    settings = current_settings()
    result = run_demo(click.echo, now=utc_now(), days=days)
    click.echo()
    _print_comparison(result)
    click.echo()
    click.echo("Reserved capacity: every figure of every commitment, in unit-hours and USD, to 12 decimals")
    for comparison in result.capacity:
        _print_capacity(comparison)
    click.echo()
    click.echo(f"FOCUS 1.3: {result.focus.rows:,} rows, {_shown(result.focus.cost)} USD; ", nl=False)
    click.echo(f"difference to the priced usage {_shown(result.focus.cost - result.focus.priced_cost)}")
    click.echo(
        f"Of it {_shown(result.focus.estimated_cost)} USD are estimated: that usage does not say how long its prompts "
        "were, or how much of them was cached (docs/adr/0004, 0006)"
    )
    click.echo(f"Official validator: {validator_verdict(settings)}")
    click.echo()
    _print_attribution(result)
    click.echo()
    _print_budgets(result.budgets)
    click.echo()
    click.echo("Open next:")
    click.echo(
        "  make dev-simulated                     Dagster on http://127.0.0.1:3000, over the same simulated providers"
    )
    click.echo(f"  {settings.home}/focus    the FOCUS export and its metadata")
    click.echo("  .venv/bin/genai-finops --help          the command line")
    if not result.is_exact:
        raise FinopsError("Some numbers differ from the truth", remedy="Report it with the lines above: it is a defect")


def _print_comparison(result: DemoResult) -> None:
    click.echo(f"{'provider':<14}{'':<15}{'platform':>26}{'truth':>26}{'difference':>14}")
    for comparison in result.comparisons:
        _print_provider(comparison)


def _print_provider(comparison: ProviderComparison) -> None:
    for measure in comparison.measures:
        click.echo(
            f"{comparison.provider:<14}{measure.name:<15}{_shown(measure.found):>26}{_shown(measure.truth):>26}"
            f"{_shown(measure.difference):>14}"
        )
    click.echo(
        f"{comparison.provider:<14}{comparison.keys:,} keys of organisation, model, tier, day and meter compared, "
        f"{len(comparison.differing_keys)} differ"
    )
    for key in comparison.differing_keys[:_NAMED_KEYS]:
        click.echo(f"{'':<14}differs: {key}")


def _print_capacity(comparison: CapacityComparison) -> None:
    for measure in comparison.measures:
        click.echo(
            f"{comparison.provider:<14}{measure.name:<22}{_shown(measure.found):>26}{_shown(measure.truth):>26}"
            f"{_shown(measure.difference):>10}"
        )
    click.echo(
        f"{comparison.provider:<14}{comparison.commitments} commitments, {comparison.figures:,} figures compared, "
        f"{len(comparison.differing)} differ"
    )
    for key in comparison.differing[:_NAMED_KEYS]:
        click.echo(f"{'':<14}differs: {key}")


def _print_attribution(result: DemoResult) -> None:
    found = result.attribution
    click.echo(
        f"Who caused the cost: effective cost in USD by five dimensions, each adding up to {_shown(found.focus_cost)}"
    )
    for dimension in found.dimensions:
        _print_dimension(dimension)
    reasons = ", ".join(f"{reason} {_cents(amount)}" for reason, amount in found.unattributed)
    click.echo(f"unattributed  {reasons}")
    click.echo(
        f"Request logs: {result.logs.files} files of {result.logs.sources} sources, {found.requests:,} requests, "
        f"{result.logs.repeated:,} told again, {result.logs.rejects:,} lines rejected; "
        f"logs whose requests differ from the truth: {len(found.differing_logs)}"
    )
    click.echo(
        f"Attribution beside the truth: {found.charges:,} charges, {found.amounts:,} amounts of consumers and reasons "
        f"compared, {len(found.differing)} differ"
    )
    for key in (*found.differing_logs, *found.differing)[:_NAMED_KEYS]:
        click.echo(f"{'':<14}differs: {key}")


def _print_budgets(found: BudgetDemo) -> None:
    click.echo(f"Budgets: looked at {found.looks} times; alerts at a webhook of this machine:")
    for alert in found.alerts:
        click.echo(f"  {alert.raised_at:%Y-%m-%d %H:%M}  {alert.severity:<9}{alert.title}")
    click.echo(
        f"{found.received} deliveries received, {found.refused} with a wrong signature; {found.threshold_alerts} alerts"
        f" on spend beside a replay of the same days, {len(found.differing)} differ"
    )
    for name in found.differing[:_NAMED_KEYS]:
        click.echo(f"{'':<14}differs: {name}")
    if found.answer is not None:
        scope = found.blocked.scope
        click.echo(f"Quota: a request of {scope} on the last day: {found.answer.outcome}. {found.answer.why}")


def _print_dimension(dimension: DimensionCosts) -> None:
    dearest = ", ".join(f"{org}/{name} {_cents(cost)}" for org, name, cost in dimension.dearest)
    click.echo(f"{dimension.name:<14}{dimension.coverage:7.2%} named; dearest: {dearest}")


def _cents(amount: Decimal) -> str:
    return f"{amount.quantize(_CENT):,f}"


def _shown(number: object) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
