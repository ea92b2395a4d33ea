"""Parameters of Anthropic's reports, and the refusals that wrong ones get."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genai_finops.simulator.buckets import WIDTHS, Grid, floor_to, page_position, query_digest
from genai_finops.simulator.traffic import Dimension
from genai_finops.simulator.wire import Refusal, WireRequest, parse_whole

_SCALARS = ("starting_at", "ending_at", "bucket_width", "limit", "page")
#: Default and maximum number of buckets in a page, by width.
USAGE_LIMITS = {"1d": (7, 31), "1h": (24, 168), "1m": (60, 1440)}
COST_LIMITS = {"1d": (7, 31)}
_MAX_GROUP_BY = 5


def invalid(message: str) -> Refusal:
    """A 400."""
    return Refusal(400, "invalid_request_error", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """A valid query: the buckets of the whole window and the part of them that this page holds."""

    grid: Grid
    digest: str
    position: int
    limit: int
    group_by: tuple[str, ...]
    #: Allowed values by dimension; a dimension that is not filtered is absent.
    filters: Mapping[str, frozenset[Dimension]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter parameter, without its brackets. `values` None: any text."""

    dimension: str
    values: tuple[str, ...] | None = None


def parse_query(
    request: WireRequest,
    *,
    org: str,
    now: dt.datetime,
    group_by: Sequence[str],
    filters: Mapping[str, Filter],
    limits: Mapping[str, tuple[int, int]],
    default_end: dt.datetime,
) -> ReportQuery:
    """Reads and checks all parameters. The window is snapped to the starts of buckets."""
    _refuse_unknown(request, filters)
    width_name = request.last("bucket_width") or "1d"
    if width_name not in limits:
        raise invalid(f"bucket_width: Input should be {_either(limits)}")
    width = WIDTHS[width_name]
    start = _moment(request, "starting_at")
    if start is None:
        raise invalid("starting_at: Field required")
    end = min(_moment(request, "ending_at") or default_end, now)
    if end <= start:
        raise invalid("ending date must be after starting date")
    digest = query_digest(org, request.path, request.params)
    page = request.last("page")
    position = 0 if page is None else page_position(page, digest)
    if position is None:
        raise invalid("page: Invalid page token for this query")
    origin = floor_to(start, width)
    snapped_end = origin - (origin - end) // width * width
    return ReportQuery(
        grid=Grid(start=origin, end=snapped_end, width=width),
        digest=digest,
        position=position,
        limit=_limit(request, *limits[width_name]),
        group_by=_group_by(request, group_by),
        filters=_filters(request, filters),
    )


def _either(values: Mapping[str, object] | Sequence[str]) -> str:
    return " or ".join(f"'{value}'" for value in values)


def _refuse_unknown(request: WireRequest, filters: Mapping[str, Filter]) -> None:
    arrays = {"group_by", *filters}
    for name, _ in request.params:
        if name in arrays:
            raise invalid(f"{name}: Extra inputs are not permitted. Did you mean {name}[]?")
        if name not in _SCALARS and name.removesuffix("[]") not in arrays:
            raise invalid(f"{name}: Extra inputs are not permitted")


def _moment(request: WireRequest, name: str) -> dt.datetime | None:
    text = request.last(name)
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{name}: Input should be a valid datetime, got {text!r}") from None
    if moment.tzinfo is None:
        raise invalid(f"{name}: Input should have timezone info, got {text!r}")
    return moment.astimezone(dt.UTC)


def _limit(request: WireRequest, default: int, maximum: int) -> int:
    text = request.last("limit")
    if text is None:
        return default
    limit = parse_whole(text)
    if limit is None:
        raise invalid(f"limit: Input should be a valid integer, got {text!r}")
    if not 1 <= limit <= maximum:
        raise invalid(f"limit: Input should be between 1 and {maximum}, got {limit}")
    return limit


def _group_by(request: WireRequest, allowed: Sequence[str]) -> tuple[str, ...]:
    group_by = tuple(dict.fromkeys(request.values("group_by[]")))
    for value in group_by:
        if value not in allowed:
            raise invalid(f"group_by[]: Input should be {_either(allowed)}, got {value!r}")
    if len(group_by) > _MAX_GROUP_BY:
        raise invalid(f"Cannot specify more than {_MAX_GROUP_BY} group_by[] dimensions.")
    return group_by


def _filters(request: WireRequest, filters: Mapping[str, Filter]) -> dict[str, frozenset[Dimension]]:
    found: dict[str, frozenset[Dimension]] = {}
    for name, described in filters.items():
        values = request.values(f"{name}[]")
        for value in values:
            if described.values is not None and value not in described.values:
                raise invalid(f"{name}[]: Input should be {_either(described.values)}, got {value!r}")
        if values:
            found[described.dimension] = frozenset(values)
    return found
