"""`genai-finops explain`: why the cost of a period differs from that of another."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import click

from genai_finops.anomalies.explanation import Explanation
from genai_finops.anomalies.explanation import explain as explain_change
from genai_finops.cli.context import current_settings, json_option, print_rows
from genai_finops.control.attribution_rules import shown_name
from genai_finops.errors import FinopsError
from genai_finops.warehouse.explained_costs import CostBasis, period_costs, tenant_changes
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.spend_scope import SpendScope

_CENT = Decimal("0.01")
_SHOWN = 3
_MOST_DAYS = 3660


@click.command()
@click.option("--from", "before", required=True, metavar="DAY..DAY", help="UTC days before, both inclusive; or a day.")
@click.option("--to", "after", required=True, metavar="DAY..DAY", help="UTC days after, both inclusive; or a day.")
@click.option("--scope", default="", metavar="DIMENSION=VALUE,...", help="Part of the cost; without, all of it.")
@click.option("--basis", type=click.Choice(["effective", "billed", "list"]), default="effective", show_default=True)
@json_option
def explain(*, before: str, after: str, scope: str, basis: CostBasis, as_json: bool) -> None:
    """Split the change of cost between two periods into effects that add up to it.

    docs/anomalies.md has the formula of each effect. Periods of different lengths are compared by their totals, and
    per day beside them.
    """
    wanted, first, second = SpendScope.parse(scope), _days(before, "--from"), _days(after, "--to")
    with open_warehouse(current_settings()) as warehouse:
        found = explain_change(
            period_costs(warehouse, wanted, first, basis), period_costs(warehouse, wanted, second, basis)
        )
        tenants = tenant_changes(warehouse, wanted, first, second, basis)
    if as_json:
        told = [_as_json(one, tenants.get(one.currency, []), len(first), len(second)) for one in found]
        click.echo(json.dumps(told, indent=2))
        return
    if not found:
        click.echo("No cost in either period.", err=True)
    for one in found:
        _print(one, tenants.get(one.currency, []), len(first), len(second))


def _days(text: str, option: str) -> list[dt.date]:
    start, _, end = text.partition("..")
    try:
        first = dt.date.fromisoformat(start.strip())
        last = dt.date.fromisoformat(end.strip()) if ".." in text else first
    except ValueError:
        raise FinopsError(
            f"{option} {text!r} is no range of days", remedy="Write it as 2026-10-01..2026-10-07."
        ) from None
    if last < first or (last - first).days >= _MOST_DAYS:
        raise FinopsError(
            f"{option} {text!r} ends before it begins, or is longer than ten years",
            remedy="Give the earlier day first.",
        )
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]


def _print(one: Explanation, tenants: list[tuple[str | None, Decimal]], days_before: int, days_after: int) -> None:
    click.echo(f"{one.before:.2f} -> {one.after:.2f} {one.currency}: {one.change:+.2f}")
    if days_before != days_after:
        before, after = one.before / days_before, one.after / days_after
        click.echo(f"per day {before:.2f} -> {after:.2f}: {after - before:+.2f}")
    rows = [
        {
            "effect": effect.replace("_", " "),
            "amount": f"{amount:+.2f}",
            "share": f"{amount / one.change:.1%}" if one.change else None,
            "most of it": _named(one.behind.get(effect, ())),
        }
        for effect, amount in one.effects.items()
        if effect != "rounding"
    ]
    print_rows(rows, as_json=False, empty="Nothing changed.")
    if tenants:
        click.echo(f"tenants: {_named(tuple((name or 'without a tenant', amount) for name, amount in tenants))}")
    for text, names in (
        ("new", one.new_models),
        ("ended", one.ended_models),
        ("without a price, and no part of this", one.unpriced_models),
    ):
        if names:
            click.echo(f"{text}: {', '.join(map(shown_name, names))}")


def _named(parts: tuple[tuple[str, Decimal], ...]) -> str:
    shown = [f"{shown_name(name)} {amount:+.2f}" for name, amount in parts[:_SHOWN] if abs(amount) >= _CENT]
    return ", ".join(shown) or "-"


def _as_json(
    one: Explanation, tenants: list[tuple[str | None, Decimal]], days_before: int, days_after: int
) -> dict[str, Any]:
    return {
        "currency": one.currency,
        "before": f"{one.before:f}",
        "after": f"{one.after:f}",
        "change": f"{one.change:f}",
        "days_before": days_before,
        "days_after": days_after,
        "effects": {
            effect: {
                "amount": f"{amount:f}",
                "models": [{"name": name, "amount": f"{part:f}"} for name, part in one.behind.get(effect, ())],
            }
            for effect, amount in one.effects.items()
        },
        "tenants": [{"tenant": name, "change": f"{amount:f}"} for name, amount in tenants],
        "new_models": one.new_models,
        "ended_models": one.ended_models,
        "unpriced_models": one.unpriced_models,
    }
