"""The costs endpoint: what the simulated OpenAI bills, by free-text line item, in dollars."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.noise import draw
from genai_finops.simulator.openai.query import COST_LIMITS, ReportQuery, invalid, parse_query
from genai_finops.simulator.openai.usage import envelope
from genai_finops.simulator.provider import ReportedCharge
from genai_finops.simulator.rating import price_of
from genai_finops.simulator.sale import cost_of
from genai_finops.simulator.traffic import Account, Stream
from genai_finops.simulator.wire import WireRequest, number

_GROUP_BY = ("project_id", "line_item", "api_key_id", "user_id")
_FILTERS = {"project_ids": "project_id", "api_key_ids": "api_key_id"}
_KEYS_SINCE = dt.datetime(2025, 12, 6, tzinfo=dt.UTC)
_DIRECTIONS = {
    "uncached_input": "input",
    "uncached_input_audio": "input",
    "cache_read": "cached input",
    "cache_read_audio": "cached input",
    "cache_write": "cache writes",
    "output": "output",
    "output_audio": "output",
    "embedding_input": "input",
    "moderation_input": "input",
}
#: Line item without its model, and the unit that goes with it.
_MEDIA = {"character": ("characters", "characters"), "audio_second": ("duration", "duration_seconds")}
_TOOLS = {"web_search": "web search tool calls", "file_search": "assistants api | file search"}
_BATCH_LIKE = {"batch": "batch | ", "flex": "flex | ", "priority": "priority | "}

_GB = 1_000_000_000
_STORAGE_PER_GB_DAY = Decimal("0.10")
_CONTAINER_SESSION = Decimal("0.03")
_IMAGE = Decimal("0.04")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charge:
    amount: Decimal
    dimensions: dict[str, str | None]
    quantity: int | None
    unit: str | None


def costs_page(request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
    """One page of daily costs. Raises Refusal."""
    query = parse_query(
        request,
        org=account.org,
        now=ledger.now,
        group_by=_GROUP_BY,
        filters=_FILTERS,
        limits=COST_LIMITS,
        snaps_start=True,
    )
    if "api_key_id" in query.group_by and query.grid.start < _KEYS_SINCE:
        raise invalid("group_by=api_key_id is available from 2025-12-06 UTC.", param="start_time")
    return envelope(query, lambda start, _: _rows(query, account, ledger, start.date()))


def _line_item(stream: Stream, meter: str) -> tuple[str, str | None]:
    if meter in _TOOLS:
        return _TOOLS[meter], None
    if meter in _MEDIA:
        direction, unit = _MEDIA[meter]
        return f"{stream.model}, {direction}", unit
    prefix = _BATCH_LIKE.get(stream.plan.service_tier, "")
    modality = " audio" if meter.endswith("_audio") else ""
    length = ", long context" if stream.plan.is_long else ""
    return f"{prefix}{stream.model}{modality}, {_DIRECTIONS[meter]}{length}", "tokens"


def _usage_charges(account: Account, ledger: Ledger, day: dt.date) -> Iterator[_Charge]:
    for streams in account.streams.values():
        for stream in streams:
            for meter, quantity in ledger.day(stream, day).items():
                price = price_of(stream, account.provider, meter, day)
                if not price:
                    continue
                line_item, unit = _line_item(stream, meter)
                names = ("project_id", "api_key_id", "user_id")
                dimensions = {name: _text(stream.plan.dimensions.get(name)) for name in names}
                yield _Charge(
                    amount=cost_of(quantity, price, meter),
                    dimensions={**dimensions, "line_item": line_item},
                    quantity=quantity,
                    unit=unit,
                )


def _text(value: str | bool | None) -> str | None:
    return None if value is None else str(value)


def reported_only(account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:
    """Charges that usage does not lead to: storage, containers, images, training, a credit, a nameless adjustment."""
    for day in account.scenario.days:
        if day <= ledger.now.date():
            yield from _reported_on(account, ledger, day)


def _reported_on(account: Account, ledger: Ledger, day: dt.date) -> Iterator[ReportedCharge]:
    index = (day - account.scenario.first_day).days
    if not 0 <= index < len(account.scenario.days):
        return
    stored = sum(quantity for _, quantity in _daily(account, ledger, "vector_stores", "storage_byte", day))
    yield from _nonzero(day, "Vector storage", Decimal(max(0, stored - _GB)) / _GB * _STORAGE_PER_GB_DAY)
    for project, sessions in _daily(account, ledger, "code_interpreter_sessions", "container_session", day):
        yield from _nonzero(day, "code interpreter sessions", sessions * _CONTAINER_SESSION, project)
    for project, images in _daily(account, ledger, "images", "image", day):
        yield from _nonzero(day, "dall-e-3, image", images * _IMAGE, project)
    chance = draw(account.scenario.seed, account.org, "openai reported only") % 1000
    rare = {
        5: (f"ft-gpt-4o-2024-08-06:{account.org}, training", Decimal(chance + 1) / 40),
        9: ("Service credit", -Decimal(chance + 500) / 83),
        11: ("adj. ref 7F3-A (see ticket)", Decimal("0.0000123") + Decimal(chance) / 10**9),
    }
    if index % 14 in rare:
        yield from _nonzero(day, *rare[index % 14])


def _daily(account: Account, ledger: Ledger, source: str, meter: str, day: dt.date) -> list[tuple[str | None, int]]:
    return [
        (stream.sub_account.id if stream.sub_account else None, ledger.day(stream, day).get(meter, 0))
        for stream in account.streams.get(source, ())
    ]


def _nonzero(day: dt.date, line_item: str, amount: Decimal, project: str | None = None) -> Iterator[ReportedCharge]:
    if amount:
        yield ReportedCharge(day=day, description=line_item, amount=amount, sub_account_id=project)


def _charges(account: Account, ledger: Ledger, day: dt.date) -> Iterator[_Charge]:
    yield from _usage_charges(account, ledger, day)
    for charge in _reported_on(account, ledger, day):
        dimensions: dict[str, str | None] = {"project_id": charge.sub_account_id, "line_item": charge.description}
        yield _Charge(amount=charge.amount, dimensions=dimensions, quantity=None, unit=None)


def _rows(query: ReportQuery, account: Account, ledger: Ledger, day: dt.date) -> list[dict[str, Any]]:
    emails = {member.id: member.email for member in account.members}
    groups: dict[tuple[str | None, ...], list[_Charge]] = {}
    for charge in _charges(account, ledger, day):
        if all(charge.dimensions.get(name) in allowed for name, allowed in query.filters.items()):
            key = tuple(charge.dimensions.get(name) for name in query.group_by)
            groups.setdefault(key, []).append(charge)
    rows = []
    for key, charges in groups.items():
        dimensions = dict(zip(query.group_by, key, strict=True))
        row: dict[str, Any] = {
            "object": "organization.costs.result",
            "amount": {"value": number(sum((charge.amount for charge in charges), Decimal(0))), "currency": "usd"},
            "line_item": dimensions.get("line_item"),
            "project_id": dimensions.get("project_id"),
            "api_key_id": dimensions.get("api_key_id"),
            "organization_id": account.account_id,
        }
        if "line_item" in dimensions:
            quantities = [charge.quantity for charge in charges if charge.quantity is not None]
            row |= {"quantity": sum(quantities) if quantities else None, "quantity_unit": charges[0].unit}
        if "user_id" in dimensions:
            user_id = dimensions["user_id"]
            row |= {"user_id": user_id, "user_email": emails.get(user_id or "")}
        rows.append(row)
    return rows
