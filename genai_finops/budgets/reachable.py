"""Whether anything could ever be spent from a budget: one that can never bind is worse than none."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from genai_finops.budgets.budget import Budget
from genai_finops.control.checked_values import check_member
from genai_finops.control.hierarchy import Assignment, Entity
from genai_finops.errors import FinopsError
from genai_finops.schemas.tables.unified import FLOWS

#: Of nobody's list: they are known when a log names them for the first time.
_FROM_LOGS = ("sub_account", "tenant", "user", "task", "conversation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the budget's organisation."""

    provider: str
    account_id: str
    is_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What spend can come from."""

    #: Flows by configured provider.
    flows: Mapping[str, Collection[str]]
    #: Currency that each provider bills in.
    currencies: Mapping[str, str]
    #: Whether each organisation is enabled.
    organisations: Mapping[str, bool]
    #: Of the budget's organisation, like the entities and assignments.
    accounts: Collection[Account] = ()
    entities: Mapping[str, Entity] = field(default_factory=dict)
    assignments: Collection[Assignment] = ()
    #: That a price or usage is known of; None where it was not looked up.
    models: Collection[str] | None = None
    #: Currencies of the spend so far, by dimension of the scope (with its organisation); `scope`: of all of it. A
    #: dimension that is missing was not looked up.
    seen: Mapping[str, Collection[str | None]] = field(default_factory=dict)


def check_reachable(budget: Budget, known: Known, *, today: dt.date) -> tuple[str, ...]:
    """What makes it doubtful that the budget ever binds. Raises FinopsError where it certainly never does."""
    scope = budget.scope.as_mapping()
    check_member(scope.get("org"), f"Budget {budget.key}: organisation", known.organisations)
    check_member(scope.get("provider"), f"Budget {budget.key}: provider", known.flows)
    check_member(scope.get("flow"), f"Budget {budget.key}: flow", _flows(scope, known))
    if known.models is not None:
        check_member(scope.get("model"), f"Budget {budget.key}: model", known.models)
    return (
        *_of_organisation(budget, known),
        *_of_account(budget, known),
        *_of_hierarchy(budget, known, today),
        *_of_logs(budget, known),
        *_of_currency(budget, known),
    )


def _flows(scope: Mapping[str, str], known: Known) -> Collection[str]:
    if "provider" in scope:
        return known.flows[scope["provider"]]
    return [flow for flow in FLOWS if any(flow in flows for flows in known.flows.values())]


def _of_organisation(budget: Budget, known: Known) -> list[str]:
    org, provider = budget.scope.org, budget.scope.as_mapping().get("provider")
    if org is None:
        return []
    if not known.organisations[org]:
        return [f"organisation {org} is disabled: nothing is read for it"]
    if provider is not None and not any(account.provider == provider for account in known.accounts):
        return [f"organisation {org} has no account at {provider}: only request logs can tell of spend there"]
    return []


def _of_account(budget: Budget, known: Known) -> list[str]:
    scope = budget.scope.as_mapping()
    account_id = scope.get("account")
    if account_id is None:
        return []
    at = [account for account in known.accounts if scope.get("provider") in {None, account.provider}]
    check_member(
        account_id, f"Budget {budget.key}: account of {budget.scope.org}", [account.account_id for account in at]
    )
    if not any(account.is_enabled for account in at if account.account_id == account_id):
        return [f"account {account_id} is disabled: nothing is read for it"]
    return []


def _of_hierarchy(budget: Budget, known: Known, today: dt.date) -> list[str]:
    entity_id = budget.scope.as_mapping().get("hierarchy")
    if entity_id is None:
        return []
    if entity_id not in known.entities:
        raise FinopsError(
            f"Budget {budget.key}: organisation {budget.scope.org} has no entity {entity_id!r} in its hierarchy",
            remedy="Take the id from genai-finops hierarchy list.",
        )
    first = max(today, budget.valid_from)
    owns = any(
        _stands_below(assignment.entity_id, entity_id, known.entities)
        and (assignment.valid_to is None or assignment.valid_to > first)
        and (budget.valid_to is None or assignment.valid_from < budget.valid_to)
        for assignment in known.assignments
    )
    return [] if owns else [f"nothing is assigned to {entity_id} or below it while the budget is valid"]


def _stands_below(entity_id: str | None, above: str, entities: Mapping[str, Entity]) -> bool:
    seen: set[str] = set()
    while entity_id is not None and entity_id in entities and entity_id not in seen:
        if entity_id == above:
            return True
        seen.add(entity_id)
        entity_id = entities[entity_id].parent_entity_id
    return False


def _of_logs(budget: Budget, known: Known) -> list[str]:
    unseen = [
        f"{dimension} {value!r} of {budget.scope.org} has spent nothing so far: is it spelled as in the logs?"
        for dimension, value in budget.scope.values
        if dimension in _FROM_LOGS and not known.seen.get(dimension, ["unknown"])
    ]
    if not unseen and not known.seen.get("scope", ["unknown"]):
        return [f"nothing so far is of {budget.scope}"]
    return unseen


def _of_currency(budget: Budget, known: Known) -> list[str]:
    if budget.currency is None:
        return []
    spent = {currency for currency in known.seen.get("scope", ()) if currency is not None}
    provider = budget.scope.as_mapping().get("provider")
    if not spent and provider is not None:
        spent = {known.currencies[provider]}
    if spent and budget.currency not in spent:
        return [
            f"spend of {budget.scope} is in {', '.join(sorted(spent))}, and the budget counts {budget.currency} only"
        ]
    return []
