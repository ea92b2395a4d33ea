"""Parameters of OpenAI's report endpoints, and the refusals that wrong ones get."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genai_finops.simulator.buckets import WIDTHS, Grid, floor_to, page_position, query_digest
from genai_finops.simulator.wire import Refusal, WireRequest, parse_whole

_COMMON = ("start_time", "end_time", "bucket_width", "limit", "page")
#: Default and maximum number of buckets in a page, by width.
USAGE_LIMITS = {"1d": (7, 31), "1h": (24, 168), "1m": (60, 1440)}
COST_LIMITS = {"1d": (7, 180)}
#: `reporting_lookback_exceeded` names the earliest day that can still be asked for.
LOOKBACK = dt.timedelta(days=365)


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> Refusal:
    """A 400."""
    return Refusal(400, "invalid_request_error", message, code=code, param=param)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """A valid query: the buckets of the whole window and the part of them that this page holds."""

    grid: Grid
    digest: str
    position: int
    limit: int
    group_by: tuple[str, ...]
    #: Allowed values by dimension; a dimension that is not filtered is absent.
    filters: Mapping[str, frozenset[str | bool | None]]


def parse_query(
    request: WireRequest,
    *,
    org: str,
    now: dt.datetime,
    group_by: Sequence[str],
    filters: Mapping[str, str],
    limits: Mapping[str, tuple[int, int]],
    snaps_start: bool = False,
) -> ReportQuery:
    """Reads and checks all parameters. `filters` maps the name of a parameter to its dimension."""
    _refuse_unknown(request, filters)
    width = request.last("bucket_width") or "1d"
    if width not in limits:
        raise invalid(f"Invalid value: '{width}'. Supported values are: {_listed(limits)}.", param="bucket_width")
    start, end = _window(request, now)
    if snaps_start:
        start = floor_to(start, WIDTHS[width])
    digest = query_digest(org, request.path, request.params)
    page = request.last("page")
    position = 0 if page is None else page_position(page, digest)
    if position is None:
        raise invalid("Invalid page cursor: it does not belong to this query.", param="page")
    return ReportQuery(
        grid=Grid(start=start, end=end, width=WIDTHS[width]),
        digest=digest,
        position=position,
        limit=_limit(request, *limits[width]),
        group_by=_group_by(request, group_by),
        filters=_filters(request, filters),
    )


def _listed(values: Mapping[str, object] | Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _refuse_unknown(request: WireRequest, filters: Mapping[str, str]) -> None:
    arrays = {"group_by", *filters} - {"batch"}
    known = {*_COMMON, *filters, *arrays, *(f"{name}[]" for name in arrays)}
    for name, _ in request.params:
        if name not in known:
            raise invalid(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)


def _moment(request: WireRequest, name: str) -> dt.datetime | None:
    text = request.last(name)
    if text is None:
        return None
    seconds = parse_whole(text)
    if seconds is None or not 0 <= seconds < 2**33:
        raise invalid(
            f"Invalid type for '{name}': expected an integer of unix seconds, but got '{text}'.",
            code="invalid_type",
            param=name,
        )
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def _window(request: WireRequest, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    start = _moment(request, "start_time")
    if start is None:
        raise invalid(
            "Missing required parameter: 'start_time'.", code="missing_required_parameter", param="start_time"
        )
    end = _moment(request, "end_time") or now
    if end > now:
        raise invalid("Invalid 'end_time': it must not be in the future.", param="end_time")
    if start >= end:
        raise invalid("Invalid 'start_time': it must be before 'end_time'.", param="start_time")
    earliest = floor_to(now - LOOKBACK, WIDTHS["1d"])
    if start < earliest:
        raise invalid(
            f"The requested start_time is too old. The earliest allowed date is {earliest:%Y-%m-%d} UTC.",
            code="reporting_lookback_exceeded",
            param="start_time",
        )
    return start, end


def _limit(request: WireRequest, default: int, maximum: int) -> int:
    text = request.last("limit")
    if text is None:
        return default
    limit = parse_whole(text)
    if limit is None:
        raise invalid(f"Invalid type for 'limit': '{text}' is no integer.", code="invalid_type", param="limit")
    if limit > maximum:
        message = f"Invalid limit provided: {limit}. Limit must be less than or equal to {maximum}."
        raise invalid(message, code="invalid_request_error")
    if limit < 1:
        message = f"Invalid limit provided: {limit}. Limit must be greater than or equal to 1."
        raise invalid(message, code="invalid_request_error")
    return limit


def _group_by(request: WireRequest, allowed: Sequence[str]) -> tuple[str, ...]:
    group_by = tuple(dict.fromkeys(request.values("group_by", "group_by[]")))
    for value in group_by:
        if value not in allowed:
            message = f"Invalid value: '{value}'. Supported values are: {_listed(allowed)}."
            raise invalid(message, code="invalid_value", param="group_by")
    return group_by


def _filters(request: WireRequest, filters: Mapping[str, str]) -> dict[str, frozenset[str | bool | None]]:
    found: dict[str, frozenset[str | bool | None]] = {}
    for name, dimension in filters.items():
        values = request.values(name, f"{name}[]")
        if not values:
            continue
        if name == "batch":
            if values[-1] not in {"true", "false"}:
                raise invalid(
                    f"Invalid type for 'batch': '{values[-1]}' is no boolean.", code="invalid_type", param=name
                )
            found[dimension] = frozenset({values[-1] == "true"})
        else:
            found[dimension] = frozenset(values)
    return found
