"""Queries over BigQuery's REST interface: ask, poll until the job is done, follow the pages, and count the rows.

Source: BigQuery REST reference, jobs.query and jobs.getQueryResults.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from genai_finops.providers.base import MalformedPageError, Page, PermanentProviderError, TransientProviderError
from genai_finops.providers.http import ProviderSession
from genai_finops.providers.records import Record

#: Fields of an answer that are known, whether they are used or not.
RESULT_FIELDS = frozenset(
    {
        "arrowRecordBatch",
        "arrowSchema",
        "cacheHit",
        "creationTime",
        "dmlStats",
        "endTime",
        "errors",
        "etag",
        "jobComplete",
        "jobCreationReason",
        "jobReference",
        "kind",
        "location",
        "numDmlAffectedRows",
        "pageRowCount",
        "pageToken",
        "queryId",
        "rows",
        "schema",
        "sessionInfo",
        "startTime",
        "statementType",
        "totalBytesBilled",
        "totalBytesProcessed",
        "totalRows",
        "totalSlotMs",
    }
)
_HOST = "bigquery_url"
#: Milliseconds that BigQuery may hold an answer back while the job runs.
_WAIT_MS = 10_000
#: Answers without a result after which a job is taken to hang: ten minutes.
_MAX_POLLS = 60


class BigQueryJob:
    """One query of one project, in the location of the tables that it reads."""

    def __init__(self, session: ProviderSession, *, project: str, location: str, source: str) -> None:
        self._session = session
        self._path = f"/bigquery/v2/projects/{project}/queries"
        self._location = location
        self._source = source

    def dry_run(self, sql: str, parameters: Mapping[str, tuple[str, str]]) -> str:
        """Bytes that the query would read, as text; proves the rights without reading. Raises ProviderError."""
        page = self._session.request(
            "POST",
            self._path,
            source=f"{self._source} dry run",
            content=self._body(sql, parameters, {"dryRun": True}),
            headers={"Content-Type": "application/json"},
            host=_HOST,
        )
        return str(page.content.get("totalBytesProcessed", "unknown")) if isinstance(page.content, dict) else "unknown"

    def pages(
        self,
        sql: str,
        parameters: Mapping[str, tuple[str, str]],
        *,
        recorded: Mapping[str, str],
        page_rows: int,
        max_pages: int,
        max_bytes: int,
    ) -> Iterator[Page]:
        """Every page of the result. `parameters` are named: type and value as text.

        Raises ProviderError; MalformedPageError where pages hold fewer rows than the answer says there are.
        """
        page = self._session.request(
            "POST",
            self._path,
            source=self._source,
            content=self._body(sql, parameters, {"maxResults": page_rows, "maximumBytesBilled": str(max_bytes)}),
            headers={"Content-Type": "application/json"},
            recorded=recorded,
            host=_HOST,
        )
        page = self._finished(page, recorded, page_rows)
        yield page
        rows, tokens = len(_rows(page)), set[str]()
        while token := page.content.get("pageToken"):
            if not isinstance(token, str) or token in tokens:
                raise PermanentProviderError(
                    f"{self._subject}: pageToken {token!r} comes a second time (page {page.sha256}); it loops"
                )
            tokens.add(token)
            if len(tokens) >= max_pages:
                raise PermanentProviderError(
                    f"{self._subject}: more than {max_pages} pages; raise max_pages if that many are to be expected"
                )
            page = self._results(_job_id(page), recorded, page_rows, token)
            yield page
            rows += len(_rows(page))
        total = page.content.get("totalRows")
        if str(rows) != total:
            raise MalformedPageError(
                f"{self._subject}: the pages hold {rows} rows, totalRows is {total!r} (page {page.sha256}); "
                f"a page is missing"
            )

    @property
    def _subject(self) -> str:
        return f"{self._source}: {self._path}"

    def _body(self, sql: str, parameters: Mapping[str, tuple[str, str]], more: Mapping[str, Any]) -> bytes:
        named = [
            {"name": name, "parameterType": {"type": kind}, "parameterValue": {"value": value}}
            for name, (kind, value) in parameters.items()
        ]
        body = {
            "query": sql,
            "useLegacySql": False,
            "parameterMode": "NAMED",
            "queryParameters": named,
            "location": self._location,
            "timeoutMs": _WAIT_MS,
            **more,
        }
        return json.dumps(body).encode()

    def _finished(self, page: Page, recorded: Mapping[str, str], page_rows: int) -> Page:
        for _ in range(_MAX_POLLS):
            if not isinstance(page.content, dict) or not isinstance(page.content.get("jobComplete"), bool):
                raise MalformedPageError(f"{self._subject}: field jobComplete is no truth value (page {page.sha256})")
            if errors := page.content.get("errors"):
                raise PermanentProviderError(f"{self._subject}: the query failed: {errors}")
            if page.content["jobComplete"]:
                return page
            page = self._results(_job_id(page), recorded, page_rows, None)
        raise TransientProviderError(
            f"{self._subject}: the job is not done after {_MAX_POLLS} answers; run it again later"
        )

    def _results(self, job: str, recorded: Mapping[str, str], page_rows: int, token: str | None) -> Page:
        params = [("location", self._location), ("maxResults", str(page_rows)), ("timeoutMs", str(_WAIT_MS))]
        if token is not None:
            params.append(("pageToken", token))
        return self._session.get(
            f"{self._path}/{job}", source=self._source, params=params, recorded=recorded, host=_HOST
        )


def _job_id(page: Page) -> str:
    record = Record.of(page.content, provider="bigquery", page=page, place="body")
    job = record.child("jobReference").text("jobId")
    if job is None or not job.replace("-", "").replace("_", "").isalnum():
        record.fail(f"field jobId is {job!r}, which is no id of a job")
    return job


def _rows(page: Page) -> list[Any]:
    rows = page.content.get("rows", [])
    if not isinstance(rows, list):
        raise MalformedPageError(f"{page.source}: field rows is no list (page {page.sha256})")
    return rows


def query_rows(page: Page, *, provider: str) -> Iterator[Record]:
    """The rows of a page as records by column name; every scalar is text or None, as BigQuery writes it.

    Raises MalformedPageError.
    """
    body = Record.of(page.content, provider=provider, page=page, place="body")
    names = [field.text("name") or "" for field in body.child("schema").children("fields")]
    for number, row in enumerate(_rows(page)):
        place = f"rows[{number}]"
        cells = list(Record.of(row, provider=provider, page=page, place=place).children("f"))
        if len(cells) != len(names):
            body.fail(f"{place} has {len(cells)} cells for {len(names)} columns")
        values = {name: cell.required("v") for name, cell in zip(names, cells, strict=True)}
        yield Record.of(values, provider=provider, page=page, place=place)
