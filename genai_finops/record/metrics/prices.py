"""What one request costs by the platform's own prices, remembered by what decides them.

Prices are linear where nothing was used before: the rating engine is asked once what a million of each meter costs.
"""

import datetime as dt
import logging
from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from genai_finops.record.event import Event

if TYPE_CHECKING:
    from genai_finops.pricing.rating_engine import RatingEngine

_log = logging.getLogger("genai_finops.record")
_MILLION = Decimal(1_000_000)
#: Kinds of requests whose prices are kept; a caller that names ever new models gets no price for later ones.
_MOST_KINDS = 5_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECONDS_PER_DAY = 86_400_000_000
_STANDARD = "standard"
_DOLLAR = "USD"


class MeterPrice(NamedTuple):
    """USD of a million consumed units; None where there is no price."""

    per_million: Decimal | None
    is_estimated: bool


class RequestCost(NamedTuple):
    """USD by cost type. `is_unpriced`: a meter has no price and is not part of the amounts."""

    input: Decimal
    output: Decimal
    other: Decimal
    is_estimated: bool
    is_unpriced: bool

    @property
    def total(self) -> Decimal:
        """All of what has a price."""
        return self.input + self.output + self.other


class RequestPrices:
    """Opens the price book of this process's settings when the first price is asked for, which takes seconds.

    One thread at a time. A book that cannot be opened leaves every request unpriced, which is logged once.
    """

    def __init__(self, *, org: str | None, most_kinds: int = _MOST_KINDS) -> None:
        self._org, self._most_kinds = org, most_kinds
        self._engine: RatingEngine | None = None
        self._is_broken = False
        self._known: dict[tuple[object, ...], dict[str, MeterPrice]] = {}

    def cost(self, event: Event, quantities: Mapping[str, int], directions: Mapping[str, str]) -> RequestCost:
        """The cost of disjoint quantities by meter; `directions` says each meter's cost type."""
        amounts = dict.fromkeys(("input", "output", "other"), Decimal(0))
        # No tier is not the standard one: its price is a guess.
        is_estimated = event.get("service_tier") is None
        is_unpriced = False
        prices = self._prices(event, quantities, directions)
        for meter, quantity in quantities.items():
            price = prices.get(meter)
            if price is None or price.per_million is None:
                is_unpriced = True
                continue
            amounts[directions[meter]] += price.per_million * quantity / _MILLION
            is_estimated |= price.is_estimated
        return RequestCost(**amounts, is_estimated=is_estimated or is_unpriced, is_unpriced=is_unpriced)

    def forget(self) -> None:
        """Begin anew, in a forked child: a database connection is of one process."""
        self._engine, self._is_broken, self._known = None, False, {}

    def _prices(
        self, event: Event, quantities: Mapping[str, int], directions: Mapping[str, str]
    ) -> Mapping[str, MeterPrice]:
        engine = self._opened()
        provider, model = event.get("provider"), event.get("provider_model_id")
        if engine is None or provider is None or model is None:
            return {}
        prompt = max(1, sum(quantity for meter, quantity in quantities.items() if directions[meter] == "input"))
        day = event["started_at"] // _MICROSECONDS_PER_DAY
        edges = engine.context_edges.get(provider, ())
        kind = (
            *(provider, model, day, event.get("service_tier"), event.get("geography"), event.get("x_genai_account_id")),
            bisect_left(edges, prompt),
        )
        known = self._known.get(kind)
        if known is None:
            if len(self._known) >= self._most_kinds:
                return {}
            known = self._known[kind] = {}
        missing = [meter for meter in quantities if meter not in known]
        if missing:
            known.update(self._asked(engine, event, prompt, missing))
        return known

    def _asked(self, engine: "RatingEngine", event: Event, prompt: int, meters: list[str]) -> dict[str, MeterPrice]:
        from genai_finops.pricing.calculate import cost_of  # noqa: PLC0415 # takes seconds, and only metrics want it
        from genai_finops.pricing.requests import Request, context_band, rated_geography  # noqa: PLC0415

        provider, model = event["provider"], event["provider_model_id"]
        above, up_to = context_band(prompt, prompt)
        request = Request(
            provider=provider,
            model=model,
            date=(_EPOCH + dt.timedelta(microseconds=event["started_at"])).date(),
            service_tier=event.get("service_tier") or _STANDARD,
            geography=rated_geography(provider, model, event.get("geography")),
            context_above=above,
            context_up_to=up_to,
            org=self._org,
            account=event.get("x_genai_account_id"),
        )
        cost = cost_of(engine, request, dict.fromkeys(meters, _MILLION))
        is_dollar = cost.currency == _DOLLAR
        return {
            line.meter: MeterPrice(line.cost if is_dollar else None, line.status in {"estimated", "unpriced"})
            for line in cost.lines
        }

    def _opened(self) -> "RatingEngine | None":
        if self._engine is None and not self._is_broken:
            try:
                from genai_finops.pricing.open_book import open_book  # noqa: PLC0415
                from genai_finops.settings import load_settings  # noqa: PLC0415

                self._engine = open_book(load_settings(), now=dt.datetime.now(dt.UTC))
            except Exception as failure:  # noqa: BLE001 # whatever the lake, the settings or a missing package raise
                self._is_broken = True
                _log.warning("no price book, costs are left out of the metrics: %s", failure)
        return self._engine
