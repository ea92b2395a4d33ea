"""An HTTP endpoint that Prometheus scrapes."""

import datetime as dt
import threading
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from genai_finops.errors import FinopsError
from genai_finops.metrics.collect import platform_figures
from genai_finops.metrics.exposition import prometheus_text
from genai_finops.metrics.figures import PlatformFigures
from genai_finops.settings import Settings

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def build_app(
    settings: Settings, *, clock: Callable[[], dt.datetime], fresh_for: dt.timedelta = dt.timedelta(seconds=15)
) -> Starlette:
    """`GET /metrics` and `GET /healthz`.

    What was read is given again for `fresh_for`, so that many scrapers cost no more than one. Where a store cannot be
    read the answer is 503 with the reason: a scrape that fails is seen, and an empty one is not.
    """
    source = _Figures(settings, clock, fresh_for)

    def metrics(_: Request) -> Response:
        try:
            return Response(prometheus_text(source.now()), headers={"content-type": _CONTENT_TYPE})
        except FinopsError as error:
            return PlainTextResponse(f"{error}\n", status_code=503)

    def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(routes=[Route("/metrics", metrics), Route("/healthz", healthz)])


class _Figures:
    """The last figures. Scrapes run in threads of the server; one reads, the others wait for it."""

    def __init__(self, settings: Settings, clock: Callable[[], dt.datetime], fresh_for: dt.timedelta) -> None:
        self._settings = settings
        self._clock = clock
        self._fresh_for = fresh_for
        self._lock = threading.Lock()
        self._last: PlatformFigures | None = None

    def now(self) -> PlatformFigures:
        with self._lock:
            moment = self._settings.simulated_now or self._clock()
            if self._last is None or moment - self._last.now >= self._fresh_for or moment < self._last.now:
                self._last = platform_figures(self._settings, now=moment, before=self._last)
            return self._last
