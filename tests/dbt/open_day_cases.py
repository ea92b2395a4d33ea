"""Days that are open or closed, and what counts as spent on them, reckoned by hand. Each organisation is one case.

A million tokens of output cost 8 USD, as in test_attribution_engine.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .attribution_lake import charged_row, event_row
from .commitment_lake import CommitmentLake, at, usage_row

#: Spend source, account, effective cost, tokens.
Spent = tuple[str, str | None, str | None, int]
NOON = at("2026-01-05T12:00:00")
MILLION = 1_000_000


class OpenDay:
    """Rows of one organisation, whose accounts are registered unless they are said not to be."""

    def __init__(self, org: str, lake: CommitmentLake) -> None:
        self.org, self.lake = org, lake
        self._requests = 0

    def registered(self, *accounts: str) -> "OpenDay":
        names = {"x_org_slug": self.org, "provider": "toy", "is_free_tier": False, "is_enabled": True}
        rows = [{**names, "account_id": account, "account_name": account} for account in accounts]
        self.lake.add("genai_provider_accounts", rows)
        return self

    def charged(self, quantity: int, *, read_at: dt.datetime, account: str = "account-1") -> "OpenDay":
        row = charged_row(self.org, "output", quantity, x_ingested_at=read_at, x_genai_account_id=account)
        self.lake.add("genai_payg_usage_raw", [row])
        return self

    def logged(self, quantity: int, *, account: str | None = "account-1", **columns: Any) -> "OpenDay":
        self._requests += 1
        name = f"request-{self._requests}"
        row = event_row(self.org, name, "tenant", output=quantity, x_genai_account_id=account, **columns)
        self.lake.add("genai_usage_events_raw", [row])
        return self


def _closed(day: OpenDay) -> list[Spent]:
    day.registered("account-1").charged(MILLION, read_at=at("2026-01-06T00:00:00")).logged(2 * MILLION)
    return [("charges", "account-1", "8", MILLION)]


def _read_just_before_its_end(day: OpenDay) -> list[Spent]:
    day.registered("account-1").charged(MILLION, read_at=at("2026-01-05T23:59:59")).logged(2 * MILLION)
    return [("requests", "account-1", "16", 2 * MILLION)]


def _charges_ahead(day: OpenDay) -> list[Spent]:
    day.registered("account-1").charged(MILLION, read_at=NOON).logged(400_000)
    return [("charges", "account-1", "8", MILLION)]


def _without_charges(day: OpenDay) -> list[Spent]:
    day.registered("account-1").logged(MILLION).logged(MILLION)
    return [("requests", "account-1", "16", 2 * MILLION)]


def _one_account_late(day: OpenDay) -> list[Spent]:
    day.registered("account-1", "account-2").charged(MILLION, read_at=at("2026-01-06T06:00:00"))
    day.logged(2 * MILLION).logged(500_000, account="account-2")
    return [("charges", "account-1", "8", MILLION), ("requests", "account-2", "4", 500_000)]


def _account_that_nobody_registered(day: OpenDay) -> list[Spent]:
    day.registered("account-1").charged(MILLION, read_at=at("2026-01-06T06:00:00")).logged(MILLION, account="other")
    return [("charges", "account-1", "8", MILLION)]


def _provider_without_credential(day: OpenDay) -> list[Spent]:
    day.logged(MILLION, account="other")
    return [("requests", "other", "8", MILLION)]


def _account_that_no_log_names(day: OpenDay) -> list[Spent]:
    """Not 8 + 12: the requests are of one of the accounts."""
    day.registered("account-1", "account-2").charged(MILLION, read_at=NOON).logged(1_500_000, account=None)
    return [("requests", None, "12", 1_500_000)]


def _account_that_no_log_names_and_less(day: OpenDay) -> list[Spent]:
    day.registered("account-1", "account-2").charged(MILLION, read_at=NOON).logged(500_000, account=None)
    return [("charges", "account-1", "8", MILLION)]


def _requests_without_price(day: OpenDay) -> list[Spent]:
    day.registered("account-1").logged(MILLION, provider_model_id="unheard-of")
    return [("requests", "account-1", None, MILLION)]


def _reserved_capacity(day: OpenDay) -> list[Spent]:
    day.registered("account-1").logged(MILLION, service_tier="committed")
    return []


def _deployment_on_reserved_capacity(day: OpenDay) -> list[Spent]:
    """100 PTU for an hour at 1 USD, and a request that does not say what it was served on."""
    day.lake.add("genai_commitment_usage_raw", [usage_row(day.org, NOON, "100", x_ingested_at=NOON)])
    day.registered("account-1").logged(MILLION, resource_id="one", service_tier=None)
    return [("charges", "account-1", "100", 0)]


OPEN_DAYS: Mapping[str, Callable[[OpenDay], list[Spent]]] = {
    f"open{name}": case
    for name, case in list(globals().items())
    if name.startswith("_") and getattr(case, "__annotations__", {}).get("day") is OpenDay
}
#: Whose requests are owned by the account's project.
OWNED = "open_without_charges"


def spent_on_open_day(org: str) -> list[Spent]:
    """What is expected of a case."""
    return OPEN_DAYS[org](OpenDay(org, CommitmentLake(folder=Path())))


def add_open_days(lake: CommitmentLake) -> None:
    """Write the cases into a lake."""
    for org, describe in OPEN_DAYS.items():
        describe(OpenDay(org, lake))
    entity = {"x_org_slug": OWNED, "entity_id": "PROJ-1", "entity_name": "Search", "level_code": "PROJ", "level": 1}
    path = {"path": "/OWNED/PROJ-1", "path_names": "/Owned/Search"}
    lake.add("genai_hierarchy_entities", [{**entity, **path}])
    account = {"scope": "account", "scope_id": "account-1", "entity_id": "PROJ-1", "valid_from": dt.date(2020, 1, 1)}
    lake.add("genai_hierarchy_assignments", [{"x_org_slug": OWNED, "provider": "toy", **account}])
