"""`genai-finops budget`: one file per command; each is imported when it is asked for."""

import importlib

import click

from genai_finops.cli.errors import FinopsGroup

_COMMANDS = {
    "add": ("add_budget", "Say how much a scope may spend in each period."),
    "list": ("list_budgets", "List the budgets."),
    "remove": ("remove_budget", "Delete a budget."),
    "replay": ("replay", "What a budget would have told and blocked over past days."),
    "set": ("set_budget", "Change a budget."),
    "show": ("show_budget", "Everything about one budget."),
    "status": ("status", "What is spent of each budget, and expected."),
    "tick": ("tick", "Evaluate the budgets now."),
}


class _LazyBudget(FinopsGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - signature of click
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command = importlib.import_module(f"genai_finops.cli.budget.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - an invariant of the table above
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(cls=_LazyBudget)
def budget() -> None:
    """Budgets: what scopes may spend, have spent, and are expected to."""
