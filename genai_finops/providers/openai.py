"""OpenAI: the organisation's usage endpoints, read with an administration key.

Counts of a row overlap on the wire (input includes cached, cache writes, audio and images); they leave here as
disjoint meters that add up to OpenAI's own totals.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    MissingRightError,
    Page,
    PermanentProviderError,
    ProbeCheck,
    UsageRow,
    Window,
)
from genai_finops.providers.http import Params
from genai_finops.providers.pagination import entries, list_pages, token_pages
from genai_finops.providers.records import DayCoverage, Record, UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.retry import Verdict, classify_status
from genai_finops.providers.source import HttpUsageSource, Options

_PROJECTS = "projects"
_COMPLETIONS = "usage/completions"
_REQUESTS = "num_model_requests"

#: OpenAI's own tier names. A fast request is reported as priority; a scale request is served from a commitment.
_SERVICE_TIERS = {
    None: "standard",
    "auto": "standard",
    "default": "standard",
    "flex": "flex",
    "priority": "priority",
    "fast": "priority",
    "scale": "committed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoint:
    """One usage endpoint: what it can be grouped by, and which counts of a row become which meter."""

    source: str
    #: `object` of its rows, without the common prefix and suffix.
    result: str
    group_by: tuple[str, ...]
    meters: Mapping[str, str]
    #: Counts that are read by hand, or left out for a reason.
    other_counts: tuple[str, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """Every field that a row may have."""
        return frozenset({"object", "user_id", *_DIMENSIONS, *self.meters, *self.other_counts})

    @property
    def object_name(self) -> str:
        return f"organization.usage.{self.result}.result"


_DIMENSIONS = (
    "project_id",
    "api_key_id",
    "model",
    "batch",
    "service_tier",
    "size",
    "source",
    "vector_store_id",
    "context_level",
)
_BY_MODEL = ("project_id", "api_key_id", "model")
_TOKEN_COUNTS = (
    "input_tokens",
    "input_cached_tokens",
    "input_cache_write_tokens",
    "input_uncached_tokens",
    "input_text_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "input_cached_text_tokens",
    "input_cached_audio_tokens",
    "input_cached_image_tokens",
    "output_tokens",
    "output_text_tokens",
    "output_audio_tokens",
    "output_image_tokens",
)

#: user_id is left out: it would multiply the rows, and people are attributed from request logs.
_ENDPOINTS = {
    endpoint.source: endpoint
    for endpoint in (
        _Endpoint(
            source=_COMPLETIONS,
            result="completions",
            group_by=(*_BY_MODEL, "batch", "service_tier"),
            meters={_REQUESTS: "request"},
            other_counts=_TOKEN_COUNTS,
        ),
        _Endpoint(
            source="usage/embeddings",
            result="embeddings",
            group_by=_BY_MODEL,
            meters={"input_tokens": "embedding_input", _REQUESTS: "request"},
        ),
        _Endpoint(
            source="usage/moderations",
            result="moderations",
            group_by=_BY_MODEL,
            meters={"input_tokens": "moderation_input", _REQUESTS: "request"},
        ),
        _Endpoint(
            source="usage/images",
            result="images",
            group_by=(*_BY_MODEL, "size", "source"),
            meters={"images": "image", _REQUESTS: "request"},
        ),
        _Endpoint(
            source="usage/audio_speeches",
            result="audio_speeches",
            group_by=_BY_MODEL,
            meters={"characters": "character", _REQUESTS: "request"},
        ),
        _Endpoint(
            source="usage/audio_transcriptions",
            result="audio_transcriptions",
            group_by=_BY_MODEL,
            meters={"seconds": "audio_second", _REQUESTS: "request"},
        ),
        _Endpoint(
            source="usage/vector_stores",
            result="vector_stores",
            group_by=("project_id",),
            meters={"usage_bytes": "storage_byte"},
        ),
        _Endpoint(
            source="usage/code_interpreter_sessions",
            result="code_interpreter_sessions",
            group_by=("project_id",),
            meters={"num_sessions": "container_session"},
        ),
        _Endpoint(
            source="usage/file_search_calls",
            result="file_searches",
            group_by=("project_id", "api_key_id", "vector_store_id"),
            meters={"num_requests": "file_search"},
        ),
        _Endpoint(
            source="usage/web_search_calls",
            result="web_searches",
            group_by=(*_BY_MODEL, "context_level"),
            meters={"num_requests": "web_search"},
            # The model requests that searched are counted by completions already.
            other_counts=(_REQUESTS,),
        ),
    )
}


class OpenAIOptions(Options):
    """Options of the flow."""

    #: False for a key that may read usage but not list projects.
    project_names: bool = True


@register
class OpenAIUsage(HttpUsageSource):
    """Pay-as-you-go usage of one OpenAI organisation, by day, project, API key, model and tier."""

    provider: ClassVar[str] = "openai"
    flow: ClassVar[str] = "payg"
    options_model: ClassVar[type[Options]] = OpenAIOptions

    @staticmethod
    def classify(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
        """A missing scope is answered with 401 or 403, and a start too far back with 400 and the first day allowed."""
        error = body.get("error") if isinstance(body, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        if status in {401, 403}:
            return Verdict(
                CredentialError if status == 401 else MissingRightError,  # noqa: PLR2004
                "give an administration key (sk-admin-...) of this organisation with scope api.usage.read; to list "
                "projects it needs the permission to read them, or set options.project_names to false",
            )
        if code == "reporting_lookback_exceeded":
            return Verdict(
                PermanentProviderError,
                "OpenAI keeps about one year; start the backfill at the day that the message names",
            )
        return classify_status(status, headers, body)

    def fetch(self, window: Window) -> Iterator[Page]:
        """Every page of every usage endpoint, and the projects' names. Raises ProviderError."""
        now = self.refuse_future(window)
        options = self.read_options(self.flow_config)
        if isinstance(options, OpenAIOptions) and options.project_names:
            yield from self._list_projects()
        for part in window.split(self.flow_config.window_days):
            # A moment in the future is refused.
            end = min(part.end, now)
            for endpoint in _ENDPOINTS.values():
                yield from self._read_usage(endpoint, part.start, end)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """The scope that usage needs, and the permission that the projects' names need where they are read."""
        yesterday = Window.of_days(now.date() - dt.timedelta(days=1), now.date() - dt.timedelta(days=1))

        def list_projects() -> str:
            return f"{sum(len(entries(page, 'openai')) for page in self._list_projects())} projects"

        def read_usage() -> str:
            pages = self._read_usage(_ENDPOINTS[_COMPLETIONS], yesterday.start, yesterday.end)
            return f"{sum(1 for _ in pages)} pages of {yesterday.days[0].isoformat()}"

        usage = ProbeCheck(name="usage", needs="an administration key with the scope api.usage.read", run=read_usage)
        options = self.read_options(self.flow_config)
        if not (isinstance(options, OpenAIOptions) and options.project_names):
            return (usage,)
        needs = "permission to list projects; or set options.project_names to false"
        return (ProbeCheck(name="projects", needs=needs, run=list_projects), usage)

    def _list_projects(self) -> Iterator[Page]:
        return list_pages(
            lambda params: self.session.get("/organization/projects", source=_PROJECTS, params=params),
            [("include_archived", "true"), ("limit", str(self.flow_config.page_entries))],
            subject=f"{self.provider} {_PROJECTS}",
            max_pages=self.flow_config.max_pages,
            parameter="after",
        )

    def _read_usage(self, endpoint: _Endpoint, start: dt.datetime, end: dt.datetime) -> Iterator[Page]:
        end_time = str(int(end.timestamp()))
        recorded = {"group_by": ",".join(endpoint.group_by), "end_time": end_time}
        params: Params = [
            ("start_time", str(int(start.timestamp()))),
            ("end_time", end_time),
            ("bucket_width", "1d"),
            ("limit", str(self.flow_config.page_buckets)),
            *(("group_by[]", name) for name in endpoint.group_by),
        ]
        return token_pages(
            lambda asked: self.session.get(
                f"/organization/{endpoint.source}", source=endpoint.source, params=asked, recorded=recorded
            ),
            params,
            subject=f"{self.provider} {endpoint.source}",
            max_pages=self.flow_config.max_pages,
            # The last page may name a next one that is empty.
            stops_on_empty=True,
        )

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Disjoint meters per day and key. Raises MalformedPageError."""
        names = dict(_project_names(pages))
        coverage = DayCoverage(self.provider, window)
        for source in _ENDPOINTS:
            coverage.expect(source)
        unknown = UnknownFields()
        totals = UsageTotals()
        for page in pages:
            if page.source == _PROJECTS:
                continue
            endpoint = _ENDPOINTS.get(page.source)
            if endpoint is None:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
            for bucket in _buckets(page):
                start, end = _bucket_bounds(bucket, coverage)
                for record in bucket.children("results"):
                    unknown.add(record, endpoint.fields)
                    for row in _rows(record, endpoint, start, end):
                        totals.add(_named(row, names))
        coverage.check()
        unknown.report()
        return iter(totals)


def _project_names(pages: Sequence[Page]) -> Iterator[tuple[str, str]]:
    for page in pages:
        if page.source == _PROJECTS:
            for number, entry in enumerate(entries(page, f"openai {_PROJECTS}")):
                record = Record.of(entry, provider="openai", page=page, place=f"data[{number}]")
                project, name = record.text("id"), record.text("name")
                if project and name:
                    yield project, name


def _named(row: UsageRow, names: Mapping[str, str]) -> UsageRow:
    if row.sub_account_id is None:
        return row
    return replace(row, sub_account_name=names.get(row.sub_account_id, row.sub_account_id))


def _buckets(page: Page) -> Iterator[Record]:
    for number, entry in enumerate(entries(page, f"openai {page.source}")):
        yield Record.of(entry, provider="openai", page=page, place=f"data[{number}]")


def _bucket_bounds(bucket: Record, coverage: DayCoverage) -> tuple[dt.datetime, dt.datetime]:
    start = dt.datetime.fromtimestamp(bucket.count("start_time"), dt.UTC)
    end = dt.datetime.fromtimestamp(bucket.count("end_time"), dt.UTC)
    # A day may end early only where it was asked to: the day that is not over yet.
    if end.time() != dt.time(0) and str(bucket.content["end_time"]) != bucket.page.request.get("end_time"):
        bucket.fail(f"bucket {start.isoformat()} to {end.isoformat()} is cut short")
    coverage.add(bucket.page.source, bucket, start, end)
    return start, end


def _rows(record: Record, endpoint: _Endpoint, start: dt.datetime, end: dt.datetime) -> Iterator[UsageRow]:
    if record.required("object") != endpoint.object_name:
        record.fail(f"field object is {record.content['object']!r}, not {endpoint.object_name!r}")
    base = _dimensions(record, start, end)
    if endpoint.source == _COMPLETIONS:
        for meter, count in _token_meters(record).items():
            yield replace(base, meter=meter, quantity=Decimal(count))
    for field, meter in endpoint.meters.items():
        yield replace(base, meter=meter, quantity=record.quantity(field))


def _dimensions(record: Record, start: dt.datetime, end: dt.datetime) -> UsageRow:
    """A row without meter: what was asked to group by must be there, and may be null."""
    grouped = record.page.request.get("group_by", "").split(",")

    def text(name: str) -> str | None:
        return record.text(name) if name in grouped else None

    project, store, tier = text("project_id"), text("vector_store_id"), text("service_tier")
    if tier not in _SERVICE_TIERS:
        record.fail(f"field service_tier is {tier!r}, a tier without a known meaning")
    is_batch = record.flag("batch") if "batch" in grouped else False
    variant = ":".join(filter(None, (text("source"), text("size"), text("context_level")))) or None
    return UsageRow(
        period_start=start,
        period_end=end,
        meter="",
        quantity=Decimal(0),
        page=record.page.sha256,
        service_tier="batch" if is_batch else _SERVICE_TIERS[tier],
        provider_service_tier=tier,
        sub_account_id=project,
        sub_account_type="Project" if project else None,
        resource_id=store,
        resource_type="Vector Store" if store else None,
        api_key_id=text("api_key_id"),
        provider_model_id=text("model"),
        variant=variant,
    )


def _token_meters(record: Record) -> dict[str, int]:
    """Disjoint token meters of one completions row. Raises MalformedPageError where they do not add up to OpenAI's
    totals.
    """
    total = record.count("input_tokens")
    cached = record.optional_count("input_cached_tokens") or 0
    written = record.optional_count("input_cache_write_tokens") or 0
    reported = record.optional_count("input_uncached_tokens")
    uncached = total - cached - written if reported is None else reported
    if uncached < 0 or uncached + cached + written != total:
        record.fail(
            f"input_tokens {total} is not input_cached_tokens {cached} + input_cache_write_tokens {written} "
            f"+ input_uncached_tokens {'(missing)' if reported is None else reported}"
        )
    cached_parts = _split(record, cached, "input_cached_{}_tokens", "input_cached_tokens")
    if reported is None:
        uncached_parts = _split_older_shape(record, uncached, cached_parts["audio"])
    else:
        uncached_parts = _split(record, uncached, "input_{}_tokens", "input_uncached_tokens")
    output_parts = _split(record, record.count("output_tokens"), "output_{}_tokens", "output_tokens")
    meters = {"cache_write": written}
    for base, parts in (("uncached_input", uncached_parts), ("cache_read", cached_parts), ("output", output_parts)):
        meters[base] = parts["text"]
        meters |= {f"{base}_{modality}": parts[modality] for modality in ("audio", "image")}
    return meters


def _split(record: Record, total: int, pattern: str, total_field: str) -> dict[str, int]:
    """A total by modality. Text may be missing, as in rows of older shape: it is then the rest."""
    text, audio, image = (record.optional_count(pattern.format(name)) for name in ("text", "audio", "image"))
    rest = total - (audio or 0) - (image or 0)
    if rest < 0 or (text is not None and text != rest):
        record.fail(
            f"{total_field} {total} is not the sum of its parts: "
            f"text {'(missing)' if text is None else text} + audio {audio or 0} + image {image or 0}"
        )
    return {"text": rest, "audio": audio or 0, "image": image or 0}


def _split_older_shape(record: Record, uncached: int, cached_audio: int) -> dict[str, int]:
    """Uncached input of a row without input_uncached_tokens, where input_audio_tokens includes the cached audio."""
    audio = (record.optional_count("input_audio_tokens") or 0) - cached_audio
    image = record.optional_count("input_image_tokens") or 0
    rest = uncached - audio - image
    if audio < 0 or rest < 0:
        record.fail(
            f"input_audio_tokens {audio + cached_audio} and input_image_tokens {image} do not fit: "
            f"{cached_audio} of the audio is cached, and {uncached} of the input is not"
        )
    return {"text": rest, "audio": audio, "image": image}
