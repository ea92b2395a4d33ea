"""`genai-finops quota check`: may this request be made?"""

import datetime as dt
import json
from contextlib import closing
from decimal import Decimal
from typing import Any, Literal

import click

from genai_finops.cli.context import current_settings, json_option
from genai_finops.cli.quota.options import amount_from, amount_options, process_time
from genai_finops.quotas.decision import Decision, shown_amount
from genai_finops.quotas.gate import GatePolicy, QuotaGate
from genai_finops.quotas.request_scope import RequestScope
from genai_finops.quotas.wire import decision_object
from genai_finops.warehouse.spend_scope import SpendScope

_BLOCKED = 3


@click.command(name="check")
@click.argument("scope")
@amount_options
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Tag of the request; repeatable.")
@click.option("--dry-run", is_flag=True, help="Answer, and reserve nothing.")
@click.option(
    "--expires-after", type=click.IntRange(1, 86_400), default=600, show_default=True, help="Seconds; see docs."
)
@click.option(
    "--when-unreachable",
    type=click.Choice(["allow", "block"]),
    default="allow",
    show_default=True,
    help="The answer without the control database.",
)
@json_option
def command(
    *,
    scope: str,
    tags: tuple[str, ...],
    dry_run: bool,
    expires_after: int,
    when_unreachable: Literal["allow", "block"],
    as_json: bool,
    **told: Any,
) -> None:
    """Ask whether a request of SCOPE may be made; exit code 3 where it may not.

    SCOPE names every dimension of the request that a budget may have; it is then matched with all budgets.

    \b
      genai-finops quota check org=acme,provider=openai,model=gpt-5,tenant=initrode --cost 0.05
      genai-finops quota check org=acme,provider=openai,model=gpt-5 --usage input_tokens=1200 --usage output_tokens=800
    """
    now = process_time()
    dimensions = SpendScope.parse(scope).as_mapping()
    amount = amount_from(dimensions, is_upper_bound=True, now=now, **told)
    policy = GatePolicy(expiry=dt.timedelta(seconds=expires_after), when_unreachable=when_unreachable)
    with closing(QuotaGate(current_settings(), policy)) as gate:
        decision = gate.check(RequestScope.of(dimensions, tags), amount, now=now, is_reserving=not dry_run)
    click.echo(json.dumps(decision_object(decision), indent=2) if as_json else _shown(decision))
    if not decision.is_allowed:
        raise click.exceptions.Exit(_BLOCKED)


def _shown(decision: Decision) -> str:
    lines = [f"{decision.outcome}: {decision.why}"]
    if decision.reservation_id is not None:
        lines.append(f"reservation {decision.reservation_id} until {decision.expires_at:%Y-%m-%d %H:%M:%S}Z")
    for answer in decision.budgets:
        data = ", ".join(f"{provider} {moment:%Y-%m-%d %H:%M}Z" for provider, moment in answer.data_as_of.items())
        figures = [
            (name, amount)
            for name, amount in (("spend", answer.spend), ("reserved", answer.reserved), ("bound", answer.bound))
            if isinstance(amount, Decimal)
        ]
        shown = ", ".join(f"{name} {shown_amount(amount, answer.currency)}" for name, amount in figures)
        lines.append(f"  {answer.budget}: {shown}; data as of {data or '-'}")
    return "\n".join(lines)
