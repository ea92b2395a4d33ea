"""Days as the commands take them."""

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

import click

from genai_finops.errors import FinopsError
from genai_finops.providers.base import Window

Command = TypeVar("Command", bound=Callable[..., Any])


def day_range_options(command: Command) -> Command:
    """Options --from and --to: UTC days, both inclusive."""
    for name, parameter, text in (("--to", "last", "Last UTC day, inclusive."), ("--from", "first", "First UTC day.")):
        command = click.option(
            name, parameter, type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="YYYY-MM-DD", help=text
        )(command)
    return command


def window_from(first: dt.datetime, last: dt.datetime) -> Window:
    """The window of the days first to last, both inclusive. Raises FinopsError when they are in the wrong order."""
    if last < first:
        raise FinopsError(f"--from {first.date()} is after --to {last.date()}", remedy="Give the earlier day as --from")
    return Window.of_days(first.date(), last.date())
