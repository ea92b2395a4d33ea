"""A seventh provider: words per day, one meter, one model."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import ClassVar

from genai_finops.providers.base import Page, UsageRow, Window
from genai_finops.providers.pagination import entries, token_pages
from genai_finops.providers.records import DayCoverage, Record, UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.source import HttpUsageSource


@register
class ToyUsage(HttpUsageSource):
    """Usage of one toy account."""

    provider: ClassVar[str] = "toy"
    flow: ClassVar[str] = "payg"

    def fetch(self, window: Window) -> Iterator[Page]:
        self.refuse_future(window)
        return token_pages(
            lambda params: self.session.get("/usage", source="usage", params=params),
            [("from", window.start.date().isoformat()), ("until", window.end.date().isoformat())],
            subject="toy usage",
            max_pages=self.flow_config.max_pages,
        )

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        coverage, unknown, totals = DayCoverage(self.provider, window), UnknownFields(), UsageTotals()
        coverage.expect("usage")
        for page in pages:
            for entry in entries(page, "toy usage"):
                bucket = Record.of(entry, provider="toy", page=page, place="bucket")
                start = dt.datetime.combine(dt.date.fromisoformat(bucket.text("day") or ""), dt.time(0, tzinfo=dt.UTC))
                end = start + dt.timedelta(days=1)
                coverage.add("usage", bucket, start, end)
                for record in bucket.children("rows"):
                    unknown.add(record, {"model", "words"})
                    totals.add(
                        UsageRow(
                            period_start=start,
                            period_end=end,
                            meter="uncached_input",
                            quantity=record.quantity("words"),
                            page=page.sha256,
                            service_tier="standard",
                            provider_model_id=record.text("model"),
                        )
                    )
        coverage.check()
        unknown.report()
        return iter(totals)
