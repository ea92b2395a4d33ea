"""BigQuery's jobs interface: a query is accepted, is not done at first, and its result comes in pages of texts."""

import datetime as dt
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from genai_finops.simulator.gemini.billing_export import EXPORT_VIEW, LOCATION, export_rows, flat_table, table_of
from genai_finops.simulator.gemini.query_engine import QueryError, QueryResult, named_tables, run_query
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.noise import token
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest, parse_whole

_QUERIES = re.compile(r"/bigquery/v2/projects/([\w.:-]+)/queries(?:/([\w-]+))?")
#: BigQuery ends a page by its size in bytes, whatever maxResults asks for.
_PAGE_ROWS = 250
_REMEMBERED_JOBS = 256
_PAGE_TOKEN = "BQ_ROW_"

Payload = dict[str, Any]


class BigQuery:
    """Answers below /bigquery/v2. Holds the results of the last jobs, as the service does for a day."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, QueryResult] = OrderedDict()
        self._lock = threading.Lock()

    def answers(self, path: str) -> bool:
        """Whether a path is BigQuery's."""
        return _QUERIES.fullmatch(path) is not None

    def answer(self, request: WireRequest, account: Account, ledger: Ledger) -> Payload:
        """The body of a 200. Raises Refusal."""
        found = _QUERIES.fullmatch(request.path)
        if found is None:
            raise Refusal(404, "NOT_FOUND", f"Not found: {request.path}")
        project, job = found.groups()
        if project != table_of(account).split(".")[0]:
            raise Refusal(
                403,
                "PERMISSION_DENIED",
                f"Access Denied: Project {project}: User does not have bigquery.jobs.create permission",
            )
        if job is None:
            if request.method != "POST":
                raise Refusal(404, "NOT_FOUND", "Not found: jobs.query is asked by POST")
            return self._start(request, account, ledger, project)
        return self._results(request, project, job)

    def _start(self, request: WireRequest, account: Account, ledger: Ledger, project: str) -> Payload:
        body = _body(request)
        tables = _tables(body)
        for table in sorted(tables):
            if table != table_of(account):
                message = (
                    f"Access Denied: Table {table}: User does not have permission to query table or it does not exist"
                )
                raise Refusal(403, "PERMISSION_DENIED", message)
        if body.get("location") != LOCATION:
            raise Refusal(404, "NOT_FOUND", f"Not found: Dataset was not found in location {body.get('location')}")
        if body.get("dryRun"):
            return {"kind": "bigquery#queryResponse", "jobComplete": True, "totalBytesProcessed": "1048576"}
        job = token(24, account.org, ledger.now, request.content)
        result = _run(body, account, ledger)
        with self._lock:
            self._jobs[job] = result
            while len(self._jobs) > _REMEMBERED_JOBS:
                self._jobs.popitem(last=False)
        return {
            "kind": "bigquery#queryResponse",
            "jobReference": {"projectId": project, "jobId": job, "location": LOCATION},
            "jobComplete": False,
        }

    def _results(self, request: WireRequest, project: str, job: str) -> Payload:
        with self._lock:
            result = self._jobs.get(job)
        if result is None or request.last("location") != LOCATION:
            raise Refusal(404, "NOT_FOUND", f"Not found: Job {project}:{request.last('location')}.{job}")
        start = _position(request.last("pageToken"))
        limit = min(parse_whole(request.last("maxResults") or "") or _PAGE_ROWS, _PAGE_ROWS)
        end = start + limit
        page: Payload = {
            "kind": "bigquery#getQueryResultsResponse",
            "schema": {"fields": [{"name": name, "type": kind, "mode": "NULLABLE"} for name, kind in result.fields]},
            "jobReference": {"projectId": project, "jobId": job, "location": LOCATION},
            "totalRows": str(len(result.rows)),
            "totalBytesProcessed": "1048576",
            "jobComplete": True,
            "cacheHit": False,
        }
        if rows := result.rows[start:end]:
            page["rows"] = [{"f": [{"v": value} for value in row]} for row in rows]
        if end < len(result.rows):
            page["pageToken"] = f"{_PAGE_TOKEN}{end}"
        return page


def _body(request: WireRequest) -> Payload:
    try:
        body = json.loads(request.content)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise Refusal(400, "INVALID_ARGUMENT", "Required parameter is missing: query")
    if body.get("useLegacySql") is not False:
        raise Refusal(400, "INVALID_ARGUMENT", "Legacy SQL does not know named parameters")
    return body


def _tables(body: Payload) -> frozenset[str]:
    try:
        return named_tables(body["query"])
    except QueryError as error:
        raise Refusal(400, "INVALID_ARGUMENT", f"Syntax error: {error}") from None


def _run(body: Payload, account: Account, ledger: Ledger) -> QueryResult:
    parameters = {item["name"]: _value(item) for item in body.get("queryParameters", ())}
    # The engine filters by itself; rows of other days are left out only because making them takes time.
    days = [value.date() for value in parameters.values() if isinstance(value, dt.datetime)]
    first, last = min(days, default=dt.date.min), max(days, default=dt.date.max)
    rows = export_rows(account, ledger, first, last)
    try:
        return run_query(body["query"], parameters, flat=flat_table(rows), view=EXPORT_VIEW)
    except QueryError as error:
        raise Refusal(400, "INVALID_ARGUMENT", f"Invalid query: {error}") from None


def _value(parameter: Mapping[str, Any]) -> Any:
    text = parameter["parameterValue"]["value"]
    if parameter["parameterType"]["type"] == "TIMESTAMP":
        return dt.datetime.fromisoformat(text)
    return text


def _position(page_token: str | None) -> int:
    if page_token is None:
        return 0
    position = parse_whole(page_token.removeprefix(_PAGE_TOKEN))
    if position is None:
        raise Refusal(400, "INVALID_ARGUMENT", f"Invalid value at 'page_token': {page_token}")
    return position
