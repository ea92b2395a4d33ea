"""Anthropic: the messages usage report of the Admin API.

A request may be grouped by five dimensions at most, and seven decide price and attribution. Geography and speed are
therefore filters: one series of requests for each of their values. An unfiltered series is the control total that the
parts have to meet.
"""

import datetime as dt
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from genai_finops.providers.base import (
    Account,
    CredentialError,
    MalformedPageError,
    MissingRightError,
    Page,
    PermanentProviderError,
    ProbeCheck,
    TransientProviderError,
    UsageRow,
    Window,
)
from genai_finops.providers.http import Params
from genai_finops.providers.pagination import entries, list_pages, token_pages
from genai_finops.providers.records import DayCoverage, Record, UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.retry import Verdict, classify_status
from genai_finops.providers.source import HttpUsageSource, Options

_MESSAGES = "usage_report/messages"
_TOTAL = "usage_report/messages total"
_WORKSPACES = "workspaces"
_ME = "me"

_GROUP_BY = ("model", "service_tier", "context_window", "workspace_id", "api_key_id")
_GEOGRAPHIES = ("global", "us", "not_available")
_SPEEDS = ("standard", "fast")
_FAST_MODE_BETA = {"anthropic-beta": "fast-mode-2026-02-01"}
#: Reads of the control total and its parts before usage is taken to be in motion.
_READS = 3

_SERVICE_TIERS = {
    "standard": "standard",
    "batch": "batch",
    # Priority Tier is a commitment: it never appears in the pay-as-you-go cost report.
    "priority": "committed",
    "priority_on_demand": "priority_on_demand",
    "flex": "flex",
    "flex_discount": "flex",
}
_CONTEXT_WINDOW = re.compile(r"^(\d+)(k|M)?-(\d+)(k|M)$")
_SCALES = {None: 1, "k": 1_000, "M": 1_000_000}

_FIELDS = frozenset(
    {
        "uncached_input_tokens",
        "cache_read_input_tokens",
        "cache_creation",
        "output_tokens",
        "server_tool_use",
        "account_id",
        "api_key_id",
        "context_window",
        "inference_geo",
        "model",
        "service_account_id",
        "service_tier",
        "speed",
        "workspace_id",
    }
)
_CACHE_FIELDS = frozenset({"ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"})
#: Web fetches are free.
_TOOL_FIELDS = frozenset({"web_search_requests", "web_fetch_requests"})


class AnthropicOptions(Options):
    """Options of the flow."""

    #: False for an account that is refused the beta filter by speed.
    fast_mode: bool = True


