"""Parameters of Azure Monitor's two routes, and the refusals that wrong ones get."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from genai_finops.simulator.azure_openai.catalogue import NEWER, OLDER, Metric
from genai_finops.simulator.azure_openai.estate import CognitiveAccount
from genai_finops.simulator.wire import Refusal, WireRequest, parse_whole

#: Refusals with this envelope have code and message at the top.
TOP_LEVEL = "top level"
_DEFAULT_TOP = 10
_INTERVALS = {
    "PT1M": dt.timedelta(minutes=1),
    "PT5M": dt.timedelta(minutes=5),
    "PT15M": dt.timedelta(minutes=15),
    "PT30M": dt.timedelta(minutes=30),
    "PT1H": dt.timedelta(hours=1),
    "PT6H": dt.timedelta(hours=6),
    "PT12H": dt.timedelta(hours=12),
    "P1D": dt.timedelta(days=1),
}
_AGGREGATIONS = frozenset({"total", "average", "minimum", "maximum", "count"})
_RETENTION = dt.timedelta(days=93)
_LONGEST = dt.timedelta(days=31)
#: A wider grain is picked from this span on, where the caller lets it be picked.
_ADJUSTED_FROM = dt.timedelta(days=7)
_TERM = re.compile(r"([\w.]+)\s+eq\s+'([^']*)'", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """A valid query. `split` are dimensions in lower case with the values asked for; None is every value."""

    start: dt.datetime
    end: dt.datetime
    interval: str
    names: tuple[str, ...]
    aggregations: tuple[str, ...]
    split: Mapping[str, frozenset[str] | None]
    #: None: no limit, because nothing is split.
    top: int | None

    @property
    def width(self) -> dt.timedelta:
        """Length of a point."""
        return _INTERVALS.get(self.interval, self.end - self.start)


class QueryReader:
    """Reads the parameters of one route. The names of the parameters and the envelope of refusals differ."""

    def __init__(self, request: WireRequest, *, is_batch: bool) -> None:
        self._request = request
        self._is_batch = is_batch

    def refuse(self, message: str) -> Refusal:
        """A 400."""
        return Refusal(400, "BadRequest", message, param=None if self._is_batch else TOP_LEVEL)

    def read(self, now: dt.datetime) -> MetricQuery:
        """All but the check of the dimensions. Raises Refusal."""
        start, end = self._span(now)
        interval = self._request.last("interval") or "PT1M"
        if interval not in _INTERVALS and interval != "FULL":
            raise self.refuse(f"Invalid time grain duration: {interval}, supported ones are: {', '.join(_INTERVALS)}")
        if self._flag("AutoAdjustTimegrain", default=False) and end - start >= _ADJUSTED_FROM:
            interval = "PT6H"
        split = self._split()
        top = self._request.last("top")
        count = _DEFAULT_TOP if top is None else parse_whole(top)
        if count is None or count < 1:
            raise self.refuse(f"Invalid value of top: {top}")
        wanted = (self._request.last("aggregation") or "average").lower().split(",")
        if unknown := sorted(set(wanted) - _AGGREGATIONS):
            raise self.refuse(f"Invalid aggregation type: {unknown[0]}")
        names = tuple(name for name in (self._request.last("metricnames") or "").split(",") if name)
        return MetricQuery(
            start=start,
            end=end,
            interval=interval,
            names=names or ("TokenTransaction",),
            aggregations=tuple(wanted),
            split=split,
            top=count if split else None,
        )

    def metrics(self, query: MetricQuery, account: CognitiveAccount) -> tuple[Metric, ...]:
        """The metrics that are asked for, once the account has them and they have the dimensions. Raises Refusal."""
        known = {**OLDER, **(NEWER if account.has_newer_metrics else {})}
        found = []
        for name in query.names:
            if name not in known:
                raise self.refuse(
                    f"Failed to find metric configuration for provider: Microsoft.CognitiveServices, resource Type: "
                    f"accounts, metric: {name}, Valid metrics: {','.join(known)}"
                )
            self._check_dimensions(query, known[name])
            found.append(known[name])
        return tuple(found)

    def _check_dimensions(self, query: MetricQuery, metric: Metric) -> None:
        supported = {name.lower() for name in metric.dimensions} | {"microsoft.resourceid"}
        unknown = set(query.split) - supported
        # Several documented dimensions at once are refused by the check as well.
        is_refused = unknown if self._is_batch else unknown or len(query.split) > 1
        if is_refused and (self._is_batch or self._flag("ValidateDimensions", default=True)):
            raise self.refuse(
                f"Metric: {metric.name} does not support requested dimension combination: "
                f"{','.join(query.split)}, supported ones are: {','.join(metric.dimensions)}, "
                f"TraceId: {{6f5a1fd2-5ba4-4d4b-9d69-1d5f2c8a3f11}}"
            )

    def _flag(self, name: str, *, default: bool) -> bool:
        # The data plane has neither of the flags.
        text = None if self._is_batch else self._request.last(name)
        return default if text is None else text.lower() == "true"

    def _span(self, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        if self._is_batch:
            texts = [self._request.last("starttime"), self._request.last("endtime")]
        else:
            texts = list((self._request.last("timespan") or "").split("/"))
        if len(texts) != 2 or not all(texts):  # noqa: PLR2004
            raise self.refuse("The time span is missing or not in the form start/end")
        try:
            start, end = (dt.datetime.fromisoformat(text or "").astimezone(dt.UTC) for text in texts)
        except ValueError:
            raise self.refuse(f"Invalid time span: {texts}") from None
        if end <= start or end - start > _LONGEST:
            raise self.refuse(f"The time span must be longer than 0 and at most {_LONGEST.days} days")
        if start < now - _RETENTION:
            raise self.refuse(f"The start time is older than the retention of {_RETENTION.days} days")
        return start, end

    def _split(self) -> dict[str, frozenset[str] | None]:
        text = self._request.last("filter" if self._is_batch else "$filter")
        if not text:
            return {}
        split: dict[str, set[str]] = {}
        for term in re.split(r"\s+(?:and|or)\s+", text.strip(), flags=re.IGNORECASE):
            found = _TERM.fullmatch(term.strip("() "))
            if found is None:
                raise self.refuse(f"Invalid filter: {text}")
            split.setdefault(found[1].lower(), set()).add(found[2].lower())
        return {name: None if "*" in values else frozenset(values) for name, values in split.items()}
