"""What a simulated provider consists of. A new provider is a folder with one of these and a line in the registry."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from genai_finops.simulator.capacity import CapacityEstate
from genai_finops.simulator.faults import Fault
from genai_finops.simulator.ledger import Ledger
from genai_finops.simulator.scenario import Scenario
from genai_finops.simulator.traffic import Account
from genai_finops.simulator.wire import Refusal, WireAnswer, WireRequest


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
    #: Path below which this provider answers, with all of its hosts.
    mount: str
    request_id_header: str
    #: Kinds of page faults that this provider's answers can have.
    faults: frozenset[str]
    #: Part of the path of the requests for usage, by which a fault can be limited to them.
    usage_path: str

    def addresses(self, url: str) -> Mapping[str, str]:
        """What a client configures, by the names of its configuration: base_url and the further hosts. `url` is that of
        the server, without a path."""
        ...

    def admin_key(self, seed: int, org: str) -> str:
        """The credential with which the organisation's usage can be read, as text. The same seed gives the same."""
        ...

    def inference_key(self, seed: int, org: str) -> str:
        """A credential of the same shape that may not read usage."""
        ...

    def account_options(self, account: Account) -> Mapping[str, str]:
        """What a client has to know of the account beside its id."""
        ...

    def build_account(self, scenario: Scenario, org: str) -> Account: ...

    def authorize(self, request: WireRequest, orgs: Mapping[str, str], wall_clock: dt.datetime) -> str:
        """The organisation that the request's credential belongs to, of `orgs` by admin key. Raises Refusal.

        A request for a token is authorised by the secret that it holds. `wall_clock` decides about signatures and
        tokens, whatever the simulated time is: their makers take no other clock.
        """
        ...

    def answer(self, request: WireRequest, account: Account, ledger: Ledger) -> dict[str, Any] | WireAnswer:
        """The body of a 200, or a whole answer. Raises Refusal."""
        ...

    def spoil(self, fault: Fault, payload: dict[str, Any], request: WireRequest) -> None:
        """Applies a page fault to an answer, in place. One that has nothing to spoil stays as it is."""
        ...

    def without_fault_token(self, request: WireRequest) -> WireRequest:
        """The request as if a page token that `spoil` made up were not given."""
        ...

    def error_body(self, refusal: Refusal, request_id: str) -> dict[str, Any] | WireAnswer:
        """The JSON of a refusal, or a whole answer where it is not JSON or has headers of its own."""
        ...

    def failure(self, status: int, *, retry_after: str | None = None) -> Refusal:
        """The provider's wording of a status that a fault asks for."""
        ...

    def capacity(self, account: Account) -> CapacityEstate:
        """Reserved capacity of the account; NO_CAPACITY where the provider sells none."""
        ...

    def reported_only(self, account: Account, ledger: Ledger) -> Iterator[ReportedCharge]:
        """Charges of the cost report without a cost in the truth."""
        ...
