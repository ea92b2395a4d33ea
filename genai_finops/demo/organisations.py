"""The demo's organisations, accounts, encrypted credentials and hierarchy in the control database."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from genai_finops.control.commitment_rules import CommitmentTerms
from genai_finops.control.commitments import enter_commitment, find_commitment
from genai_finops.control.credentials import add_credential
from genai_finops.control.database import open_database, reading, writing
from genai_finops.control.hierarchy import Assignment, Entity
from genai_finops.control.hierarchy_file import HierarchyRecord
from genai_finops.control.hierarchy_store import import_hierarchy
from genai_finops.control.organisations import add_account, list_organisations
from genai_finops.control.price_defaults import add_organisation_with_defaults
from genai_finops.control.secret import Secret
from genai_finops.errors import FinopsError
from genai_finops.ingest.organisation_defaults import read_organisation_defaults
from genai_finops.settings import Settings
from genai_finops.simulator.running import Simulator

_ACTOR = "demo"
#: Where no interface lists what was ordered: someone has to enter it.
_ORDERS_ARE_ENTERED = ("gcp_vertex",)


def refuse_foreign_home(settings: Settings, orgs: Sequence[str]) -> None:
    """Raise FinopsError when the home holds other organisations: invented usage must not mix with theirs."""
    engine = open_database(settings)
    with reading(engine) as session:
        foreign = sorted({row.slug for row in list_organisations(session)} - set(orgs))
    engine.dispose()
    if foreign:
        raise FinopsError(
            f"{settings.home} holds organisations that are not the demo's: {', '.join(foreign)}",
            remedy="Give the demo a home of its own: GENAI_FINOPS_HOME=.finops-demo make demo.",
        )


def add_demo_organisations(
    settings: Settings, simulator: Simulator, providers: Sequence[str], *, first_day: dt.date, now: dt.datetime
) -> int:
    """Add every organisation with the default prices and one encrypted credential for each provider.

    Gives the number of credentials.
    """
    engine = open_database(settings)
    used = _sub_accounts(simulator.truth()["rows"])
    defaults = read_organisation_defaults(settings, now)
    with writing(engine) as session:
        for org in simulator.scenario.orgs:
            add_organisation_with_defaults(
                session, defaults, slug=org, name=org.capitalize(), update=True, now=now, actor=_ACTOR
            )
            for provider in dict.fromkeys(providers):
                _add_credential(session, settings, simulator, org=org, provider=provider, now=now)
            for provider in _ORDERS_ARE_ENTERED:
                _enter_orders(session, simulator, org=org, provider=provider, now=now)
            records = list(_hierarchy(simulator, org, providers, used, first_day))
            import_hierarchy(session, records, source=Path(_ACTOR), update=True, now=now, actor=_ACTOR)
    engine.dispose()
    return len(simulator.scenario.orgs) * len(set(providers))


def _enter_orders(session: Session, simulator: Simulator, *, org: str, provider: str, now: dt.datetime) -> None:
    for order in simulator.commitments(org, provider):
        if find_commitment(session, org, provider, order.commitment_id) is not None:
            continue
        terms = CommitmentTerms(
            provider=provider,
            commitment_id=order.commitment_id,
            contract_id=order.contract_id,
            commitment_type=order.commitment_type,
            meter=order.meter,
            quantity=Decimal(order.units),
            term=order.term,
            starts_at=order.starts_at,
            ends_at=order.ends_at,
            payment=order.payment,
            scope=order.scope,
            model=order.model,
            region=order.region_id,
            agreed_unit_price=order.unit_price,
            agreed_price_period=order.price_period,
        )
        enter_commitment(
            session, terms, org_slug=org, account_id=None, currencies={provider: "USD"}, now=now, actor=_ACTOR
        )


def _add_credential(
    session: Session, settings: Settings, simulator: Simulator, *, org: str, provider: str, now: dt.datetime
) -> None:
    account = simulator.account_id(org, provider)
    add_account(
        session,
        org_slug=org,
        provider=provider,
        account_id=account,
        name=f"{org.capitalize()} at {provider}",
        options=simulator.account_options(org, provider),
        update=True,
        now=now,
        actor=_ACTOR,
    )
    add_credential(
        session,
        settings,
        org_slug=org,
        provider=provider,
        account_id=account,
        secret=Secret.of(simulator.admin_key(org, provider)),
        update=True,
        now=now,
        actor=_ACTOR,
    )


def _hierarchy(
    simulator: Simulator,
    org: str,
    providers: Sequence[str],
    used: Mapping[tuple[str, str], Sequence[str]],
    first_day: dt.date,
) -> Iterator[HierarchyRecord]:
    """A department that owns the accounts, and a project below it that owns the first named sub-account of each."""
    entities = (
        Entity(entity_id="DEPT-001", name="Engineering", level_code="DEPT"),
        Entity(entity_id="PROJ-042", name="Assistant", level_code="PROJ", parent_entity_id="DEPT-001"),
    )
    for entity in entities:
        yield HierarchyRecord(line=0, org_slug=org, item=entity)
    for provider in dict.fromkeys(providers):
        scopes = [("DEPT-001", "account", simulator.account_id(org, provider))]
        scopes += [("PROJ-042", "sub_account", found) for found in used.get((org, provider), ())[:1]]
        for entity_id, scope, scope_id in dict.fromkeys(scopes):
            assignment = Assignment(
                entity_id=entity_id,
                provider=provider,
                scope=scope,
                scope_id=scope_id,
                valid_from=first_day,
                valid_to=None,
            )
            yield HierarchyRecord(line=0, org_slug=org, item=assignment)


def _sub_accounts(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """The sub-accounts with usage, sorted, by organisation and provider."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row["sub_account_id"]:
            found[row["org"], row["provider"]].add(row["sub_account_id"])
    return {key: sorted(ids) for key, ids in found.items()}
