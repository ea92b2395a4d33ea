"""Asking for reservations: those of the tenant, what was paid for them, and how far they were used."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence

from genai_finops.providers.azure_arm import arm_pages
from genai_finops.providers.azure_reservations import ORDERS, RESERVATIONS, SUMMARIES, TRANSACTIONS, order_ids
from genai_finops.providers.base import MissingRightError, Page, PermanentProviderError, Window
from genai_finops.providers.commitments import CapacityCommitment
from genai_finops.providers.http import Params, ProviderSession

_CAPACITY = "/providers/Microsoft.Capacity/reservationOrders"
_CAPACITY_VERSION = ("api-version", "2022-11-01")
_CONSUMPTION_VERSION = ("api-version", "2024-08-01")
#: Enrollments are numbers, accounts of a customer agreement are ids with colons and underscores.
_BILLING_ACCOUNT = re.compile(r"[0-9A-Za-z:_-]{1,200}")
_DAY = dt.timedelta(days=1)


class ReservationLists:
    """Reads them with one credential. Every method raises ProviderError."""

    def __init__(self, session: ProviderSession, *, provider: str, max_pages: int) -> None:
        self._session = session
        self._provider = provider
        self._max_pages = max_pages

    def orders(self) -> Iterator[Page]:
        """All orders that the credential may read, of whatever they are for."""
        return self._pages(_CAPACITY, ORDERS, [_CAPACITY_VERSION])

    def reservations(self, orders: Sequence[Page]) -> Iterator[Page]:
        """The reservations of each order."""
        for path in order_ids(orders, provider=self._provider):
            yield from self._pages(
                f"{path}/reservations", RESERVATIONS, [_CAPACITY_VERSION], recorded={"order": path.lower()}
            )

    def transactions(self, billing_account: str, first: dt.date, last: dt.date) -> Iterator[Page]:
        """Purchases and refunds on the billing account between two days."""
        if not _BILLING_ACCOUNT.fullmatch(billing_account):
            raise PermanentProviderError(
                f"{self._provider}: option billing_account {billing_account!r} is no billing account's id; correct it"
            )
        path = (
            f"/providers/Microsoft.Billing/billingAccounts/{billing_account}"
            "/providers/Microsoft.Consumption/reservationTransactions"
        )
        asked = f"properties/eventDate ge {first.isoformat()} AND properties/eventDate le {last.isoformat()}"
        return self._pages(path, TRANSACTIONS, [_CONSUMPTION_VERSION, ("$filter", asked)])

    def summaries(self, window: Window, commitments: Sequence[CapacityCommitment]) -> Iterator[Page]:
        """What Azure says of each day of the orders that run in the window."""
        first, last = window.start.date(), (window.end - _DAY).date()
        asked = f"properties/usageDate ge {first.isoformat()} AND properties/usageDate le {last.isoformat()}"
        running = (found for found in commitments if found.starts_at < window.end and found.ends_at > window.start)
        for order in sorted({found.contract_id for found in running}):
            yield from self._pages(
                f"{order}/providers/Microsoft.Consumption/reservationSummaries",
                SUMMARIES,
                [_CONSUMPTION_VERSION, ("grain", "daily"), ("$filter", asked)],
                recorded={"order": order},
            )

    def _pages(self, path: str, source: str, params: Params, recorded: dict[str, str] | None = None) -> Iterator[Page]:
        def get(link: str | None) -> Page:
            return self._session.get(
                link or path, source=source, params=params if link is None else [], recorded=recorded
            )

        try:
            yield from arm_pages(get, subject=f"{self._provider} {source}", max_pages=self._max_pages)
        except MissingRightError as error:
            role = (
                "Billing account reader (Enrollment reader) on the billing account, or remove the account's option "
                "billing_account: prices then come from the price list"
                if source == TRANSACTIONS
                else "Reservations Reader on /providers/Microsoft.Capacity, or set the account's option reservations "
                "to false: provisioned capacity is then priced by the hour"
            )
            raise MissingRightError(f"{error}. For {source}: give the app the role {role}") from None
