"""The invented customers of the benchmark: accounts, sub-accounts, keys, and who owns them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genai_finops.control.database import open_database, writing
from genai_finops.control.hierarchy import Assignment, Entity
from genai_finops.control.hierarchy_file import HierarchyRecord
from genai_finops.control.hierarchy_store import import_hierarchy
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.settings import Settings

PROVIDERS = ("openai", "anthropic")
SUB_ACCOUNTS = 4
_SUB_ACCOUNT_TYPES = {"openai": "Project", "anthropic": "Workspace"}
_ACTOR = "benchmark"
_NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One organisation's account at one provider."""

    org: str
    provider: str

    @property
    def account_id(self) -> str:
        return f"account-{self.provider}-{self.org}"

    @property
    def credential_id(self) -> str:
        return f"{self.provider}-{self.org}-reporting"

    @property
    def sub_account_type(self) -> str:
        return _SUB_ACCOUNT_TYPES[self.provider]

    def sub_account_id(self, number: int) -> str:
        return f"{self.sub_account_type.lower()}_{self.org}_{number:02d}"

    def api_key_id(self, number: int) -> str:
        return f"key_{self.provider}_{self.org}_{number:03d}"


def customers(orgs: int) -> list[Customer]:
    """Every organisation at every provider."""
    return [Customer(org=f"org-{number:02d}", provider=provider) for number in range(orgs) for provider in PROVIDERS]


def store_customers(settings: Settings, orgs: int) -> None:
    """Put the organisations, accounts and hierarchy into the control database of the home."""
    everyone = customers(orgs)
    engine = open_database(settings)
    with writing(engine) as session:
        for customer in everyone:
            add_organisation(session, slug=customer.org, name=customer.org.title(), update=True, now=_NOW, actor=_ACTOR)
            add_account(
                session,
                org_slug=customer.org,
                provider=customer.provider,
                account_id=customer.account_id,
                name=f"{customer.org.title()} at {customer.provider}",
                now=_NOW,
                actor=_ACTOR,
            )
        records = [record for customer in everyone for record in _hierarchy(customer)]
        import_hierarchy(session, records, source=Path(_ACTOR), update=True, now=_NOW, actor=_ACTOR)
    engine.dispose()


def _hierarchy(customer: Customer) -> Iterator[HierarchyRecord]:
    """A department that owns the account, a project for each sub-account, and a team with one key of its own."""
    if customer.provider == PROVIDERS[0]:
        yield _record(customer, Entity(entity_id="DEPT-1", name="Engineering", level_code="DEPT"))
        for number in range(SUB_ACCOUNTS):
            entity = Entity(
                entity_id=f"PROJ-{number}", name=f"Product {number}", level_code="PROJ", parent_entity_id="DEPT-1"
            )
            yield _record(customer, entity)
        team = Entity(entity_id="TEAM-1", name="Platform", level_code="TEAM", parent_entity_id="PROJ-0")
        yield _record(customer, team)
    scopes = [("DEPT-1", "account", customer.account_id), ("TEAM-1", "api_key", customer.api_key_id(0))]
    scopes += [(f"PROJ-{number}", "sub_account", customer.sub_account_id(number)) for number in range(SUB_ACCOUNTS - 1)]
    for entity_id, scope, scope_id in scopes:
        assignment = Assignment(
            entity_id=entity_id,
            provider=customer.provider,
            scope=scope,
            scope_id=scope_id,
            valid_from=dt.date(2020, 1, 1),
        )
        yield _record(customer, assignment)


def _record(customer: Customer, item: Entity | Assignment) -> HierarchyRecord:
    return HierarchyRecord(line=0, org_slug=customer.org, item=item)
