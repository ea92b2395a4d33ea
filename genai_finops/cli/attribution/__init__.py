"""`genai-finops attribution`: one file per command; each is imported when it is asked for."""

import importlib

import click

from genai_finops.cli.errors import FinopsGroup

_COMMANDS = {
    "costs": ("costs", "Cost by tenant, user, task or conversation, and what has no consumer."),
    "coverage": ("coverage", "How much of the cost the request logs account for, and why not all."),
    "findings": ("findings", "What the checks of the attribution noticed."),
    "rule": ("rule", "Rules for whom cost belongs to where request logs do not say."),
    "views": ("views", "Views of one organisation or tenant, which show nothing of the others."),
}


class _LazyAttribution(FinopsGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - signature of click
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command = importlib.import_module(f"genai_finops.cli.attribution.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - an invariant of the table above
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(cls=_LazyAttribution)
def attribution() -> None:
    """Who caused the cost: rules, costs by consumer, coverage, findings and views."""
