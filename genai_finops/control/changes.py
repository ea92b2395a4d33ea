"""How a row is added again, and what is written down about a change."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy.orm import Session

from genai_finops.control.models import AuditEntry, Base
from genai_finops.errors import FinopsError
from genai_finops.schemas.columns import SLUG

Change = Literal["added", "unchanged", "updated"]


def apply_values(row: Base, wanted: Mapping[str, object], *, subject: str, update: bool) -> list[str]:
    """Sets the wanted values and names those that changed. Raises FinopsError where that needs `update`."""
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    if changed and not update:
        differences = ", ".join(f"{name} is {getattr(row, name)!r}, not {wanted[name]!r}" for name in changed)
        raise FinopsError(
            f"{subject} exists already with other values: {differences}",
            remedy="Repeat the stored values, or pass --update to replace them.",
        )
    for name in changed:
        setattr(row, name, wanted[name])
    return changed


def record(
    session: Session,
    *,
    now: dt.datetime,
    actor: str,
    action: str,
    org_slug: str | None,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Adds a line to the audit log. `detail` must hold no secret."""
    session.add(
        AuditEntry(
            at=now,
            actor=actor,
            action=action,
            org_slug=org_slug,
            subject=subject,
            detail=json.dumps(detail or {}, sort_keys=True, default=str),
        )
    )


def check_slug(value: str, what: str) -> str:
    """The value, or FinopsError when it is not a slug."""
    if not re.fullmatch(SLUG, value):
        raise FinopsError(
            f"{what} {value!r} is not a slug",
            remedy="Use 1 to 63 lower-case letters, digits, hyphens and underscores; start with a letter or digit.",
        )
    return value


def check_text(value: str, what: str, *, max_length: int = 255) -> str:
    """The value without surrounding blanks, or FinopsError when it is empty, too long or not printable."""
    stripped = value.strip()
    if not stripped or len(stripped) > max_length or not stripped.isprintable():
        raise FinopsError(
            f"{what} {value!r} is empty, too long or not printable",
            remedy=f"Give 1 to {max_length} printable characters.",
        )
    return stripped
