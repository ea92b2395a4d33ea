"""The warehouse on BigQuery, read with the same SQL."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

if TYPE_CHECKING:
    from google.cloud import bigquery

_BATCH_ROWS = 16_384
_PARAMETER_TYPES = (
    (bool, "BOOL"),
    (int, "INT64"),
    (Decimal, "BIGNUMERIC"),
    (dt.datetime, "TIMESTAMP"),
    (dt.date, "DATE"),
    (str, "STRING"),
)


class BigQueryWarehouse:
    """Queries on one dataset."""

    def __init__(self, client: "bigquery.Client", dataset: str) -> None:
        self._client = client
        self._dataset = dataset

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self._result(sql, parameters)]

    def batches(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[pa.RecordBatch]:
        for batch in self._result(sql, parameters).to_arrow_iterable():
            for start in range(0, batch.num_rows, _BATCH_ROWS):
                yield batch.slice(start, _BATCH_ROWS)

    def has_table(self, name: str) -> bool:
        return any(table.table_id == name for table in self._client.list_tables(self._dataset))

    def modified_at(self, name: str) -> str | None:
        """When the table was last changed; None where it was never built."""
        if not self.has_table(name):
            return None
        return str(self._client.get_table(f"{self._client.project}.{self._dataset}.{name}").modified)

    def json_text(self, column: str) -> str:
        return f"json_value({column}, ?)"

    def _result(self, sql: str, parameters: Sequence[object]) -> Any:
        from google.cloud import bigquery  # noqa: PLC0415 - 1.7 s of import that a DuckDB user should not pay

        config = bigquery.QueryJobConfig(
            default_dataset=f"{self._client.project}.{self._dataset}",
            query_parameters=[
                bigquery.ScalarQueryParameter(None, _type_of(parameter), cast("Any", parameter))
                for parameter in parameters
            ],
        )
        return self._client.query(sql, job_config=config).result()


def _type_of(parameter: object) -> str:
    for kind, name in _PARAMETER_TYPES:
        if isinstance(parameter, kind):
            return name
    raise TypeError(f"a query parameter of type {type(parameter).__name__} has no BigQuery type")


@contextmanager
def open_bigquery(settings: Settings) -> Iterator[BigQueryWarehouse]:
    """The dataset that dbt builds, with the variables of dbt's profile and Google's default credentials.

    GENAI_FINOPS_BIGQUERY_API_ENDPOINT points it at an emulator, without credentials. Raises FinopsError when there are
    no credentials.
    """
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - as above
    from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415 - as above
    from google.cloud import bigquery  # noqa: PLC0415 - as above

    project = settings.environ.get("GENAI_FINOPS_BIGQUERY_PROJECT", "genai-finops")
    endpoint = settings.environ.get("GENAI_FINOPS_BIGQUERY_API_ENDPOINT")
    location = settings.environ.get("GENAI_FINOPS_BIGQUERY_LOCATION", "EU")
    try:
        client = bigquery.Client(
            project=project,
            location=location,
            credentials=AnonymousCredentials() if endpoint else None,  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": endpoint} if endpoint else None,
        )
    except DefaultCredentialsError as failure:
        raise FinopsError(
            "BigQuery has no credentials here",
            remedy="Run `gcloud auth application-default login`, or name a key file in GOOGLE_APPLICATION_CREDENTIALS.",
        ) from failure
    try:
        yield BigQueryWarehouse(client, settings.environ.get("GENAI_FINOPS_BIGQUERY_DATASET", "genai_finops"))
    finally:
        client.close()  # type: ignore[no-untyped-call]
