"""What is blocked now, for gateways that would rather look it up than ask for each request."""

import datetime as dt
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from genai_finops.budgets.budget import Budget
from genai_finops.control.database import open_database, reading
from genai_finops.control.quota_lookups import watched
from genai_finops.control.reservations import forget, reserving, settled_amounts
from genai_finops.quotas.decision import KnownSpend, blocked_because, bound_of
from genai_finops.quotas.figures import plain_figure
from genai_finops.quotas.stored_budgets import STATE_LIMIT, known_spends, read_index
from genai_finops.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockList:
    """The blocked budgets at a moment. `version` is the same as long as what the list says is."""

    path: Path
    version: str
    generated_at: dt.datetime
    #: As in the file.
    blocked: Sequence[Mapping[str, Any]]


def block_list_path(settings: Settings) -> Path:
    """Where the list lies by default."""
    return settings.home / "quotas" / "blocklist.json"


def write_block_list(
    settings: Settings, now: dt.datetime, *, path: Path | None = None, state_limit: dt.timedelta = STATE_LIMIT
) -> BlockList:
    """Replaces the list at once, and forgets reservations that are long over. Raises FinopsError.

    Readers see the former list or this one. What requests under way hold counts as free in it: they may be released. A
    budget is unknown when it was evaluated longer ago than `state_limit`.
    """
    path = path or block_list_path(settings)
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            blocked = _blocked(session, now, state_limit)
        with reserving(engine) as session:
            forget(session, now=now)
    finally:
        engine.dispose()
    since = {(entry["budget"], entry["period_start"]): entry["since"] for entry in _former(path)}
    for entry in blocked:
        entry["since"] = since.get((entry["budget"], entry["period_start"]), _text(now))
    version = hashlib.sha256(json.dumps(blocked, sort_keys=True).encode()).hexdigest()[:32]
    content = {"version": version, "generated_at": _text(now), "blocked": blocked}
    _replace(path, json.dumps(content, indent=1))
    return BlockList(path=path, version=version, generated_at=now, blocked=blocked)


def _blocked(session: Any, now: dt.datetime, limit: dt.timedelta) -> list[dict[str, Any]]:
    fresh = watched(session)
    budgets = read_index(session, fresh.budgets_version).budgets
    spends = known_spends(session, budgets, watched=fresh, now=now, limit=limit)
    amounts = settled_amounts(session, {budget_id: known.included for budget_id, known in spends.items()})
    found = []
    for each in budgets:
        known, settled = spends.get(each.budget_id), amounts.get(each.budget_id, Decimal(0))
        reason = None if known is None else blocked_because(each.budget, known, settled)
        if known is not None and reason is not None:
            found.append(_entry(each.budget, known, settled, reason))
    return sorted(found, key=lambda entry: str(entry["budget"]))


def _entry(budget: Budget, known: KnownSpend, settled: Decimal, reason: str) -> dict[str, Any]:
    return {
        "budget": budget.key,
        "owner": budget.owner,
        "scope": budget.scope.as_mapping(),
        "reason": reason,
        "period_start": _text(known.period.start),
        "until": _text(known.period.end),
        "measure": budget.measure,
        "currency": budget.currency,
        "spend": _figure(known.spend),
        "settled": _figure(settled),
        "bound": _figure(bound_of(budget, known)),
        "available": _figure(known.available),
        "data_as_of": {provider: _text(moment) for provider, moment in sorted(known.data_as_of.items())},
    }


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _figure(amount: Decimal | None) -> str | None:
    return None if amount is None else plain_figure(amount)


def _former(path: Path) -> list[Mapping[str, Any]]:
    # A list that is missing or damaged says nothing about since when; it is written anew either way.
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(path.read_text(encoding="utf-8"))["blocked"]
        return [entry for entry in found if {"budget", "period_start", "since"} <= entry.keys()]
    return []


def _replace(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A gateway may run as another user of the group.
        Path(name).chmod(0o640)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
