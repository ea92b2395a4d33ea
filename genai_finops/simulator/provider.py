"""What a simulated provider consists of. A new provider is a folder with one of these and a line in the registry."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCharge:
    """Money that only the provider's cost report shows, in US dollars; usage does not lead to it."""

    day: dt.date
    description: str
    amount: Decimal
    sub_account_id: str | None = None


class SimulatedProvider(Protocol):
    """The wire of one provider."""

    id: str
    #: Path that a client's base URL ends with, and below which this provider answers.
    mount: str
    request_id_header: str

    def admin_key(self, seed: int, org: str) -> str: ...

    def inference_key(self, seed: int, org: str) -> str: ...

    def build_account(self, scenario: Scenario, org: str) -> Account: ...

    def authorize(self, headers: Mapping[str, str], orgs: Mapping[str, str]) -> str:
        """The organisation that the request's credential belongs to, of `orgs` by admin key. Raises Refusal."""
        ...

    def answer(self, request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any]:
        """The body of a 200. Raises Refusal."""
        ...

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any]: ...

    def failure(self, status: int, *, retry_after: str | None = None) -> Refusal:
        """The provider's wording of a status that a fault asks for."""
        ...

    def reported_only(self, account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:
        """Charges of the cost report without a cost in the truth."""
        ...
