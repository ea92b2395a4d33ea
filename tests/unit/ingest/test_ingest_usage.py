"""One credential's failure is its own; what was stored stays; an empty day is an answer."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from genai_finops.errors import FinopsError
from genai_finops.ingest.outcome import IngestReport, failure_summary
from genai_finops.ingest.usage import SourceCredential, ingest_usage
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.raw_pages import read_raw_page
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    Page,
    TransientProviderError,
    UsageRow,
    Window,
)

NOW = dt.datetime(2026, 10, 4, 2, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 3)
WINDOW = Window.of_days(FIRST, LAST)
BODY = b'{"data": []}'
PAGE = Page(source="usage", request={}, body=BODY, sha256=hashlib.sha256(BODY).hexdigest(), content={"data": []})


def usage_row(day: dt.date, quantity: object = 10, **values: object) -> UsageRow:
    start = dt.datetime.combine(day, dt.time(0, tzinfo=dt.UTC))
    fields = {
        "period_start": start,
        "period_end": start + dt.timedelta(days=1),
        "meter": "uncached_input",
        "quantity": Decimal(str(quantity)),
        "page": PAGE.sha256,
        "service_tier": "standard",
        "provider_model_id": "gpt-4o",
        **values,
    }
    return UsageRow(**fields)  # type: ignore[arg-type]


class FakeSource:
    """A source of fixed rows, or of one error, raised while pages are fetched."""

    provider = "openai"
    flow = "payg"

    def __init__(self, rows: Sequence[UsageRow] = (), error: Exception | None = None) -> None:
        self.rows = rows
        self.error = error
        self.windows: list[Window] = []

    def fetch(self, window: Window) -> Iterator[Page]:
        self.windows.append(window)
        yield PAGE
        if self.error is not None:
            raise self.error

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        assert [page.sha256 for page in pages] == [PAGE.sha256]
        return (row for row in self.rows if window.start <= row.period_start < window.end or row.variant == "stray")


def credential(
    source: FakeSource | Callable[[], FakeSource], org: str = "acme", window_days: int = 31
) -> SourceCredential:
    return SourceCredential(
        org=org,
        provider="openai",
        flow="payg",
        credential=f"{org}-openai",
        account_id=f"org-{org}",
        window_days=window_days,
        open_source=lambda: nullcontext(source() if callable(source) else source),
        count_requests=lambda: 3,
    )


@pytest.fixture
def files(tmp_path: Path) -> LakeFiles:
    return LakeFiles(str(tmp_path))


def ingest(files: LakeFiles, *credentials: SourceCredential, run_id: str = "run-1") -> IngestReport:
    return ingest_usage(files, credentials, WINDOW, now=NOW, run_id=run_id)


def stored(files: LakeFiles, day: dt.date = FIRST, org: str = "acme") -> pl.DataFrame:
    return pl.read_parquet(files.path(f"landing/genai_payg_usage_raw/day={day}/openai/{org}.{org}-openai.parquet"))


def test_every_day_of_the_window_is_landed_also_the_empty_ones(files: LakeFiles) -> None:
    report = ingest(files, credential(FakeSource([usage_row(FIRST), usage_row(LAST)])))
    assert [(outcome.day.day, outcome.status) for outcome in report.outcomes] == [
        (1, "complete"),
        (2, "empty"),
        (3, "complete"),
    ]


def test_a_day_that_became_empty_loses_its_rows(files: LakeFiles) -> None:
    ingest(files, credential(FakeSource([usage_row(FIRST)])))
    ingest(files, credential(FakeSource([])))
    assert stored(files).height == 0


@pytest.mark.parametrize(
    ("error", "is_worth_retrying"),
    [
        pytest.param(CredentialError("openai: the key was refused"), False, id="refused key"),
        pytest.param(MalformedPageError("openai: field model missing"), False, id="malformed page"),
        pytest.param(TransientProviderError("openai: 503"), True, id="overload"),
        pytest.param(FinopsError("no such variable", remedy="set it"), False, id="missing reference"),
        pytest.param(KeyError("model"), False, id="defect in the parser"),
    ],
)
def test_a_failure_keeps_what_was_stored_and_says_so(
    files: LakeFiles, error: Exception, is_worth_retrying: bool
) -> None:
    ingest(files, credential(FakeSource([usage_row(FIRST)])))
    before = stored(files)
    report = ingest(files, credential(FakeSource([usage_row(FIRST, 99)], error)), run_id="run-2")
    assert {outcome.status for outcome in report.outcomes} == {"failed"}
    assert report.is_worth_retrying is is_worth_retrying
    assert stored(files).equals(before)


def test_one_organisations_refused_key_does_not_stop_another(files: LakeFiles) -> None:
    report = ingest(
        files,
        credential(FakeSource(error=CredentialError("refused")), org="acme"),
        credential(FakeSource([usage_row(FIRST)]), org="globex"),
    )
    assert {(outcome.org, outcome.status) for outcome in report.outcomes if outcome.day == FIRST} == {
        ("acme", "failed"),
        ("globex", "complete"),
    }


def test_a_failed_series_leaves_the_other_series_of_the_credential_alone(files: LakeFiles) -> None:
    sources = [FakeSource([usage_row(FIRST)]), FakeSource(error=TransientProviderError("503")), FakeSource([])]
    report = ingest(files, credential(lambda: sources.pop(0), window_days=1))
    assert [outcome.status for outcome in report.outcomes] == ["complete", "failed", "empty"]


def test_the_raw_page_of_a_malformed_answer_is_kept(files: LakeFiles) -> None:
    ingest(files, credential(FakeSource(error=MalformedPageError("field model missing"))))
    assert read_raw_page(files, "openai", PAGE.sha256) == BODY


def test_a_bad_value_fails_the_partition_and_names_field_value_and_page(files: LakeFiles) -> None:
    report = ingest(files, credential(FakeSource([usage_row(FIRST, -5)])))
    assert "quantity" in failure_summary(report)
    assert "-5" in failure_summary(report)
    assert PAGE.sha256 in failure_summary(report)


def test_a_row_outside_the_window_fails_the_series(files: LakeFiles) -> None:
    report = ingest(files, credential(FakeSource([usage_row(LAST + dt.timedelta(days=1), variant="stray")])))
    assert report.count("failed") == len(WINDOW.days)


def test_rows_of_one_key_are_summed(files: LakeFiles) -> None:
    ingest(files, credential(FakeSource([usage_row(FIRST, "1.5"), usage_row(FIRST, 2)])))
    assert stored(files)["quantity"].to_list() == [Decimal("3.500000")]


def test_a_second_run_changes_nothing_but_run_and_moment(files: LakeFiles) -> None:
    source = FakeSource([usage_row(FIRST), usage_row(FIRST, 7, meter="output")])
    ingest(files, credential(source))
    before = stored(files).drop("x_run_id", "x_ingested_at")
    ingest(files, credential(source), run_id="run-2")
    assert stored(files).drop("x_run_id", "x_ingested_at").equals(before)
    assert set(stored(files)["x_run_id"]) == {"run-2"}


def test_a_long_window_is_read_in_series_of_the_configured_length(files: LakeFiles) -> None:
    source = FakeSource()
    ingest(files, credential(source, window_days=2))
    assert [len(window.days) for window in source.windows] == [2, 1]


def test_totals_of_the_report_count_tokens_and_requests_apart(files: LakeFiles) -> None:
    report = ingest(files, credential(FakeSource([usage_row(FIRST, 10), usage_row(FIRST, 4, meter="request")])))
    assert (report.tokens, report.requests, report.rows, report.http_requests) == (10, 4, 2, 3)
