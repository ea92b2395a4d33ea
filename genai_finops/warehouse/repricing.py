"""The days whose stored costs are not what rating gives now."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.errors import FinopsError
from genai_finops.schemas.tables.price_audit import REPRICING_QUEUE
from genai_finops.warehouse.base import ReadOnlyWarehouse

_QUEUE = """
    select usage_date, provider, model_id, currency, reason, row_count, stored_cost, new_cost
    from genai_repricing_queue
    order by usage_date, provider, model_id, currency, reason
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedCosts:
    """Costs of one day, provider and model that differ for one reason. A cost is None where nothing of it is priced."""

    usage_date: dt.date
    provider: str
    model_id: str | None
    currency: str
    reason: str
    row_count: int
    stored_cost: Decimal | None
    new_cost: Decimal | None


def repricing_queue(warehouse: ReadOnlyWarehouse) -> tuple[QueuedCosts, ...]:
    """What was queued when the queue was last built, by day. Raises FinopsError where it was never built."""
    if not warehouse.has_table(REPRICING_QUEUE.name):
        raise FinopsError(
            f"the warehouse has no table {REPRICING_QUEUE.name}",
            remedy="Run `genai-finops transform --reprice`, which builds it first",
        )
    names = tuple(QueuedCosts.__dataclass_fields__)
    return tuple(QueuedCosts(**dict(zip(names, row, strict=True))) for row in warehouse.rows(_QUEUE))
