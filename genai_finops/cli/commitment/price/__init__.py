"""`genai-finops commitment price`: what organisations and accounts agreed on for capacity and accelerators."""

import importlib

import click

from genai_finops.cli.errors import FinopsGroup

_COMMANDS = {
    "list": ("list_prices", "List the prices that were entered."),
    "remove": ("remove_price", "End a price that was entered."),
    "set": ("set_price", "Enter a price of an organisation or account."),
}


class _LazyPrice(FinopsGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - signature of click
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        found = importlib.import_module(f"genai_finops.cli.commitment.price.{module}").command
        assert isinstance(found, click.Command)  # noqa: S101 - an invariant of the table above
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(name="price", cls=_LazyPrice)
def command() -> None:
    """Own prices of capacity and accelerators."""
