"""`genai-finops simulate`: the providers' interfaces as a local server, and the truth behind them."""

import datetime as dt
import json
import shlex
import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import click

from genai_finops.cli.errors import FinopsGroup
from genai_finops.errors import FinopsError
from genai_finops.simulator.registry import PROVIDERS
from genai_finops.simulator.running import DEFAULT_NOW, describe, environment, running_simulator
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.truth import truth as truth_of
from genai_finops.simulator.world import build_world

_DEFAULTS = Scenario()
_TOTAL_COLUMNS = ("provider", "org", "rows", "requests", "tokens", "cost", "rows_without_cost")

Command = TypeVar("Command", bound=Callable[..., Any])


def _moment(_: click.Context, __: click.Parameter, value: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a time such as {DEFAULT_NOW.isoformat()}") from None
    if moment.tzinfo is None:
        raise click.BadParameter(f"{value!r} has no offset from UTC; append Z for UTC")
    return moment.astimezone(dt.UTC)


def _scenario_options(command: Command) -> Command:
    day = click.DateTime(["%Y-%m-%d"])
    options = (
        click.option("--seed", type=int, default=_DEFAULTS.seed, show_default=True, help="Everything follows from it."),
        click.option(
            "--from",
            "first",
            type=day,
            default=_DEFAULTS.first_day.isoformat(),
            show_default=True,
            metavar="YYYY-MM-DD",
            help="First UTC day with usage.",
        ),
        click.option(
            "--to",
            "last",
            type=day,
            default=_DEFAULTS.last_day.isoformat(),
            show_default=True,
            metavar="YYYY-MM-DD",
            help="Last UTC day with usage, inclusive.",
        ),
        click.option(
            "--orgs", default=",".join(_DEFAULTS.orgs), show_default=True, help="Organisations, separated by commas."
        ),
        click.option(
            "--now",
            default=DEFAULT_NOW.isoformat(),
            show_default=True,
            callback=_moment,
            metavar="TIME",
            help="The simulator's clock: what has happened or arrived later is not shown.",
        ),
        click.option("--lag-hours", type=click.IntRange(0, 48), default=8, show_default=True, help="Delay of usage."),
        click.option(
            "--restatement-days",
            type=click.IntRange(0, 30),
            default=_DEFAULTS.restatement_days,
            show_default=True,
            help="Days after its end in which a day still grows.",
        ),
        click.option("--long-prompts", is_flag=True, help="Add prompts above the price thresholds that usage hides."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _scenario(told: dict[str, Any]) -> Scenario:
    try:
        return Scenario(
            seed=told["seed"],
            first_day=told["first"].date(),
            last_day=told["last"].date(),
            orgs=tuple(org.strip() for org in told["orgs"].split(",") if org.strip()),
            long_prompts=told["long_prompts"],
            lag=dt.timedelta(hours=told["lag_hours"]),
            restatement_days=told["restatement_days"],
        )
    except ValueError as error:
        raise FinopsError(str(error), remedy="Correct --from, --to or --orgs") from error


@click.group(cls=FinopsGroup)
def simulate() -> None:
    """The providers' interfaces as local servers with a known truth."""


@simulate.command()
@_scenario_options
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0: any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def serve(*, port: int, host: str, now: dt.datetime, **told: Any) -> None:
    """Serve all providers until interrupted. Prints one line of JSON, with the base URLs, when ready."""
    stop = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stop.set())
    try:
        with running_simulator(scenario=_scenario(told), now=now, host=host, port=port) as simulator:
            # click.echo flushes: whoever started this waits for the line.
            click.echo(json.dumps(describe(simulator)))
            stop.wait()
    except OSError as error:
        raise FinopsError(
            f"cannot listen on {host}:{port}: {error.strerror}", remedy="Choose another --port"
        ) from error


@simulate.command("environment")
@click.option("--port", type=click.IntRange(1, 65535), default=8090, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--now", default=DEFAULT_NOW.isoformat(), show_default=True, callback=_moment, metavar="TIME")
def print_environment(*, port: int, host: str, now: dt.datetime) -> None:
    """Print the variables that point the platform at a simulator, for a shell to evaluate."""
    for name, value in environment(f"http://{host}:{port}", now, PROVIDERS).items():
        click.echo(f"export {name}={shlex.quote(value)}")


@simulate.command()
@_scenario_options
@click.option("--grain", type=click.Choice(["day", "hour"]), default="day", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print every row as JSON instead of the totals.")
def truth(*, now: dt.datetime, grain: Any, as_json: bool, **told: Any) -> None:
    """Print what the simulated usage and its cost amount to at --now."""
    found = truth_of(build_world(_scenario(told)), now, grain)
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo("\t".join(_TOTAL_COLUMNS))
    for total in found["totals"]:
        click.echo("\t".join("-" if total[name] is None else str(total[name]) for name in _TOTAL_COLUMNS))
