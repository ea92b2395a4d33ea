"""`genai-finops quota`: one file per command; each is imported when it is asked for."""

import importlib

import click

from genai_finops.cli.errors import FinopsGroup

_COMMANDS = {
    "blocklist": ("block_list", "What is blocked now: write the list, and show it."),
    "check": ("check", "Ask whether a request may be made, and reserve what it is expected to take."),
    "release": ("release", "Say that a request took nothing."),
    "reservations": ("reservations", "Requests that are under way."),
    "serve": ("serve", "Answer gateways over HTTP: checks, settlements, the block list."),
    "settle": ("settle", "Say what a request took."),
}


class _LazyQuota(FinopsGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - signature of click
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command = importlib.import_module(f"genai_finops.cli.quota.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - an invariant of the table above
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(cls=_LazyQuota)
def quota() -> None:
    """Whether requests may be made before they are made, by the budgets that block."""
