"""The one retry layer: which errors are worth a repeat, how long to wait, when to give up."""

import datetime as dt
import email.utils
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from genai_finops.providers.base import (
    CredentialError,
    MissingRightError,
    PermanentProviderError,
    ProviderError,
    TransientProviderError,
)
from genai_finops.providers.config import RetryConfig

log = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer other than 200 means, and what the reader of the message can do about it, in our own words."""

    error: type[ProviderError]
    remedy: str
    #: Seconds that the body asks to wait, where it is not a header that does.
    retry_after: float | None = None


#: status, headers (lower-case names), parsed body or None -> verdict
Classify = Callable[[int, Mapping[str, str], Any], Verdict]

_TRANSIENT = Verdict(TransientProviderError, "run the partition again later")


def classify_status(status: int, headers: Mapping[str, str], body: Any) -> Verdict:  # noqa: ARG001
    """What a status means at most providers; a provider's module refines it."""
    if status == 401:  # noqa: PLR2004
        return Verdict(CredentialError, "check the credential and its expiry")
    if status == 403:  # noqa: PLR2004
        return Verdict(MissingRightError, "check the credential's scope and role")
    if status in {408, 429} or 500 <= status <= 599:  # noqa: PLR2004
        return _TRANSIENT
    if 300 <= status <= 399:  # noqa: PLR2004
        return Verdict(PermanentProviderError, "redirects are not followed; correct the provider's base URL")
    return Verdict(PermanentProviderError, "the request is refused as it is; compare it with the provider's reference")


class RetryableError(TransientProviderError):
    """A transient error within the retry layer, with the wait that the provider asked for."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def retry_after_seconds(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Seconds that Retry-After (seconds or HTTP date) or retry-after-ms asks for, or the longest wait that Azure names
    for one of its budgets beside it (`x-ms-ratelimit-...-retry-after`); None where they ask for nothing readable.
    """
    asked = [_plain_seconds(headers, now)]
    asked += [
        float(value)
        for name, text in headers.items()
        if name.startswith("x-ms-ratelimit-") and name.endswith("-retry-after") and (value := text.strip()).isdecimal()
    ]
    return max((seconds for seconds in asked if seconds is not None), default=None)


def _plain_seconds(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    milliseconds = headers.get("retry-after-ms", "").strip()
    if milliseconds.isdecimal():
        return int(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - now).total_seconds())


def call_with_retries(
    call: Callable[[], Result],
    config: RetryConfig,
    *,
    subject: str,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    random: Callable[[], float],
) -> Result:
    """Call until it succeeds, fails for good, or attempts or total time are used up.

    `random` gives numbers in [0, 1). Raises TransientProviderError, whose message says how often and how long it was
    tried.
    """
    started = clock()

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, RetryableError) and error.retry_after:
            return error.retry_after
        ceiling = min(config.last_ceiling_seconds, config.first_ceiling_seconds * 2.0 ** (state.attempt_number - 1))
        return random() * ceiling

    def is_used_up(state: RetryCallState) -> bool:
        # A wait that ends after the allowed time is not begun: sleeping less than Retry-After only earns another
        # refusal.
        return (
            state.attempt_number >= config.attempts or clock() - started + state.upcoming_sleep >= config.total_seconds
        )

    def give_up(state: RetryCallState) -> Result:
        error = state.outcome.exception() if state.outcome else None
        asked = ""
        if isinstance(error, RetryableError) and error.retry_after and state.attempt_number < config.attempts:
            asked = f"; it asks to wait {error.retry_after:.0f} s, beyond the {config.total_seconds:.0f} s allowed"
        raise TransientProviderError(
            f"{error} (gave up after {state.attempt_number} attempts in {clock() - started:.1f} s{asked})"
        ) from None

    def report(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("%s attempt=%d retry_in_s=%.3f: %s", subject, state.attempt_number, state.upcoming_sleep, error)

    retrying = Retrying(
        retry=retry_if_exception_type(RetryableError),
        wait=wait,
        stop=is_used_up,
        sleep=sleep,
        before_sleep=report,
        retry_error_callback=give_up,
    )
    return retrying(call)
