"""`genai-finops prices`: one file per command; each is imported when it is asked for."""

import importlib

import click

from genai_finops.cli.errors import FinopsGroup

_COMMANDS = {
    "diff": ("diff", "Compare what usage costs under the prices known at two moments."),
    "explain": ("explain", "Say what one request costs, by which rates, and where they come from."),
    "list": ("list_entries", "List the prices and plans of an organisation, or those of the platform."),
    "rate": ("rate", "Rate many requests from one file into another."),
    "refresh": ("refresh", "Bring the price book up to date with its sources."),
    "remove": ("remove_entry", "End a price or plan that was entered."),
    "reset": ("reset_entries", "Give an organisation the default prices and plans again; its own stay."),
    "set": ("set_entry", "Enter a price, a discount or an allowance for the platform, an organisation or an account."),
    "whatif": ("whatif", "Say what usage would cost under other rates, without publishing anything."),
}


class _LazyPrices(FinopsGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - signature of click
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command = importlib.import_module(f"genai_finops.cli.prices.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - an invariant of the table above
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(cls=_LazyPrices)
def prices() -> None:
    """The price book: what is charged, since when, and how we know."""