@register
class AnthropicUsage(HttpUsageSource):
    """Pay-as-you-go usage of one Anthropic organisation, by day, workspace, API key, model, tier, band, geography and
    speed.
    """

    provider: ClassVar[str] = "anthropic"
    flow: ClassVar[str] = "payg"
    options_model: ClassVar[type[Options]] = AnthropicOptions

    @staticmethod
    def classify(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
        """A conflict passes, a billing error does not; 529 is overload."""
        if status in {401, 403}:
            return Verdict(
                CredentialError if status == 401 else MissingRightError,  # noqa: PLR2004
                "give an admin key (sk-ant-admin01-...) of this organisation; inference keys are refused",
            )
        if status == 402:  # noqa: PLR2004
            return Verdict(PermanentProviderError, "settle the organisation's billing in the Anthropic Console")
        if status == 409:  # noqa: PLR2004
            return Verdict(TransientProviderError, "run the partition again later")
        if status == 400 and "speed" in str(body):  # noqa: PLR2004
            return Verdict(
                PermanentProviderError,
                "where the account is refused the filter by speed, set options.fast_mode to false",
            )
        return classify_status(status, headers, body)

    def fetch(self, window: Window) -> Iterator[Page]:
        """The control total, its parts, and the workspaces' names. Raises ProviderError.

        The total is read before and after its parts, so that usage which arrives in between is not mistaken for a page
        that is missing: TransientProviderError where it never stands still.
        """
        self.refuse_future(window)
        yield from self._list_workspaces()
        for part in window.split(self.flow_config.window_days):
            yield from self._read_settled(part)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """The two things that an admin key may do."""
        yesterday = Window.of_days(now.date() - dt.timedelta(days=1), now.date() - dt.timedelta(days=1))

        def list_workspaces() -> str:
            return f"{sum(len(entries(page, 'anthropic')) for page in self._list_workspaces())} workspaces"

        def read_usage() -> str:
            return f"{sum(1 for _ in self._read(yesterday, None, None))} pages of {yesterday.days[0].isoformat()}"

        needs = "an admin key (sk-ant-admin01-...) of the organisation"
        return (
            ProbeCheck(name="workspaces", needs=needs, run=list_workspaces),
            ProbeCheck(name="usage", needs=needs, run=read_usage),
        )

    def account(self) -> Account | None:
        """The organisation of the key."""
        page = self.session.get("/v1/organizations/me", source=_ME)
        record = Record.of(page.content, provider=self.provider, page=page, place="body")
        identifier, name = record.text("id"), record.text("name")
        if identifier is None:
            record.fail("field id is null")
        return Account(id=identifier, name=name or identifier)

    def _list_workspaces(self) -> Iterator[Page]:
        return list_pages(
            lambda params: self.session.get("/v1/organizations/workspaces", source=_WORKSPACES, params=params),
            [("include_archived", "true"), ("limit", str(self.flow_config.page_entries))],
            subject=f"{self.provider} {_WORKSPACES}",
            max_pages=self.flow_config.max_pages,
            parameter="after_id",
        )

    def _read_settled(self, window: Window) -> list[Page]:
        before = list(self._read(window, None, None))
        for _ in range(_READS):
            parts = [page for geo, speed in self._series() for page in self._read(window, geo, speed)]
            after = list(self._read(window, None, None))
            if _usage_of(before) == _usage_of(after):
                return [*after, *parts]
            before = after
        raise TransientProviderError(
            f"{self.provider} {_MESSAGES}: usage of {window.start.date().isoformat()} to "
            f"{window.days[-1].isoformat()} changed during each of {_READS} reads; run the partition again later"
        )

    def _series(self) -> list[tuple[str, str | None]]:
        options = self.read_options(self.flow_config)
        speeds: tuple[str | None, ...] = (
            _SPEEDS if isinstance(options, AnthropicOptions) and options.fast_mode else (None,)
        )
        return [(geography, speed) for geography in _GEOGRAPHIES for speed in speeds]

    def _read(self, window: Window, geography: str | None, speed: str | None) -> Iterator[Page]:
        group_by = _GROUP_BY if geography else ("model",)
        recorded = {"group_by": ",".join(group_by)}
        params: list[tuple[str, str]] = [
            ("starting_at", f"{window.start:%Y-%m-%dT%H:%M:%SZ}"),
            # Not the current time: a bucket that ends after it is left out.
            ("ending_at", f"{window.end:%Y-%m-%dT%H:%M:%SZ}"),
            ("bucket_width", "1d"),
            ("limit", str(self.flow_config.page_buckets)),
            *(("group_by[]", name) for name in group_by),
        ]
        if geography:
            params.append(("inference_geos[]", geography))
            recorded["inference_geo"] = geography
        if speed:
            params.append(("speeds[]", speed))
            recorded["speed"] = speed
        source = _MESSAGES if geography else _TOTAL

        def get(asked: Params) -> Page:
            return self.session.get(
                f"/v1/organizations/{_MESSAGES}",
                source=source,
                params=asked,
                headers=_FAST_MODE_BETA if speed else None,
                recorded=recorded,
            )

        return token_pages(get, params, subject=f"{self.provider} {source}", max_pages=self.flow_config.max_pages)

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Disjoint meters per day and key. Raises MalformedPageError, also where the parts miss the control total."""
        names = dict(_workspace_names(pages))
        coverage = DayCoverage(self.provider, window)
        coverage.expect(_TOTAL)
        for geography, speed in self._series():
            coverage.expect(_series_name(geography, speed))
        unknown = UnknownFields()
        totals = UsageTotals()
        for page in pages:
            if page.source not in {_MESSAGES, _TOTAL, _WORKSPACES}:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
            for bucket, start, end in _buckets(page):
                series = _series_name(page.request.get("inference_geo"), page.request.get("speed"))
                coverage.add(series, bucket, start, end)
                for record in bucket.children("results"):
                    _check_fields(record, unknown)
                    if page.source == _MESSAGES:
                        for row in _rows(record, start, end, names):
                            totals.add(row)
        coverage.check()
        _check_control_totals(pages)
        unknown.report()
        return iter(totals)


def _series_name(geography: str | None, speed: str | None) -> str:
    return f"{_MESSAGES} {geography} {speed or 'any speed'}" if geography else _TOTAL


def _workspace_names(pages: Sequence[Page]) -> Iterator[tuple[str, str]]:
    for page in pages:
        if page.source == _WORKSPACES:
            for number, entry in enumerate(entries(page, f"anthropic {_WORKSPACES}")):
                record = Record.of(entry, provider="anthropic", page=page, place=f"data[{number}]")
                workspace, name = record.text("id"), record.text("name")
                if workspace and name:
                    yield workspace, name


def _buckets(page: Page) -> Iterator[tuple[Record, dt.datetime, dt.datetime]]:
    if page.source == _WORKSPACES:
        return
    for number, entry in enumerate(entries(page, f"anthropic {page.source}")):
        bucket = Record.of(entry, provider="anthropic", page=page, place=f"data[{number}]")
        start, end = _moment(bucket, "starting_at"), _moment(bucket, "ending_at")
        if end.time() != dt.time(0):
            bucket.fail(f"bucket {start.isoformat()} to {end.isoformat()} is cut short")
        yield bucket, start, end


def _moment(bucket: Record, name: str) -> dt.datetime:
    value = bucket.text(name)
    try:
        moment = dt.datetime.fromisoformat(value or "")
    except ValueError:
        bucket.fail(f"field {name} is {value!r}, not a date and time")
    if moment.utcoffset() is None:
        bucket.fail(f"field {name} is {value!r}, without a time zone")
    return moment.astimezone(dt.UTC)


def _check_fields(record: Record, unknown: UnknownFields) -> None:
    unknown.add(record, _FIELDS)
    unknown.add(record.child("cache_creation"), _CACHE_FIELDS)
    unknown.add(record.child("server_tool_use"), _TOOL_FIELDS)


def _meters(record: Record) -> dict[str, int]:
    """The counts of one row, disjoint on the wire already."""
    cache = record.child("cache_creation")
    return {
        "uncached_input": record.count("uncached_input_tokens"),
        "cache_read": record.count("cache_read_input_tokens"),
        "cache_write_5m": cache.count("ephemeral_5m_input_tokens"),
        "cache_write_1h": cache.count("ephemeral_1h_input_tokens"),
        "output": record.count("output_tokens"),
        "web_search": record.child("server_tool_use").count("web_search_requests"),
    }


def _rows(record: Record, start: dt.datetime, end: dt.datetime, names: Mapping[str, str]) -> Iterator[UsageRow]:
    workspace = record.text("workspace_id")
    band, above, up_to = _context_band(record)
    tier, provider_tier = _tier(record)
    geography = record.page.request["inference_geo"]
    base = UsageRow(
        period_start=start,
        period_end=end,
        meter="",
        quantity=Decimal(0),
        page=record.page.sha256,
        service_tier=tier,
        provider_service_tier=provider_tier,
        # Null is the default workspace.
        sub_account_id=workspace,
        sub_account_name=names.get(workspace, workspace) if workspace else None,
        sub_account_type="Workspace" if workspace else None,
        api_key_id=record.text("api_key_id"),
        provider_model_id=record.text("model"),
        geography=None if geography == "not_available" else geography,
        context_band=band,
        context_tokens_above=above,
        context_tokens_up_to=up_to,
    )
    for meter, count in _meters(record).items():
        yield replace(base, meter=meter, quantity=Decimal(count))


def _tier(record: Record) -> tuple[str, str]:
    tier = record.text("service_tier")
    if tier is None or tier not in _SERVICE_TIERS:
        record.fail(f"field service_tier is {tier!r}, a tier without a known meaning")
    if record.page.request.get("speed") != "fast":
        return _SERVICE_TIERS[tier], tier
    if tier != "standard":
        record.fail(f"field service_tier is {tier!r} in fast mode, which is documented for the standard tier only")
    return "fast", f"{tier}+fast"


def _context_band(record: Record) -> tuple[str | None, int | None, int | None]:
    label = record.text("context_window")
    if label is None:
        return None, None, None
    match = _CONTEXT_WINDOW.match(label)
    if match is None:
        record.fail(f"field context_window is {label!r}, not a band such as '0-200k'")
    above, above_scale, up_to, up_to_scale = match.groups()
    return label, int(above) * _SCALES[above_scale], int(up_to) * _SCALES[up_to_scale]


def _usage_of(pages: Sequence[Page]) -> list[str]:
    """What pages say, whatever the order of their rows; not parsed, so that a page of unknown shape is still kept."""
    buckets = [entry for page in pages for entry in entries(page, f"anthropic {page.source}")]
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in _flattened(buckets))


def _flattened(buckets: Sequence[Any]) -> Iterator[Any]:
    for bucket in buckets:
        results = bucket.get("results") if isinstance(bucket, dict) else None
        if isinstance(results, list):
            yield from ((bucket.get("starting_at"), result) for result in results)
        else:
            yield bucket


def _class_totals(pages: Sequence[Page]) -> dict[tuple[dt.date, str | None, str], int]:
    """Sums by day, model and class; zeros left out."""
    sums: defaultdict[tuple[dt.date, str | None, str], int] = defaultdict(int)
    for page in pages:
        for bucket, start, _ in _buckets(page):
            for record in bucket.children("results"):
                for meter, count in _meters(record).items():
                    sums[start.date(), record.text("model"), meter] += count
    return {key: count for key, count in sums.items() if count}


def _check_control_totals(pages: Sequence[Page]) -> None:
    expected = _class_totals([page for page in pages if page.source == _TOTAL])
    found = _class_totals([page for page in pages if page.source == _MESSAGES])
    differing = sorted(
        (key for key in expected.keys() | found.keys() if expected.get(key, 0) != found.get(key, 0)), key=str
    )
    if differing:
        day, model, meter = differing[0]
        raise MalformedPageError(
            f"anthropic {_MESSAGES}: {meter} of model {model} on {day.isoformat()} is {found.get(differing[0], 0)} "
            f"by geography and speed but {expected.get(differing[0], 0)} in total ({len(differing)} sums differ); "
            f"usage of a geography or speed that is not asked for would be lost"
        )
