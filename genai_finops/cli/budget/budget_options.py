"""Values of a budget as the commands take them."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, cast, get_args

import click

from genai_finops.budgets.budget import (
    DEFAULT_THRESHOLDS,
    Action,
    Measure,
    PeriodKind,
    Severity,
    Threshold,
)
from genai_finops.cli.entered_values import day_after, number
from genai_finops.control.alert_content import PLATFORM
from genai_finops.errors import FinopsError
from genai_finops.warehouse.spend_scope import DIMENSIONS, SpendScope

Command = TypeVar("Command", bound=Callable[..., Any])

_THRESHOLD = re.compile(r"(?:(actual|forecast):)?([0-9.]+)\s*%=([a-z]+)(?::([a-z,]+))?")
_DURATION = re.compile(r"([0-9]+)([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_DAY = click.DateTime(["%Y-%m-%d"])

_OPTIONS = (
    click.option(
        "--scope",
        "scope",
        multiple=True,
        metavar="DIMENSION=VALUE",
        help=f"What is counted; may be repeated. DIMENSION is one of {', '.join(DIMENSIONS)}; a tag is tag=KEY=VALUE."
        "  [default: all spend of OWNER]",
    ),
    click.option("--amount", type=number, metavar="NUMBER", help="What may be spent in a period."),
    click.option("--currency", metavar="CODE", help="ISO 4217; spend in others is not counted. Not with tokens."),
    click.option("--measure", type=click.Choice(get_args(Measure)), help="What is counted."),
    click.option("--period", type=click.Choice(get_args(PeriodKind)), help="When it begins anew."),
    click.option("--time-zone", metavar="NAME", help="Periods begin at midnight there, as in Europe/Berlin."),
    click.option("--from", "first", type=_DAY, metavar="YYYY-MM-DD", help="First day, there."),
    click.option("--to", "last", type=_DAY, metavar="YYYY-MM-DD", help="Last day, inclusive."),
    click.option("--rollover/--no-rollover", "rollover", default=None, help="Whether what is left is carried over."),
    click.option("--rollover-limit", type=number, metavar="NUMBER", help="At most so much is carried over."),
    click.option(
        "--threshold",
        "thresholds",
        multiple=True,
        metavar="[KIND:]SHARE%=SEVERITY[:ACTIONS]",
        help="As in 80%=warning or forecast:100%=critical:notify,log; may be repeated, and replaces those of before."
        "  [default: 50% info, 75% warning, 90% critical, 100% exceeded, actual and forecast]",
    ),
    click.option("--block", is_flag=True, help="Also block at the last of the actual thresholds."),
    click.option(
        "--when-unknown", type=click.Choice(["allow", "block"]), help="What quota checks answer without known spend."
    ),
    click.option("--remind-after", metavar="DURATION", help="Tell again of what still holds, as in 12h; never: once."),
    click.option("--cool-down", metavar="DURATION", help="Tell of a threshold crossed again no sooner, as in 1h."),
    click.option("--late-after", metavar="DURATION", help="Older data is an alert of its own, as in 36h."),
    click.option("--description", metavar="TEXT", help="What it is for."),
)


def budget_options(command: Command) -> Command:
    """The options that say what a budget is; what is not given is None or empty. See `budget_fields`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def budget_fields(
    owner: str,
    *,
    scope: Sequence[str],
    thresholds: Sequence[str],
    block: bool,
    first: dt.datetime | None,
    last: dt.datetime | None,
    rollover: bool | None,
    of_thresholds: tuple[Threshold, ...] = DEFAULT_THRESHOLDS,
    **values: Any,
) -> dict[str, Any]:
    """The fields of a Budget that were given. Raises FinopsError for a text that cannot be read.

    `of_thresholds` are those that `block` is added to where no others are given.
    """
    fields: dict[str, Any] = {
        name: value for name, value in values.items() if value is not None and name not in _DURATION_FIELDS
    }
    if scope:
        fields["scope"] = scope_of(owner, scope)
    if thresholds:
        fields["thresholds"] = tuple(threshold_of(text) for text in thresholds)
    if block:
        fields["thresholds"] = _blocking(fields.get("thresholds", of_thresholds))
    if first is not None:
        fields["valid_from"] = first.date()
    if last is not None:
        fields["valid_to"] = day_after(last.date())
    if rollover is not None:
        fields["is_rolling_over"] = rollover
        if not rollover:
            fields["rollover_limit"] = None
    for name in _DURATION_FIELDS:
        if values.get(name) is not None:
            fields[name] = duration_of(values[name], option=f"--{name.replace('_', '-')}")
    return fields


_DURATION_FIELDS = ("remind_after", "cool_down", "late_after")


def scope_of(owner: str, parts: Sequence[str]) -> SpendScope:
    """The scope; that of an organisation's budget is within the organisation. Raises FinopsError."""
    given = [part.partition("=") for part in parts]
    names = [name for name, _, _ in given]
    if len(set(names)) < len(names):
        raise FinopsError(f"--scope names a dimension twice: {', '.join(parts)}", remedy="Give each dimension once.")
    own = {} if owner == PLATFORM else {"org": owner}
    return SpendScope.of({**own, **{name: value for name, _, value in given}})


def threshold_of(text: str) -> Threshold:
    """`[KIND:]SHARE%=SEVERITY[:ACTIONS]`. Raises FinopsError for anything else."""
    found = _THRESHOLD.fullmatch(text)
    try:
        share = Decimal(found[2]) / 100 if found else Decimal(0)
    except InvalidOperation:
        found = None
    if found is None:
        raise FinopsError(
            f"--threshold {text!r} cannot be read",
            remedy="Write it as 80%=warning, forecast:100%=critical or 100%=exceeded:notify,log,block.",
        )
    actions = tuple(found[4].split(",")) if found[4] else ("notify", "log")
    return Threshold(
        share=share,
        kind="forecast" if found[1] == "forecast" else "actual",
        severity=cast("Severity", found[3]),
        actions=cast("tuple[Action, ...]", actions),
    )


def duration_of(text: str, *, option: str) -> dt.timedelta | None:
    """`30m`, `12h` or `2d`; `never` is None, for reminders. Raises FinopsError for anything else."""
    if text == "never" and option == "--remind-after":
        return None
    found = _DURATION.fullmatch(text)
    # Longer than any limit of ours, and timedelta overflows.
    if found is None or len(found[1]) > 6:  # noqa: PLR2004
        raise FinopsError(f"{option} is {text!r}", remedy="Write a duration as 30m, 12h or 2d.")
    return dt.timedelta(**{_UNITS[found[2]]: int(found[1])})


def _blocking(thresholds: tuple[Threshold, ...]) -> tuple[Threshold, ...]:
    last = max((each.share for each in thresholds if each.kind == "actual"), default=None)
    if last is None:
        raise FinopsError("--block without an actual threshold", remedy="Add one, as in --threshold 100%=exceeded.")
    return tuple(
        replace(each, actions=(*each.actions, "block"))
        if each.kind == "actual" and each.share == last and "block" not in each.actions
        else each
        for each in thresholds
    )
