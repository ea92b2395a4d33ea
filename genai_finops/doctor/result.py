"""What one check found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from genai_finops.errors import FinopsError

CheckStatus = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check of one thing. Holds no secret."""

    #: What was checked: a provider, an account of an organisation, a store.
    subject: str
    check: str
    status: CheckStatus
    detail: str
    #: What to do; None where nothing is to be done.
    remedy: str | None = None


class Finding(NamedTuple):
    """What a check found, before it is told of what."""

    status: CheckStatus
    detail: str
    remedy: str | None = None


def examine(subject: str, check: str, find: Callable[[], Finding], *, otherwise: str) -> CheckResult:
    """The result of `find`; what it raises is a failure, with the error's remedy or else the one of `otherwise`."""
    try:
        found = find()
    except FinopsError as error:
        found = Finding("failed", error.message, error.remedy)
    except Exception as error:  # noqa: BLE001 - every engine and file system raises errors of its own
        found = Finding("failed", f"{type(error).__name__}: {' '.join(str(error).split())}", otherwise)
    return CheckResult(subject=subject, check=check, status=found.status, detail=found.detail, remedy=found.remedy)
