"""Budgets as people enter them: checked, then stored."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from genai_finops.budgets.budget import Budget
from genai_finops.budgets.budget_rules import check_budget
from genai_finops.budgets.reachable import Account, Known, check_reachable
from genai_finops.budgets.stored_budget import StoredBudget, columns_of, stored_budget
from genai_finops.control.budget_store import add_budget, get_budget, set_budget
from genai_finops.control.database import open_database, reading, writing
from genai_finops.control.hierarchy_store import stored_assignments, stored_entities
from genai_finops.control.models import ProviderAccount
from genai_finops.control.organisations import list_accounts, list_organisations
from genai_finops.errors import FinopsError
from genai_finops.providers.config import load_provider_configs
from genai_finops.settings import Settings
from genai_finops.warehouse.open import open_warehouse
from genai_finops.warehouse.seen_spend import seen_currencies
from genai_finops.warehouse.spend_scope import SpendScope


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EnteredBudget:
    """What was stored, and what makes it doubtful that it ever binds."""

    stored: StoredBudget
    warnings: tuple[str, ...]
    #: Fields that a change gave another value.
    changed: tuple[str, ...] = ()


def enter_budget(settings: Settings, budget: Budget, *, now: dt.datetime, actor: str) -> EnteredBudget:
    """Adds the budget.

    Raises FinopsError for one that breaks a rule, that nothing could ever be spent from, or whose name is taken.
    """
    warnings = _checked(settings, budget, now=now)
    engine = open_database(settings)
    try:
        with writing(engine) as session:
            row = add_budget(session, columns_of(budget), now=now, actor=actor)
            return EnteredBudget(stored=stored_budget(row), warnings=warnings)
    finally:
        engine.dispose()


def change_budget(
    settings: Settings, owner: str, name: str, changes: Mapping[str, Any], *, now: dt.datetime, actor: str
) -> EnteredBudget:
    """Gives fields of a stored budget other values. Raises FinopsError as `enter_budget`, and where there is none.

    Nothing that was alerted of is alerted of again: alerts are of a budget, period and threshold, not of an amount.
    """
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            wanted = dataclasses.replace(stored_budget(get_budget(session, owner, name)).budget, **changes)
        warnings = _checked(settings, wanted, now=now)
        columns = columns_of(wanted)
        with writing(engine) as session:
            row, changed = set_budget(session, owner, name, columns, now=now, actor=actor)
            return EnteredBudget(stored=stored_budget(row), warnings=warnings, changed=tuple(changed))
    finally:
        engine.dispose()


def _checked(settings: Settings, budget: Budget, *, now: dt.datetime) -> tuple[str, ...]:
    today = (settings.simulated_now or now).date()
    check_budget(budget, today=today)
    known, doubts = _known(settings, budget, now=now)
    return (*check_reachable(budget, known, today=today), *doubts)


def _known(settings: Settings, budget: Budget, *, now: dt.datetime) -> tuple[Known, tuple[str, ...]]:
    configs = load_provider_configs(settings.provider_config_dir, settings.environ)
    seen, is_used, doubts = _spent(settings, budget)
    org = budget.scope.org
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            organisations = {row.slug: row.is_enabled for row in list_organisations(session)}
            of_org = org if org in organisations else None
            return (
                Known(
                    flows={provider: tuple(config.flows) for provider, config in configs.items()},
                    currencies={provider: config.service.currency for provider, config in configs.items()},
                    organisations=organisations,
                    accounts=[] if of_org is None else [_account(row) for row in list_accounts(session, of_org)],
                    entities={} if of_org is None else stored_entities(session, of_org),
                    assignments=[] if of_org is None else stored_assignments(session, of_org),
                    models=None if is_used else _priced_models(settings, budget.scope, now=now),
                    seen=seen,
                ),
                doubts,
            )
    finally:
        engine.dispose()


def _account(row: ProviderAccount) -> Account:
    return Account(provider=row.provider, account_id=row.account_id, is_enabled=row.is_enabled)


def _spent(settings: Settings, budget: Budget) -> tuple[dict[str, frozenset[str | None]], bool, tuple[str, ...]]:
    """Currencies of the spend so far, whether the model was ever used, and why neither was looked up."""
    with ExitStack() as opened:
        try:
            warehouse = opened.enter_context(open_warehouse(settings))
        except FinopsError as error:
            return {}, False, (f"whether anything was spent so far was not looked up: {error.message}",)
        scope = budget.scope.as_mapping()
        parts = {dimension: _part(scope, ("org", dimension)) for dimension in scope} | {"scope": budget.scope}
        found = {name: seen_currencies(warehouse, part) for name, part in parts.items()}
        seen = {name: currencies for name, currencies in found.items() if currencies is not None}
        is_used = "model" in scope and bool(seen_currencies(warehouse, _part(scope, ("provider", "model"))))
        return seen, is_used, ()


def _priced_models(settings: Settings, scope: SpendScope, *, now: dt.datetime) -> frozenset[str] | None:
    wanted = scope.as_mapping()
    if "model" not in wanted:
        return None
    # 3 s of import that most budgets should not pay.
    from genai_finops.pricing.open_book import rating_tables  # noqa: PLC0415

    prices = rating_tables(settings, now=now).prices
    if "provider" in wanted:
        prices = prices.filter(prices["provider"] == wanted["provider"])
    return frozenset(prices["model_id"].drop_nulls())


def _part(scope: Mapping[str, str], dimensions: tuple[str, ...]) -> SpendScope:
    return SpendScope.of({dimension: value for dimension, value in scope.items() if dimension in dimensions})
