"""Projects, keys and users: lists with a paging of their own."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from genai_finops.simulator.openai.query import invalid
from genai_finops.simulator.traffic import Account, ApiKey, Member, SubAccount
from genai_finops.simulator.wire import Refusal, WireRequest, parse_whole

_DEFAULT_LIMIT = 20
_MAX_LIMIT = 100


def _seconds(moment: dt.datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _page(request: WireRequest, objects: Sequence[dict[str, Any]], *known: str) -> dict[str, Any]:
    for name, _ in request.params:
        if name not in {"limit", "after", *known}:
            raise invalid(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    text = request.last("limit")
    limit = _DEFAULT_LIMIT if text is None else parse_whole(text)
    if limit is None or not 1 <= limit <= _MAX_LIMIT:
        raise invalid(f"Invalid limit provided: {text}. Limit must be between 1 and {_MAX_LIMIT}.")
    start, after = 0, request.last("after")
    if after is not None:
        ids = [found["id"] for found in objects]
        if after not in ids:
            raise invalid(f"No such object: '{after}'.", param="after")
        start = ids.index(after) + 1
    shown = list(objects[start : start + limit])
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": start + limit < len(objects),
    }


def _is_archived(project: SubAccount, now: dt.datetime) -> bool:
    return project.archived_at is not None and project.archived_at <= now


def _project(project: SubAccount, now: dt.datetime) -> dict[str, Any]:
    archived = _is_archived(project, now)
    return {
        "id": project.id,
        "object": "organization.project",
        "name": project.name,
        "created_at": _seconds(project.created_at),
        "archived_at": _seconds(project.archived_at) if archived else None,
        "status": "archived" if archived else "active",
        "external_key_id": None,
        "residency": None,
    }


def _user(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "object": "organization.user",
        "name": member.name,
        "email": member.email,
        "role": member.role,
        "added_at": _seconds(member.added_at),
    }


def _key(key: ApiKey, now: dt.datetime) -> dict[str, Any]:
    owner: dict[str, Any]
    if key.owner is None:
        account = {"id": f"svc_{key.id}", "object": "organization.project.service_account", "name": key.name}
        owner = {"type": "service_account", "service_account": {**account, "role": "member"}}
    else:
        owner = {"type": "user", "user": _user(key.owner)}
    return {
        "id": key.id,
        "object": "organization.project.api_key",
        "name": key.name,
        "redacted_value": f"sk-proj-...{key.id[-4:]}",
        "created_at": _seconds(key.created_at),
        "last_used_at": _seconds(now),
        "owner": owner,
        "owner_project_access": "active",
    }


def projects(request: WireRequest, account: Account, now: dt.datetime) -> dict[str, Any]:
    """`/organization/projects`; archived ones only when asked for."""
    with_archived = request.last("include_archived") == "true"
    shown = [project for project in account.sub_accounts if with_archived or not _is_archived(project, now)]
    return _page(request, [_project(project, now) for project in shown], "include_archived")


def project_keys(project_id: str, request: WireRequest, account: Account, now: dt.datetime) -> dict[str, Any]:
    """`/organization/projects/{project_id}/api_keys`; refused for an archived project."""
    project = next((project for project in account.sub_accounts if project.id == project_id), None)
    if project is None:
        raise Refusal(404, "invalid_request_error", f"Project with ID '{project_id}' not found.", code="not_found")
    if _is_archived(project, now):
        raise invalid(f"Project '{project_id}' is archived.", code="project_archived")
    keys = [key for key in account.api_keys if key.sub_account_id == project_id and not key.is_deleted]
    return _page(request, [_key(key, now) for key in keys], "owner_project_access")


def users(request: WireRequest, account: Account) -> dict[str, Any]:
    """`/organization/users`."""
    emails = set(request.values("emails", "emails[]"))
    shown = [member for member in account.members if not emails or member.email in emails]
    return _page(request, [_user(member) for member in shown], "emails", "emails[]")
