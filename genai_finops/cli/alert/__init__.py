"""`genai-finops alert`: one file per group of commands; each is imported when it is asked for."""

import importlib

import click

from genai_finops.cli.errors import FinopsGroup

_COMMANDS = {
    "channel": ("channel", "Where alerts are sent to: e-mail, Slack, Teams, PagerDuty, SMS, webhooks."),
    "dead-letters": ("dead_letters", "Deliveries that were given up."),
    "dispatch": ("dispatch", "Send what is due."),
    "list": ("list_alerts", "What was raised."),
    "retry": ("retry", "Send deliveries again that were given up."),
    "route": ("route", "Which alerts go to which channel, and at which hours not."),
    "show": ("show", "One alert, and what became of each of its deliveries."),
}


class _LazyAlert(FinopsGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - signature of click
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command = importlib.import_module(f"genai_finops.cli.alert.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - an invariant of the table above
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(cls=_LazyAlert)
def alert() -> None:
    """Alerts: what was raised, who is told of it where, and what became of that."""
