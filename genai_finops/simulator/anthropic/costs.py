"""The cost report: what the simulated Anthropic bills, as decimal text in cents."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_finops.simulator.anthropic.query import COST_LIMITS, ReportQuery, parse_query
from genai_finops.simulator.anthropic.usage import envelope
from genai_finops.simulator.buckets import WIDTHS, floor_to
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.noise import draw
from genai_finops.simulator.provider import ReportedCharge
from genai_finops.simulator.rating import price_of
from genai_finops.simulator.sale import cost_of
from genai_finops.simulator.traffic import Account, Stream
from genai_finops.simulator.wire import WireRequest

_GROUP_BY = ("workspace_id", "description")
#: Description and token_type of a meter.
_TOKENS = {
    "uncached_input": ("Input Tokens", "uncached_input_tokens"),
    "output": ("Output Tokens", "output_tokens"),
    "cache_read": ("Input Tokens, Cache Read", "cache_read_input_tokens"),
    "cache_write_5m": ("Input Tokens, Cache Write", "cache_creation.ephemeral_5m_input_tokens"),
    "cache_write_1h": ("Input Tokens, Cache Write (1 hour)", "cache_creation.ephemeral_1h_input_tokens"),
}
_CENTS = 100
_CODE_EXECUTION = "Code Execution Usage"
_PER_CONTAINER_HOUR = Decimal("0.05")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charge:
    dollars: Decimal
    workspace_id: str | None
    #: The fields that only `group_by[]=description` shows.
    parsed: tuple[tuple[str, str | None], ...]


def costs_page(request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
    """One page of `/v1/organizations/cost_report`. Raises Refusal.

    Without `ending_at` the window ends at the midnight before now.
    """
    query = parse_query(
        request,
        org=account.org,
        now=ledger.now,
        group_by=_GROUP_BY,
        filters={},
        limits=COST_LIMITS,
        default_end=floor_to(ledger.now, WIDTHS["1d"]),
    )
    return envelope(query, lambda start, _: _rows(query, account, ledger, start.date()))


def _parsed(
    description: str,
    cost_type: str,
    *,
    model: str | None = None,
    token_type: str | None = None,
    context_window: str | None = None,
    inference_geo: str | None = None,
    service_tier: str | None = None,
) -> tuple[tuple[str, str | None], ...]:
    return (
        ("cost_type", cost_type),
        ("description", description),
        ("model", model),
        ("token_type", token_type),
        ("context_window", context_window),
        ("inference_geo", inference_geo),
        ("service_tier", service_tier),
    )


def _model_name(model: str) -> str:
    family, *version = model.removeprefix("claude-").split("-")
    return f"Claude {family.capitalize()} {'.'.join(version)}"


def _of_usage(stream: Stream, meter: str, dollars: Decimal) -> _Charge:
    workspace = stream.sub_account.id if stream.sub_account else None
    if meter == "web_search":
        return _Charge(dollars=dollars, workspace_id=workspace, parsed=_parsed("Web Search Usage", "web_search"))
    plan = stream.plan
    wording, token_type = _TOKENS[meter]
    is_batch, is_fast = plan.service_tier == "batch", plan.service_tier == "fast"
    marks = [
        mark
        for mark, applies in (
            ("Batch", is_batch),
            ("Fast Mode", is_fast),
            ("US", plan.geography == "us"),
            ("Long Context", plan.context_band == "200k-1M" or plan.is_long),
        )
        if applies
    ]
    suffix = f" ({', '.join(marks)})" if marks else ""
    parsed = _parsed(
        f"{_model_name(stream.model or '')} Usage - {wording}{suffix}",
        "tokens",
        model=stream.model,
        token_type=token_type,
        context_window=plan.context_band,
        inference_geo=plan.geography,
        service_tier="batch" if is_batch else "standard",
    )
    return _Charge(dollars=dollars, workspace_id=workspace, parsed=parsed)


def _charges(account: Account, ledger: Ledger, day: dt.date) -> Iterator[_Charge]:
    for stream in account.streams["messages"]:
        # The commitment of Priority Tier is billed elsewhere: its tokens are in usage only.
        if stream.plan.service_tier == "committed":
            continue
        for meter, quantity in ledger.day(stream, day).items():
            price = price_of(stream, account.provider, meter, day)
            if price:
                yield _of_usage(stream, meter, cost_of(quantity, price, meter))
    for charge in _reported_on(account, ledger, day):
        parsed = _parsed(charge.description, "code_execution")
        yield _Charge(dollars=charge.amount, workspace_id=charge.sub_account_id, parsed=parsed)


def reported_only(account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:
    """Code execution, which no usage report shows."""
    for day in account.scenario.days:
        yield from _reported_on(account, ledger, day)


def _reported_on(account: Account, ledger: Ledger, day: dt.date) -> Iterator[ReportedCharge]:
    scenario = account.scenario
    if not scenario.first_day <= day <= scenario.last_day or day >= ledger.now.date():
        return
    minutes = draw(scenario.seed, account.org, day, "code execution") % 900
    if minutes % 3 == 0:
        # Whole hundredths of an hour keep the amount a finite decimal.
        amount = Decimal(minutes + 5) / _CENTS * _PER_CONTAINER_HOUR
        workspace = account.sub_accounts[1].id
        yield ReportedCharge(day=day, description=_CODE_EXECUTION, amount=amount, sub_account_id=workspace)


def _rows(query: ReportQuery, account: Account, ledger: Ledger, day: dt.date) -> list[dict[str, Any]]:
    by_workspace, by_description = ("workspace_id" in query.group_by), ("description" in query.group_by)
    nothing = tuple((name, None) for name, _ in _parsed("", ""))
    groups: dict[tuple[str | None, tuple[tuple[str, str | None], ...]], Decimal] = {}
    for charge in _charges(account, ledger, day):
        key = (charge.workspace_id if by_workspace else None, charge.parsed if by_description else nothing)
        groups[key] = groups.get(key, Decimal(0)) + charge.dollars
    return [
        {"amount": f"{dollars * _CENTS:f}", "currency": "USD", **dict(parsed), "workspace_id": workspace}
        for (workspace, parsed), dollars in groups.items()
    ]
