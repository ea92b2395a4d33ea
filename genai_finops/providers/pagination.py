"""Following pages to their end, and stopping paginators that have none."""

from collections.abc import Callable, Iterator
from typing import Any

from genai_finops.providers.base import MalformedPageError, Page, PermanentProviderError
from genai_finops.providers.http import Params

FetchPage = Callable[[Params], Page]


def token_pages(
    fetch: FetchPage, params: Params, *, subject: str, max_pages: int, stops_on_empty: bool = False
) -> Iterator[Page]:
    """Pages of a report: `data`, `has_more`, `next_page`, the token sent back as `page`.

    `stops_on_empty`: a page without data ends the series although it names a next one. `subject` names provider and
    source in errors. Raises PermanentProviderError for a repeated token and after max_pages, MalformedPageError for a
    page that promises more without saying where.
    """
    return _pages(
        _with_entries(fetch, subject),
        params,
        subject=subject,
        max_pages=max_pages,
        cursor="next_page",
        parameter="page",
        next_of=lambda page: _promised(page, subject, "next_page", stops_on_empty=stops_on_empty),
    )


def list_pages(fetch: FetchPage, params: Params, *, subject: str, max_pages: int, parameter: str) -> Iterator[Page]:
    """Pages of a list of names: `data`, `has_more`, `last_id`, the id sent back as `parameter`.

    Raises as token_pages.
    """
    return _pages(
        _with_entries(fetch, subject),
        params,
        subject=subject,
        max_pages=max_pages,
        cursor="last_id",
        parameter=parameter,
        next_of=lambda page: _promised(page, subject, "last_id", stops_on_empty=False),
    )


def cursor_pages(
    fetch: FetchPage, params: Params, *, subject: str, max_pages: int, cursor: str, parameter: str
) -> Iterator[Page]:
    """Pages that name the next one by the field `cursor`, sent back as `parameter`; the last one lacks it or has "".

    A page without entries may still have a next one. Raises PermanentProviderError for a repeated token and after
    max_pages, MalformedPageError for a cursor that is no text.
    """
    return _pages(
        fetch,
        params,
        subject=subject,
        max_pages=max_pages,
        cursor=cursor,
        parameter=parameter,
        next_of=lambda page: _given(page, subject, cursor),
    )


def entries(page: Page, subject: str) -> list[Any]:
    """The `data` of a page. Raises MalformedPageError."""
    content = page.content
    if not isinstance(content, dict) or not isinstance(content.get("data"), list):
        raise MalformedPageError(f"{subject}: field data is missing or no list (page {page.sha256})")
    data: list[Any] = content["data"]
    return data


def _with_entries(fetch: FetchPage, subject: str) -> FetchPage:
    def fetch_checked(params: Params) -> Page:
        page = fetch(params)
        entries(page, subject)
        return page

    return fetch_checked


def _promised(page: Page, subject: str, cursor: str, *, stops_on_empty: bool) -> str | None:
    has_more = page.content.get("has_more")
    if not isinstance(has_more, bool):
        raise MalformedPageError(f"{subject}: field has_more is {has_more!r}, not true or false (page {page.sha256})")
    if not has_more or (stops_on_empty and not entries(page, subject)):
        return None
    token = page.content.get(cursor)
    if not isinstance(token, str) or not token:
        raise MalformedPageError(
            f"{subject}: has_more is true but {cursor} is {token!r} (page {page.sha256}); pages are missing"
        )
    return token


def _given(page: Page, subject: str, cursor: str) -> str | None:
    token = page.content.get(cursor) if isinstance(page.content, dict) else None
    if token is not None and not isinstance(token, str):
        raise MalformedPageError(
            f"{subject}: field {cursor} is {type(token).__name__}, not text (page {page.sha256}); "
            f"pages would be missing"
        )
    return token or None


def _pages(
    fetch: FetchPage,
    params: Params,
    *,
    subject: str,
    max_pages: int,
    cursor: str,
    parameter: str,
    next_of: Callable[[Page], str | None],
) -> Iterator[Page]:
    seen: set[str] = set()
    asked = tuple(params)
    for _ in range(max_pages):
        page = fetch(asked)
        yield page
        token = next_of(page)
        if token is None:
            return
        if token in seen:
            raise PermanentProviderError(
                f"{subject}: {cursor} {token!r} comes a second time (page {page.sha256}); the paginator loops"
            )
        seen.add(token)
        asked = (*params, (parameter, token))
    raise PermanentProviderError(
        f"{subject}: more than {max_pages} pages; raise the flow's max_pages if that many are to be expected"
    )
