"""`genai-finops demo`: the whole platform over simulated providers, totals beside the truth."""

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.demo.comparison import ProviderComparison
from genai_finops.demo.reserved_capacity import CapacityComparison
from genai_finops.demo.run import DemoResult, run_demo
from genai_finops.demo.verdict import validator_verdict
from genai_finops.errors import FinopsError

_NAMED_KEYS = 5


@click.command()
def demo() -> None:
    """Run 35 days of all simulated providers through Dagster and compare every number with the simulator's truth.

    The exit code is 1 when any number differs. Running it again changes no total.
    """
    settings = current_settings()
    result = run_demo(click.echo, now=utc_now())
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


def _shown(number: object) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
