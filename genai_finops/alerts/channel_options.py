"""Checks of what the user of a channel enters. Every fault is a FinopsError that names the option."""

import re
from email.headerregistry import Address

from genai_finops.alerts.addresses import Guard
from genai_finops.errors import FinopsError


def checked_url(name: str, text: str, guard: Guard) -> str:
    """The URL without a slash at its end, or FinopsError when it cannot be sent to."""
    fault = guard.url_fault(text)
    if fault is not None:
        raise FinopsError(f"Option {name} of the channel {fault}", remedy=f"Correct {name}; see docs/alerts.md.")
    return text.rstrip("/")


def secret_url(text: str, guard: Guard) -> str:
    """The URL that is a secret, or FinopsError that does not repeat it."""
    fault = guard.url_fault(text)
    if fault is not None:
        raise FinopsError(f"The secret URL of the channel {fault}", remedy="Copy it whole from where it was made.")
    return text


def checked_key(text: str | None, what: str) -> str:
    """The key without blanks around it, or FinopsError that does not repeat it; empty where it is not read."""
    if text is None:
        return ""
    key = text.strip()
    if not key or not all("!" <= character <= "~" for character in key):
        raise FinopsError(
            f"{what} is empty or holds blanks, line breaks or non-ASCII characters", remedy="Store it alone."
        )
    return key


def mail_addresses(name: str, text: str) -> list[str]:
    """Bare addresses with commas between them, each checked."""
    return [mail_address(name, part.strip()) for part in text.split(",")]


def mail_address(name: str, text: str) -> str:
    """A bare address such as finops@example.com."""
    try:
        address = Address(addr_spec=text)
        is_bare = bool(address.username) and "." in f"{address.domain}." and bool(address.domain)
    except (ValueError, IndexError):
        is_bare = False
    if not is_bare or not re.fullmatch(r"[!-~]+", text) or len(text) > 254:  # noqa: PLR2004 - RFC 5321
        raise FinopsError(
            f"Option {name}: {text!r} is no e-mail address", remedy="Give bare addresses with commas between them."
        )
    return text


def matching(name: str, text: str, pattern: str, remedy: str) -> str:
    """The text, or FinopsError when it does not match."""
    if not re.fullmatch(pattern, text):
        raise FinopsError(f"Option {name} of the channel is {text!r}", remedy=remedy)
    return text
