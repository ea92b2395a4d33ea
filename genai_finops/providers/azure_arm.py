"""What the calls of Azure Resource Manager have in common: lists, errors, and spellings of ids and regions."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    MissingRightError,
    Page,
    PermanentProviderError,
    TransientProviderError,
)
from genai_finops.providers.retry import Verdict, classify_status

_NEXT_LINK = "nextLink"
#: Codes that mean the same whatever the status they come with.
_CREDENTIAL_CODES = frozenset(
    {
        "AuthenticationFailed",
        "AuthorizationFailed",
        "ExpiredAuthenticationToken",
        "InvalidAuthenticationToken",
        "InvalidAuthenticationTokenTenant",
        "LinkedAuthorizationFailed",
        "InsufficientPermissions",
    }
)
_PASSING_CODES = frozenset(
    {
        "429",
        "TooManyRequests",
        "Throttled",
        "ResourceRequestsThrottled",
        "SubscriptionRequestsThrottled",
        "ServerTimeout",
        "ServiceUnavailable",
        "InternalServerError",
        "GatewayTimeout",
    }
)
_REGISTER_CODES = frozenset({"MissingSubscriptionRegistration", "SubscriptionNotRegistered"})
_ROLES = (
    "give the app the roles Reader and Monitoring Reader on the subscription (for a single account, the account is "
    "enough), and check that the credential belongs to the subscription's tenant; the metrics data plane also answers "
    "so where the resource provider Microsoft.Insights is not registered"
)


def classify_arm(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
    """What an answer of Resource Manager or of the metrics data plane means: by its code where that is known."""
    code, message = error_of(body)
    if code in _PASSING_CODES:
        return Verdict(TransientProviderError, "run the partition again later")
    if code in _REGISTER_CODES:
        return Verdict(PermanentProviderError, "register the resource provider Microsoft.Insights in the subscription")
    if code in _CREDENTIAL_CODES or status in {401, 403}:
        is_known = status == 403 or code == "AuthorizationFailed"  # noqa: PLR2004
        return Verdict(MissingRightError if is_known else CredentialError, _ROLES)
    if code == "SubscriptionNotFound":
        return Verdict(
            PermanentProviderError, "the account's id must be the id of the subscription, in the credential's tenant"
        )
    if "dimension combination" in message:
        return Verdict(
            PermanentProviderError, "set options.metric_names of the flow to the other set of names that it knows"
        )
    return classify_status(status, headers, body)


def error_of(body: Any) -> tuple[str, str]:
    """Code and message of an error answer: in an envelope, or at the top as Azure Monitor writes them."""
    if not isinstance(body, dict):
        return "", ""
    error = body.get("error")
    found = error if isinstance(error, dict) else body
    return str(found.get("code", "")), str(found.get("message", ""))


def arm_pages(fetch: Callable[[str | None], Page], *, subject: str, max_pages: int) -> Iterator[Page]:
    """The pages of a list. `fetch` gets the link of the page as it came, None for the first one.

    Raises MalformedPageError for a page of another shape, PermanentProviderError for a link that comes a second time
    and after max_pages.
    """
    seen: set[str] = set()
    link: str | None = None
    for _ in range(max_pages):
        page = fetch(link)
        entries(page, subject)
        yield page
        link = _next_link(page, subject)
        if link is None:
            return
        if link in seen:
            raise PermanentProviderError(
                f"{subject}: {_NEXT_LINK} comes a second time (page {page.sha256}); the paginator loops"
            )
        seen.add(link)
    raise PermanentProviderError(
        f"{subject}: more than {max_pages} pages; raise the flow's max_pages if that many are to be expected"
    )


def _next_link(page: Page, subject: str) -> str | None:
    link = page.content.get(_NEXT_LINK)
    if link is None or link == "":
        return None
    if not isinstance(link, str):
        raise MalformedPageError(f"{subject}: field {_NEXT_LINK} is {link!r}, no address (page {page.sha256})")
    return without_default_port(link)


def without_default_port(link: str) -> str:
    """The link as it came, but for `:443`, which Azure adds now and then and which names the same host."""
    try:
        url = httpx.URL(link)
    except httpx.InvalidURL:
        return link
    spelled = f"{url.scheme}://{url.host}:443"
    plain = f"{url.scheme}://{url.host}"
    return plain + link[len(spelled) :] if url.scheme == "https" and link.lower().startswith(spelled) else link


def entries(page: Page, subject: str) -> list[Any]:
    """The `value` of a page. Raises MalformedPageError."""
    content = page.content
    if not isinstance(content, dict) or not isinstance(content.get("value"), list):
        raise MalformedPageError(f"{subject}: field value is missing or no list (page {page.sha256})")
    value: list[Any] = content["value"]
    return value


def region_id(name: str) -> str:
    """`eastus` for `East US` and `eastus`: both spellings occur."""
    return "".join(name.split()).lower()
