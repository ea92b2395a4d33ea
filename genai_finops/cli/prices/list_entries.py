"""`genai-finops prices list`: what was entered, and the defaults that an organisation was given."""

import dataclasses
import datetime as dt
from typing import Any

import click

from genai_finops.cli.context import control_reading, json_option, print_rows
from genai_finops.cli.entered_values import as_texts
from genai_finops.cli.prices.entry_texts import owner
from genai_finops.control.models import OrganisationPlan, PriceEntry
from genai_finops.control.plans import list_plans, plan_of
from genai_finops.control.price_entries import list_prices, terms_of

_LIMITS = ("rpm_limit", "tpm_limit", "rpd_limit", "tpd_limit", "monthly_token_limit", "daily_token_limit")


@click.command(name="list")
@click.option("--org", help="Organisation; without it the prices that were entered for the platform.")
@click.option("--provider", help="Only prices or plans of this provider.")
@click.option("--plans", is_flag=True, help="The subscription plans of --org instead of its prices.")
@click.option("--removed", is_flag=True, help="Also those that were removed.")
@json_option
def command(*, org: str | None, provider: str | None, plans: bool, removed: bool, as_json: bool) -> None:
    """List the prices of an organisation, its own and the defaults it was given, or those of the platform.

    Published prices are not among them. Days are UTC; in JSON valid_to is the first day on which a price no longer
    holds.

    \b
    Example:
      genai-finops prices list --org acme --provider openai
    """
    if plans and org is None:
        raise click.UsageError("Plans belong to an organisation: give --org with --plans.")
    with control_reading() as session:
        if plans and org is not None:
            found = [
                row for row in list_plans(session, org, include_removed=removed) if provider in {None, row.provider}
            ]
            rows = [_plan_json(row) if as_json else _plan_line(row, with_removal=removed) for row in found]
            empty = f"No plans. Give it the default ones: genai-finops prices reset --org {org}."
        else:
            entries = list_prices(session, org, include_removed=removed)
            prices = [row for row in entries if provider in {None, row.provider}]
            rows = [_price_json(row) if as_json else _price_line(row, with_removal=removed) for row in prices]
            empty = "No prices. Enter one: genai-finops prices set --help."
    print_rows(rows, as_json=as_json, empty=empty)


def _price_line(row: PriceEntry, *, with_removal: bool) -> dict[str, Any]:
    terms = terms_of(row)
    line = {
        "id": row.id,
        "for": owner(row),
        "what": terms.subject,
        "value": terms.value,
        "type": row.pricing_type,
        "valid": terms.validity,
        "origin": row.default_id or f"entered by {row.entered_by}",
    }
    return {**line, "removed": _moment(row.removed_at)} if with_removal else line


def _price_json(row: PriceEntry) -> dict[str, Any]:
    return {
        "id": row.id,
        "scope": row.scope,
        "org": row.org_slug,
        "account_id": row.account_id,
        **as_texts(dataclasses.asdict(terms_of(row))),
        **_origin(row),
    }


def _plan_line(row: OrganisationPlan, *, with_removal: bool) -> dict[str, Any]:
    limits = ", ".join(f"{name} {getattr(row, name)}" for name in _LIMITS if getattr(row, name) is not None)
    line = {
        "id": row.subscription_id,
        "provider": row.provider,
        "plan": row.plan_name,
        "quantity": row.quantity,
        "unit_price_usd": row.unit_price_usd,
        "from": row.effective_date,
        "end": row.end_date,
        "limits": limits or None,
        "origin": row.default_id or f"entered by {row.entered_by}",
    }
    return {**line, "removed": _moment(row.removed_at)} if with_removal else line


def _plan_json(row: OrganisationPlan) -> dict[str, Any]:
    return {"org": row.org_slug, **as_texts(dataclasses.asdict(plan_of(row))), **_origin(row)}


def _origin(row: PriceEntry | OrganisationPlan) -> dict[str, Any]:
    return {
        name: getattr(row, name)
        for name in ("is_custom", "default_id", "entered_at", "entered_by", "removed_at", "removed_by")
    }


def _moment(moment: dt.datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
