"""One credential's failure is its own; what was stored stays; an empty day is an answer."""

import datetime as dt
import functools
import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from genai_finops.errors import FinopsError
from genai_finops.ingest.outcome import IngestReport, failure_summary, joined, outcome_lines
from genai_finops.ingest.resource_states import known_states
from genai_finops.ingest.usage import SourceCredential, ingest_usage
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.raw_pages import read_raw_page
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    Page,
    PermanentProviderError,
    ProviderResource,
    ResourceState,
    TransientProviderError,
    UsageRow,
    Window,
)

NOW = dt.datetime(2026, 10, 4, 2, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 3)
WINDOW = Window.of_days(FIRST, LAST)
DAYS = WINDOW.days
BODY = b'{"data": []}'
PAGE = Page(source="usage", request={}, body=BODY, sha256=hashlib.sha256(BODY).hexdigest(), content={"data": []})

DEPLOYMENT = ProviderResource(resource_type="Deployment", resource_id="account/chat", resource_name="chat")


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
    requests_made = 3
    repeats_made = 1

    def __init__(
        self,
        rows: Sequence[UsageRow] = (),
        error: Exception | None = None,
        *,
        lists: Sequence[ProviderResource] = (),
        malformed: Exception | None = None,
    ) -> None:
        self.rows = rows
        self.error = error
        self.lists = lists
        self.malformed = malformed
        self.windows: list[Window] = []

    def fetch(self, window: Window) -> Iterator[Page]:
        self.windows.append(window)
        yield PAGE
        if self.error is not None:
            raise self.error

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        assert [page.sha256 for page in pages] == [PAGE.sha256]
        if self.malformed is not None:
            raise self.malformed
        return (row for row in self.rows if window.start <= row.period_start < window.end or row.variant == "stray")

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        assert [page.sha256 for page in pages] == [PAGE.sha256]
        return iter(self.lists)

    def listed_types(self, pages: Sequence[Page]) -> frozenset[str]:
        assert [page.sha256 for page in pages] == [PAGE.sha256]
        return frozenset({DEPLOYMENT.resource_type})

    def fetch_lists(self) -> Iterator[Page]:
        raise AssertionError("usage is read, not lists alone")


