"""How the command line fails: one reason, one remedy, exit code 1, no traceback."""

from typing import Any

import click

from genai_finops.errors import FinopsError


class FinopsGroup(click.Group):
    """A group of commands that turns a FinopsError of any command below it into `Error: reason. remedy`, exit code 1.

    Other exceptions are bugs, and keep their traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FinopsError as error:
            raise click.ClickException(str(error)) from error
