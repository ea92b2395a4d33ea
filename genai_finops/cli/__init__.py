"""The command line: one file per group of commands, and the entry point.

Commands are imported when they are asked for: `--help` must not wait for dbt and Dagster (about 5 s of imports).
"""

import importlib

import click

from genai_finops import __version__
from genai_finops.cli.errors import FinopsGroup

_COMMANDS = {
    "account": ("account", "account", "Accounts of organisations at the providers."),
    "alert": ("alert", "alert", "Alerts: what was raised, who is told of it where, and what became of that."),
    "advice": ("advice", "advice", "What could be saved, how sure that is, and what it has saved."),
    "anomaly": ("anomaly", "anomaly", "Days that cost other than expected, and events that explain some."),
    "attribution": ("attribution", "attribution", "Who caused the cost: rules, costs by consumer, findings and views."),
    "budget": ("budget", "budget", "Budgets: what scopes may spend, have spent, and are expected to."),
    "commitment": (
        "commitment",
        "commitment",
        "Reserved capacity that is ordered without an interface, and its prices.",
    ),
    "credential": ("credential", "credential", "Credentials to read the providers with."),
    "dagster-home": ("dagster_home", "dagster_home", "Prepare the folder in which Dagster keeps its runs."),
    "dbt-docs": ("dbt_docs", "dbt_docs", "Write the documentation of all tables as one HTML file."),
    "demo": ("demo", "demo", "Run the whole platform over simulated providers."),
    "doctor": ("doctor", "doctor", "Check the stores, and every credential at its provider."),
    "explain": ("explain", "explain", "Why the cost of a period differs from that of another."),
    "focus": ("focus", "focus", "Export FOCUS 1.3."),
    "forecast": ("forecast", "forecast", "What a budget or a scope is expected to spend, with intervals."),
    "hierarchy": ("hierarchy", "hierarchy", "Departments, projects and teams, and what is assigned to them."),
    "ingest": ("ingest", "ingest", "Read usage from the providers into the lake."),
    "logs": ("logs", "logs", "Request logs: read them, list what was read and what was rejected."),
    "open-day": ("open_day", "open_day", "Read and build what is known of today, for budgets."),
    "metrics": ("metrics", "metrics", "Metrics of spend, budgets, alerts and operations for Prometheus."),
    "org": ("org", "org", "Organisations that the platform works for."),
    "prices": ("prices", "prices", "The price book: what is charged, since when, and how we know."),
    "providers": ("providers", "providers", "What is configured, and whether it can be read."),
    "quota": ("quota", "quota", "Whether requests may be made, by the budgets that block."),
    "simulate": ("simulate", "simulate", "The providers' interfaces as local servers with a known truth."),
    "snapshot": ("snapshot", "snapshot", "Keep what the providers list now: deployments, reservations."),
    "statement": ("statement", "statement", "Showback and chargeback: what each tenant is charged for a month."),
    "transform": ("transform", "transform", "Build the warehouse from the lake."),
}


class _LazyGroup(FinopsGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - signature of click
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command = getattr(importlib.import_module(f"genai_finops.cli.{module}"), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - an invariant of the table above
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in sorted(_COMMANDS.items())])


@click.group(cls=_LazyGroup)
@click.version_option(__version__, prog_name="genai-finops")
def main() -> None:
    """The cost of generative AI: usage of the providers, priced, as FOCUS 1.3."""