def credential(
    source: FakeSource | Callable[[], FakeSource],
    org: str = "acme",
    window_days: int = 31,
    concurrency: int = 1,
    known: list[Sequence[ResourceState]] | None = None,
) -> SourceCredential:
    def open_source(known_resources: Sequence[ResourceState]) -> AbstractContextManager[FakeSource]:
        if known is not None:
            known.append(known_resources)
        return nullcontext(source() if callable(source) else source)

    return SourceCredential(
        org=org,
        provider="openai",
        flow="payg",
        credential=f"{org}-openai",
        account_id=f"org-{org}",
        window_days=window_days,
        open_source=open_source,
        concurrency=concurrency,
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
    assert (report.tokens, report.requests, report.rows) == (10, 4, 2)


def test_http_requests_and_retries_of_every_source_are_counted_also_of_those_that_failed(files: LakeFiles) -> None:
    report = ingest(
        files,
        credential(FakeSource(), org="acme", window_days=2),
        credential(FakeSource(error=TransientProviderError("503")), org="globex"),
    )
    assert (report.http_requests, report.http_retries) == (3 * FakeSource.requests_made, 3 * FakeSource.repeats_made)


def test_the_report_says_how_long_it_took(files: LakeFiles) -> None:
    ticks = itertools.count(100.0, 2.5)
    report = ingest_usage(files, [], WINDOW, now=NOW, run_id="run-1", clock=lambda: next(ticks))
    assert report.seconds == 2.5


def test_reports_made_one_after_the_other_add_up() -> None:
    report = IngestReport(outcomes=(), http_requests=7, http_retries=2, seconds=1.5)
    assert joined([report, report]) == IngestReport(outcomes=(), http_requests=14, http_retries=4, seconds=3.0)


@pytest.mark.parametrize("concurrency", [1, 4, 64])
def test_no_credential_is_left_out_and_outcomes_keep_their_order(files: LakeFiles, concurrency: int) -> None:
    orgs = [f"org{number:02}" for number in range(12)]

    def slow_first(org: str) -> FakeSource:
        time.sleep(0.02 if org == orgs[0] else 0)
        return FakeSource([usage_row(FIRST, int(org[3:]) + 1)])

    report = ingest(
        files, *(credential(functools.partial(slow_first, org), org=org, concurrency=concurrency) for org in orgs)
    )
    assert [(outcome.org, outcome.day) for outcome in report.outcomes] == [(org, day) for org in orgs for day in DAYS]
    assert [stored(files, org=org)["quantity"].item() for org in orgs] == list(range(1, 13))


def test_credentials_are_read_at_the_same_time(files: LakeFiles) -> None:
    meeting = threading.Barrier(3, timeout=10)

    def meet() -> FakeSource:
        meeting.wait()
        return FakeSource([usage_row(FIRST)])

    report = ingest(files, *(credential(meet, org=f"org{number}", concurrency=3) for number in range(6)))
    assert report.count("failed") == 0


def test_a_failure_in_one_thread_is_its_own(files: LakeFiles) -> None:
    sources = {"acme": FakeSource(error=KeyError("a defect")), "globex": FakeSource([usage_row(FIRST)])}
    report = ingest(files, *(credential(source, org=org, concurrency=2) for org, source in sources.items()))
    assert [(outcome.org, outcome.status) for outcome in report.outcomes if outcome.day == FIRST] == [
        ("acme", "failed"),
        ("globex", "complete"),
    ]


def test_a_lake_that_cannot_be_written_ends_the_whole_ingest(files: LakeFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path, __: Path) -> None:
        raise OSError("no space left")

    ingest(files)
    ingest(files, credential(FakeSource()))
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        ingest(files, *(credential(FakeSource(), org=org, concurrency=2) for org in ("acme", "globex")))


def test_resources_that_the_fetch_listed_are_kept_and_given_to_the_next_one(files: LakeFiles) -> None:
    known: list[Sequence[ResourceState]] = []
    ingest(files, credential(FakeSource(lists=[DEPLOYMENT]), known=known))
    ingest(files, credential(FakeSource(), known=known))
    assert [[state.resource for state in states] for states in known] == [[], [DEPLOYMENT]]


def test_the_next_series_of_the_same_ingest_knows_what_the_one_before_listed(files: LakeFiles) -> None:
    known: list[Sequence[ResourceState]] = []
    ingest(files, credential(FakeSource(lists=[DEPLOYMENT]), known=known, window_days=1))
    assert [len(states) for states in known] == [0, 1, 1]


def test_a_resource_is_observed_when_its_list_was_read_not_when_the_run_began(files: LakeFiles) -> None:
    seconds = itertools.chain([0.0], itertools.repeat(90.0))
    account = credential(FakeSource(lists=[DEPLOYMENT]))
    ingest_usage(files, [account], WINDOW, now=NOW, run_id="run-1", clock=lambda: next(seconds))
    [state] = known_states(files, account.listed_account)
    assert state.first_observed_at == NOW + dt.timedelta(seconds=90)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(FakeSource(lists=[DEPLOYMENT], malformed=MalformedPageError("field model missing")), id="page"),
        pytest.param(FakeSource(lists=[DEPLOYMENT], malformed=KeyError("a defect")), id="defect"),
        pytest.param(FakeSource([usage_row(FIRST, -5)], lists=[DEPLOYMENT]), id="value"),
    ],
)
def test_usage_that_cannot_be_understood_costs_no_observation(files: LakeFiles, source: FakeSource) -> None:
    account = credential(source)
    assert ingest(files, account).count("failed") == len(DAYS)
    assert [state.resource for state in known_states(files, account.listed_account)] == [DEPLOYMENT]


