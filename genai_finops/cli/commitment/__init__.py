"""`genai-finops commitment`: one file per command; each is imported when it is asked for."""

import importlib

import click

from genai_finops.cli.errors import FinopsGroup

_COMMANDS = {
    "add": ("add_order", "Enter an order of reserved capacity that no interface lists."),
    "end": ("end_order", "Say that an order stopped before the end of its term."),
    "import": ("import_orders", "Enter the orders of a CSV or YAML file, all of them or none."),
    "list": ("list_orders", "List the orders that were entered."),
    "price": ("price", "Own prices of capacity and accelerators."),
    "remove": ("remove_order", "Take back an order that was entered by mistake."),
}


class _LazyCommitment(FinopsGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - signature of click
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command = importlib.import_module(f"genai_finops.cli.commitment.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - an invariant of the table above
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(cls=_LazyCommitment)
def commitment() -> None:
    """Reserved capacity that is ordered without an interface, and its prices."""
