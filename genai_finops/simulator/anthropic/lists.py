"""Workspaces, keys, users and the organisation itself: lists with a paging of their own."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from genai_finops.simulator.anthropic.query import invalid
from genai_finops.simulator.anthropic.usage import instant
from genai_finops.simulator.noise import token
from genai_finops.simulator.traffic import Account, ApiKey, SubAccount
from genai_finops.simulator.wire import WireRequest, parse_whole

_DEFAULT_LIMIT = 20
_MAX_LIMIT = 1000
_KEY_STATUSES = ("active", "inactive", "archived", "expired")


def _page(request: WireRequest, objects: Sequence[dict[str, Any]], *known: str) -> dict[str, Any]:
    for name, _ in request.params:
        if name not in {"limit", "after_id", "before_id", *known}:
            raise invalid(f"{name}: Extra inputs are not permitted")
    text = request.last("limit")
    limit = _DEFAULT_LIMIT if text is None else parse_whole(text)
    if limit is None or not 1 <= limit <= _MAX_LIMIT:
        raise invalid(f"limit: Input should be between 1 and {_MAX_LIMIT}, got {text!r}")
    after, before = request.last("after_id"), request.last("before_id")
    ids = [found["id"] for found in objects]
    for name, cursor in (("after_id", after), ("before_id", before)):
        if cursor is not None and cursor not in ids:
            raise invalid(f"{name}: no such object: {cursor!r}")
    first = 0 if after is None else ids.index(after) + 1
    end = len(ids) if before is None else ids.index(before)
    shown = list(objects[first:end][-limit:] if before is not None else objects[first:end][:limit])
    return {
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(shown) < end - first,
    }


def _workspace(workspace: SubAccount, workspace_id: str, *, is_archived: bool) -> dict[str, Any]:
    archived_at = workspace.archived_at if is_archived else None
    return {
        "id": workspace_id,
        "type": "workspace",
        "name": workspace.name,
        "display_color": "#6C5BB9",
        "created_at": instant(workspace.created_at),
        "archived_at": instant(archived_at) if archived_at else None,
        "tags": {},
        "data_residency": None,
    }


def workspaces(request: WireRequest, account: Account, now: dt.datetime) -> dict[str, Any]:
    """`/v1/organizations/workspaces`; archived ones and the default one only when asked for."""
    with_archived = request.last("include_archived") == "true"
    with_default = request.last("include_default") == "true"
    default_id = f"wrkspc_01{token(22, account.scenario.seed, account.org, 'default workspace')}"
    wanted = set(request.values("ids[]"))
    objects = []
    for workspace in account.sub_accounts:
        is_archived = workspace.archived_at is not None and workspace.archived_at <= now
        workspace_id = workspace.id or default_id
        is_hidden = (is_archived and not with_archived) or (workspace.id is None and not with_default)
        if not is_hidden and (not wanted or workspace_id in wanted):
            objects.append(_workspace(workspace, workspace_id, is_archived=is_archived))
    return _page(request, objects, "include_archived", "include_default", "ids[]")


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "type": "api_key",
        "name": key.name,
        "status": "active",
        "partial_key_hint": f"sk-ant-api03-{key.id[-3:]}...{key.id[-7:-3]}",
        "created_at": instant(key.created_at),
        "expires_at": None,
        "created_by": {"id": key.owner.id if key.owner else None, "type": "user"},
        "workspace_id": key.sub_account_id,
    }


def api_keys(request: WireRequest, account: Account) -> dict[str, Any]:
    """`/v1/organizations/api_keys`; a deleted key is not in it."""
    status, workspace = request.last("status"), request.last("workspace_id")
    if status is not None and status not in _KEY_STATUSES:
        raise invalid(f"status: Input should be one of {', '.join(_KEY_STATUSES)}, got {status!r}")
    creator = request.last("created_by_user_id")
    objects = [
        _key(key)
        for key in account.api_keys
        if not key.is_deleted
        and status in {None, "active"}
        and workspace in {None, key.sub_account_id}
        and creator in {None, key.owner.id if key.owner else None}
    ]
    return _page(request, objects, "status", "workspace_id", "created_by_user_id")


def users(request: WireRequest, account: Account) -> dict[str, Any]:
    """`/v1/organizations/users`."""
    email, roles = request.last("email"), request.values("roles[]")
    objects = [
        {
            "id": member.id,
            "type": "user",
            "name": member.name,
            "email": member.email,
            "role": member.role,
            "added_at": instant(member.added_at),
        }
        for member in account.members
        if email in {None, member.email} and (not roles or member.role in roles)
    ]
    return _page(request, objects, "email", "roles[]")


def me(account: Account) -> dict[str, Any]:
    """`/v1/organizations/me`."""
    return {"id": account.account_id, "type": "organization", "name": account.name}