def test_a_fetch_that_broke_off_observes_nothing(files: LakeFiles) -> None:
    account = credential(FakeSource(error=TransientProviderError("503"), lists=[DEPLOYMENT]))
    ingest(files, account)
    assert known_states(files, account.listed_account) == ()


def test_damaged_resource_states_fail_their_credential_before_anything_is_asked(files: LakeFiles) -> None:
    source = FakeSource([usage_row(FIRST)])
    files.replace("resources/openai/acme.acme-openai.parquet", b"PAR1")
    report = ingest(files, credential(source), credential(FakeSource([usage_row(FIRST)]), org="globex"))
    assert source.windows == []
    assert "acme.acme-openai.parquet" in failure_summary(report)
    assert next(outcome.status for outcome in report.outcomes if outcome.org == "globex") == "complete"


def test_a_kill_between_resource_states_and_landing_leaves_the_old_landing(
    files: LakeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object, **__: object) -> None:
        raise SystemExit(137)

    account = credential(FakeSource([usage_row(FIRST, 99)], lists=[DEPLOYMENT]))
    ingest(files, credential(FakeSource([usage_row(FIRST)])))
    before = stored(files)
    with monkeypatch.context() as patch:
        patch.setattr("genai_finops.ingest.usage.write_landing", kill)
        with pytest.raises(SystemExit):
            ingest(files, account)
    assert stored(files).equals(before)
    assert [state.resource for state in known_states(files, account.listed_account)] == [DEPLOYMENT]
    assert ingest(files, account).count("complete") == 1
    assert stored(files)["quantity"].item() == 99


def test_a_glob_over_resource_states_finds_something_after_any_ingest(files: LakeFiles) -> None:
    ingest(files, credential(FakeSource()))
    assert files.find("resources") == ["resources/_schema/empty.parquet"]


def test_days_that_failed_for_one_reason_share_a_line(files: LakeFiles) -> None:
    reason = "azure_openai keeps metrics for 93 days; ask for days from 2026-10-05"
    report = ingest(
        files,
        credential(FakeSource(error=PermanentProviderError(reason)), window_days=2),
        credential(FakeSource([usage_row(FIRST)]), org="globex"),
    )
    assert list(outcome_lines(report)) == [
        f"openai.payg acme/acme-openai 2026-10-01 to 2026-10-03 (3 days): failed ({reason})",
        "openai.payg globex/globex-openai 2026-10-01: complete, 1 rows",
        "openai.payg globex/globex-openai 2026-10-02: empty",
        "openai.payg globex/globex-openai 2026-10-03: empty",
    ]
    assert failure_summary(report) == f"openai.payg acme/acme-openai 2026-10-01 to 2026-10-03 (3 days): {reason}"


def test_days_that_failed_for_two_reasons_have_two_lines(files: LakeFiles) -> None:
    sources = [FakeSource(error=TransientProviderError(reason)) for reason in ("503", "timeout", "503")]
    report = ingest(files, credential(lambda: sources.pop(0), window_days=1))
    assert list(outcome_lines(report)) == [
        "openai.payg acme/acme-openai 2026-10-01 to 2026-10-03 (2 days): failed (503)",
        "openai.payg acme/acme-openai 2026-10-02: failed (timeout)",
    ]


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("GET host/usage (request req_{0}): HTTP 401", id="request"),
        pytest.param("metrics of 2026-10-0{0} are gone; the earliest day is 2026-10-20", id="day"),
    ],
)
def test_one_reason_of_several_series_is_shown_once_in_the_words_of_the_first(files: LakeFiles, reason: str) -> None:
    numbers = itertools.count(1)
    account = credential(lambda: FakeSource(error=PermanentProviderError(reason.format(next(numbers)))), window_days=1)
    shown = f"openai.payg acme/acme-openai 2026-10-01 to 2026-10-03 (3 days): failed ({reason.format(1)})"
    assert list(outcome_lines(ingest(files, account))) == [shown]
